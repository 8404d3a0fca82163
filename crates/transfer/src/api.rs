//! The HTTP API, version 1: one file an endpoint. `/v1` grows by addition, so clients ignore
//! fields they do not know, and requests refuse what they do not know.

pub mod complete;
pub mod file_name;
pub mod files;
pub mod ids;
pub mod open;
pub mod policy;
pub mod problem;
pub mod read;
pub mod sha256;
pub mod sign;
pub mod status;
pub mod tickets;
pub mod unfinished;

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
pub use tickets::{MadeTicket, MakeTicket, RedeemTicket, SharedFile, TicketText};
pub use unfinished::{UploadList, UploadSummary};
