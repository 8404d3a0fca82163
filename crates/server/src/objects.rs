//! The object store: it keeps the sealed bytes, and its signatures let a browser put them there.
//!
//! [`Objects`] speaks S3 through the AWS SDK, to AWS or to any store that passes the probe; no
//! other code knows the SDK. [`embedded`] is a small real S3 in the same process, for one machine.
//! docs/STORES.md lists the differences between stores.
//!
//! Times are milliseconds since the Unix epoch, lengths are bytes of the sealed object.

use core::fmt;
use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use futures::stream::BoxStream;
use sealift_transfer::{PartNumber, api::Sha256};

use crate::unix_millis::UnixMillis;

pub mod cors;
pub mod embedded;
mod for_command;
mod object_key;
mod open;
mod probe;
mod s3;
mod store_address;
mod store_encryption;

pub(crate) use for_command::CommandStore;
pub use object_key::{KeyPrefix, NotAKeyPrefix, ObjectKey};
pub use open::{OpenStore, StoreError};
pub(crate) use open::{bucket_of, own_origins, public_endpoint_of};
pub use probe::{Flaw, ProbeError};
pub(crate) use probe::{Place, Question, probe_key};
pub(crate) use s3::{BucketRule, FoundTarget, PublicAccess, UNFINISHED_RULE};
pub use s3::{FoundMark, Mark, Objects, PRESIGNED_FOR, Reached, S3Config, S3Credentials};
pub use store_address::StoreAddress;
pub(crate) use store_encryption::{ENCRYPTION_HEADERS, Reported};
pub use store_encryption::{StoreAlgorithm, StoreEncryption};

/// The store's id of an unfinished multipart upload (ours is `UploadId`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct S3UploadId(pub String);

/// The store's entity tag with its quotes, exactly as the store sent it. It is compared, never
/// computed, and never shown to readers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(pub String);

/// The store's id of one version of an object, if the bucket keeps versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionId(pub String);

/// A presigned PUT of one part or of one whole object. Its query is a credential, so `Debug` leaves
/// it out.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPut {
    /// The URL at the public endpoint.
    pub url: String,
    /// The headers that the sender must add itself. Host and content length are signed too, but
    /// every HTTP client sends them anyway.
    pub headers: BTreeMap<String, String>,
    /// The time at which the signature ends.
    pub expires_at: UnixMillis,
    /// Milliseconds from signing to the end of the signature.
    pub expires_in_ms: u64,
}

impl fmt::Debug for PresignedPut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before_query = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("PresignedPut")
            .field("url", &format_args!("{before_query}?.."))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A part as the store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// The part's number.
    pub number: PartNumber,
    /// The part's ETag, which [`CompletedPart`] needs.
    pub etag: ETag,
    /// The SHA-256 that the store computed; `None` if it keeps none.
    pub sha256: Option<Sha256>,
    /// The part's length in bytes.
    pub len: u64,
}

/// A part as completion names it to the store (docs/FORMAT.md, R7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// The part's number.
    pub number: PartNumber,
    /// The ETag from [`StoredPart`].
    pub etag: ETag,
    /// The SHA-256 from the record.
    pub sha256: Sha256,
}

/// The store's answer to a completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteAnswer {
    /// The object's ETag.
    pub etag: ETag,
    /// The object's version, if the bucket keeps versions.
    pub version: Option<VersionId>,
}

/// The store's answer to HEAD of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Length of the object in bytes.
    pub len: u64,
    /// The SHA-256 of all bytes, if the object was a single PUT with that checksum. For joined
    /// parts it means nothing, because some stores report a checksum of the parts' checksums here.
    pub sha256: Option<Sha256>,
    /// The object's ETag.
    pub etag: ETag,
    /// The object's version, if the bucket keeps versions.
    pub version: Option<VersionId>,
    /// The store's own encryption of the object.
    pub(crate) encryption: Reported,
}

impl ObjectHead {
    /// Names exactly this object, to be read with [`Objects::get_range`].
    #[must_use]
    pub fn of(&self, key: &ObjectKey) -> StoredObject {
        StoredObject {
            key: key.clone(),
            version: self.version.clone(),
            etag: self.etag.clone(),
            len: self.len,
        }
    }
}

/// One exact object, as the record describes it. Reading it never returns another object's bytes
/// (docs/FORMAT.md, R6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// The object key.
    pub key: ObjectKey,
    /// The recorded version, if the bucket keeps versions.
    pub version: Option<VersionId>,
    /// The ETag that completion recorded.
    pub etag: ETag,
    /// Length of the object in bytes.
    pub len: u64,
}

/// The bytes of one object. The stream ends without an error only after exactly the range was sent;
/// otherwise its last item is an error.
pub struct ObjectRead {
    /// The requested range; the stream sends exactly its bytes.
    pub range: Range<u64>,
    /// The sealed bytes, in order.
    pub stream: BoxStream<'static, Result<Bytes, ObjectsError>>,
}

impl fmt::Debug for ObjectRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectRead")
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

/// An unfinished multipart upload under this deployment's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedMultipart {
    /// The object key that its object would have.
    pub key: ObjectKey,
    /// The store's id of the upload.
    pub s3_upload_id: S3UploadId,
    /// The time of its creation; `None` if the store does not report it.
    pub initiated_at: Option<UnixMillis>,
}

/// An object under this deployment's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The object key.
    pub key: ObjectKey,
    /// The time of its creation; `None` if the store does not report it.
    pub modified_at: Option<UnixMillis>,
}

/// The reasons why a request to the store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectsError {
    /// There is no such object, as the store's own code says.
    #[error("the store has no such object")]
    NotFound,
    /// The multipart upload was completed or aborted, or never existed.
    #[error("the store has no such multipart upload")]
    NoSuchUpload,
    /// The object is no longer the recorded one: the store itself reports another ETag, length or
    /// version.
    #[error("the store holds another object than the record says")]
    Replaced,
    /// The stream ended early.
    #[error("the store sent {got_bytes} of {asked_bytes} bytes")]
    Cut {
        /// Bytes that arrived.
        got_bytes: u64,
        /// Bytes that were requested.
        asked_bytes: u64,
    },
    /// The store understood the request and refused it. It will refuse again until an operator
    /// changes something.
    #[error("the store refused {}{status} {code}", with(*action))]
    Refused {
        /// Status of the HTTP answer.
        status: u16,
        /// S3's error code, `-` if the answer had none.
        code: String,
        /// The action of IAM that was needed, if the server itself asked for it.
        action: Option<&'static str>,
    },
    /// The store did not answer, or answered that it may succeed later, or the answer may not be
    /// the store's. A retry is worthwhile. The request may have succeeded nevertheless.
    #[error("the store cannot be reached or is busy (status {status:?})")]
    Unavailable {
        /// Status of the HTTP answer, if there was one.
        status: Option<u16>,
    },
    /// The store's answer lacks what S3 promises.
    #[error("the store's answer has no usable {field}")]
    Incomprehensible {
        /// The field that is missing or wrong.
        field: &'static str,
    },
    /// The store does not encrypt as the settings ask.
    #[error(
        "the object store does not encrypt with {asked}, as the setting s3_sse asks; check that setting and \
         s3_sse_kms_key, or use a store that has this encryption"
    )]
    NotEncrypted {
        /// The algorithm of the settings.
        asked: String,
    },
    /// There are no credentials to sign with, or they end within moments.
    #[error("no credentials for the object store, or they have ended")]
    NoCredentials,
    /// The signer signed other headers than docs/FORMAT.md, R10 demands. The URL did not leave the
    /// server.
    #[error("the signer did not sign exactly the headers that it must")]
    WrongSignedHeaders,
    /// A length that S3 cannot express.
    #[error("{0} bytes cannot be requested from a store")]
    Length(u64),
    /// The row names another bucket than the settings. Nothing is known of its object, and above
    /// all not that it is gone.
    #[error("the record names the bucket {recorded}, the settings name {configured}")]
    OtherBucket {
        /// The bucket of the row.
        recorded: String,
        /// The bucket of the settings.
        configured: String,
    },
}

/// Names an action in the sentence about its refusal.
fn with(action: Option<&str>) -> String {
    action.map_or_else(|| "with ".to_owned(), |action| format!("{action} with "))
}

impl ObjectsError {
    /// Returns whether the same request may succeed later.
    #[must_use]
    pub fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Cut { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presigned_put_does_not_print_its_signature() {
        let put = PresignedPut {
            url: "http://127.0.0.1:1/b/k?X-Amz-Signature=c0ffee".into(),
            headers: BTreeMap::from([("x-amz-checksum-sha256".into(), "abc".into())]),
            expires_at: UnixMillis::from_ms(7),
            expires_in_ms: 0,
        };
        let printed = format!("{put:?}");
        assert!(!printed.contains("c0ffee"), "{printed}");
        assert!(printed.contains("http://127.0.0.1:1/b/k?.."), "{printed}");
    }
}
