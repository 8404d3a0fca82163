//! Sealing on the server, while the plaintext comes to it (DESIGN.md 2): at most one frame of
//! plaintext and two parts of ciphertext are in memory, and no file is written.
//!
//! Nobody else gets the key of such an upload. Message and key are made at its beginning, but the
//! row only when the first part is full, so that nothing is left behind of what never came so far;
//! what ends within its first part is known to its full length then, and is one PUT.

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
    new_message::NewMessage,
    problem::{self, Refusal},
};

mod memory;
mod message;
mod sender;

pub(crate) use memory::{SealingMemory, SealingPermit};
pub(crate) use message::SealingError;
use message::{MessageSealer, len_of};
use sender::Sender;

/// Two parts of a request are in memory, so they are no larger than that.
const MOST_PART_LENGTH: u64 = 64 * 1024 * 1024;
/// Room for our header, as `routes/policy.rs` leaves it too.
const HEADER_BYTES: u64 = 1024;

/// Plaintext bytes that can be sealed here of a body whose length is known at its beginning.
pub(crate) fn most_bytes(config: &Config) -> u64 {
    carried(config, MOST_PART_LENGTH)
}

/// The same where it is not known: parts do not grow for a length that is only feared.
pub(crate) fn most_bytes_unannounced(config: &Config) -> u64 {
    carried(config, config.part_length.min(MOST_PART_LENGTH))
}

fn carried(config: &Config, part_length: u64) -> u64 {
    let frame_length = FrameLength::try_from(config.frame_length);
    frame_length.map_or(0, |frame_length| {
        PartPlan::most_plaintext_len(HEADER_BYTES, frame_length, part_length)
    })
}

/// Memory that a body of at most so many plaintext bytes takes while it is sealed: a frame, the part
/// that is being filled, and, where there are several, the part that is on its way.
pub(crate) fn memory_for(config: &Config, most_bytes: u64) -> u64 {
    let frame_length = u64::from(config.frame_length);
    let plan = FrameLength::try_from(config.frame_length)
        .ok()
        .and_then(|frame| plan(config, HEADER_BYTES, frame, most_bytes).ok());
    let part = plan.and_then(|plan| plan.part(PartNumber::FIRST));
    let (Some(plan), Some(part)) = (plan, part) else {
        // There will be no such upload.
        return frame_length;
    };
    let parts: u64 = match plan.part_count() {
        PartNumber::FIRST => 1,
        _ => 2,
    };
    let of_parts = part.sealed_len().saturating_mul(parts);
    of_parts.saturating_add(frame_length.min(most_bytes))
}

fn plan(
    config: &Config,
    header_len: u64,
    frame_length: FrameLength,
    most_bytes: u64,
) -> Result<PartPlan, PartPlanError> {
    let part_length = config.part_length;
    PartPlan::for_at_most(
        header_len,
        frame_length,
        most_bytes,
        part_length,
        MOST_PART_LENGTH,
    )
}

/// What is known of a body before it comes.
#[derive(Debug, Clone)]
pub(crate) struct ComingFile {
    /// The name as the person knows it; the sealing decides what is kept of it.
    pub(crate) name: String,
    /// As its sender believes; checked.
    pub(crate) content_type: Option<String>,
    /// It has no more plaintext bytes.
    pub(crate) most_bytes: u64,
}

/// A body on its way to the store. It must be finished or aborted; one that is merely dropped, by
/// a crash, is left to the sweeper.
pub(crate) struct Sealing {
    message: MessageSealer,
    sender: Sender,
}

/// Everything is in the store, and waits for completion.
#[derive(Debug)]
pub(crate) struct SealedBody {
    pub(crate) upload_id: UploadId,
    /// What it becomes.
    pub(crate) file_id: FileId,
    /// What completion compares.
    pub(crate) parts_sha256: Sha256,
}

impl Sealing {
    /// Makes the message. Who may upload, and how much, was asked before.
    ///
    /// # Errors
    /// Where no key is to be had, or the file is larger than can be sealed here.
    pub(crate) async fn begin(
        app: &App,
        caller: &Caller,
        coming: ComingFile,
    ) -> Result<Self, Refusal> {
        let new = NewMessage::make(app, &caller.scope.tenant).await?;
        let header = new.header();
        let plan = plan(
            &app.config,
            header.len(),
            header.frame_length(),
            coming.most_bytes,
        )
        .map_err(|_| too_large(coming.most_bytes))?;
        let (verified, ids) = new.apart();
        let sender = Sender::new(app, caller, &verified, ids, coming, plan);
        let message = MessageSealer::new(verified, plan)?;
        Ok(Self { message, sender })
    }

    /// Seals what came, and sends what is full.
    ///
    /// # Errors
    /// It must be aborted then.
    pub(crate) async fn push(&mut self, mut plaintext: Bytes) -> Result<(), Refusal> {
        while let Some(part) = self.message.push(&mut plaintext)? {
            self.sender.send(part).await?;
        }
        Ok(())
    }

    /// Plaintext bytes so far.
    pub(crate) fn plaintext_len(&self) -> u64 {
        self.message.plaintext_len()
    }

    /// Seals the end and sends it.
    ///
    /// # Errors
    /// It was aborted then.
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

    /// Nothing of it stays.
    pub(crate) async fn abort(self, why: ProblemCode) {
        self.sender.abort(why).await;
    }
}

/// The file is larger than `most_bytes`.
pub(crate) fn too_large(most_bytes: u64) -> Refusal {
    Refusal::new(
        ProblemCode::FileTooLarge,
        format!(
            "The file is larger than {most_bytes} bytes, the most that is taken on this way; \
             larger ones may go by the upload page or `sealift upload`."
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
