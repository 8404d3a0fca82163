//! The axum server. It issues data keys and presigned URLs, completes uploads, and decrypts files. This
//! is a library; the binary is `sealift`.
//!
//! A request takes this way: [`router`] names every route, and each route is one file of [`routes`].
//! The handler gets its [`caller`] and asks [`records`], [`keys`] and [`objects`]. [`problem`] turns
//! every error into a Problem.

mod api_keys;
mod app;
mod audit;
mod aws_policy;
mod bootstrap;
mod caller;
mod clock;
pub mod config;
mod data_folder;
mod deployment;
pub mod doctor;
mod keys;
mod lifetimes;
mod limits;
pub mod objects;
mod problem;
mod random;
mod reading;
pub mod records;
mod refusals;
mod resealing;
mod router;
mod routes;
mod sealed_names;
mod server;
mod serving;
mod sniffed;
mod sweeper;
pub mod telemetry;
mod unix_millis;
mod uploads;
mod verifier;

pub use api_keys::{ApiKeyError, NewApiKey, list_api_keys, make_api_key, revoke_api_key};
pub use aws_policy::{AwsPolicies, AwsPolicyError, Policy, Principal, cloudformation};
pub use bootstrap::{Bootstrap, BootstrapError, FailureKind, Step, StepState, Target};
pub use caller::ApiKey;
pub use clock::{Clock, ClockHand};
pub use config::Config;
pub use deployment::{
    DeploymentError, DeploymentStatus, MarkError, begin_new_epoch, deployment_status, mark_store,
    move_store,
};
pub use keys::{
    KeyCommandError, KeysError, NotMoved, RewrapReport, StoredKeksError, all_stored_keks,
    audit_export, list_keys, rewrap_keys, rotate_keys, shred_keys, stored_keks,
};
pub use resealing::{ResealError, ResealProgress, ResealReport, ResealWhich, reseal_files};
pub use sealift_transfer::api::{OwnerId, TenantId};
pub use server::{Server, ServerError};
pub use sweeper::{SweepCount, SweepKind, SweepReport};
pub use unix_millis::UnixMillis;
