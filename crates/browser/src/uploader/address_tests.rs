//! Tests presigned URLs that expire or are refused, against a server and a store in this worker.

use futures::channel::mpsc;
use js_sys::{Array, Function, JsString, Reflect, global};
use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, Header, HeaderBuilder, MessageId,
};
use sealift_transfer::{
    PartNumber, PartPlan,
    api::{
        FileId, OpenedUpload, SignedPart, SignedParts, UploadId,
        open::{ContentKeyText, Method},
    },
};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    report::tests::reports,
    uploader::{Ending, control::tests::uploader},
};

/// Answers requests to the server with the next of `answers` and PUTs with the next of `puts`, and records
/// both in `asked`.
const STAGE: &str = r"
globalThis.fetch = async (request) => {
  asked.push(new URL(request.url).pathname.split('/').pop());
  const [status, body] = answers.shift();
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(body, { status, headers: { 'content-type': type } });
};
globalThis.XMLHttpRequest = class {
  readyState = 0;
  status = 0;
  responseText = '';
  upload = {};
  #url;
  open(method, url) { this.#url = url; }
  setRequestHeader() {}
  getResponseHeader() { return null; }
  abort() {}
  send() {
    asked.push(`PUT ${this.#url}`);
    const [status, body] = puts.shift();
    setTimeout(() => {
      this.status = status;
      this.responseText = body;
      this.readyState = 4;
      this.onloadend?.();
    });
  }
};
";

/// The worker's own `fetch` and `XMLHttpRequest`. Dropping it restores them.
struct Real(Vec<(&'static str, JsValue)>);

impl Real {
    fn keep() -> Self {
        let names = ["fetch", "XMLHttpRequest"].into_iter();
        Self(names.map(|name| (name, of_scope(name))).collect())
    }
}

fn of_scope(name: &str) -> JsValue {
    Reflect::get(&global(), &name.into()).unwrap()
}

impl Drop for Real {
    fn drop(&mut self) {
        for (name, real) in &self.0 {
            Reflect::set(&global(), &(*name).into(), real).unwrap();
        }
    }
}

fn pairs(all: &[(u16, String)]) -> Array {
    let pair = |(status, body): &(u16, String)| {
        Array::of2(&(*status).into(), &JsString::from(body.as_str()))
    };
    all.iter().map(pair).collect()
}

fn json(value: &impl Serialize) -> (u16, String) {
    (200, serde_json::to_string(value).unwrap())
}

/// Returns the server's answer that opens an upload of the seven bytes of [`uploader`].
fn opened() -> OpenedUpload {
    let data_key = DataKey::try_from([7; 32].as_slice()).unwrap();
    let header: Header = HeaderBuilder::new(
        MessageId::from_bytes([3; 32]),
        EncryptionContext::default(),
        EncryptedDataKey::new("test", Vec::new(), Vec::new()).unwrap(),
        FrameLength::try_from(4096).unwrap(),
    )
    .authenticate(&data_key)
    .unwrap();
    let verified = header.verify(&data_key).unwrap();
    let content_key = ContentKeyText::from_bytes(verified.content_key().expose());
    OpenedUpload {
        upload_id: UploadId::from_random(crate::browser::random().unwrap()),
        file_id: FileId::from_random([2; 16]),
        method: Method::Single,
        header: header.as_bytes().to_vec(),
        plan: PartPlan::new(header.len(), 4096, 7, 2).unwrap(),
        expires_at_ms: 0,
        most_parts_per_request: 10,
        content_key: Some(content_key),
        file: None,
        signed_parts: None,
    }
}

fn signed(url: &str, expires_in_ms: u64) -> (u16, String) {
    let part = SignedPart {
        number: PartNumber::FIRST,
        url: url.to_owned(),
        headers: [].into(),
        expires_at_ms: 0,
        expires_in_ms: Some(expires_in_ms),
    };
    json(&SignedParts {
        parts: vec![part],
        expires_at_ms: 0,
    })
}

const TAKEN: (u16, String) = (200, String::new());

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, format!("<Error><Code>{code}</Code></Error>"))
}

/// Runs an upload against these signatures of the server and these answers of the store, and returns the
/// requests. The completion is refused in the end.
async fn asked(signatures: &[(u16, String)], puts: &[(u16, String)]) -> Vec<String> {
    let _real = Real::keep();
    let mut answers = vec![json(&opened())];
    answers.extend_from_slice(signatures);
    answers.push((400, "{}".to_owned()));
    let asked = Array::new();
    let stage = Function::new_with_args("asked, answers, puts", STAGE);
    let staged = stage.call3(&JsValue::NULL, &asked, &pairs(&answers), &pairs(puts));
    staged.unwrap();
    let (_page, from_page) = mpsc::unbounded();
    let ended = uploader(&reports().0).run(from_page).await;
    assert!(matches!(ended.ending, Ending::Failed(_)));
    asked.iter().filter_map(|one| one.as_string()).collect()
}

const LONG: u64 = 900_000;

#[wasm_bindgen_test]
async fn no_refused_address_is_sent_to_again_however_the_store_refuses_it() {
    for refusal in [
        refused(400, "ExpiredRequest"),
        // Garage: "Date is too old".
        refused(400, "InvalidRequest"),
        refused(401, "Unauthorized"),
        refused(403, "AccessDenied"),
        // The store answered before it had read the body, and closed: the page sees no answer.
        (0, String::new()),
    ] {
        let signatures = [signed("dead", LONG), signed("fresh", LONG)];
        let asked = asked(&signatures, &[refusal.clone(), TAKEN]).await;
        let order = [
            "uploads",
            "parts",
            "PUT dead",
            "parts",
            "PUT fresh",
            "complete",
        ];
        assert_eq!(asked, order, "{refusal:?}");
    }
}

#[wasm_bindgen_test]
async fn an_address_that_ended_before_its_turn_is_renewed_and_not_sent_to() {
    // The second URL has expired too, but there is no better one, so it is used as it is.
    let signatures = [signed("ended", 0), signed("fresh", 0)];
    let asked = asked(&signatures, &[TAKEN]).await;
    assert_eq!(
        asked,
        ["uploads", "parts", "parts", "PUT fresh", "complete"]
    );
}

#[wasm_bindgen_test]
async fn a_400_about_the_bytes_is_final_and_asks_for_no_signature() {
    let refusal = refused(400, "XAmzContentSHA256Mismatch");
    let asked = asked(&[signed("a", LONG)], &[refusal]).await;
    assert_eq!(asked, ["uploads", "parts", "PUT a"]);
}
