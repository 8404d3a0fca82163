//! Tests the properties of the format, one a file.

#![cfg(any(feature = "aws-lc-rs", feature = "aes-gcm"))]
#![expect(
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, and that is what it is for"
)]

mod backends;
mod commitment;
mod cut;
mod elsewhere;
mod flip;
mod foreign;
mod general;
mod header;
mod layout;
#[cfg(feature = "legacy-suites")]
mod legacy;
mod limits;
mod range;
mod round_trip;
mod sample;
mod split;
mod stream;
mod strict;
mod vectors;
