//! Tests `sealift decrypt`, `inspect` and `keys export` with the real program, without a server.

#![expect(clippy::expect_used, reason = "tests")]

mod deployment;
mod inspect;
mod official_vectors;
mod output;
mod own_vectors;
mod pages;
mod program;
mod s3;
