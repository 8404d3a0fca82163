//! What uploader and server must agree on, native and in wasm. Pure: no I/O, no clock, no
//! randomness; those come in as arguments and events.
//!
//! - [`part_plan`]: from a file's size to parts of whole frames
//! - [`upload`]: the state machine of one upload, `on(Event) -> Vec<Command>`; a driver (browser,
//!   native client) carries the commands out
//! - [`retry`]: what to do after a failed request
//! - [`address`]: how long a presigned address can be used
//! - [`parallelism`]: how many parts are sent at once
//! - [`api`]: every path, request, response and problem code of the HTTP API

#![warn(clippy::arithmetic_side_effects)]

pub mod address;
pub mod api;
pub mod parallelism;
mod part_map;
pub mod part_plan;
pub mod retry;
pub mod upload;

pub use parallelism::Parallelism;
pub use part_plan::{Part, PartNumber, PartPlan};
pub use upload::{Command, Event, Upload};
