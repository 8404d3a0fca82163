//! Tests the client with stores that stay silent, and with stores that keep versions.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    http::{Method, StatusCode, Uri},
    response::IntoResponse as _,
    routing::any,
};
use bytes::Bytes;
use sealift_transfer::api::Sha256;
use tokio::sync::Notify;

use super::*;
use crate::objects::ETag;

/// Serves the store, and returns the settings to reach it.
async fn at_store(store: Router) -> S3Config {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = S3Config {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        public_endpoint: None,
        region: Some("us-east-1".to_owned()),
        bucket: "sealift".to_owned(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        encryption: StoreEncryption::default(),
        credentials: S3Credentials::Embedded(EmbeddedCredentials::from_random(&[7; 52])),
    };
    tokio::spawn(async { axum::serve(listener, store).await });
    config
}

#[tokio::test]
async fn a_silent_store_is_given_up_but_may_take_its_time_to_join_parts() {
    let joined = Arc::new(Notify::new());
    let store = {
        let joined = joined.clone();
        any(async move |method: Method| {
            if method == Method::HEAD {
                core::future::pending::<()>().await;
            }
            joined.notified().await;
            "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
        })
    };
    let config = at_store(Router::new().fallback(store)).await;
    let patience = Patience {
        answer: Duration::from_millis(50),
        join: Duration::from_secs(600),
        put: Duration::from_secs(60),
    };
    let objects = Objects::connect_with(&config, patience).await;
    let (key, id) = (
        ObjectKey::from_record("sealift/key".to_owned()),
        S3UploadId("id".to_owned()),
    );
    let looked = async {
        let head = objects.head(&key, None).await;
        joined.notify_one();
        head
    };
    let (head, answer) = tokio::join!(looked, objects.complete_multipart(&key, &id, &[]));
    assert_eq!(head, Err(ObjectsError::Unavailable { status: None }));
    assert_eq!(answer.unwrap().etag, ETag("1".to_owned()));
}

const VERSIONS: &str = "<ListVersionsResult>
    <Version><Key>sealift/key</Key><VersionId>first</VersionId></Version>
    <Version><Key>sealift/key-of-another</Key><VersionId>foreign</VersionId></Version>
    <DeleteMarker><Key>sealift/key</Key><VersionId>marker</VersionId></DeleteMarker>
</ListVersionsResult>";

/// Lists these versions behind a marker, and returns what was deleted.
async fn removed_of(
    status: StatusCode,
    listed: &'static str,
) -> (Result<(), ObjectsError>, Vec<String>) {
    let deleted: Arc<Mutex<Vec<String>>> = Arc::default();
    let store = {
        let deleted = deleted.clone();
        any(async move |method: Method, uri: Uri| match method {
            Method::HEAD => StatusCode::NOT_FOUND.into_response(),
            Method::GET if uri.query().is_some_and(|query| query.contains("GetObject")) => {
                let gone = "<Error><Code>NoSuchKey</Code></Error>";
                (StatusCode::NOT_FOUND, gone).into_response()
            }
            Method::GET => (status, listed).into_response(),
            _ => {
                let query = uri.query().unwrap_or_default();
                let version = query
                    .split('&')
                    .find_map(|pair| pair.strip_prefix("versionId="));
                deleted
                    .lock()
                    .unwrap()
                    .push(version.unwrap_or("-").to_owned());
                StatusCode::NO_CONTENT.into_response()
            }
        })
    };
    let config = at_store(Router::new().fallback(store)).await;
    let key = ObjectKey::from_record("sealift/key".to_owned());
    let removed = Objects::connect(&config).await.remove(&key).await;
    let deleted = deleted.lock().unwrap().clone();
    (removed, deleted)
}

#[tokio::test]
async fn versions_behind_a_marker_are_removed_and_so_is_the_marker() {
    let (removed, deleted) = removed_of(StatusCode::OK, VERSIONS).await;
    assert_eq!(removed, Ok(()));
    assert_eq!(deleted, ["first", "marker"]);
}

#[tokio::test]
async fn where_versions_cannot_be_listed_the_answer_tells_what_is_done() {
    let refused = "<Error><Code>AccessDenied</Code></Error>";
    let unknown = "<Error><Code>NotImplemented</Code></Error>";
    let (removed, deleted) = removed_of(StatusCode::FORBIDDEN, refused).await;
    assert_eq!((removed, deleted.len()), (Ok(()), 0));
    // This store keeps no versions, so the object is deleted by its key.
    let (removed, deleted) = removed_of(StatusCode::NOT_IMPLEMENTED, unknown).await;
    assert_eq!((removed, deleted), (Ok(()), vec!["-".to_owned()]));
    // A gateway's page says nothing of versions, and neither does a missing bucket.
    let no_bucket = "<Error><Code>NoSuchBucket</Code></Error>";
    for (status, page) in [
        (StatusCode::FORBIDDEN, "<html></html>"),
        (StatusCode::NOT_FOUND, no_bucket),
        (StatusCode::NOT_FOUND, "<html></html>"),
    ] {
        let (removed, deleted) = removed_of(status, page).await;
        assert!(removed.is_err(), "{status} {page}");
        assert_eq!(deleted.len(), 0);
    }
    let busy = "<Error><Code>SlowDown</Code></Error>";
    let (removed, _) = removed_of(StatusCode::SERVICE_UNAVAILABLE, busy).await;
    let status = Some(503);
    assert_eq!(removed, Err(ObjectsError::Unavailable { status }));
}

/// Refuses the first PUTs with 400 and this code, and then accepts them. Returns the bodies of all.
async fn put_to_a_store_that_refuses(
    times: usize,
    code: &'static str,
) -> (Result<(), ObjectsError>, Vec<Bytes>) {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let store = {
        let bodies = bodies.clone();
        any(async move |body: Bytes| {
            let mut bodies = bodies.lock().unwrap();
            bodies.push(body);
            match bodies.len() > times {
                true => StatusCode::OK.into_response(),
                false => {
                    let body = format!("<Error><Code>{code}</Code></Error>");
                    (StatusCode::BAD_REQUEST, body).into_response()
                }
            }
        })
    };
    let config = at_store(Router::new().fallback(store)).await;
    let objects = Objects::connect(&config).await;
    let key = ObjectKey::from_record("sealift/key".to_owned());
    let sealed = Bytes::from_static(b"sealed");
    let sha256 = Sha256::of(&sealed);
    let put = objects.put_object(&key, sealed, &sha256).await;
    let bodies = bodies.lock().unwrap().clone();
    (put, bodies)
}

#[tokio::test]
async fn a_part_whose_signature_ended_on_the_way_is_signed_again_with_the_same_bytes() {
    for code in [
        "ExpiredToken",
        "ExpiredRequest",
        "RequestTimeTooSkewed",
        "BadDigest",
        "IncompleteBody",
    ] {
        let (put, bodies) = put_to_a_store_that_refuses(1, code).await;
        assert_eq!(put, Ok(()), "{code}");
        assert_eq!(bodies, ["sealed", "sealed"], "{code}");
        // The client does not retry for ever.
        let (put, bodies) = put_to_a_store_that_refuses(9, code).await;
        let status = Some(400);
        assert_eq!(put, Err(ObjectsError::Unavailable { status }), "{code}");
        assert_eq!(bodies.len(), 3, "{code}");
    }
}

#[tokio::test]
async fn a_part_that_the_store_refuses_for_good_is_sent_once() {
    for code in ["InvalidDigest", "EntityTooLarge", "InvalidPart"] {
        let (put, bodies) = put_to_a_store_that_refuses(9, code).await;
        let refused = ObjectsError::Refused {
            status: 400,
            code: code.to_owned(),
            action: Some("s3:PutObject"),
        };
        assert_eq!(put, Err(refused), "{code}");
        assert_eq!(bodies.len(), 1, "{code}");
    }
}
