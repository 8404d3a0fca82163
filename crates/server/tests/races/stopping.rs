//! A server that stops while a request waits for another one.

use std::time::Duration;

use http::Method;
use sealift_transfer::api::ProblemCode;

use crate::{
    gate::{Call, Side},
    pair::{Deployment, two_parts},
    support::Answer,
};

/// By the machine's clock; the server's stands still.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_body_does_not_wait_for_memory_of_a_server_that_stops() {
    let mut both = Deployment::new().await;
    // All of it is one body's that does not say how long it is.
    both.config.limits.sealing_memory_bytes = 1 << 20;
    let server = both.serve(true).await;
    let client = server.client();
    let body = futures::stream::iter([Ok::<_, std::io::Error>(two_parts())]);
    let has_it = client.request(Method::PUT, "/upload/a");
    let has_it = has_it.body(reqwest::Body::wrap_stream(body));
    let mut joining = both.gate.hold(Call::CompleteMultipart, Side::Request);
    let has_it = tokio::spawn(Answer::to(has_it));
    joining.arrived().await;
    let waits = client.request(Method::PUT, "/upload/b").body("b");
    let waits = tokio::spawn(Answer::or_broken(waits));
    // Nobody sees from outside that it waits. Where the server had not read its head, the answer is
    // that the connection ended.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let stopped = tokio::spawn(server.stop());
    let answer = tokio::time::timeout(PATIENCE, waits).await;
    let answer = answer.expect("it waits for memory although the server stops");
    if let Ok(answer) = answer.unwrap() {
        answer.refused(ProblemCode::ShuttingDown);
    }
    // The memory is not free yet.
    assert!(!has_it.is_finished());
    joining.let_go();
    assert_eq!(has_it.await.unwrap().status, 201);
    stopped.await.unwrap();
}
