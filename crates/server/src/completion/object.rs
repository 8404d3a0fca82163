//! The object that completion looks at: whether it is there, and whether it is what was sealed.

use std::pin::pin;

use futures::TryStreamExt as _;
use sealift_message::{DecryptError, RangeDecryptor};
use sealift_transfer::api::open::Method;
use sha2::Digest as _;

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

/// The verdict on an object.
pub(super) enum Judged {
    /// What was sealed; what the file is by its first bytes, so that no reader has to fetch them
    /// for that.
    Sealed(Option<SniffedType>),
    /// Something else, which was read. Only this is ever deleted.
    Other,
}

/// Reads what lies at the object key and compares it with the record.
///
/// # Errors
/// Where it was not read: that is no evidence against the object, which stays.
pub(super) async fn judge(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
) -> Result<Judged, CompletionError> {
    if !is_what_was_signed(app, upload, head).await? {
        return Ok(Judged::Other);
    }
    if head.len != upload.plan.sealed_len() {
        app.objects.prove_read(&upload.s3_key, head).await?;
        return Ok(Judged::Other);
    }
    let sealed = Sealed {
        tenant: &upload.scope.tenant,
        file_id: &upload.file_id,
        upload_id: &upload.upload_id,
        header: &upload.header,
        plaintext_len: upload.plan.plaintext_len(),
        sealed_len: upload.plan.sealed_len(),
    };
    // Nothing of the object is read for this, so a failure says nothing about it.
    let decryptor = match opening::decryptor(&app.keys, sealed).await {
        Ok(decryptor) => decryptor,
        Err(OpenError::Keys(error)) => return Err(error.into()),
        Err(error) => return Err(CompletionError::Header(error)),
    };
    match is_what_was_sealed(app, upload, head, decryptor).await {
        Ok(sniffed_type) => Ok(Judged::Sealed(sniffed_type)),
        Err(OpenError::Decrypt(_)) => Ok(Judged::Other),
        // Another object came between HEAD and this, perhaps the right one.
        Err(OpenError::Objects(ObjectsError::Replaced | ObjectsError::NotFound)) => {
            Err(ObjectsError::Unavailable { status: None }.into())
        }
        Err(OpenError::Objects(error)) => Err(error.into()),
        Err(OpenError::Keys(error)) => Err(error.into()),
        // The next one looks again.
        Err(OpenError::Range(_) | OpenError::Stopped) => Err(CompletionError::Elsewhere),
    }
}

/// The store's checksum of an object that was PUT in one is the record's. Where the store tells
/// another one, the object is read: its bytes decide. That of every part was compared before they
/// were joined.
///
/// # Errors
/// [`CompletionError::ChecksumNotTold`]; others where the object could not be read.
async fn is_what_was_signed(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
) -> Result<bool, CompletionError> {
    if upload.method == Method::Multipart || head.len != upload.plan.sealed_len() {
        return Ok(true);
    }
    let parts = app.records.parts(&upload.upload_id).await?;
    let [part] = parts.as_slice() else {
        // Nothing was signed, so what lies there came from elsewhere.
        app.objects.prove_read(&upload.s3_key, head).await?;
        return Ok(false);
    };
    let told = head.sha256.ok_or(CompletionError::ChecksumNotTold)?;
    if part.sha256 == told {
        return Ok(true);
    }
    let object = head.of(&upload.s3_key);
    let read = app.objects.get_range(&object, 0..head.len).await;
    let mut sealed = match read {
        Ok(read) => read.stream,
        Err(ObjectsError::Replaced | ObjectsError::NotFound) => {
            return Err(ObjectsError::Unavailable { status: None }.into());
        }
        Err(error) => return Err(error.into()),
    };
    let mut sha256 = sha2::Sha256::new();
    while let Some(bytes) = sealed.try_next().await? {
        sha256.update(&bytes);
    }
    Ok(*part.sha256.as_bytes() == <[u8; 32]>::from(sha256.finalize()))
}

/// Frames opened beside the first and the last one.
const RANDOM_FRAMES: usize = 3;

/// The stored header, and the first, the last and a few random frames open. Gives what the file is
/// by its first bytes.
async fn is_what_was_sealed(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
    decryptor: RangeDecryptor,
) -> Result<Option<SniffedType>, OpenError> {
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
