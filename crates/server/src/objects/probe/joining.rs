//! Proves that a store joins parts of unequal length. The first part of an upload also holds the
//! header and the last one holds the rest (docs/FORMAT.md, arithmetic), so no two parts need be equal.
//!
//! S3 accepts no part below 5 MiB except the last, so this sends 10 MiB. A deployment does it once
//! for each store, not at every start.

use bytes::Bytes;
use futures::TryStreamExt as _;
use sealift_transfer::{PartNumber, api::Sha256};

use super::{
    super::{CompletedPart, ObjectKey, Objects, ObjectsError, S3UploadId},
    ProbeError, http_client, probe_key, right_bytes_are_taken, tidied,
};
use crate::unix_millis::UnixMillis;

/// S3 refuses smaller parts, except the last.
const LEAST_PART_BYTES: usize = 5 * 1024 * 1024;
/// The lengths of the parts: two of unequal length before the last one.
const PART_BYTES: [usize; 3] = [LEAST_PART_BYTES + 1, LEAST_PART_BYTES, 1];
/// The byte that the first, the second and the third part consist of.
const FILLED_WITH: [u8; 3] = [b'1', b'2', b'3'];

/// The way in which the parts are sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// The server sends them, like what it sealed itself.
    Server,
    /// The URLs of browsers take them, signed at this time for the public endpoint.
    Browsers(UnixMillis),
}

impl Objects {
    /// Joins three parts of unequal length and reads across a seam. The probe's objects lie under
    /// `<prefix>/probe/` with a name from `random`, and are removed afterwards.
    ///
    /// # Errors
    /// Returns [`ProbeError::UnequalPartsRefused`] or another error; the server must not start
    /// then.
    pub async fn prove_unequal_parts(&self, random: [u8; 16]) -> Result<(), ProbeError> {
        self.prove_unequal_parts_from(Way::Server, random).await
    }

    pub(super) async fn prove_unequal_parts_from(
        &self,
        way: Way,
        random: [u8; 16],
    ) -> Result<(), ProbeError> {
        let key = probe_key(self, random);
        let s3_upload_id = self.create_multipart(&key).await?;
        let joined = join(self, &key, &s3_upload_id, way).await;
        if joined.is_err() {
            tidied(self.abort_multipart(&key, &s3_upload_id).await);
        }
        let read = match joined {
            Ok(()) => read_across(self, &key).await,
            Err(error) => Err(error),
        };
        tidied(self.remove(&key).await);
        read
    }
}

async fn join(
    objects: &Objects,
    key: &ObjectKey,
    s3_upload_id: &S3UploadId,
    way: Way,
) -> Result<(), ProbeError> {
    let http = http_client()?;
    let mut sha256s = Vec::new();
    for ((number, len), byte) in (1_u16..).zip(PART_BYTES).zip(FILLED_WITH) {
        let number = PartNumber::try_from(number)
            .map_err(|_| ObjectsError::Incomprehensible { field: "Part" })?;
        let part = Bytes::from(vec![byte; len]);
        let sha256 = Sha256::of(&part);
        match way {
            Way::Server => {
                let put = objects.put_part(key, s3_upload_id, number, part, &sha256);
                put.await.map_err(refused)?;
            }
            Way::Browsers(now) => {
                let len = u64::try_from(len).unwrap_or(u64::MAX);
                let put = objects.presign_part(key, s3_upload_id, number, &sha256, len, now);
                right_bytes_are_taken(&http, &put.await?, part).await?;
            }
        }
        sha256s.push(sha256);
    }
    let listed = objects.list_parts(key, s3_upload_id).await?;
    if listed.len() != sha256s.len() {
        return Err(ObjectsError::Incomprehensible { field: "Part" }.into());
    }
    let parts: Vec<_> = listed
        .into_iter()
        .zip(sha256s)
        .map(|(part, sha256)| CompletedPart {
            number: part.number,
            etag: part.etag,
            sha256,
        })
        .collect();
    let joined = objects.complete_multipart(key, s3_upload_id, &parts);
    joined.await.map_err(refused)?;
    Ok(())
}

fn refused(error: ObjectsError) -> ProbeError {
    match error {
        ObjectsError::Refused { status, code, .. } => {
            ProbeError::UnequalPartsRefused { status, code }
        }
        error => error.into(),
    }
}

/// Reads the end of the first part and the beginning of the second.
async fn read_across(objects: &Objects, key: &ObjectKey) -> Result<(), ProbeError> {
    let missing = || ProbeError::RangeNotGiven(ObjectsError::NotFound);
    let head = objects.head(key, None).await?.ok_or_else(missing)?;
    let [first, _, _] = PART_BYTES.map(|len| u64::try_from(len).unwrap_or(u64::MAX));
    let across = first.saturating_sub(2)..first.saturating_add(2);
    let read = objects.get_range(&head.of(key), across).await;
    let read = read.map_err(ProbeError::RangeNotGiven)?;
    let bytes: Vec<_> = read.stream.try_collect().await?;
    if bytes.concat() == b"1122" {
        Ok(())
    } else {
        Err(ProbeError::RangeNotGiven(ObjectsError::Replaced))
    }
}
