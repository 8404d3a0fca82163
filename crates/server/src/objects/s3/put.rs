//! PUTs that the server sends itself: parts and whole objects that it sealed. The caller's row of
//! the part must be durable before they are sent (FORMAT.md R2).

use aws_sdk_s3::{config::Builder, primitives::ByteStream};
use bytes::Bytes;
use sealift_transfer::{PartNumber, api::Sha256};

use super::{
    super::{ObjectKey, ObjectsError, S3UploadId},
    Objects,
    answers::translate,
    silence_of,
};

impl Objects {
    /// Sends these bytes as this part, with their SHA-256 as a signed header (FORMAT.md R10). After
    /// a silence the same bytes are sent again.
    ///
    /// # Errors
    /// [`ObjectsError`]; the part may be there all the same.
    pub async fn put_part(
        &self,
        key: &ObjectKey,
        s3_upload_id: &S3UploadId,
        number: PartNumber,
        sealed: Bytes,
        sha256: &Sha256,
    ) -> Result<(), ObjectsError> {
        self.own
            .upload_part()
            .bucket(&self.bucket)
            .key(key.as_str())
            .upload_id(&s3_upload_id.0)
            .part_number(i32::from(number.get()))
            .checksum_sha256(sha256.to_string())
            .body(ByteStream::from(sealed))
            .customize()
            .config_override(Builder::new().timeout_config(silence_of(self.patience.put)))
            // Else the bytes would be hashed once more: the checksum is signed, and covers them.
            .disable_payload_signing()
            .send()
            .await
            .map_err(translate)?;
        Ok(())
    }

    /// Sends these bytes as the whole object, where there is none yet: one that is there stays, and
    /// it is for completion to find out which it is.
    ///
    /// # Errors
    /// [`ObjectsError`]; the object may be there all the same.
    pub async fn put_object(
        &self,
        key: &ObjectKey,
        sealed: Bytes,
        sha256: &Sha256,
    ) -> Result<(), ObjectsError> {
        let sent = self
            .own
            .put_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .if_none_match("*")
            .checksum_sha256(sha256.to_string())
            .body(ByteStream::from(sealed))
            .customize()
            .config_override(Builder::new().timeout_config(silence_of(self.patience.put)))
            .disable_payload_signing()
            .send()
            .await
            .map_err(translate);
        match sent {
            // 412: what was sent before, after a silence perhaps, is there. Completion looks at it,
            // so it does not matter whose 412 this is.
            Ok(_)
            | Err(ObjectsError::Replaced | ObjectsError::Unavailable { status: Some(412) }) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
