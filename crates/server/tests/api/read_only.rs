//! A read-only server: the routes that it refuses, and the data that it does not change.

use std::collections::BTreeSet;

use http::Method;
use sealift_server::Clock;
use sealift_transfer::api::{
    ProblemCode, Sha256, UploadStatus, batch, complete, files, open, policy, sign, status, tickets,
};
use serde_json::{Value, json};

use crate::support::{
    DAY_MS, Stack, bytes, change, make_older,
    sealing::{new_token, request},
};

/// Turns the server's own sweeps off, so that only the test sweeps.
const NO_SWEEPS: (&str, &str) = ("sweep_seconds", "0");

/// The answer of a route while the server is read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    /// Refused with `read_only`.
    Refused,
    /// Answered as usual, with this status.
    Answered(u16),
}

#[tokio::test]
async fn while_a_server_is_read_only_no_route_opens_signs_completes_deletes_or_gives_keys() {
    use Route::{Answered, Refused};
    let stack = Stack::with(&[NO_SWEEPS]).await;
    let client = stack.client();
    let file = client.upload("a", &bytes(10)).await;
    let opened = client.open("b", &bytes(20)).await;
    client.send(&opened).await;
    let stack = stack.restart_after(make_older).await;
    let client = stack.client();
    let (upload, id) = (opened.id(), &file.id);
    let parts = json!({ "parts_sha256": Sha256::of(b"any") });
    let any = Some(json!({ "uploads": [{}] }));
    let table: Vec<(Method, String, Option<Value>, Route)> = vec![
        (
            Method::POST,
            open::PATH.into(),
            Some(request(&new_token(), "c", 1)),
            Refused,
        ),
        (Method::GET, open::PATH.into(), None, Answered(200)),
        (Method::GET, status::path(upload), None, Answered(200)),
        (Method::DELETE, status::path(upload), None, Refused),
        (
            Method::POST,
            sign::path(upload),
            Some(json!(opened.receipts())),
            Refused,
        ),
        (Method::POST, status::key_path(upload), None, Refused),
        (Method::POST, complete::path(upload), Some(parts), Refused),
        (Method::POST, batch::OPEN_PATH.into(), any.clone(), Refused),
        (Method::POST, batch::SIGN_PATH.into(), any.clone(), Refused),
        (Method::POST, batch::COMPLETE_PATH.into(), any, Refused),
        (Method::GET, files::PATH.into(), None, Answered(200)),
        (Method::GET, files::path(id), None, Answered(200)),
        (Method::DELETE, files::path(id), None, Refused),
        (Method::GET, files::content_path(id), None, Answered(200)),
        (
            Method::POST,
            format!("{}/open", files::path(id)),
            None,
            Answered(200),
        ),
        (
            Method::GET,
            format!("{}/shared", files::path(id)),
            None,
            Answered(200),
        ),
        (Method::POST, files::verify_path(id), None, Refused),
        (
            Method::POST,
            tickets::PATH.into(),
            Some(json!({ "file_id": id })),
            Answered(201),
        ),
        (
            Method::POST,
            tickets::REDEEM_PATH.into(),
            Some(json!({ "ticket": "x" })),
            Answered(410),
        ),
        (
            Method::DELETE,
            format!("{}/{upload}", tickets::PATH),
            None,
            Answered(404),
        ),
        (Method::POST, "/upload".into(), None, Refused),
        (Method::PUT, "/upload/".into(), None, Refused),
        (Method::PUT, "/upload/c".into(), None, Refused),
        (Method::GET, policy::PATH.into(), None, Answered(200)),
        (Method::GET, "/healthz".into(), None, Answered(200)),
        (Method::GET, "/readyz".into(), None, Refused),
        (Method::GET, "/metrics".into(), None, Answered(200)),
    ];
    for (method, path, body, route) in &table {
        let mut asked = client.request(method.clone(), path);
        if let Some(body) = body {
            asked = asked.json(body);
        } else if path == "/upload" {
            asked = asked
                .header("content-type", "multipart/form-data; boundary=x")
                .body("--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"c\"\r\n\r\nc\r\n--x--\r\n");
        }
        let answer = crate::support::Answer::to(asked).await;
        let found = match answer.code().as_deref() {
            Some("read_only") => Refused,
            _ => Answered(answer.status),
        };
        assert_eq!(found, *route, "{method} {path}");
        if found == Refused {
            answer.refused(ProblemCode::ReadOnly);
        }
    }
    // A new route in the router must be added to this table too. `/v1/{*rest}` does not count as a route.
    let router = include_str!("../../src/router.rs");
    let paths: BTreeSet<&String> = table.iter().map(|(_, path, ..)| path).collect();
    assert_eq!(
        router.matches(".route(").count() - 1,
        paths.len() + TEST_OF_THE_ROUTER
    );
    // Everything is as before.
    let status: UploadStatus = client.status(upload).await.json(200);
    assert!(status.parts.iter().all(|part| part.stored));
    assert_eq!(client.content(id).await.body, bytes(10));
}

/// The number of routes that the router's own test adds.
const TEST_OF_THE_ROUTER: usize = 1;

#[tokio::test]
async fn the_page_learns_that_the_server_is_read_only() {
    let stack = Stack::with(&[NO_SWEEPS]).await;
    let policy: policy::Policy = stack.client().get(policy::PATH).await.json(200);
    assert!(!policy.read_only);
    let stack = stack.restart_after(make_older).await;
    let policy: policy::Policy = stack.client().get(policy::PATH).await.json(200);
    assert!(policy.read_only);
}

#[tokio::test]
async fn a_read_only_server_sweeps_and_verifies_nothing() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[NO_SWEEPS, ("verify", "full")]).await;
    let client = stack.client();
    let aborted = client.open("a", &bytes(10)).await;
    client.send(&aborted).await;
    let object = stack.object_to_be(aborted.id()).await;
    // The client went on after the backup. In the restored database the upload is aborted and has a
    // tombstone.
    let file = client.upload("b", &bytes(10)).await;
    let stack = stack
        .restart_after(async |config| {
            change(
                config,
                "UPDATE uploads SET state = 'aborting' WHERE state = 'open'",
            )
            .await;
            change(config, "UPDATE files SET verification_due_at_ms = 1").await;
            make_older(config).await;
        })
        .await;
    hand.forward(40 * DAY_MS);
    assert!(stack.server.sweep_now().await.is_empty());
    assert!(object.exists());
    assert_eq!(stack.server.verify_now().await, 0);
    let due = "SELECT verification_due_at_ms FROM files WHERE file_id = ?";
    assert_eq!(stack.number(due, file.id.as_str()).await, 1);
}
