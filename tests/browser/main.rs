//! Stories through the upload page in real Chromium.

mod keyboard;
mod names;
mod policy;
mod sizes;
mod stopped;
