use futures::{FutureExt as _, future::join_all};
use js_sys::{Array, Function, Reflect, global};
use sealift_transfer::{
    api::{ProblemCode, SignParts, UploadId, batch::SignUpload},
    retry::RequestFailure,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::{credential::Credential, report::tests::reports};

/// Signs items one by one or in batches, and records the paths in `asked`. `judge` gets the number of the request. It
/// returns the results of a batch, from those that are `usual`, or a whole `Response`.
const SERVER: &str = r"
globalThis.fetch = async (request) => {
  const path = new URL(request.url).pathname;
  asked.push(path);
  const signed = { parts: [], expires_at_ms: 7 };
  if (!path.endsWith(':sign')) return Response.json(signed);
  const { uploads } = await request.json();
  const answer = judge(uploads.map(() => ({ status: 200, answer: signed })));
  return answer instanceof Response ? answer : Response.json({ results: answer });
};
";

/// The server of a test. Dropping it restores the worker's own `fetch`.
struct Server {
    real: JsValue,
    asked: Array,
}

impl Server {
    /// `judgement` is the body of a function of the results that are `usual`.
    fn start(judgement: &str) -> (Self, Batcher) {
        let real = Reflect::get(&global(), &"fetch".into()).unwrap();
        let asked = Array::new();
        let judge = Function::new_with_args("usual", judgement);
        let start = Function::new_with_args("asked, judge", SERVER);
        start.call2(&JsValue::NULL, &asked, &judge).unwrap();
        let (reporter, _) = reports();
        let server = ServerApi::new(Rc::new(Credential::new(reporter)));
        (Self { real, asked }, Batcher::new(Rc::new(server)))
    }

    fn batches(&self) -> usize {
        let paths = self.asked.iter().filter_map(|path| path.as_string());
        paths.filter(|path| path.ends_with(":sign")).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        Reflect::set(&global(), &"fetch".into(), &self.real).unwrap();
    }
}

fn sign(batcher: &Batcher, number: u8) -> impl Future<Output = Result<Answered, RequestError>> {
    let ask = Ask::Sign(SignUpload {
        upload_id: UploadId::from_random([number; 16]),
        parts: SignParts(Vec::new()),
    });
    let batcher = batcher.clone();
    async move { batcher.ask(ask).await }
}

async fn failures(batcher: &Batcher, count: u8) -> Vec<(usize, RequestFailure)> {
    let results = join_all((0..count).map(|number| sign(batcher, number))).await;
    let failed = results.into_iter().enumerate();
    let failed = failed.filter_map(|(at, result)| Some((at, result.err()?.failure)));
    failed.collect()
}

#[wasm_bindgen_test]
async fn forty_small_files_make_three_requests() {
    let (server, batcher) = Server::start("return usual;");
    assert_eq!(failures(&batcher, 40).await, []);
    assert_eq!((server.asked.length(), server.batches()), (3, 1));
}

#[wasm_bindgen_test]
async fn a_refused_item_fails_alone_with_its_own_problem() {
    let problem = ProblemCode::TooManyRequests.problem("Too many.");
    let problem = serde_json::to_string(&problem).unwrap();
    let judgement = format!(
        "usual[1] = {{ status: 429, retry_after_s: 3, problem: {problem} }}; return usual;"
    );
    let (_server, batcher) = Server::start(&judgement);
    let refused = RequestFailure::Status {
        status: 429,
        retry_after_ms: Some(3_000),
    };
    // The first two go alone.
    assert_eq!(failures(&batcher, 6).await, [(3, refused)]);
}

#[wasm_bindgen_test]
async fn a_lost_answer_fails_every_item_and_later_items_go_on() {
    let (_server, batcher) = Server::start("throw new TypeError('lost');");
    let failures = failures(&batcher, 5).await;
    assert_eq!(
        failures.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [2, 3, 4]
    );
    sign(&batcher, 5).await.unwrap();
}

#[wasm_bindgen_test]
async fn an_item_that_is_cancelled_leaves_the_others_of_its_batch() {
    let (server, batcher) =
        Server::start("if (usual.length === 2) return usual; throw new TypeError('more');");
    let mut items: Vec<_> = (0..5)
        .map(|number| Box::pin(sign(&batcher, number)))
        .collect();
    for item in &mut items {
        assert!(item.as_mut().now_or_never().is_none());
    }
    drop(items.remove(3));
    for item in items {
        item.await.unwrap();
    }
    assert_eq!(server.batches(), 1);
}

#[wasm_bindgen_test]
async fn a_server_that_knows_no_batches_gets_each_item_alone() {
    let (server, batcher) = Server::start("return new Response('', { status: 404 });");
    for _ in 0..2 {
        assert_eq!(failures(&batcher, 9).await, []);
    }
    assert_eq!(server.batches(), 1);
}
