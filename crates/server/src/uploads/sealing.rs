//! Seals a body on the server while its plaintext arrives. At most one frame of plaintext and two
//! parts of ciphertext are in memory (three of a file that is sealed again), and no file is written.
//!
//! Nobody else gets the key of such an upload. Message and key are made at the beginning, but the
//! row is made only when the first part is full, so that a body that breaks off earlier leaves
//! nothing behind. A body that ends within its first part has a known length by then, and is sent
//! as one PUT.

use bytes::Bytes;
use sealift_message::FrameLength;
use sealift_transfer::{
    PartNumber, PartPlan,
    api::{FileId, ProblemCode, Sha256, UploadId},
    part_plan::PartPlanError,
};

use crate::{
    app::App,
    caller::Caller,
    config::Config,
    problem::{self, Refusal},
    records::FileRow,
    uploads::new_message::NewMessage,
};

mod message;
mod sender;

pub(crate) use message::SealingError;
use message::{MessageSealer, len_of};
use sender::Sender;

/// The longest part in bytes of a request's body: two parts of a request are in memory, so they must not be longer. A
/// file that is sealed again has parts of any length, because it must not be too large for that.
const MOST_PART_LENGTH: u64 = 64 * 1024 * 1024;
/// Bytes reserved for our header, as in `routes/policy.rs`.
const HEADER_BYTES: u64 = 1024;

/// Returns the most plaintext bytes that can be sealed here if the body's length is known at its
/// beginning.
pub(crate) fn most_bytes(config: &Config) -> u64 {
    carried(config, MOST_PART_LENGTH)
}

/// Returns the same limit for a body of unknown length: parts do not grow for a length that may
/// never come.
pub(crate) fn most_bytes_unannounced(config: &Config) -> u64 {
    carried(config, config.part_length.min(MOST_PART_LENGTH))
}

fn carried(config: &Config, part_length: u64) -> u64 {
    let frame_length = FrameLength::try_from(config.frame_length);
    frame_length.map_or(0, |frame_length| {
        PartPlan::most_plaintext_len(HEADER_BYTES, frame_length, part_length)
    })
}

/// Returns the memory that sealing a body of at most `most_bytes` plaintext bytes takes: one frame,
/// the part that is being filled and, if there are several parts, the part that is being sent.
pub(crate) fn memory_for(config: &Config, most_bytes: u64) -> u64 {
    memory(config, most_bytes, MOST_PART_LENGTH, 0)
}

/// Returns the same for a file of `plaintext_len` bytes that is sealed again. While one of its parts is filled and one
/// is sent, another one is sent.
pub(crate) fn memory_for_reseal(config: &Config, plaintext_len: u64) -> u64 {
    memory(config, plaintext_len, u64::MAX, 1)
}

fn memory(config: &Config, most_bytes: u64, most_part_length: u64, more_parts: u64) -> u64 {
    let frame_length = u64::from(config.frame_length);
    let plan = FrameLength::try_from(config.frame_length)
        .ok()
        .and_then(|frame| plan(config, HEADER_BYTES, frame, most_bytes, most_part_length).ok());
    let part = plan.and_then(|plan| plan.part(PartNumber::FIRST));
    let (Some(plan), Some(part)) = (plan, part) else {
        // No upload can be this long, so the amount does not matter.
        return frame_length;
    };
    let parts: u64 = match plan.part_count() {
        PartNumber::FIRST => 1,
        _ => 2,
    };
    let of_parts = part
        .sealed_len()
        .saturating_mul(parts.saturating_add(more_parts));
    of_parts.saturating_add(frame_length.min(most_bytes))
}

fn plan(
    config: &Config,
    header_len: u64,
    frame_length: FrameLength,
    most_bytes: u64,
    most_part_length: u64,
) -> Result<PartPlan, PartPlanError> {
    let part_length = config.part_length;
    PartPlan::for_at_most(
        header_len,
        frame_length,
        most_bytes,
        part_length,
        most_part_length,
    )
}

/// The facts that are known of a body before it arrives.
#[derive(Debug, Clone)]
pub(crate) struct ComingFile {
    /// The name as the person knows it. The sealing decides how it is stored.
    pub(crate) name: String,
    /// The type that the sender gave, already checked.
    pub(crate) content_type: Option<String>,
    /// The most plaintext bytes that the body may have.
    pub(crate) most_bytes: u64,
    /// The file that is sealed again, if the body is the plaintext of one.
    pub(crate) resealed: Option<Box<FileRow>>,
}

/// A body on its way to the store. The caller must finish or abort it. If it is only dropped, as by
/// a crash, the sweeper cleans up.
pub(crate) struct Sealing {
    message: MessageSealer,
    sender: Sender,
}

/// The whole body is in the store, and waits for completion.
#[derive(Debug)]
pub(crate) struct SealedBody {
    pub(crate) upload_id: UploadId,
    /// The file that the upload becomes.
    pub(crate) file_id: FileId,
    /// The digest that completion compares.
    pub(crate) parts_sha256: Sha256,
}

impl Sealing {
    /// Makes the message. The caller has already checked who may upload, and how much.
    ///
    /// # Errors
    /// Fails if no key is available, or if the file is larger than can be sealed here.
    pub(crate) async fn begin(
        app: &App,
        caller: &Caller,
        coming: ComingFile,
    ) -> Result<Self, Refusal> {
        let tenant = &caller.scope.tenant;
        let (new, most_part_length) = match &coming.resealed {
            None => (NewMessage::make(app, tenant).await?, MOST_PART_LENGTH),
            Some(file) => {
                let new = NewMessage::make_for(app, tenant, file.file_id.clone());
                (new.await?, u64::MAX)
            }
        };
        let header = new.header();
        let plan = plan(
            &app.config,
            header.len(),
            header.frame_length(),
            coming.most_bytes,
            most_part_length,
        )
        .map_err(|_| too_large(coming.most_bytes))?;
        let (verified, ids) = new.into_parts();
        let sender = Sender::new(app, caller, &verified, ids, coming, plan);
        let message = MessageSealer::new(verified, plan)?;
        Ok(Self { message, sender })
    }

    /// Seals the plaintext that arrived, and sends each part that is full.
    ///
    /// # Errors
    /// Fails if the plaintext cannot be sealed or sent; the caller must then abort.
    pub(crate) async fn push(&mut self, mut plaintext: Bytes) -> Result<(), Refusal> {
        while let Some(part) = self.message.push(&mut plaintext)? {
            self.sender.send(part).await?;
        }
        Ok(())
    }

    /// Returns the plaintext bytes so far.
    pub(crate) fn plaintext_len(&self) -> u64 {
        self.message.plaintext_len()
    }

    /// Seals the last part and sends it.
    ///
    /// # Errors
    /// Fails if the last part cannot be sealed or sent; the upload was then aborted.
    pub(crate) async fn finish(self) -> Result<SealedBody, Refusal> {
        let Self {
            message,
            mut sender,
        } = self;
        let ended = match message.finish() {
            Ok((last, plan)) => sender.finish(last, plan).await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(sealed) => Ok(sealed),
            Err(refusal) => {
                sender.abort(refusal.code()).await;
                Err(refusal)
            }
        }
    }

    /// Aborts the upload and removes everything of it.
    pub(crate) async fn abort(self, why: ProblemCode) {
        self.sender.abort(why).await;
    }
}

/// Makes the refusal of a file that is larger than `most_bytes`.
pub(crate) fn too_large(most_bytes: u64) -> Refusal {
    Refusal::new(
        ProblemCode::FileTooLarge,
        format!(
            "The file is larger than {most_bytes} bytes, the most that can be sent this way; \
             send larger ones with the upload page or `sealift upload`."
        ),
    )
    .with_number("most_bytes", most_bytes)
}

impl From<SealingError> for Refusal {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::TooLong { most_bytes } => too_large(most_bytes),
            error => problem::internal().caused_by(error),
        }
    }
}
