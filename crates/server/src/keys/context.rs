//! The encryption context of our objects, to which their keys are bound (docs/FORMAT.md, R4, names that are
//! for ever). It holds opaque ids that the server made, never a file name.

use sealift_message::{EncryptionContext, HeaderError};
use sealift_transfer::api::{FileId, TenantId, UploadId};

/// The version of the format. The value never changes for objects of this shape.
pub(crate) const FORMAT: &str = "sealift-1";

/// Returns the encryption context of this upload's message.
///
/// # Errors
/// Never fails for ids of these types, because they fit.
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
