//! Real requests over loopback: what the store must refuse, and what S3 promises.

use std::time::{SystemTime, UNIX_EPOCH};

use futures::TryStreamExt as _;
use sealift_transfer::{
    PartNumber,
    api::{FileId, Sha256, UploadId},
};

use super::*;
use crate::objects::{
    CompletedPart, ObjectKey, Objects, ObjectsError, PresignedPut, S3Config, S3Credentials,
    S3UploadId,
};

mod signatures;

/// A running store, a client of it, and a key to write to.
struct Bench {
    store: Embedded,
    objects: Objects,
    key: ObjectKey,
    _folder: tempfile::TempDir,
}

const PAGE: &str = "http://127.0.0.1:8080";

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let credentials = EmbeddedCredentials::from_random(&[7; 52]);
    let store = Embedded::start(EmbeddedConfig {
        folder: folder.path().join("objects"),
        address: ([127, 0, 0, 1], 0).into(),
        bucket: "sealift".into(),
        page_origins: vec![HeaderValue::from_static(PAGE)],
        credentials: credentials.clone(),
    })
    .await
    .unwrap();
    let objects = Objects::connect(&S3Config {
        endpoint: Some(store.endpoint()),
        public_endpoint: None,
        region: Some("us-east-1".into()),
        bucket: "sealift".into(),
        prefix: "sealift".parse().unwrap(),
        path_style: true,
        credentials: S3Credentials::Embedded(credentials),
    })
    .await;
    let key = objects.object_key(
        &"acme".parse().unwrap(),
        &FileId::from_random([1; 16]),
        &UploadId::from_random([2; 16]),
    );
    Bench {
        store,
        objects,
        key,
        _folder: folder,
    }
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

impl Bench {
    async fn sign(&self, upload: &S3UploadId, number: u16, bytes: &[u8]) -> PresignedPut {
        let number = PartNumber::try_from(number).unwrap();
        let len = u64::try_from(bytes.len()).unwrap();
        let sha256 = Sha256::of(bytes);
        self.objects
            .presign_part(&self.key, upload, number, &sha256, len, now_ms())
            .await
            .unwrap()
    }

    async fn put_part(&self, upload: &S3UploadId, number: u16, bytes: &[u8]) {
        let put = self.sign(upload, number, bytes).await;
        assert_eq!(send(&put, bytes.to_vec()).await, 200);
    }

    async fn store_object(&self, parts: &[&[u8]]) -> crate::objects::StoredObject {
        let upload = self.objects.create_multipart(&self.key).await.unwrap();
        for (number, part) in (1..).zip(parts) {
            self.put_part(&upload, number, part).await;
        }
        let stored = self.objects.list_parts(&self.key, &upload).await.unwrap();
        let parts: Vec<_> = stored
            .into_iter()
            .map(|part| CompletedPart {
                number: part.number,
                etag: part.etag,
                sha256: part.sha256.unwrap(),
            })
            .collect();
        self.objects
            .complete_multipart(&self.key, &upload, &parts)
            .await
            .unwrap();
        let head = self.objects.head(&self.key, None).await.unwrap().unwrap();
        head.of(&self.key)
    }
}

async fn send(put: &PresignedPut, body: Vec<u8>) -> u16 {
    let mut request = reqwest::Client::new().put(&put.url).body(body);
    for (name, value) in &put.headers {
        request = request.header(name, value);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_store_passes_the_probe_and_nothing_of_it_stays() {
    let bench = bench().await;
    bench
        .objects
        .prove_checksums([3; 16], now_ms())
        .await
        .unwrap();
    assert_eq!(bench.objects.unfinished_multiparts().await.unwrap(), []);
}

#[tokio::test]
async fn parts_are_listed_by_number_with_length_and_sha256() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    for number in [11, 2, 1, 10] {
        bench
            .put_part(&upload, number, format!("part {number}").as_bytes())
            .await;
    }
    let parts = bench.objects.list_parts(&bench.key, &upload).await.unwrap();
    let numbers: Vec<_> = parts.iter().map(|part| part.number.get()).collect();
    assert_eq!(numbers, [1, 2, 10, 11]);
    assert_eq!(parts[3].len, 7);
    assert_eq!(parts[3].sha256, Some(Sha256::of(b"part 11")));
}

#[tokio::test]
async fn an_ended_upload_id_answers_no_such_upload() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench.sign(&upload, 1, b"a").await;
    assert!(
        bench
            .objects
            .multipart_exists(&bench.key, &upload)
            .await
            .unwrap()
    );
    let unfinished = bench.objects.unfinished_multiparts().await.unwrap();
    assert_eq!(unfinished.len(), 1);
    assert_eq!(unfinished[0].key, bench.key);
    assert_eq!(unfinished[0].s3_upload_id, upload);

    bench
        .objects
        .abort_multipart(&bench.key, &upload)
        .await
        .unwrap();
    assert!(
        !bench
            .objects
            .multipart_exists(&bench.key, &upload)
            .await
            .unwrap()
    );
    assert_eq!(send(&put, b"a".to_vec()).await, 404);
    assert_eq!(
        bench.objects.list_parts(&bench.key, &upload).await,
        Err(ObjectsError::NoSuchUpload)
    );
    assert_eq!(
        bench
            .objects
            .complete_multipart(&bench.key, &upload, &[])
            .await
            .unwrap_err(),
        ObjectsError::NoSuchUpload
    );
    bench
        .objects
        .abort_multipart(&bench.key, &upload)
        .await
        .unwrap();
}

#[tokio::test]
async fn completion_names_the_sha256_of_every_part() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    bench.put_part(&upload, 1, b"sealed").await;
    let stored = bench.objects.list_parts(&bench.key, &upload).await.unwrap();
    let part = CompletedPart {
        number: stored[0].number,
        etag: stored[0].etag.clone(),
        sha256: Sha256::of(b"other"),
    };
    let refused = bench
        .objects
        .complete_multipart(&bench.key, &upload, &[part])
        .await;
    assert!(
        matches!(refused, Err(ObjectsError::Refused { status: 400, code }) if code == "InvalidPart")
    );
    assert_eq!(bench.objects.head(&bench.key, None).await.unwrap(), None);
}

#[tokio::test]
async fn a_range_comes_back_exactly_and_only_of_the_recorded_object() {
    let bench = bench().await;
    let first = vec![b'a'; 5 * 1024 * 1024];
    let object = bench.store_object(&[&first, b"the rest"]).await;
    assert_eq!(object.len, 5 * 1024 * 1024 + 8);

    let start = 5 * 1024 * 1024 - 2;
    let read = bench
        .objects
        .get_range(&object, start..start + 5)
        .await
        .unwrap();
    assert_eq!(read.range, start..start + 5);
    let bytes: Vec<_> = read.stream.try_collect().await.unwrap();
    assert_eq!(bytes.concat(), b"aathe");
    let whole = bench
        .objects
        .get_range(&object, 0..object.len)
        .await
        .unwrap();
    let whole: Vec<_> = whole.stream.try_collect().await.unwrap();
    assert_eq!(
        Sha256::of(&whole.concat()),
        Sha256::of(&[&first[..], b"the rest"].concat())
    );

    let mut replaced = object.clone();
    replaced.etag.0 = "\"00000000000000000000000000000000-2\"".into();
    let refused = bench.objects.get_range(&replaced, 0..1).await;
    assert_eq!(refused.unwrap_err(), ObjectsError::Replaced);
    let mut longer = object.clone();
    longer.len += 1;
    let refused = bench.objects.get_range(&longer, 0..1).await;
    assert_eq!(refused.unwrap_err(), ObjectsError::Replaced);
    let refused = bench.objects.get_range(&object, 0..object.len + 1).await;
    assert_eq!(refused.unwrap_err(), ObjectsError::Length(object.len + 1));

    bench.objects.delete(&bench.key, None).await.unwrap();
    bench.objects.delete(&bench.key, None).await.unwrap();
    let gone = bench.objects.get_range(&object, 0..1).await;
    assert_eq!(gone.unwrap_err(), ObjectsError::NotFound);
}

#[tokio::test]
async fn a_get_with_another_etag_is_refused_by_the_store_itself() {
    let bench = bench().await;
    let object = bench.store_object(&[b"sealed"]).await;
    let found = bench
        .objects
        .raw_status_of_get(&object.key, "\"0123\"")
        .await;
    assert_eq!(found, 412);
}

#[tokio::test]
async fn the_pages_origin_may_put_and_no_other() {
    let bench = bench().await;
    let preflight = |origin: &'static str| {
        reqwest::Client::new()
            .request(
                reqwest::Method::OPTIONS,
                format!("{}/sealift/k", bench.store.endpoint()),
            )
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", "x-amz-checksum-sha256")
            .send()
    };
    let ours = preflight(PAGE).await.unwrap();
    assert_eq!(ours.status().as_u16(), 200);
    assert_eq!(ours.headers()["access-control-allow-origin"], PAGE);
    let allowed = ours.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("x-amz-checksum-sha256"), "{allowed}");
    let other = preflight("http://evil.example").await.unwrap();
    assert!(other.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_says_which_port_is_taken() {
    let bench = bench().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = EmbeddedConfig {
        folder: folder.path().into(),
        address: ([0, 0, 0, 0], 0).into(),
        bucket: "sealift".into(),
        page_origins: Vec::new(),
        credentials: EmbeddedCredentials::from_random(&[1; 52]),
    };
    let refused = Embedded::start(config.clone()).await;
    assert!(matches!(refused, Err(EmbeddedError::NotLoopback(_))));
    config.address = bench.store.address();
    let port = bench.store.address().port();
    let refused = Embedded::start(config).await;
    assert!(matches!(refused, Err(EmbeddedError::PortTaken(taken)) if taken == port));
}

#[tokio::test]
async fn a_running_download_finishes_when_the_store_shuts_down() {
    let bench = bench().await;
    let big = vec![b'x'; 8 * 1024 * 1024];
    let object = bench.store_object(&[&big]).await;
    let mut read = bench
        .objects
        .get_range(&object, 0..object.len)
        .await
        .unwrap();
    let first = read.stream.try_next().await.unwrap().unwrap();

    let stopping = tokio::spawn(bench.store.shutdown(Duration::from_secs(60)));
    let rest: Vec<_> = read.stream.try_collect().await.unwrap();
    assert_eq!(first.len() + rest.concat().len(), big.len());
    stopping.await.unwrap();
    let refused = bench.objects.head(&bench.key, None).await;
    assert!(matches!(
        refused,
        Err(ObjectsError::Unavailable { status: None })
    ));
}
