//! The encryption context of our objects: what their keys are bound to (FORMAT.md R4, names that
//! are for ever). Opaque ids of the server's making, never a file name.

use sealift_message::{EncryptionContext, HeaderError};
use sealift_transfer::api::{FileId, TenantId, UploadId};

/// The format's own version; the value never changes for objects of this shape.
const FORMAT: &str = "sealift-1";

/// The context of this upload's message.
///
/// # Errors
/// Never for ids of these types: they fit.
pub(crate) fn of(
    tenant: &TenantId,
    file: &FileId,
    upload: &UploadId,
) -> Result<EncryptionContext, HeaderError> {
    EncryptionContext::from_pairs([
        ("format", FORMAT),
        ("object-id", file.as_str()),
        ("tenant", tenant.as_str()),
        ("upload-id", upload.as_str()),
    ])
}
