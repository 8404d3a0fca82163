//! Compares the parts of an upload that is being completed: the client's digest and the store's list must say what the
//! records say.

use sealift_transfer::{
    PartNumber,
    api::{PartReceipt, PartReceipts, Sha256},
};

use super::CompletionError;
use crate::{
    objects::{CompletedPart, StoredPart},
    records::{PartRow, UploadRow},
};

/// Checks that the client's digest over all parts equals the digest of the recorded parts.
pub(super) fn client_agrees(
    upload: &UploadRow,
    parts: &[PartRow],
    parts_sha256: &Sha256,
) -> Result<(), CompletionError> {
    let mut receipts = PartReceipts::default();
    for part in parts {
        let receipt = PartReceipt {
            number: part.number,
            sha256: part.sha256,
        };
        receipts
            .note(receipt)
            .map_err(|_| CompletionError::PartsDiffer)?;
    }
    for number in PartNumber::all(upload.plan.part_count()) {
        if receipts.get(number).is_none() {
            return Err(CompletionError::PartMissing(number));
        }
    }
    match receipts.digest(upload.plan.part_count()) {
        Ok(digest) if digest == *parts_sha256 => Ok(()),
        _ => Err(CompletionError::PartsDiffer),
    }
}

/// Checks that the store lists exactly the recorded parts: number, size and SHA-256 of each, and no
/// other part.
pub(super) fn compare(
    parts: &[PartRow],
    listed: &[StoredPart],
) -> Result<Vec<CompletedPart>, CompletionError> {
    for part in parts {
        match listed.iter().find(|stored| stored.number == part.number) {
            None => return Err(CompletionError::PartMissing(part.number)),
            Some(stored) if stored.len != part.sealed_len || stored.sha256 != Some(part.sha256) => {
                return Err(CompletionError::PartsDiffer);
            }
            Some(_) => {}
        }
    }
    if listed.len() != parts.len() {
        return Err(CompletionError::PartsDiffer);
    }
    let completed = listed
        .iter()
        .zip(parts)
        .map(|(stored, part)| CompletedPart {
            number: part.number,
            etag: stored.etag.clone(),
            sha256: part.sha256,
        });
    Ok(completed.collect())
}
