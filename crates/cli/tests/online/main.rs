//! Tests the real program as a client of a real server, which runs from the same program.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod download;
mod files;
mod gate;
mod login;
mod names;
#[cfg(unix)]
mod not_files;
mod repeated;
mod running;
mod share;
mod upload;
