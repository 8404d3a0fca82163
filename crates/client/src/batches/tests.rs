use futures::{FutureExt as _, future::join_all};
use sealift_transfer::{
    api::{ProblemCode, SignParts, UploadId, batch::SignUpload},
    retry::RequestFailure,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, task::JoinHandle};

use super::*;
use crate::raw_server::{Asked, answer, listen, read};

fn ask(number: u8) -> Ask {
    Ask::Sign(SignUpload {
        upload_id: UploadId::from_random([number; 16]),
        parts: SignParts(Vec::new()),
    })
}

fn sign(client: &Client, number: u8) -> impl Future<Output = Result<Answered, RequestError>> {
    client.ask_for_upload(ask(number), 10)
}

/// Starts a server that signs the items one by one or in batches, except for what `refuse` says: it gets the
/// number of the request and of the item in it, and returns the item's own result, or `None` to answer as usual.
/// `no_answer` is the request after which the connection closes. Returns the path of every request.
fn serve(
    listener: TcpListener,
    no_answer: usize,
    refuse: impl Fn(usize, usize) -> Option<Value> + Send + 'static,
) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut paths = Vec::new();
        // The last request is `GET /`, with which the test asks for the paths.
        while let Ok((mut connection, _)) = listener.accept().await {
            let Asked { head, body } = read(&mut connection).await;
            let path = head.split(' ').nth(1).unwrap().to_owned();
            if head.starts_with("get") {
                return paths;
            }
            paths.push(path.clone());
            let number = paths.len();
            if number == no_answer {
                continue;
            }
            let signed = json!({ "parts": [], "expires_at_ms": 7 });
            let body = match path.ends_with(":sign") {
                false => signed,
                true => {
                    let asked: Value = serde_json::from_slice(&body).unwrap();
                    let count = asked["uploads"].as_array().unwrap().len();
                    let usual = || json!({ "status": 200, "answer": signed });
                    let results = (0..count).map(|item| refuse(number, item).unwrap_or_else(usual));
                    json!({ "results": results.collect::<Vec<_>>() })
                }
            };
            let answer = answer("200 OK\r\n", &body.to_string());
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
        paths
    })
}

async fn paths(client: &Client, serving: JoinHandle<Vec<String>>) -> Vec<String> {
    let end = client.get("/").send().await;
    assert!(end.is_err(), "it has no answer");
    serving.await.unwrap()
}

#[tokio::test]
async fn forty_small_files_make_three_requests_and_a_large_one_goes_alone() {
    let (client, listener) = listen().await;
    let serving = serve(listener, 0, |_, _| None);
    let results = join_all((0..40).map(|number| sign(&client, number))).await;
    assert!(results.iter().all(Result::is_ok));
    let large = client.ask_for_upload(ask(40), LARGEST_SMALL_FILE + 1);
    large.await.unwrap();
    let paths = paths(&client, serving).await;
    let batches = paths.iter().filter(|path| path.ends_with(":sign"));
    assert_eq!((paths.len(), batches.count()), (4, 1), "{paths:?}");
}

#[tokio::test]
async fn a_refused_item_fails_alone_with_its_own_problem() {
    let (client, listener) = listen().await;
    let problem = ProblemCode::TooManyRequests.problem("Too many.");
    let refused = json!({ "status": 429, "retry_after_s": 3, "problem": problem });
    let serving = serve(listener, 0, move |_, item| {
        (item == 1).then(|| refused.clone())
    });
    let results = join_all((0..6).map(|number| sign(&client, number))).await;
    // The first two went alone.
    let failed: Vec<_> = (0..6).filter(|at| results[*at].is_err()).collect();
    assert_eq!(failed, [3]);
    let error = results.into_iter().find_map(Result::err).unwrap();
    assert_eq!(error.problem(), Some(&problem));
    assert_eq!(
        error.failure(),
        RequestFailure::Status {
            status: 429,
            retry_after_ms: Some(3_000)
        }
    );
    paths(&client, serving).await;
}

#[tokio::test]
async fn a_lost_answer_fails_every_item_and_later_items_go_on() {
    let (client, listener) = listen().await;
    let serving = serve(listener, 3, |_, _| None);
    let results = join_all((0..6).map(|number| sign(&client, number))).await;
    let failed = results.into_iter().filter_map(Result::err);
    let failures: Vec<_> = failed.map(|error| error.failure()).collect();
    assert_eq!(failures, [RequestFailure::Network; 4]);
    sign(&client, 7).await.unwrap();
    assert_eq!(paths(&client, serving).await.len(), 4);
}

#[tokio::test]
async fn an_item_that_is_cancelled_leaves_the_others_of_its_batch() {
    let (client, listener) = listen().await;
    let mut items: Vec<_> = (0..6)
        .map(|number| Box::pin(sign(&client, number)))
        .collect();
    for item in &mut items {
        assert!(item.as_mut().now_or_never().is_none());
    }
    // The last one waits, the first one is under way.
    items.pop();
    drop(items.remove(0));
    let serving = serve(listener, 0, |_, _| None);
    for item in items {
        item.await.unwrap();
    }
    sign(&client, 7).await.unwrap();
    paths(&client, serving).await;
}

#[tokio::test]
async fn a_server_that_knows_no_batches_gets_each_item_alone() {
    let (client, listener) = listen().await;
    let serving = tokio::spawn(async move {
        let mut batches = 0;
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            let Asked { head, .. } = read(&mut connection).await;
            let answer = match head.split(' ').nth(1) {
                Some("/") => return batches,
                Some(path) if path.ends_with(":sign") => {
                    batches += 1;
                    answer("404 Not Found\r\n", "")
                }
                _ => answer("200 OK\r\n", r#"{"parts":[],"expires_at_ms":7}"#),
            };
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    for _ in 0..2 {
        let results = join_all((0..9).map(|number| sign(&client, number))).await;
        assert!(results.iter().all(Result::is_ok));
    }
    client.get("/").send().await.unwrap_err();
    assert_eq!(serving.await.unwrap(), 1);
}
