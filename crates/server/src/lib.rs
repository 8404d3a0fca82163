//! The axum server. It issues data keys and presigned URLs, completes uploads, and decrypts files. This
//! is a library; the binary is `sealift`.
//!
//! A request takes this way: [`router`] names every route, and each route is one file of [`routes`].
//! The handler gets its [`caller`] and asks [`records`], [`keys`] and [`objects`]. [`problem`] turns
//! every error into a Problem.

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
