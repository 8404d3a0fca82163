//! Looks at the object of an upload that is being completed: whether it is there, and whether it is
//! what was sealed. [`super::complete`] decides by it.

use std::pin::pin;

use futures::TryStreamExt as _;
use sealift_message::{DecryptError, RangeDecryptor};
use sealift_transfer::api::open::Method;
use sha2::Digest as _;

use super::CompletionError;
use crate::{
    app::App,
    objects::{ObjectHead, ObjectsError, VersionId},
    random,
    reading::decrypt::{self, OpenError, Sealed},
    records::UploadRow,
    sniffed::{SniffedType, TELLING_BYTES},
};

/// The state of the store at the object key.
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
    // A join whose answer was lost may have ended between these two requests, so ask once more.
    let head = app.objects.head(key, version).await?;
    Ok(head.map_or(Seen::Never, Seen::Object))
}

/// The verdict on an object.
pub(super) enum Judged {
    /// The object is what was sealed.
    Sealed(Opened),
    /// The object was read and is something else. It is deleted.
    Other,
    /// The object was to replace that of a file, but nobody knows the plaintext's SHA-256 any more. The file has its
    /// old object still, so the new one is deleted.
    GivenUp,
}

/// The results of opening the frames.
pub(super) struct Opened {
    /// The type that the file's first bytes show, so that no reader has to fetch them to find the type.
    pub(super) sniffed_type: Option<SniffedType>,
    /// The SHA-256 of the plaintext, if the file has so few frames that all were opened.
    pub(super) plaintext_sha256: Option<[u8; 32]>,
}

/// Reads the object at the object key and compares it with the record. An object that replaces that of a file is read
/// whole, and its plaintext must have the SHA-256 `replaces`.
///
/// # Errors
/// Fails if the object was not read. That is no evidence against the object, so it stays.
pub(super) async fn judge(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
    replaces: Option<&[u8; 32]>,
) -> Result<Judged, CompletionError> {
    if upload.reseals.is_some() && replaces.is_none() {
        return Ok(Judged::GivenUp);
    }
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
    // This step reads nothing of the object, so its failure says nothing about the object.
    let decryptor = match decrypt::decryptor(&app.keys, sealed).await {
        Ok(decryptor) => decryptor,
        Err(OpenError::Keys(error)) => return Err(error.into()),
        Err(error) => return Err(CompletionError::Header(error)),
    };
    let opened = match replaces {
        None => is_what_was_sealed(app, upload, head, decryptor).await,
        Some(sha256) => holds_all(app, upload, head, decryptor, sha256).await,
    };
    match opened {
        Ok(opened) => Ok(Judged::Sealed(opened)),
        Err(OpenError::Decrypt(_)) => Ok(Judged::Other),
        // Another object was written between HEAD and this read, perhaps the right one.
        Err(OpenError::Objects(ObjectsError::Replaced | ObjectsError::NotFound)) => {
            Err(ObjectsError::Unavailable { status: None }.into())
        }
        Err(OpenError::Objects(error)) => Err(error.into()),
        Err(OpenError::Keys(error)) => Err(error.into()),
        // The next request looks again.
        Err(OpenError::Range(_) | OpenError::Stopped) => Err(CompletionError::Elsewhere),
    }
}

/// Checks that the store's checksum of a single-PUT object equals the recorded one. If the store
/// reports another checksum, this reads the object and its bytes decide. The checksums of multipart
/// uploads were compared part by part before the join.
///
/// # Errors
/// Returns [`CompletionError::ChecksumNotReported`] if the store reports no checksum, and another error
/// if the object could not be read.
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
        // Nothing was signed, so the object came from elsewhere.
        app.objects.prove_read(&upload.s3_key, head).await?;
        return Ok(false);
    };
    let told = head.sha256.ok_or(CompletionError::ChecksumNotReported)?;
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

/// Random frames to open, besides the first and the last one.
const RANDOM_FRAMES: usize = 3;

/// Opens the stored header and the first, the last and a few random frames.
async fn is_what_was_sealed(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
    decryptor: RangeDecryptor,
) -> Result<Opened, OpenError> {
    let object = head.of(&upload.s3_key);
    let mut beginning = Vec::new();
    let mut sha256 = sha2::Sha256::new();
    let frame_count = decryptor.layout().frame_count();
    let frames = frames_to_open(frame_count);
    let are_all = u64::try_from(frames.len()) == Ok(frame_count);
    for frame in frames {
        let wanted = decryptor.plan_frame(frame);
        let wanted = wanted.ok_or(DecryptError::Unauthentic)?;
        let opened = decrypt::plaintext(&app.objects, object.clone(), &upload.header, wanted)?;
        let mut opened = pin!(opened);
        while let Some(bytes) = opened.try_next().await? {
            if frame == 0 && beginning.len() < TELLING_BYTES {
                beginning.extend_from_slice(&bytes);
            }
            if are_all {
                sha256.update(&bytes);
            }
        }
    }
    Ok(Opened {
        sniffed_type: SniffedType::of(&beginning),
        plaintext_sha256: are_all.then(|| sha256.finalize().into()),
    })
}

/// Opens the stored header and every frame, and compares the SHA-256 of the plaintext. The file keeps the type that
/// its first completion found.
async fn holds_all(
    app: &App,
    upload: &UploadRow,
    head: &ObjectHead,
    decryptor: RangeDecryptor,
    sha256: &[u8; 32],
) -> Result<Opened, OpenError> {
    let object = head.of(&upload.s3_key);
    let opened = decrypt::plaintext(&app.objects, object, &upload.header, decryptor.plan_all())?;
    let mut opened = pin!(opened);
    let mut hash = sha2::Sha256::new();
    while let Some(bytes) = opened.try_next().await? {
        hash.update(&bytes);
    }
    match <[u8; 32]>::from(hash.finalize()) == *sha256 {
        true => Ok(Opened {
            sniffed_type: None,
            plaintext_sha256: None,
        }),
        false => Err(DecryptError::Unauthentic.into()),
    }
}

/// Returns the numbers of the frames to open, in order.
fn frames_to_open(frame_count: u64) -> Vec<u64> {
    let random = random::bytes::<{ RANDOM_FRAMES * 8 }>();
    let chosen = random.as_chunks::<8>().0.iter().map(|bytes| {
        u64::from_be_bytes(*bytes)
            .checked_rem(frame_count)
            .unwrap_or(0)
    });
    let mut frames: Vec<u64> = chosen.chain([0, frame_count.saturating_sub(1)]).collect();
    frames.sort_unstable();
    frames.dedup();
    frames
}
