//! The effects that a driver asks its side for.

use sealift_message::ContentKey;

#[cfg(doc)]
use super::Done;
use super::{Ended, Side};
use crate::{
    address::Address,
    api::{CompleteUpload, PartReceipt, SignedPart, UploadId},
    part_plan::{Part, PartPlan},
    upload::{Request, Until},
};

/// One task for the side. It begins the effects of one answer in order. After that they may run at the same
/// time. A request that fails is answered by [`Done::Failed`].
pub enum Effect<S: Side> {
    /// Send the open request; answer [`Done::Opened`].
    Open,
    /// Ask for the upload's status; answer [`Done::Found`].
    FetchStatus(UploadId),
    /// Ask for the content key; answer [`Done::KeyFetched`].
    FetchKey(UploadId),
    /// Check the header with the content key (docs/FORMAT.md, R5) and import the key; answer
    /// [`Done::KeyImported`].
    ImportKey {
        /// The header of the message.
        header: Vec<u8>,
        /// The part plan of the upload.
        plan: PartPlan,
        /// The content key.
        key: ContentKey,
        /// Whether the open request has just given the key, so that nothing of the upload exists yet.
        is_new: bool,
    },
    /// Read the part's plaintext, seal it, hash it, drop the bytes; answer [`Done::Compared`].
    Compare {
        /// Seals the part.
        sealer: S::Sealer,
        /// The part.
        part: Part,
    },
    /// Ask the person whether to send the rest unchecked; answer [`Done::Confirmed`] or
    /// [`Done::GaveUp`].
    AskUnchecked,
    /// Read the part's plaintext, seal it, hash it; answer [`Done::Sealed`].
    Seal {
        /// Seals the part.
        sealer: S::Sealer,
        /// The part.
        part: Part,
    },
    /// Ask for signatures; answer [`Done::Signed`].
    Sign {
        /// The upload.
        upload_id: UploadId,
        /// The receipts of the parts.
        receipts: Vec<PartReceipt>,
    },
    /// Wait for a permit, unless the address has kept one. If the address has ended by then, answer
    /// [`Done::AddressEnded`]. Otherwise PUT the bytes and answer [`Done::Sent`].
    Put {
        /// The part with its presigned URL.
        signed: SignedPart,
        /// The life of that URL, and a permit that an earlier PUT kept.
        address: Address<S::Permit>,
        /// The part.
        part: Part,
        /// The bytes to send.
        sealed: S::Sealed,
    },
    /// Ask for completion; answer [`Done::Completed`].
    Complete {
        /// The upload.
        upload_id: UploadId,
        /// The request.
        request: CompleteUpload,
    },
    /// Ask for the abort; answer [`Done::Aborted`].
    Abort(UploadId),
    /// Wait; answer [`Done::Waited`] or [`Done::RefusedCredential`].
    Wait {
        /// The request to send again after the wait.
        request: Request,
        /// The end of the wait.
        until: Until,
    },
    /// Drop every effect that runs or waits. Report nothing about them any more.
    Stop,
    /// The upload has ended, and no effect follows.
    End(Ended<S>),
}
