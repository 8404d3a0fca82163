//! Sends the PUTs of the server itself: parts and whole objects that it sealed. The caller must
//! make the part's row durable before they are sent (docs/FORMAT.md, R2).

use aws_sdk_s3::{config::Builder, primitives::ByteStream};
use bytes::Bytes;
use sealift_transfer::{PartNumber, api::Sha256};

use super::{
    super::{ObjectKey, ObjectsError, Reported, S3UploadId},
    Objects,
    answers::translate,
    silence_of,
};

impl Objects {
    /// Sends these bytes as this part, with their SHA-256 as a signed header (docs/FORMAT.md, R10). If
    /// the store stays silent, or the signature ends on the way, the same bytes are sent again.
    ///
    /// # Errors
    /// Returns an [`ObjectsError`]; the store may have the part nevertheless.
    pub async fn put_part(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
        number: PartNumber,
        sealed: Bytes,
        sha256: &Sha256,
    ) -> Result<(), ObjectsError> {
        let mut puts = 1;
        loop {
            let sent = self
                .own
                .upload_part()
                .bucket(&self.bucket)
                .key(key.as_str())
                .upload_id(&s3_upload_id.0)
                .part_number(i32::from(number.get()))
                .checksum_sha256(sha256.to_string())
                .body(ByteStream::from(sealed.clone()))
                .customize()
                .config_override(Builder::new().timeout_config(silence_of(self.patience.put)))
                // The payload is not signed, because that would hash the bytes once more: the
                // checksum is signed, and it covers them.
                .disable_payload_signing()
                .send()
                .await;
            match sent.map_err(translate) {
                Err(error) if is_sent_again(&error, &mut puts) => {}
                sent => return sent.map(drop),
            }
        }
    }

    /// Sends these bytes as the whole object if there is none yet. An object that is there already
    /// stays, and completion finds out which one it is.
    ///
    /// # Errors
    /// Returns an [`ObjectsError`]; the store may have the object nevertheless.
    pub async fn put_object(
        &self,
        key: &ObjectKey,
        sealed: Bytes,
        sha256: &Sha256,
    ) -> Result<(), ObjectsError> {
        let mut puts = 1;
        loop {
            let sent = self
                .encryption
                .put_object(&self.own)
                .bucket(&self.bucket)
                .key(key.as_str())
                .if_none_match("*")
                .checksum_sha256(sha256.to_string())
                .body(ByteStream::from(sealed.clone()))
                .customize()
                .config_override(Builder::new().timeout_config(silence_of(self.patience.put)))
                .disable_payload_signing()
                .send()
                .await;
            match sent.map_err(translate) {
                // A 412 means that an object is there, perhaps from an earlier attempt that got no
                // answer. Completion looks at it, so it does not matter which.
                Ok(answer) => {
                    return self.encryption.confirm(&Reported::of(
                        answer.server_side_encryption,
                        answer.ssekms_key_id,
                        answer.bucket_key_enabled,
                    ));
                }
                Err(ObjectsError::Replaced | ObjectsError::Unavailable { status: Some(412) }) => {
                    return Ok(());
                }
                Err(error) if is_sent_again(&error, &mut puts) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The most PUTs of the same bytes, if the store rejects their signature or their body.
const MOST_PUTS: u8 = 3;

/// Returns whether to send the same bytes again, because the store says that the signature ended on
/// the way or that the bytes did not arrive whole. Every attempt is signed anew. The SDK itself
/// retries after a silence and after a 5xx, but not after these.
fn is_sent_again(error: &ObjectsError, puts: &mut u8) -> bool {
    let is_mended = matches!(
        error,
        ObjectsError::Unavailable {
            status: Some(400..=403)
        }
    );
    *puts = puts.saturating_add(1);
    is_mended && *puts <= MOST_PUTS
}
