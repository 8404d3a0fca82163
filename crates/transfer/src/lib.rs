//! The rules that all clients and the server share, native and in wasm. This crate does no I/O and
//! reads no clock and no randomness; it gets them as arguments and events.
//!
//! - [`part_plan`]: cuts a file of a known size into parts of whole frames
//! - [`upload`]: the state machine of one upload, `on(Event) -> Vec<Command>`
//! - [`driver`]: keeps what the steps of an upload need from each other, `on(Done) -> Vec<Effect>`; the
//!   browser and the native client carry the effects out
//! - [`retry`]: what to do after a failed request
//! - [`batches`]: collects the requests of small files, so that many of them travel together
//! - [`address`]: how long a presigned URL can be used
//! - [`parallelism`]: how many parts are sent at once
//! - [`api`]: every path, request, response and problem code of the HTTP API

#![warn(clippy::arithmetic_side_effects)]

pub mod address;
pub mod api;
pub mod batches;
pub mod driver;
pub mod parallelism;
mod part_map;
pub mod part_plan;
pub mod retry;
pub mod upload;

pub use driver::{Control, Done, Driver, Effect};
pub use parallelism::Parallelism;
pub use part_plan::{Part, PartNumber, PartPlan};
pub use upload::{Command, Event, Upload};
