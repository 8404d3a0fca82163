//! Tests that no way to save leaves a file with missing bytes.

use js_sys::{Reflect, Uint8Array};
use sealift_browser::{
    failure::Fault,
    part_files::PartFiles,
    sink::{Sink, Way},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::downloader::{content, picked};

#[wasm_bindgen_test]
async fn what_has_not_all_of_its_bytes_is_no_file() {
    let files = PartFiles::default();
    let picked = picked("short").await;
    let can_be_removed = Reflect::has(&picked, &"remove".into()).unwrap();
    for way in [Way::Picked(picked), Way::OnDisk, Way::InMemory] {
        let sink = Sink::new(way, 10, &files).await.unwrap();
        let bytes = Uint8Array::from([1; 9].as_slice());
        sink.write(&bytes, 0).await.unwrap();
        assert!(matches!(sink.finish().await, Err(Fault::NotSaved)));
    }
    // Browsers that cannot remove a file do not let anybody pick one, either.
    assert!(content("short").await.is_none() || !can_be_removed);
}
