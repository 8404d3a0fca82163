//! Tests that WebCrypto's key cannot be read back, and that the content key's bytes are wiped.

use crate::sample::{content_key, header, object, plan};
use js_sys::{Array, Function, Object, Reflect, Uint8Array, global};
use sealift_browser::{
    decrypt::PieceOpener,
    failure::Fault,
    seal::{Backend, PartSealer},
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn the_key_is_not_extractable_only_encrypts_and_its_bytes_are_wiped() {
    let (header, backend) = (header(), Backend::WebCrypto);
    let sealer = PartSealer::new(header.as_bytes(), content_key(), plan(1), backend);
    imports_a_key_only_to("encrypt", async { sealer.await.map(drop) }).await;
}

#[wasm_bindgen_test]
async fn the_key_of_who_opens_is_not_extractable_only_decrypts_and_its_bytes_are_wiped() {
    let (header, sealed_len) = (header(), object(b"x").len() as u64);
    let opener = PieceOpener::new(header.as_bytes(), content_key(), sealed_len, 1);
    imports_a_key_only_to("decrypt", async { opener.await.map(drop) }).await;
}

async fn imports_a_key_only_to(its_use: &str, imports: impl Future<Output = Result<(), Fault>>) {
    let crypto = Reflect::get(&global(), &"crypto".into()).unwrap();
    let subtle = Reflect::get(&crypto, &"subtle".into()).unwrap();
    let real: Function = Reflect::get(&subtle, &"importKey".into())
        .unwrap()
        .unchecked_into();
    let calls = Array::new();
    let (seen, object) = (calls.clone(), subtle.clone());
    // Records the calls of `importKey` and passes them on.
    let listening =
        Closure::<dyn FnMut(JsValue, JsValue, JsValue, JsValue, JsValue) -> JsValue>::new(
            move |format, bytes: JsValue, algorithm, extractable: JsValue, uses: JsValue| {
                let given = Uint8Array::new(&bytes).slice(0, 32);
                seen.push(&Array::of4(&bytes, &given, &extractable, &uses));
                let arguments = Array::of5(&format, &bytes, &algorithm, &extractable, &uses);
                Reflect::apply(&real, &object, &arguments).unwrap()
            },
        );
    Reflect::set(&subtle, &"importKey".into(), listening.as_ref()).unwrap();
    imports.await.unwrap();
    Reflect::delete_property(&Object::from(subtle), &"importKey".into()).unwrap();

    assert_eq!(calls.length(), 1);
    let call: Array = calls.get(0).unchecked_into();
    assert_eq!(
        Uint8Array::new(&call.get(1)).to_vec(),
        content_key().expose(),
        "the content key was imported"
    );
    assert_eq!(
        Uint8Array::new(&call.get(0)).to_vec(),
        [0; 32],
        "its bytes were wiped"
    );
    assert_eq!(call.get(2), JsValue::FALSE, "it is not extractable");
    let uses: Array = call.get(3).unchecked_into();
    assert_eq!((uses.length(), uses.get(0)), (1, its_use.into()));
}
