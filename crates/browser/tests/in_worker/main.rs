//! Tests that need a browser, in a worker as on the page: `wasm-pack test --headless --chrome`.
#![cfg(target_arch = "wasm32")]
#![expect(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests; clippy knows only those of std"
)]

mod decrypt;
mod downloader;
mod file_slice;
mod key;
mod piece_opener;
mod put_part;
mod sample;
mod seal;
mod sealed_part;
mod sealing_pool;
mod sink;
mod store;
mod tab_lock;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
