//! The object store: where sealed bytes lie, and the signatures that let a browser put them there.
//!
//! [`Objects`] speaks S3 through the AWS SDK, to AWS or to any store that passes the probe; it is
//! the only code that knows the SDK. [`embedded`] is a small real S3 in the same process, for one
//! machine. What stores do differently is listed in docs/STORES.md.
//!
//! Times are milliseconds since the Unix epoch, lengths are bytes of the sealed object.

use core::fmt;
use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;
use futures::stream::BoxStream;
use sealift_transfer::{PartNumber, api::Sha256};

pub mod embedded;
mod for_command;
mod object_key;
mod open;
mod probe;
mod s3;
mod store_address;

pub(crate) use for_command::CommandStore;
pub use object_key::{KeyPrefix, NotAKeyPrefix, ObjectKey};
pub(crate) use open::bucket_of;
pub use open::{OpenStore, StoreError};
pub use probe::{Flaw, ProbeError};
pub use s3::{FoundMark, Mark, Objects, PRESIGNED_FOR_MS, Reached, S3Config, S3Credentials};
pub use store_address::StoreAddress;

/// The store's name of an unfinished multipart upload (ours is `UploadId`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct S3UploadId(pub String);

/// The store's entity tag as it gave it, with its quotes. Compared, never computed, and never
/// shown to readers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ETag(pub String);

/// The store's name of one version of an object, where the bucket keeps versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionId(pub String);

/// A presigned PUT of one part or of one whole object. Its query is a credential: `Debug` leaves
/// it out.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPut {
    /// At the public endpoint.
    pub url: String,
    /// What the sender must add by itself; host and content length are signed too, and every
    /// HTTP client sends those unasked.
    pub headers: BTreeMap<String, String>,
    /// When the signature ends.
    pub expires_at_ms: i64,
    /// How long the signature lasts from the moment of signing.
    pub expires_in_ms: u64,
}

impl fmt::Debug for PresignedPut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before_query = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("PresignedPut")
            .field("url", &format_args!("{before_query}?.."))
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

/// A part as the store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Which part.
    pub number: PartNumber,
    /// For [`CompletedPart`].
    pub etag: ETag,
    /// What the store computed; `None` where it keeps no SHA-256.
    pub sha256: Option<Sha256>,
    /// Its length in bytes.
    pub len: u64,
}

/// What completion says of each part (FORMAT.md R7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletedPart {
    /// Which part.
    pub number: PartNumber,
    /// From [`StoredPart`].
    pub etag: ETag,
    /// From the record.
    pub sha256: Sha256,
}

/// What the store answers to a completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompleteAnswer {
    /// Of the object.
    pub etag: ETag,
    /// Where the bucket keeps versions.
    pub version: Option<VersionId>,
}

/// What the store says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Bytes of the object.
    pub len: u64,
    /// Of all its bytes, of an object that was PUT in one with that checksum. Of joined parts it
    /// means nothing: some stores tell the checksum of their checksums here.
    pub sha256: Option<Sha256>,
    /// Of the object.
    pub etag: ETag,
    /// Where the bucket keeps versions.
    pub version: Option<VersionId>,
}

impl ObjectHead {
    /// This very object, to be read with [`Objects::get_range`].
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

/// One certain object, as the record has it. Reading it never gives another object's bytes
/// (FORMAT.md R6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObject {
    /// Where it lies.
    pub key: ObjectKey,
    /// Where the bucket keeps versions.
    pub version: Option<VersionId>,
    /// As completion recorded it.
    pub etag: ETag,
    /// Bytes of the object.
    pub len: u64,
}

/// Bytes of one object. The stream ends cleanly only after exactly the range was given; else its
/// last item is an error.
pub struct ObjectRead {
    /// The bytes that will come: those of the asked range.
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
    /// Where its object would lie.
    pub key: ObjectKey,
    /// The store's name of it.
    pub s3_upload_id: S3UploadId,
    /// When it was created; `None` where the store does not say.
    pub initiated_at_ms: Option<i64>,
}

/// An object under this deployment's prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Where it lies.
    pub key: ObjectKey,
    /// When it was made; `None` where the store does not say.
    pub modified_at_ms: Option<i64>,
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectsError {
    /// No such object, by the store's own code.
    #[error("the store has no such object")]
    NotFound,
    /// The multipart upload was completed, aborted, or never was.
    #[error("the store has no such multipart upload")]
    NoSuchUpload,
    /// Not the object of the record any more: another ETag, length or version, as the store itself
    /// says.
    #[error("the store holds another object than the record says")]
    Replaced,
    /// The stream ended early.
    #[error("the store sent {got_bytes} of {asked_bytes} bytes")]
    Cut {
        /// That came.
        got_bytes: u64,
        /// That were asked for.
        asked_bytes: u64,
    },
    /// The store understood and said no. It will say so again until an operator changes something.
    #[error("the store refused with {status} {code}")]
    Refused {
        /// Of the HTTP answer.
        status: u16,
        /// S3's error code, `-` where it gave none.
        code: String,
    },
    /// No answer, one that promises better luck later, or one that need not be the store's: worth a
    /// retry. What was asked may have been done all the same.
    #[error("the store cannot be reached or is busy (status {status:?})")]
    Unavailable {
        /// Of the HTTP answer, if there was one.
        status: Option<u16>,
    },
    /// The store's answer lacks what S3 promises.
    #[error("the store's answer has no usable {field}")]
    Incomprehensible {
        /// What is missing or wrong.
        field: &'static str,
    },
    /// There are no credentials to sign with, or they end within moments.
    #[error("no credentials for the object store, or they have ended")]
    NoCredentials,
    /// The signer covered other headers than FORMAT.md R10 demands: the URL was not given away.
    #[error("the signer did not sign exactly the headers that it must")]
    WrongSignedHeaders,
    /// A length that S3 cannot express.
    #[error("{0} bytes cannot be asked of a store")]
    Length(u64),
    /// The row names another bucket than the settings do, so nothing is known of its object: least
    /// of all that it is gone.
    #[error("the record names the bucket {recorded}, the settings name {configured}")]
    OtherBucket {
        /// The bucket of the row.
        recorded: String,
        /// The bucket of the settings.
        configured: String,
    },
}

impl ObjectsError {
    /// Whether the same request may succeed later.
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
            expires_at_ms: 7,
            expires_in_ms: 0,
        };
        let printed = format!("{put:?}");
        assert!(!printed.contains("c0ffee"), "{printed}");
        assert!(printed.contains("http://127.0.0.1:1/b/k?.."), "{printed}");
    }
}
