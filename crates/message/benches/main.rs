//! Measures what sealing and opening cost above the AEAD alone: `cargo bench -p sealift-message -- seal`.

#![expect(
    clippy::expect_used,
    reason = "a bench that panics has nothing to measure"
)]

mod open;
mod open_range;
mod seal;
mod setup;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, seal::seal, open::open, open_range::open_range);
criterion_main!(benches);
