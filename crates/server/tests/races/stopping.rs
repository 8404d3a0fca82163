//! Stops a server while a body waits for memory that another body holds.

use std::time::Duration;

use http::Method;
use sealift_transfer::api::ProblemCode;

use crate::{
    gate::{Call, Side},
    pair::{Deployment, two_parts},
    support::Answer,
};

/// Measured by the machine's clock, because the server's clock stands still.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_body_does_not_wait_for_memory_of_a_server_that_stops() {
    let mut both = Deployment::new().await;
    // One body that does not say its length takes all of the memory.
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
    // Nothing shows from outside that the body waits. The server answers these requests after it has read
    // the head of the other one; if it has not, the answer below is a broken connection.
    for _ in 0..50 {
        assert_eq!(client.get("/healthz").await.status, 200);
    }
    let stopped = tokio::spawn(server.stop());
    let answer = tokio::time::timeout(PATIENCE, waits).await;
    let answer = answer.expect("it waits for memory although the server stops");
    if let Ok(answer) = answer.unwrap() {
        answer.refused(ProblemCode::ShuttingDown);
    }
    // The memory is not free yet.
    assert!(!has_it.is_finished());
    joining.release();
    assert_eq!(has_it.await.unwrap().status, 201);
    stopped.await.unwrap();
}
