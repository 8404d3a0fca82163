//! The axum server: issues data keys and presigned URLs, completes uploads, opens what was
//! sealed. A library; the binary is `sealift`.
//!
//! Where a request goes: [`router`] names every route, one file of [`routes`] each; a handler
//! gets its [`caller`], asks [`records`], [`keys`] and [`objects`], and whatever goes wrong
//! becomes a Problem in [`problem`].

mod aborting;
mod app;
mod audit;
mod caller;
mod clock;
mod completion;
pub mod config;
mod context;
mod deployment;
mod download;
mod keys;
mod lifetimes;
mod local_keks;
mod make_api_key;
mod mark;
mod new_message;
pub mod objects;
mod opening;
mod personal;
mod places;
mod problem;
mod random;
mod rates;
mod read_only;
mod reads;
pub mod records;
mod refusals;
mod router;
mod routes;
mod sealing;
mod server;
mod serving;
mod sniffed;
mod sweeper;
pub mod telemetry;
mod verifier;

pub use caller::ApiKey;
pub use clock::{Clock, ClockHand};
pub use config::Config;
pub use deployment::{
    DeploymentError, DeploymentStatus, begin_new_epoch, deployment_status, mark_store, move_store,
};
pub use keys::KeysError;
pub use local_keks::{LocalKeksError, local_keks};
pub use make_api_key::{MakeApiKeyError, make_api_key};
pub use mark::MarkError;
pub use sealift_transfer::api::{OwnerId, TenantId};
pub use server::{Server, ServerError};
pub use sweeper::{SweepCount, SweepKind, SweepReport};
