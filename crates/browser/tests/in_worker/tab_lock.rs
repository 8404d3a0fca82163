//! Tests that one tab at a time has a lock.

use sealift_browser::tab_lock::TabLock;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_name_that_is_taken_is_not_given_again_until_it_is_free() {
    let first = TabLock::take("test-a-name").await.unwrap();
    assert!(first.is_some());
    assert!(TabLock::take("test-a-name").await.unwrap().is_none());
    assert!(TabLock::take("test-another").await.unwrap().is_some());
    drop(first);
    // The browser frees it soon, and then this loop ends.
    while TabLock::take("test-a-name").await.unwrap().is_none() {}
}
