//! The HTTP API, version 1, with one file per endpoint. `/v1` only grows by addition, so clients
//! ignore fields in answers that they do not know. The server refuses unknown fields in requests.

pub mod batch;
pub mod complete;
pub mod file_name;
pub mod files;
pub mod ids;
pub mod open;
#[cfg(test)]
mod page_types;
pub mod policy;
pub mod problem;
pub mod read;
pub mod sha256;
pub mod sign;
pub mod status;
pub mod tickets;
pub mod unfinished;

pub use batch::{Batch, BatchResult, BatchResults, FinishUpload, ItemRefused, SignUpload};
pub use complete::CompleteUpload;
pub use files::{FileList, FileRecord, UnreadableField, Verification};
pub use ids::{ApiKeyId, FileId, OwnerId, TenantId, TicketId, UploadId};
pub use open::{OpenUpload, OpenedUpload};
pub use policy::Policy;
pub use problem::{Problem, ProblemCode};
pub use read::{FileOpening, PresignedGet};
pub use sha256::Sha256;
pub use sign::{PartReceipt, PartReceipts, SignParts, SignedPart, SignedParts};
pub use status::{PartStatus, UploadState, UploadStatus};
pub use tickets::{
    ChangeTicket, MadeTicket, MakeTicket, RedeemTicket, SharedFile, TicketList, TicketState,
    TicketSummary, TicketText,
};
pub use unfinished::{UploadList, UploadSummary};
