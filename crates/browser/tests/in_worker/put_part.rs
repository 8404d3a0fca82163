//! A PUT that fails says so, without its address.

use sealift_browser::{
    failure::{Failure, Fault, Peer},
    put_part::{Patience, put_part},
};
use sealift_transfer::{PartNumber, api::SignedPart, retry::RequestFailure};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::sample::file;

fn signed(url: String) -> SignedPart {
    SignedPart {
        number: PartNumber::FIRST,
        url,
        headers: [("x-amz-checksum-sha256".to_owned(), "AAAA".to_owned())].into(),
        expires_at_ms: 0,
    }
}

#[wasm_bindgen_test]
async fn a_store_that_cannot_be_reached_gives_no_answer_and_its_address_is_not_told() {
    // Nothing listens on the port of discarding, and browsers do not even ask there.
    let signed = signed("http://127.0.0.1:9/b/o?X-Amz-Signature=5ec2e7".to_owned());
    let error = put_part(&signed, &file(b"ten bytes."), Patience::default(), |_| ())
        .await
        .unwrap_err();
    assert_eq!(
        (error.peer, error.failure),
        (Peer::Store, RequestFailure::Network)
    );
    let fault = Fault::from(error);
    let told = format!("{fault:?} {fault} {:?}", Failure::from(&fault));
    assert!(
        !told.contains("5ec2e7") && !told.contains("127.0.0.1"),
        "{told}"
    );
}

#[wasm_bindgen_test]
async fn an_answer_that_is_no_success_is_a_refusal_with_its_status() {
    // The tests' own server answers a PUT somehow, but not by taking it.
    let origin = js_sys::Reflect::get(&js_sys::global(), &"origin".into()).unwrap();
    let signed = signed(format!("{}/no-such-thing", origin.as_string().unwrap()));
    let error = put_part(&signed, &file(b"ten bytes."), Patience::default(), |_| ())
        .await
        .unwrap_err();
    assert_eq!(error.peer, Peer::Store);
    assert!(matches!(
        error.failure,
        RequestFailure::Status { status: 400.., .. }
    ));
}

#[wasm_bindgen_test]
async fn an_address_that_is_none_fails_and_does_not_panic() {
    let error = put_part(
        &signed("http://[".to_owned()),
        &file(b"ten bytes."),
        Patience::default(),
        |_| (),
    )
    .await;
    assert_eq!(error.unwrap_err().failure, RequestFailure::Network);
}
