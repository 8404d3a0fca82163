//! Stores that must be refused: each a few lines of HTTP on loopback.

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    routing::any,
};
use std::collections::HashMap;

use super::*;
use crate::objects::{S3Config, S3Credentials, embedded::EmbeddedCredentials};

/// What a store takes, apart from a correct part.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Takes {
    Anything,
    PartsWithoutHeader,
    OnlyCorrectParts,
    OnlyCorrectPartsAndTellsThem,
    CorrectPartsAndAnyObject,
    Nothing,
}

async fn outcome(takes: Takes) -> Result<(), ProbeError> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(any(answer)).with_state(takes);
    let serving = tokio::spawn(async { axum::serve(listener, app).await });
    let objects = Objects::connect(&S3Config {
        endpoint: Some(endpoint),
        public_endpoint: Some("http://127.0.0.1:1".into()),
        region: Some("us-east-1".into()),
        bucket: "sealift".into(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        credentials: S3Credentials::Embedded(EmbeddedCredentials::from_random(&[7; 52])),
    })
    .await;
    let outcome = objects.prove_checksums([1; 16], 1_780_000_000_000).await;
    serving.abort();
    outcome
}

async fn answer(
    State(takes): State<Takes>,
    method: axum::http::Method,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let etag = [("etag", "1")];
    let text = match method.as_str() {
        "POST" => {
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
        }
        "GET" if takes < Takes::OnlyCorrectPartsAndTellsThem => {
            "<ListPartsResult></ListPartsResult>"
        }
        "GET" => {
            let sha256 = Sha256::of(RIGHT);
            let part = format!(
                "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>1</ETag><Size>1</Size>\
                 <ChecksumSHA256>{sha256}</ChecksumSHA256></Part></ListPartsResult>"
            );
            return (StatusCode::OK, etag, part);
        }
        "PUT" => {
            assert!(query.contains_key("X-Amz-Signature"));
            let header = headers
                .get("x-amz-checksum-sha256")
                .map(|value| value.to_str().unwrap());
            let right = header == Some(Sha256::of(body.as_bytes()).to_string().as_str());
            let taken = match takes {
                Takes::Anything => true,
                Takes::PartsWithoutHeader => right || header.is_none(),
                Takes::OnlyCorrectParts | Takes::OnlyCorrectPartsAndTellsThem => right,
                Takes::CorrectPartsAndAnyObject => right || !query.contains_key("partNumber"),
                Takes::Nothing => false,
            };
            let status = if taken {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            return (status, etag, String::new());
        }
        _ => "",
    };
    (StatusCode::OK, etag, text.to_owned())
}

#[tokio::test]
async fn a_store_that_takes_wrong_bytes_is_refused() {
    assert_eq!(
        outcome(Takes::Anything).await,
        Err(ProbeError::WrongBytesTaken)
    );
}

#[tokio::test]
async fn a_store_that_takes_a_part_without_its_signed_header_is_refused() {
    let refused = outcome(Takes::PartsWithoutHeader).await;
    assert_eq!(refused, Err(ProbeError::MissingHeaderTaken));
}

#[tokio::test]
async fn a_store_that_refuses_everything_proves_nothing() {
    let refused = outcome(Takes::Nothing).await;
    assert_eq!(refused, Err(ProbeError::RightBytesRefused { status: 403 }));
}

#[tokio::test]
async fn a_store_that_does_not_list_checksums_is_refused() {
    let refused = outcome(Takes::OnlyCorrectParts).await;
    assert_eq!(refused, Err(ProbeError::ChecksumNotTold));
}

#[tokio::test]
async fn a_store_that_takes_wrong_bytes_only_as_a_whole_object_is_refused() {
    let refused = outcome(Takes::CorrectPartsAndAnyObject).await;
    assert_eq!(refused, Err(ProbeError::WrongBytesTaken));
}

#[tokio::test]
async fn a_store_that_does_not_tell_the_checksum_of_an_object_is_refused() {
    let refused = outcome(Takes::OnlyCorrectPartsAndTellsThem).await;
    assert_eq!(refused, Err(ProbeError::ChecksumNotTold));
}
