//! Tests that both backends seal a message to exactly the native sealer's bytes, and that it opens.

use crate::sample::{LENGTHS, content_key, data_key, header, plaintext, plan, sealed};
use sealift_browser::{
    failure::Fault,
    seal::{Backend, PartSealer, agreement, sha256},
};
use sealift_message::{ContentKey, Decryptor, FrameSealer};
use sealift_transfer::{PartNumber, api::Sha256};
use wasm_bindgen_test::wasm_bindgen_test;

const BOTH: [Backend; 2] = [Backend::WebCrypto, Backend::AesGcm];

#[wasm_bindgen_test]
async fn both_backends_give_the_parts_that_the_native_sealer_gives() {
    for len in LENGTHS {
        let plaintext = plaintext(len);
        let sealer = FrameSealer::new(header().verify(&data_key()).unwrap(), len).unwrap();
        let mut expected = Vec::new();
        for number in PartNumber::all(plan(len).part_count()) {
            let part = plan(len).part(number).unwrap();
            let mut sealed = vec![0; part.sealed_len() as usize];
            let slice = &plaintext[part.plaintext.start as usize..part.plaintext.end as usize];
            sealer.seal_part(part.frames, slice, &mut sealed).unwrap();
            expected.push(sealed);
        }
        for backend in BOTH {
            assert!(
                sealed(&plaintext, backend).await == expected,
                "{len} bytes by {backend:?}"
            );
        }
    }
}

#[wasm_bindgen_test]
async fn the_sealed_parts_together_open() {
    for backend in BOTH {
        for len in LENGTHS {
            let plaintext = plaintext(len);
            let object = sealed(&plaintext, backend).await.concat();
            let (stored, body) = object.split_at(header().as_bytes().len());
            assert_eq!(stored, header().as_bytes());
            let mut decryptor =
                Decryptor::own(header().verify(&data_key()).unwrap(), object.len() as u64).unwrap();
            let mut opened = Vec::new();
            decryptor.push(body, &mut opened).unwrap();
            decryptor.finish().unwrap();
            assert!(opened == plaintext, "{len} bytes by {backend:?}");
        }
    }
}

#[wasm_bindgen_test]
async fn a_header_that_is_not_of_the_key_seals_nothing() {
    for backend in BOTH {
        let other = ContentKey::from_bytes(&[9; 32]);
        let refused = PartSealer::new(header().as_bytes(), other, plan(1), backend).await;
        assert!(matches!(refused, Err(Fault::Header)));
    }
}

#[wasm_bindgen_test]
async fn any_other_byte_in_the_header_seals_nothing() {
    let header = header();
    for at in 0..header.as_bytes().len() {
        let mut altered = header.as_bytes().to_vec();
        altered[at] ^= 1;
        let refused = PartSealer::new(&altered, content_key(), plan(1), Backend::WebCrypto).await;
        assert!(matches!(refused, Err(Fault::Header)), "byte {at}");
    }
}

#[wasm_bindgen_test]
async fn a_plan_for_another_header_seals_nothing() {
    let longer = sealift_transfer::PartPlan::new(header().len() + 1, 4096, 1, 2).unwrap();
    let refused = PartSealer::new(
        header().as_bytes(),
        content_key(),
        longer,
        Backend::WebCrypto,
    )
    .await;
    assert!(matches!(refused, Err(Fault::Answer(_))));
}

#[wasm_bindgen_test]
async fn a_plaintext_of_another_length_is_not_sealed() {
    let sealer = PartSealer::new(
        header().as_bytes(),
        content_key(),
        plan(100),
        Backend::WebCrypto,
    )
    .await
    .unwrap();
    let part = sealer.part(PartNumber::FIRST).unwrap();
    let sealed = js_sys::Uint8Array::new_with_length(part.sealed_len() as u32);
    let short = js_sys::Uint8Array::new_with_length(99);
    assert!(sealer.seal(&part, &short, &sealed).await.is_err());
}

#[wasm_bindgen_test]
async fn the_backends_agree_on_the_sample_at_start() {
    agreement::prove().await.unwrap();
}

#[wasm_bindgen_test]
async fn the_browsers_hash_is_the_part_receipts() {
    let bytes = plaintext(100_000);
    let hash = sha256(&js_sys::Uint8Array::from(bytes.as_slice())).await;
    assert_eq!(hash.unwrap(), Sha256::of(&bytes));
}
