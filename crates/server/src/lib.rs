//! server

pub mod config;
pub mod objects;
pub mod telemetry;
