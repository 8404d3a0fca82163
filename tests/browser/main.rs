//! Stories through the upload page in real browsers.

mod beyond_32_bits;
mod changed;
mod choosing;
mod damaged;
mod interrupted;
mod keyboard;
mod login;
mod memory;
mod mended;
mod names;
mod official;
mod policy;
mod resumed;
mod scenes;
mod sending;
mod sizes;
mod stopped;
mod waiting;
