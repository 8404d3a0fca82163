//! Tests that a failed PUT reports why, without its URL.

use js_sys::{Function, Object, Reflect, Uint8Array};
use sealift_browser::{
    failure::{Failure, Fault, Peer},
    put_part::{Body, Patience, put_part},
};
use sealift_transfer::{PartNumber, api::SignedPart, retry::RequestFailure};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

fn ten_bytes() -> Body {
    Body::Bytes(Uint8Array::from(b"ten bytes.".as_slice()))
}

fn signed(url: String) -> SignedPart {
    SignedPart {
        number: PartNumber::FIRST,
        url,
        headers: [("x-amz-checksum-sha256".to_owned(), "AAAA".to_owned())].into(),
        expires_at_ms: 0,
        expires_in_ms: None,
    }
}

#[wasm_bindgen_test]
async fn a_store_that_cannot_be_reached_gives_no_answer_and_its_address_is_not_told() {
    // Nothing listens on the discard port, and browsers do not even connect to it.
    let signed = signed("http://127.0.0.1:9/b/o?X-Amz-Signature=5ec2e7".to_owned());
    let error = put_part(&signed, None, &ten_bytes(), Patience::default(), |_| ())
        .await
        .unwrap_err();
    assert_eq!(
        (error.peer, error.failure),
        (Peer::Store, RequestFailure::Network)
    );
    let fault = Fault::from(error);
    let printed = format!("{fault:?} {fault} {:?}", Failure::from(&fault));
    assert!(
        !printed.contains("5ec2e7") && !printed.contains("127.0.0.1"),
        "{printed}"
    );
}

#[wasm_bindgen_test]
async fn an_answer_that_is_no_success_is_a_refusal_with_its_status() {
    // The tests' own server does not accept a PUT.
    let origin = Reflect::get(&js_sys::global(), &"origin".into()).unwrap();
    let signed = signed(format!("{}/no-such-thing", origin.as_string().unwrap()));
    let error = put_part(&signed, None, &ten_bytes(), Patience::default(), |_| ())
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
        None,
        &ten_bytes(),
        Patience::default(),
        |_| (),
    )
    .await;
    assert_eq!(error.unwrap_err().failure, RequestFailure::Network);
}

/// Gives requests this answer, whatever the store says, or stalls them without one, until it is dropped.
struct Answering(Object);

impl Answering {
    fn with(answer: Option<(u16, &str)>) -> Self {
        let scope = js_sys::global();
        let class = Reflect::get(&scope, &"XMLHttpRequest".into()).unwrap();
        let prototype = Reflect::get(&class, &"prototype".into()).unwrap();
        let instead = Object::create(prototype.unchecked_ref::<Object>());
        let define = |name: &str, value: JsValue| {
            let descriptor = Object::new();
            Reflect::set(&descriptor, &"value".into(), &value).unwrap();
            Object::define_property(&instead, &name.into(), &descriptor);
        };
        match answer {
            Some((status, body)) => {
                define("status", status.into());
                define("responseText", body.into());
            }
            None => define("send", Function::new_no_args("").into()),
        }
        let real: Function = class.unchecked_into();
        let make = Function::new_with_args(
            "real, instead",
            "return function () { return Object.defineProperties(new real(), Object.getOwnPropertyDescriptors(instead)); }",
        );
        let made = make.call2(&JsValue::NULL, &real, &instead).unwrap();
        Reflect::set(&scope, &"XMLHttpRequest".into(), &made).unwrap();
        Self(real.into())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        Reflect::set(&js_sys::global(), &"XMLHttpRequest".into(), &self.0).unwrap();
    }
}

async fn failure_of(answer: Option<(u16, &str)>) -> RequestFailure {
    let origin = Reflect::get(&js_sys::global(), &"origin".into()).unwrap();
    let signed = signed(format!("{}/no-such-thing", origin.as_string().unwrap()));
    let impatient = Patience {
        stall_ms: 20,
        answer_ms: 60_000,
    };
    let patience = match answer {
        Some(_) => Patience::default(),
        None => impatient,
    };
    let answering = Answering::with(answer);
    let failed = put_part(&signed, None, &ten_bytes(), patience, |_| ()).await;
    drop(answering);
    failed.unwrap_err().failure
}

#[wasm_bindgen_test]
async fn a_put_that_stands_still_is_given_up_as_if_the_network_had_failed() {
    assert_eq!(failure_of(None).await, RequestFailure::Network);
}

#[wasm_bindgen_test]
async fn a_store_that_waited_in_vain_for_bytes_is_asked_again() {
    let timeout = "<Error><Code>RequestTimeout</Code></Error>";
    let other = "<Error><Code>InvalidDigest</Code></Error>";
    for (answer, expected) in [
        ((400, timeout), 408),
        ((400, other), 400),
        ((503, timeout), 503),
    ] {
        let failure = failure_of(Some(answer)).await;
        assert!(matches!(failure, RequestFailure::Status { status, .. } if status == expected));
    }
}

#[wasm_bindgen_test]
async fn a_store_that_refuses_the_address_is_told_from_one_that_refuses_the_bytes() {
    for (status, code, refuses_address) in [
        (400, "ExpiredRequest", true),
        (400, "InvalidRequest", true),
        (401, "Unauthorized", true),
        (403, "AccessDenied", true),
        (400, "XAmzContentSHA256Mismatch", false),
        (400, "SomethingNew", false),
    ] {
        let body = format!("<Error><Code>{code}</Code></Error>");
        let failure = failure_of(Some((status, &body))).await;
        let refused = RequestFailure::AddressRefused { status };
        assert_eq!(failure == refused, refuses_address, "{status} {code}");
        assert_eq!(failure.status(), Some(status));
    }
}
