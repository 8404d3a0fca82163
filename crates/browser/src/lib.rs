//! The browser's driver of uploads and downloads, as a wasm module. It has no rules of its own:
//! [`sealift_transfer::Driver`] decides the steps of an upload, and [`sealift_message`] defines the format.
//! This crate does what only a browser can do for them.
//!
//! JavaScript gets two classes, and makes each in a worker: [`Uploads`] for the page that sends, and
//! [`Downloader`], which it calls `Opener`, for the page of a file. The other modules are public for the tests only.
//!
//! - [`uploads`], [`queue`]: upload all files of a page, a few at a time
//! - [`uploader`]: uploads one file, from the open request to its record
//! - [`seal`]: seals parts, with WebCrypto or with AES in WebAssembly
//! - [`sealing_pool`]: seals parts in several workers
//! - [`sealed_part`], [`part_buffers`], [`part_files`]: hold parts while they are sealed and sent
//! - [`file_slice`], [`put_part`], [`server_api`]: read files, PUT parts, ask the server
//! - [`batches`]: sends the requests of small files together
//! - [`shared`], [`slots`]: what all uploads share, and the limiter for it
//! - [`short_map`]: a small map for a few entries
//! - [`credential`]: holds the API key, and asks for another one
//! - [`tab_lock`]: keeps an upload to one tab
//! - [`downloader`]: decrypts and saves one file, from the request for its key to the disk
//! - [`decrypt`], [`get_piece`], [`sink`]: fetch, open and save its pieces
//! - [`failure`]: lists every way to fail, and what the page gets for it

pub mod batches;
pub mod browser;
pub mod credential;
pub mod decrypt;
pub mod downloader;
pub mod failure;
pub mod file_slice;
pub mod get_piece;
mod movement;
pub mod part_buffers;
pub mod part_files;
pub mod progress;
pub mod put_part;
pub mod queue;
pub mod report;
pub mod seal;
pub mod sealed_part;
pub mod sealing_pool;
pub mod server_api;
pub mod shared;
pub mod short_map;
pub mod sink;
pub mod slots;
pub mod tab_lock;
pub mod uploader;
pub mod uploads;
mod web_crypto;

pub use downloader::Downloader;
pub use uploads::Uploads;

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
