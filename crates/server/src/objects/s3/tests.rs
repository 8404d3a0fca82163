//! A store that takes requests and keeps silent.

use std::sync::Arc;

use axum::{Router, http::Method, routing::any};
use tokio::sync::Notify;

use super::*;
use crate::objects::ETag;

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
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = S3Config {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        public_endpoint: None,
        region: Some("us-east-1".to_owned()),
        bucket: "sealift".to_owned(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        credentials: S3Credentials::Embedded(EmbeddedCredentials::from_random(&[7; 52])),
    };
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(store)).await });
    let patience = Patience {
        answer: Duration::from_millis(50),
        join: Duration::from_secs(600),
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
