//! The object that completion looks at: whether it is there, and whether it is what was sealed.

use std::pin::pin;

use futures::TryStreamExt as _;
use sealift_message::DecryptError;
use sealift_transfer::api::open::Method;

use super::CompletionError;
use crate::{
    app::App,
    objects::{ObjectHead, ObjectsError, VersionId},
    opening::{self, OpenError, Sealed},
    random,
    records::UploadRow,
    sniffed::{SniffedType, TELLING_BYTES},
};

/// What the store has at the object key.
pub(super) enum Seen {
    Object(ObjectHead),
    NotYet,
    Never,
}

pub(super) async fn look(
    app: &App,
    upload: &UploadRow,
    version: Option<&VersionId>,
) -> Result<Seen, ObjectsError> {
    let key = &upload.s3_key;
    if let Some(head) = app.objects.head(key, version).await? {
        return Ok(Seen::Object(head));
    }
    let can_still_come = match &upload.s3_upload_id {
        Some(id) => app.objects.multipart_exists(key, id).await?,
        // A single PUT may be signed and sent as long as the upload is open.
        None => true,
    };
    if can_still_come {
        return Ok(Seen::NotYet);
    }
    // A join whose answer was lost may have ended between both answers.
    let head = app.objects.head(key, version).await?;
    Ok(head.map_or(Seen::Never, Seen::Object))
}

/// The store's checksum of an object that was PUT in one is the record's. That of every part was
/// compared before they were joined.
///
/// # Errors
/// Where the store tells none: that is no evidence against the object, which stays.
pub(super) async fn is_what_was_signed(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
) -> Result<bool, CompletionError> {
    if upload.method == Method::Multipart {
        return Ok(true);
    }
    let parts = app.records.parts(&upload.upload_id).await?;
    let field = "SHA-256";
    let sha256 = head
        .sha256
        .ok_or(ObjectsError::Incomprehensible { field })?;
    Ok(matches!(parts.as_slice(), [part] if part.sha256 == sha256))
}

/// Frames opened beside the first and the last one.
const RANDOM_FRAMES: usize = 3;

/// Exact size, the stored header, and the first, the last and a few random frames open. Gives what
/// the file is by its first bytes, so that no reader has to fetch them for that.
pub(super) async fn is_what_was_sealed(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
) -> Result<Option<SniffedType>, OpenError> {
    if head.len != upload.plan.sealed_len() {
        return Err(DecryptError::Truncated.into());
    }
    let sealed = Sealed {
        tenant: &upload.scope.tenant,
        file_id: &upload.file_id,
        upload_id: &upload.upload_id,
        header: &upload.header,
        plaintext_len: upload.plan.plaintext_len(),
        sealed_len: upload.plan.sealed_len(),
    };
    let decryptor = opening::decryptor(&app.keys, sealed).await?;
    let object = head.of(&upload.s3_key);
    let mut beginning = Vec::new();
    for frame in frames_to_open(decryptor.layout().frame_count()) {
        let wanted = decryptor.plan_frame(frame);
        let wanted = wanted.ok_or(DecryptError::Unauthentic)?;
        let opened = opening::plaintext(&app.objects, object.clone(), &upload.header, wanted)?;
        let mut opened = pin!(opened);
        while let Some(bytes) = opened.try_next().await? {
            if frame == 0 && beginning.len() < TELLING_BYTES {
                beginning.extend_from_slice(&bytes);
            }
        }
    }
    Ok(SniffedType::of(&beginning))
}

fn frames_to_open(frame_count: u64) -> impl Iterator<Item = u64> {
    let random = random::bytes::<{ RANDOM_FRAMES * 8 }>();
    let chosen = random.as_chunks::<8>().0.iter().map(|bytes| {
        u64::from_be_bytes(*bytes)
            .checked_rem(frame_count)
            .unwrap_or(0)
    });
    let mut frames: Vec<u64> = chosen.chain([0, frame_count.saturating_sub(1)]).collect();
    frames.sort_unstable();
    frames.dedup();
    frames.into_iter()
}
