//! A server and a store in this worker, which answer the requests until they are dropped.

use js_sys::{Array, Function, JsString, Object, Reflect, Uint8Array, global};
use sealift_message::ContentKey;
use sealift_transfer::api::{
    FileId, FileOpening, PresignedGet, UploadId, Verification, open::ContentKeyText,
};
use wasm_bindgen::{JsCast as _, JsValue, UnwrapThrowExt as _};

use crate::sample::{content_key, header};

pub(crate) const ETAG: &str = "\"the-object\"";

/// The JavaScript body of a store's answer to one request. It gets `request` (`etag`, `range`, `url`, `from`,
/// `to`, and `attempt`, which counts all requests from 1), the `object`, and the `usual` answer. It returns
/// that answer, changed or not, or a promise of it; `undefined` loses the connection, and `null` never ends.
/// An answer with `breaks` loses the connection after those bytes of its body, and one with `isPlain` has a body that
/// browsers cannot write into a buffer. `serverAnswers()` is a promise that resolves when a [`Server`] is asked next.
/// `Date.ahead` is how many milliseconds a [`Clock`] is ahead.
pub(crate) const HONEST: &str = "return usual;";

const STORE: &str = r"
const CHUNK = 100_003;
const judge = new Function('request', 'object', 'usual', 'serverAnswers', judgement);
const serverAnswers = () => new Promise((answers) => addEventListener('server-asked', answers, { once: true }));
Object.assign(requests, { underWay: 0, most: 0, bodies: 0 });
return async (request) => {
  const { url, signal, headers } = request;
  if (new URL(url).hostname !== 'store.example') return real(request);
  const [etag, range] = [headers.get('if-match'), headers.get('range')];
  const [from, to] = /^bytes=(\d+)-(\d+)$/.exec(range).slice(1).map(Number);
  requests.push(`${etag} ${range}`);
  requests.underWay += 1;
  requests.most = Math.max(requests.most, requests.underWay);
  let isOver = false;
  const over = () => {
    if (!isOver) requests.underWay -= 1;
    isOver = true;
  };
  const aborted = new Promise((_, aborts) => signal.addEventListener('abort', () => { over(); aborts(signal.reason); }));
  aborted.catch(() => {});
  const usual = {
    status: 206,
    headers: { etag, 'content-range': `bytes ${from}-${to}/${object.length}` },
    body: object.slice(from, to + 1),
  };
  let answer = judge({ etag, range, url, from, to, attempt: requests.length }, object, usual, serverAnswers);
  if (answer === null) return aborted;
  answer = await Promise.race([answer, aborted]);
  if (answer === undefined) {
    over();
    throw new TypeError('the connection is lost');
  }
  let at = 0;
  const pull = (body) => {
    if (at === 0) requests.bodies += 1;
    const end = answer.breaks ?? answer.body.length;
    const next = answer.body.subarray(at, Math.min(at + CHUNK, end, at + (body.byobRequest?.view.byteLength ?? CHUNK)));
    at += next.length;
    if (signal.aborted || next.length === 0) {
      over();
      if (signal.aborted || answer.breaks) return body.error(new TypeError('the connection is lost'));
      body.close();
      body.byobRequest?.respond(0);
    } else if (body.byobRequest) {
      const { view } = body.byobRequest;
      new Uint8Array(view.buffer, view.byteOffset).set(next);
      body.byobRequest.respond(next.length);
    } else body.enqueue(next.slice());
  };
  const kind = answer.isPlain ? undefined : 'bytes';
  const body = new ReadableStream({ type: kind, pull, cancel: over }, { highWaterMark: 0 });
  return new Response(body, { status: answer.status, headers: answer.headers });
};
";

/// A store with one object.
pub(crate) struct Store {
    real: JsValue,
    requests: Array,
}

impl Store {
    pub(crate) fn of(object: &[u8], judgement: &str) -> Self {
        let requests = Array::new();
        let make = Function::new_with_args("real, object, requests, judgement", STORE);
        let arguments = Array::of4(
            &fetch(),
            &Uint8Array::from(object),
            &requests,
            &judgement.into(),
        );
        let made = make.apply(&JsValue::NULL, &arguments).unwrap_throw();
        let real = replaced("fetch", &made);
        Self { real, requests }
    }

    /// Returns `If-Match` and `Range` of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests
            .iter()
            .filter_map(|one| one.as_string())
            .collect()
    }

    /// Returns the most requests that were under way at once.
    pub(crate) fn most_at_once(&self) -> f64 {
        self.count("most")
    }

    /// Returns how many answers were not aborted before their bytes came.
    pub(crate) fn bodies(&self) -> f64 {
        self.count("bodies")
    }

    fn count(&self, of: &str) -> f64 {
        let count = Reflect::get(&self.requests, &of.into()).unwrap_throw();
        count.as_f64().unwrap_or(0.0)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        replaced("fetch", &self.real);
    }
}

/// A server that answers each request with the next of these, a status and a body, and repeats the last.
pub(crate) struct Server {
    real: JsValue,
    requests: Array,
}

const SERVER: &str = r"
return async (request) => {
  if (new URL(request.url).hostname === 'store.example') return real(request);
  requests.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get('authorization') ?? ''}`.trim());
  dispatchEvent(new Event('server-asked'));
  const [status, body] = answers.length > 1 ? answers.shift() : answers[0];
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(body, { status, headers: { 'content-type': type } });
};
";

impl Server {
    pub(crate) fn answering(answers: &[(u16, String)]) -> Self {
        let answers: Array = answers
            .iter()
            .map(|(status, body)| Array::of2(&(*status).into(), &JsString::from(body.as_str())))
            .collect();
        let requests = Array::new();
        let make = Function::new_with_args("real, answers, requests", SERVER);
        let made = make.call3(&JsValue::NULL, &fetch(), &answers, &requests);
        let real = replaced("fetch", &made.unwrap_throw());
        Self { real, requests }
    }

    /// Returns method, path and `Authorization` of all requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests
            .iter()
            .filter_map(|one| one.as_string())
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        replaced("fetch", &self.real);
    }
}

/// Lets `Date.ahead` set this worker's clock ahead until it is dropped.
pub(crate) struct Clock {
    real: JsValue,
}

impl Clock {
    pub(crate) fn set_ahead_by_hand() -> Self {
        const BY_HAND: &str = "Date.ahead = 0; return () => real() + Date.ahead;";
        let date = date();
        let real = Reflect::get(&date, &"now".into()).unwrap_throw();
        let make = Function::new_with_args("real", BY_HAND);
        let made = make.call1(&JsValue::NULL, &real).unwrap_throw();
        Reflect::set(&date, &"now".into(), &made).unwrap_throw();
        Self { real }
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        Reflect::set(&date(), &"now".into(), &self.real).unwrap_throw();
    }
}

fn date() -> JsValue {
    Reflect::get(&global(), &"Date".into()).unwrap_throw()
}

fn fetch() -> JsValue {
    Reflect::get(&global(), &"fetch".into()).unwrap_throw()
}

fn replaced(name: &str, by: &JsValue) -> JsValue {
    let scope: Object = global();
    let real = Reflect::get(&scope, &name.into()).unwrap_throw();
    Reflect::set(&scope, &name.into(), by).unwrap_throw();
    real.unchecked_into()
}

pub(crate) fn file_id() -> FileId {
    FileId::from_random([4; 16])
}

/// Returns the server's answer for an object of the sample's message.
pub(crate) fn given(sealed_size: u64, size: u64) -> FileOpening {
    given_with(
        header().as_bytes().to_vec(),
        &content_key(),
        sealed_size,
        size,
    )
}

pub(crate) fn given_with(
    header: Vec<u8>,
    content_key: &ContentKey,
    sealed_size: u64,
    size: u64,
) -> FileOpening {
    FileOpening {
        file_id: file_id(),
        upload_id: UploadId::from_random([5; 16]),
        name: "sample".to_owned(),
        content_type: None,
        size,
        sealed_size,
        header,
        content_key: ContentKeyText::from_bytes(content_key.expose()),
        etag: ETAG.to_owned(),
        get: PresignedGet {
            url: "https://store.example/o?X-Amz-Signature=5ec2e7".to_owned(),
            headers: [("if-match".to_owned(), ETAG.to_owned())].into(),
            expires_at_ms: i64::MAX,
            expires_in_ms: None,
        },
        verification: Verification::Pending,
    }
}

/// Returns the same as a status and a body.
pub(crate) fn answer(given: &FileOpening) -> (u16, String) {
    (200, serde_json::to_string(given).unwrap_throw())
}

pub(crate) fn problem(status: u16, code: &str) -> (u16, String) {
    let body = format!(
        r#"{{"type":"/problems/{code}","title":"No","status":{status},"code":"{code}","detail":"No."}}"#
    );
    (status, body)
}
