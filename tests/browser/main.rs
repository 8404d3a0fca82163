//! Stories through the upload page in real browsers.

mod beyond_32_bits;
mod damaged;
mod keyboard;
mod login;
mod names;
mod official;
mod policy;
mod scenes;
mod sizes;
mod stopped;
