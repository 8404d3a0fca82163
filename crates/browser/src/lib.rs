//! The browser's driver of uploads and of files that are opened, as a wasm module. It has no rules of
//! its own: the way of an upload is [`sealift_transfer::Upload`]'s, the format is
//! [`sealift_message`]'s; here is what only a browser can do for them.
//!
//! To JavaScript the module offers two classes, each to be made in a worker: [`Uploads`] for the page
//! that sends and [`Opener`] for the page of a file. The other modules are public for the tests.
//!
//! - [`uploads`], [`queue`]: all files of a page, a few at a time
//! - [`uploader`]: one file, from the open request to its record
//! - [`seal`]: parts, by WebCrypto or by AES in WebAssembly
//! - [`sealed_part`], [`part_buffers`], [`part_files`]: where they are sealed and kept
//! - [`file_slice`], [`put_part`], [`server_api`]: the browser's files, uploads and requests
//! - [`shared`], [`allowance`]: what all files share, and how much of it at once
//! - [`short_map`]: what they are found by
//! - [`credential`]: the API key, and the question for another
//! - [`tab_lock`]: one tab at a time has an upload
//! - [`opener`]: one file, from the question for its key to the disk
//! - [`opening`], [`get_piece`], [`sink`]: its pieces, where they come from and go to
//! - [`failure`]: every way to fail, as the page is told

pub mod allowance;
pub mod browser;
pub mod credential;
pub mod failure;
pub mod file_slice;
pub mod get_piece;
mod movement;
pub mod opener;
pub mod opening;
pub mod part_buffers;
pub mod part_files;
pub mod progress;
pub mod put_part;
pub mod queue;
pub mod report;
pub mod seal;
pub mod sealed_part;
pub mod server_api;
pub mod shared;
pub mod short_map;
pub mod sink;
pub mod tab_lock;
pub mod uploader;
pub mod uploads;
mod web_crypto;

pub use opener::Opener;
pub use uploads::Uploads;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
