//! The contents of a signature, and the refusal of a store that does not enforce them (docs/FORMAT.md, R10).

use std::fs;

use http::Method;
use sealift_server::{
    Server, ServerError,
    objects::{ProbeError, StoreError},
};

use sealift_transfer::api::SignedParts;
use serde_json::Value;

use crate::support::{PART, Stack, bytes, config_in};

#[tokio::test]
async fn r10_a_signature_covers_length_host_and_checksum_for_fifteen_minutes() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 1)).await;
    let before = crate::support::now_ms();
    let answer = client.sign(file.id(), &file.receipts()).await;
    let signed: SignedParts = answer.json(200);
    let [part, _] = signed.parts.as_slice() else {
        panic!("two parts");
    };
    let signed_headers = "X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256";
    assert!(part.url.contains(signed_headers));
    assert!(part.url.contains("X-Amz-Expires=900"));
    assert_eq!(part.headers.len(), 1);
    let sha256 = file.receipts()[0].sha256.to_string();
    assert_eq!(part.headers["x-amz-checksum-sha256"], sha256);
    let quarter = 15 * 60 * 1000;
    let after = crate::support::now_ms();
    assert!((before + quarter..=after + quarter).contains(&part.expires_at_ms));
}

#[tokio::test]
async fn browsers_are_sent_to_the_public_endpoint_of_the_store() {
    let public = "https://files.example.com";
    let stack = Stack::with(&[("s3_public_endpoint", public)]).await;
    let client = stack.client();
    let file = client.open("a", b"a").await;
    let signed = &client.sign_all(&file).await[0];
    assert!(signed.url.starts_with("https://files.example.com/sealift/"));
}

#[tokio::test]
async fn r10_the_multipart_upload_declares_sha256_and_no_checksum_type() {
    let stack = Stack::start().await;
    stack.client().open("a", &bytes(PART + 1)).await;
    let its = |name: &str| name.ends_with(".metadata.json");
    let files = stack.files_of_store();
    let mut files = files.iter().filter(|path| its(&path.to_string_lossy()));
    let metadata = fs::read_to_string(files.next().unwrap()).unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!(metadata["checksum_algorithm"], "SHA256", "{metadata}");
    assert_eq!(
        metadata.get("checksum_type").and_then(Value::as_str),
        None,
        "{metadata}"
    );
}

/// Runs itself again in a process whose environment has the credentials of an external store, as an
/// operator gives them.
#[tokio::test]
async fn r10_a_store_that_takes_any_bytes_refuses_the_start() {
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_none() {
        let name = "signing::r10_a_store_that_takes_any_bytes_refuses_the_start";
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
            .envs([
                ("AWS_ACCESS_KEY_ID", "any"),
                ("AWS_SECRET_ACCESS_KEY", "any"),
            ])
            .output();
        let again = again.unwrap();
        let output = String::from_utf8_lossy(&again.stdout);
        assert!(
            again.status.success() && output.contains("1 passed"),
            "{output}"
        );
        return;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let careless = axum::routing::any(async |method: Method| match method {
        Method::POST => {
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
        }
        _ => "",
    });
    let careless = axum::Router::new().fallback(careless);
    tokio::spawn(async { axum::serve(listener, careless).await });
    let folder = tempfile::tempdir().unwrap();
    let config = config_in(
        folder.path(),
        &[
            ("store", "s3"),
            ("s3_bucket", "careless"),
            ("s3_endpoint", &endpoint),
            ("region", "us-east-1"),
        ],
    );
    let refused = Server::start(config).await.unwrap_err();
    let wrong_bytes = StoreError::Probe(ProbeError::WrongBytesAccepted);
    assert_eq!(
        format!("{refused:?}"),
        format!("{:?}", ServerError::from(wrong_bytes))
    );
}
