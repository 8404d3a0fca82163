//! Stories through the upload page in real Chromium.

mod damaged;
mod keyboard;
mod login;
mod names;
mod official;
mod policy;
mod sizes;
mod stopped;
