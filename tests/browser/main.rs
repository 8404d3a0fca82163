//! Stories through the upload page in real Chromium.

mod beyond_32_bits;
mod damaged;
mod keyboard;
mod login;
mod names;
mod official;
mod policy;
mod sizes;
mod stopped;
