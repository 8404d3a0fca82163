//! The requests to a store, and the answers that the server believes. The stores here are a few lines each,
//! because an honest store would hide what the server leaves out.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    response::Response,
    routing::{any, get},
};
use futures::TryStreamExt as _;
use http::{HeaderMap, Uri, header::HeaderValue};
use sealift_server::objects::{
    CompletedPart, ETag, ObjectKey, Objects, ObjectsError, S3Config, S3Credentials, S3UploadId,
    StoreEncryption, StoredObject, VersionId, embedded::EmbeddedCredentials,
};
use sealift_transfer::{PartNumber, api::Sha256};

/// Serves this store until the test ends and returns the server's connection to it.
async fn asking(store: Router) -> Objects {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = S3Config {
        endpoint: Some(format!("http://{}", listener.local_addr().unwrap())),
        public_endpoint: None,
        region: Some("us-east-1".to_owned()),
        bucket: "bucket".to_owned(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        encryption: StoreEncryption::default(),
        credentials: S3Credentials::Embedded(EmbeddedCredentials::from_random(&[7; 52])),
    };
    tokio::spawn(async { axum::serve(listener, store).await });
    Objects::connect(&config).await
}

fn object_key() -> ObjectKey {
    ObjectKey::from_record("sealift/key".to_owned())
}

/// The requests so far: the headers, and the body or the query.
type Asked = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// Returns a store that adds each request to `asked` and always gives this answer.
fn noting(asked: &Asked, answer: &'static str) -> Router {
    let asked = Arc::clone(asked);
    let record = async move |headers: HeaderMap, body: String| {
        asked.lock().unwrap().push((headers, body));
        answer
    };
    Router::new().fallback(any(record))
}

#[tokio::test]
async fn r7_completion_names_number_etag_and_sha256_of_every_part() {
    let asked = Asked::default();
    let answer = "<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>";
    let objects = asking(noting(&asked, answer)).await;
    let parts = [1, 2].map(|number| CompletedPart {
        number: PartNumber::try_from(number).unwrap(),
        etag: ETag(format!("\"etag-{number}\"")),
        sha256: Sha256::of(&[u8::try_from(number).unwrap()]),
    });
    let (key, id) = (object_key(), S3UploadId("id".to_owned()));
    let completed = objects.complete_multipart(&key, &id, &parts);
    completed.await.unwrap();
    let asked = asked.lock().unwrap();
    let [(_, body)] = asked.as_slice() else {
        panic!("one request");
    };
    let parts_in_body: Vec<&str> = body.split("<Part>").skip(1).collect();
    assert_eq!(parts_in_body.len(), 2, "{body}");
    for (part, text) in parts.iter().zip(parts_in_body) {
        let number = format!("<PartNumber>{}</PartNumber>", part.number);
        let sha256 = format!("<ChecksumSHA256>{}</ChecksumSHA256>", part.sha256);
        let etag = format!("etag-{}", part.number);
        for expected in [number, sha256, etag] {
            assert!(text.contains(&expected), "{expected} in {text}");
        }
    }
}

#[tokio::test]
async fn r10_creation_declares_sha256_and_no_checksum_type() {
    let asked = Asked::default();
    let answer =
        "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    let objects = asking(noting(&asked, answer)).await;
    objects.create_multipart(&object_key()).await.unwrap();
    let asked = asked.lock().unwrap();
    let (headers, _) = &asked[0];
    let algorithm = headers.get("x-amz-checksum-algorithm");
    assert_eq!(algorithm, Some(&HeaderValue::from_static("SHA256")));
    assert_eq!(headers.get("x-amz-checksum-type"), None);
}

/// A store's answer to a GET of bytes 2 to 5 of an object of 10 bytes, whatever its conditions.
#[derive(Debug, Clone, Copy)]
struct Answers {
    status: u16,
    etag: &'static str,
    version: &'static str,
    content_range: &'static str,
    body: &'static str,
}

const RIGHT: Answers = Answers {
    status: 206,
    etag: "\"recorded\"",
    version: "v1",
    content_range: "bytes 2-5/10",
    body: "2345",
};

async fn read(answers: Answers) -> Result<Vec<u8>, ObjectsError> {
    let answer = move || async move {
        let mut answer = Response::builder().status(answers.status);
        for (name, value) in [
            ("etag", answers.etag),
            ("x-amz-version-id", answers.version),
            ("content-range", answers.content_range),
        ] {
            if !value.is_empty() {
                answer = answer.header(name, value);
            }
        }
        answer.body(answers.body.to_owned()).unwrap()
    };
    let objects = asking(Router::new().fallback(get(answer))).await;
    let recorded = StoredObject {
        key: object_key(),
        version: Some(VersionId("v1".to_owned())),
        etag: ETag("\"recorded\"".to_owned()),
        len: 10,
    };
    let read = objects.get_range(&recorded, 2..6).await?;
    let bytes: Vec<_> = read.stream.try_collect().await?;
    Ok(bytes.concat())
}

#[tokio::test]
async fn r6_the_recorded_object_is_read() {
    assert_eq!(read(RIGHT).await.unwrap(), b"2345");
}

#[tokio::test]
async fn r6_another_object_is_refused_although_the_store_gave_it() {
    for other in [
        Answers {
            etag: "\"other\"",
            ..RIGHT
        },
        Answers {
            version: "v2",
            ..RIGHT
        },
        Answers {
            content_range: "bytes 2-5/11",
            ..RIGHT
        },
        // This answer ends before the range does.
        Answers {
            content_range: "bytes 2-4/5",
            body: "234",
            ..RIGHT
        },
    ] {
        assert_eq!(read(other).await, Err(ObjectsError::Replaced));
    }
}

/// These answers are neither the object nor a proof that another object is there, because a gateway may
/// have given them.
#[tokio::test]
async fn r6_an_answer_that_proves_nothing_is_neither_the_object_nor_a_difference() {
    let answers = |status, content_range, body| Answers {
        status,
        content_range,
        body,
        ..RIGHT
    };
    let ranges = [
        "",
        "none",
        "bytes 3-6/10",
        "bytes 2-5/*",
        "bytes 2-5/5",
        "bytes 2-4/10",
        "bytes */10",
    ];
    let mut doubtful: Vec<Answers> = ranges
        .into_iter()
        .flat_map(|range| {
            [
                answers(206, range, "2345"),
                answers(200, range, "0123456789"),
            ]
        })
        .collect();
    doubtful.extend([
        // This answer contradicts its own Content-Range.
        answers(206, RIGHT.content_range, "23456"),
        Answers {
            version: "",
            ..RIGHT
        },
    ]);
    let etags = ["", "W/\"recorded\"", "W/\"other\""];
    doubtful.extend(etags.map(|etag| Answers { etag, ..RIGHT }));
    let statuses = [301, 302, 307, 404, 409, 412, 416];
    doubtful.extend(statuses.map(|status| answers(status, "", "<html></html>")));
    doubtful.extend(statuses.map(|status| answers(status, "bytes */5", "")));
    for answers in doubtful {
        let refused = read(answers).await.unwrap_err();
        let is_doubt = matches!(
            refused,
            ObjectsError::Incomprehensible { .. } | ObjectsError::Unavailable { .. }
        );
        assert!(is_doubt, "{refused:?} for {answers:?}");
    }
}

/// Asks a store for an object's length by HEAD. The store answers HEAD with the status `head` and GET with
/// `get`.
async fn head(head: u16, get: (u16, &'static str)) -> Result<Option<u64>, ObjectsError> {
    let answer = move |method: http::Method| async move {
        let (status, body) = match method {
            http::Method::HEAD => (head, ""),
            _ => get,
        };
        Response::builder()
            .status(status)
            .header("etag", "\"1\"")
            .body(body.to_owned())
            .unwrap()
    };
    let objects = asking(Router::new().fallback(any(answer))).await;
    let head = objects.head(&object_key(), None).await?;
    Ok(head.map(|head| head.len))
}

#[tokio::test]
async fn an_absence_counts_only_with_the_stores_own_code() {
    const GONE: &str = "<Error><Code>NoSuchKey</Code></Error>";
    const DENIED: &str = "<Error><Code>AccessDenied</Code></Error>";
    const PAGE: &str = "<html><h1>404</h1></html>";
    assert_eq!(head(404, (404, GONE)).await, Ok(None));
    let refused = |status, code: &str| ObjectsError::Refused {
        status,
        code: code.to_owned(),
        action: Some("s3:GetObject"),
    };
    // Without the right to list the bucket, S3 answers AccessDenied for an absent object; its answer to
    // HEAD has no code.
    assert_eq!(
        head(403, (403, DENIED)).await,
        Err(refused(403, "AccessDenied"))
    );
    let no_bucket = "<Error><Code>NoSuchBucket</Code></Error>";
    assert_eq!(
        head(404, (404, no_bucket)).await,
        Err(refused(404, "NoSuchBucket"))
    );
    for get in [
        (404, ""),
        (404, PAGE),
        (200, PAGE),
        (206, "1"),
        (302, ""),
        (416, ""),
    ] {
        for status in [404, 302, 403] {
            let doubt = head(status, get).await;
            let is_doubt = matches!(doubt, Err(ObjectsError::Unavailable { .. }));
            assert!(is_doubt, "{doubt:?} for HEAD {status}, GET {get:?}");
        }
    }
}

#[tokio::test]
async fn r6_fewer_bytes_than_promised_do_not_end_cleanly() {
    let cut = ObjectsError::Cut {
        got_bytes: 3,
        asked_bytes: 4,
    };
    assert_eq!(
        read(Answers {
            body: "234",
            ..RIGHT
        })
        .await,
        Err(cut)
    );
}

#[tokio::test]
async fn r6_every_get_names_the_recorded_version_etag_and_range() {
    let asked = Asked::default();
    let record = Arc::clone(&asked);
    let store = move |uri: Uri, headers: HeaderMap| async move {
        let query = uri.query().unwrap_or_default().to_owned();
        record.lock().unwrap().push((headers, query));
        "not what was asked for"
    };
    let objects = asking(Router::new().fallback(get(store))).await;
    let recorded = StoredObject {
        key: object_key(),
        version: Some(VersionId("v1".to_owned())),
        etag: ETag("\"recorded\"".to_owned()),
        len: 10,
    };
    let read = objects.get_range(&recorded, 2..6).await;
    let field = "Content-Range";
    assert_eq!(read.unwrap_err(), ObjectsError::Incomprehensible { field });
    let asked = asked.lock().unwrap();
    let [(headers, query)] = asked.as_slice() else {
        panic!("one request");
    };
    assert_eq!(headers["if-match"], "\"recorded\"");
    assert_eq!(headers["range"], "bytes=2-5");
    assert!(
        query.split('&').any(|pair| pair == "versionId=v1"),
        "{query}"
    );
}
