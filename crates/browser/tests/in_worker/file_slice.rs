//! Tests that a file is not read once it differs from what it was when it was chosen.

use crate::sample::{file, plaintext};
use js_sys::{Object, Reflect};
use sealift_browser::{failure::Fault, file_slice::ChosenFile};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::File;

/// Makes the file report another value, as a browser that checks the disk each time would.
fn now_says(file: &File, property: &str, value: f64) {
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"value".into(), &JsValue::from_f64(value)).unwrap();
    Object::define_property(file, &property.into(), &descriptor);
}

#[wasm_bindgen_test]
async fn a_slice_is_exactly_the_range() {
    let bytes = plaintext(10_000);
    let chosen = ChosenFile::new(file(&bytes));
    assert_eq!(chosen.size(), 10_000);
    assert_eq!(chosen.name(), "sample");
    let slice = chosen.read(&(4096..8192)).await.unwrap();
    assert_eq!(slice.to_vec(), bytes[4096..8192]);
    assert_eq!(chosen.read(&(0..0)).await.unwrap().length(), 0);
}

#[wasm_bindgen_test]
fn times_before_1970_and_after_2038_are_sent_as_they_are() {
    for time_ms in [-2_208_988_800_000.0, -1.0, 0.0, 4_102_444_800_123.0] {
        let file = file(&plaintext(1));
        now_says(&file, "lastModified", time_ms);
        let sent = ChosenFile::new(file).last_modified_ms();
        assert_eq!(sent.to_string(), time_ms.to_string());
    }
}

#[wasm_bindgen_test]
async fn a_file_that_became_longer_is_not_read() {
    let file = file(&plaintext(10));
    let chosen = ChosenFile::new(file.clone());
    now_says(&file, "size", 11.0);
    assert!(matches!(
        chosen.read(&(0..10)).await,
        Err(Fault::FileChanged)
    ));
}

#[wasm_bindgen_test]
async fn a_file_that_was_written_to_is_not_read() {
    let file = file(&plaintext(10));
    let chosen = ChosenFile::new(file.clone());
    now_says(&file, "lastModified", 1.0);
    assert!(matches!(
        chosen.read(&(0..10)).await,
        Err(Fault::FileChanged)
    ));
}

/// Browsers report size 0 for files of the kernel and for pipes.
#[wasm_bindgen_test]
async fn a_file_that_says_no_bytes_and_has_some_is_not_read() {
    let file = file(&plaintext(10));
    now_says(&file, "size", 0.0);
    let chosen = ChosenFile::new(file);
    assert_eq!(chosen.size(), 0);
    assert!(matches!(
        chosen.read(&(0..0)).await,
        Err(Fault::FileChanged)
    ));
}

#[wasm_bindgen_test]
async fn an_empty_file_is_read() {
    let chosen = ChosenFile::new(file(&[]));
    assert_eq!(chosen.read(&(0..0)).await.unwrap().length(), 0);
}

#[wasm_bindgen_test]
async fn a_file_that_became_shorter_is_not_read() {
    let chosen = ChosenFile::new(file(&plaintext(10)));
    assert!(matches!(
        chosen.read(&(5..11)).await,
        Err(Fault::FileChanged)
    ));
}
