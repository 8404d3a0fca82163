//! `POST /v1/uploads` begins an upload.

use core::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    files::FileRecord,
    ids::{FileId, UploadId},
    sha256::base64_bytes,
};
use crate::part_plan::PartPlan;

/// The path of the list of uploads, to `POST` [`OpenUpload`] to.
pub const PATH: &str = "/v1/uploads";

/// The request. A second request with the same client token gets a 200 with the same upload and
/// without the content key, or a 409 `token_reused` if its other parameters differ.
///
/// The server compares requests by a fingerprint of their serialised form. A new field must therefore be
/// optional and skipped if absent, so that a request from before an upgrade still matches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenUpload {
    /// A token that the client chooses, new for each upload: 16 to 64 of `A-Z a-z 0-9 - _`. It makes
    /// the request safe to repeat. The server does not seal it, so it must be random and say nothing
    /// about the file. If the token's upload was aborted, failed or was deleted, the answer is a 409
    /// `token_reused`, because the server keeps nothing to compare the request with.
    pub client_token: String,
    /// The file's name as the person knows it, at most 4,096 bytes of UTF-8 without control
    /// characters; [`super::file_name`] says what is kept of it. The server seals it at rest and puts
    /// it into no log and no object key.
    pub name: String,
    /// The media type that the client assumes. The server only shows it and never trusts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The file's size in plaintext bytes.
    pub size: u64,
    /// The file's last modification, milliseconds since the Unix epoch; less than zero before it.
    /// It is only compared when an upload is resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified_ms: Option<i64>,
    /// The caller's own data, at most 4 KiB as JSON. The server seals it at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<serde_json::Value>,
    /// The caller's own reference, for example a case number, at most 256 bytes. The server does not
    /// seal it, so it must contain nothing secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// How the sealed bytes travel to the store. New methods may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// One presigned `UploadPart` request for each part.
    Multipart,
    /// One presigned `PutObject` of the whole object, signed as part 1. It never replaces an object. A
    /// 412 says that the object was sent before, and then the completion decides.
    Single,
}

/// The answer: 201 with the content key, or 200 without it for a repeated client token.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenedUpload {
    /// The id of the upload.
    pub upload_id: UploadId,
    /// The file that the upload will become.
    pub file_id: FileId,
    /// How to send the sealed bytes.
    pub method: Method,
    /// The message's header. Part 1 must begin with exactly these bytes.
    #[serde(with = "base64_bytes")]
    pub header: Vec<u8>,
    /// The plan of frames, parts and sizes.
    pub plan: PartPlan,
    /// When the upload ends unless another part is signed; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
    /// The most parts that one signing request may name.
    pub most_parts_per_request: u16,
    /// The content key of this one message, in base64. Only a 201 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_key: Option<ContentKeyText>,
    /// The file, if a repeated client token names a complete upload. Then nothing is left to send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<FileRecord>>,
    /// How many parts were ever signed, if a repeated client token names an open upload. With 0 there is
    /// nothing to compare, so that the client needs the key but no status. Servers of earlier versions do
    /// not send this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_parts: Option<u16>,
}

/// A content key on its way to the client that seals or opens. It is base64 in JSON, wiped when
/// dropped and never printed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct ContentKeyText(String);

impl ContentKeyText {
    /// Encodes the 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(STANDARD.encode(bytes))
    }

    /// Returns the 32 bytes, or `None` if the text is not 32 bytes in base64.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Zeroizing<[u8; 32]>> {
        let mut bytes = Zeroizing::new([0_u8; 33]);
        let len = STANDARD.decode_slice(&self.0, &mut *bytes).ok()?;
        let key = bytes.get(..len)?.try_into().ok()?;
        Some(Zeroizing::new(key))
    }
}

impl fmt::Debug for ContentKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKeyText(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_key_survives_its_text_and_is_never_printed() {
        let text = ContentKeyText::from_bytes(&[7; 32]);
        assert_eq!(*text.to_bytes().unwrap(), [7; 32]);
        assert_eq!(format!("{text:?}"), "ContentKeyText(..)");
        assert!(
            ContentKeyText(STANDARD.encode([1; 31]))
                .to_bytes()
                .is_none()
        );
        assert!(
            ContentKeyText(STANDARD.encode([1; 33]))
                .to_bytes()
                .is_none()
        );
        assert!(ContentKeyText("no base64".into()).to_bytes().is_none());
    }

    #[test]
    fn sizes_that_are_no_sizes_are_refused() {
        for size in ["-1", "1.5", "\"1\"", "18446744073709551616", "null", "1e30"] {
            let body = format!(r#"{{"client_token":"t","name":"n","size":{size}}}"#);
            assert!(serde_json::from_str::<OpenUpload>(&body).is_err(), "{size}");
        }
    }
}
