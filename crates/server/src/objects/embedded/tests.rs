//! Tests what only the embedded store does. tests/objects in the workspace tests what every store
//! must do, with this one too.

use std::time::SystemTime;

use futures::TryStreamExt as _;
use sealift_transfer::{
    PartNumber,
    api::{FileId, Sha256, UploadId},
};

use super::*;
use crate::{
    objects::{
        CompletedPart, ObjectKey, Objects, ObjectsError, PresignedPut, S3Config, S3Credentials,
        S3UploadId, StoreEncryption,
    },
    unix_millis::UnixMillis,
};

/// A running store, a client of it, and a key to write to.
struct Bench {
    store: Embedded,
    objects: Objects,
    key: ObjectKey,
    folder: tempfile::TempDir,
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
        encryption: StoreEncryption::default(),
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
        folder,
    }
}

fn now() -> UnixMillis {
    SystemTime::now().into()
}

impl Bench {
    async fn sign(&self, upload: &S3UploadId, number: u16, bytes: &[u8]) -> PresignedPut {
        let number = PartNumber::try_from(number).unwrap();
        let len = u64::try_from(bytes.len()).unwrap();
        let sha256 = Sha256::of(bytes);
        self.objects
            .presign_part(&self.key, upload, number, &sha256, len, now())
            .await
            .unwrap()
    }

    async fn put_part(&self, upload: &S3UploadId, number: u16, bytes: &[u8]) {
        let put = self.sign(upload, number, bytes).await;
        assert_eq!(send(&put, bytes.to_vec()).await, 200);
    }

    /// Removes the file that s3s-fs writes last, as if s3s-fs had died before.
    fn lose_notes(&self, ending: &str) {
        let files = std::fs::read_dir(self.folder.path().join("objects")).unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        let notes: Vec<_> = files
            .filter(|path| path.to_str().unwrap().ends_with(ending))
            .collect();
        assert_eq!(notes.len(), 1, "{notes:?}");
        std::fs::remove_file(&notes[0]).unwrap();
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

#[tokio::test]
async fn a_part_without_its_notes_is_not_there_until_it_is_sent_again() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    bench.put_part(&upload, 1, b"sealed").await;
    bench.lose_notes(".part-1.json");
    let listed = bench.objects.list_parts(&bench.key, &upload).await;
    assert_eq!(listed.unwrap(), []);
    bench.put_part(&upload, 1, b"sealed").await;
    let listed = bench.objects.list_parts(&bench.key, &upload).await;
    assert_eq!(listed.unwrap().len(), 1);
}

#[tokio::test]
async fn an_object_without_its_notes_is_not_there_until_it_is_sent_again() {
    let bench = bench().await;
    let sha256 = Sha256::of(b"sealed");
    let put = bench.objects.presign_put(&bench.key, &sha256, 6, now());
    let put = put.await.unwrap();
    assert_eq!(send(&put, b"sealed".to_vec()).await, 200);
    bench.lose_notes(".internal.json");
    assert_eq!(bench.objects.head(&bench.key, None).await.unwrap(), None);
    assert_eq!(send(&put, b"sealed".to_vec()).await, 200);
    let head = bench.objects.head(&bench.key, None).await.unwrap();
    assert_eq!(head.unwrap().sha256, Some(sha256));
    assert_eq!(send(&put, b"sealed".to_vec()).await, 412);
}

#[tokio::test]
async fn a_part_signature_covers_length_host_and_checksum_and_nothing_else() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench.sign(&upload, 1, b"sealed").await;
    let signed = "X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256";
    assert!(put.url.contains(signed), "{put:?}");
    assert!(put.url.contains("X-Amz-Expires=900"));
    // No other checksum is demanded of the sender or hidden in the query.
    assert!(!put.url.to_lowercase().contains("crc"));
    let names: Vec<_> = put.headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["x-amz-checksum-sha256"]);
    assert_eq!(
        put.headers["x-amz-checksum-sha256"],
        Sha256::of(b"sealed").to_string()
    );
}

#[tokio::test]
async fn an_objects_signature_also_covers_that_there_is_none_yet() {
    let bench = bench().await;
    let sha256 = Sha256::of(b"sealed");
    let put = bench.objects.presign_put(&bench.key, &sha256, 6, now());
    let put = put.await.unwrap();
    let signed =
        "X-Amz-SignedHeaders=content-length%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256";
    assert!(put.url.contains(signed), "{put:?}");
    assert!(put.url.contains("X-Amz-Expires=900"));
    assert!(!put.url.to_lowercase().contains("crc"));
    let headers: Vec<_> = put.headers.clone().into_iter().collect();
    let expected = [
        ("if-none-match".to_owned(), "*".to_owned()),
        ("x-amz-checksum-sha256".to_owned(), sha256.to_string()),
    ];
    assert_eq!(headers, expected);
}

/// Runs on one thread, so that this thread's subscriber sees both store and client.
#[tokio::test(flavor = "current_thread")]
async fn no_signature_or_secret_is_logged_even_at_trace() {
    use crate::{config::LogFormat, telemetry};
    let capture = telemetry::Capture::default();
    let subscriber = telemetry::subscriber("trace", LogFormat::Json, capture.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);

    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench.sign(&upload, 1, b"sealed").await;
    assert_eq!(send(&put, b"forged".to_vec()).await, 400);
    assert_eq!(send(&put, b"sealed".to_vec()).await, 200);
    let object = bench.store_object(&[b"sealed"]).await;
    bench.objects.get_range(&object, 0..3).await.unwrap();
    tracing::info!("The capture works");

    let logged = capture.text();
    let (_, signature) = put.url.split_once("X-Amz-Signature=").unwrap();
    let signature = signature.split('&').next().unwrap();
    let credentials = EmbeddedCredentials::from_random(&[7; 52]);
    let (access_key, secret_key) = credentials.pair();
    for secret in [
        signature,
        access_key,
        secret_key,
        "X-Amz-",
        "authorization",
        "Authorization",
    ] {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
    assert!(logged.contains("The capture works"));
}

#[tokio::test]
async fn one_process_serves_a_folder_and_others_find_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("objects");
    let config = || EmbeddedConfig {
        folder: path.clone(),
        address: "127.0.0.1:0".parse().unwrap(),
        bucket: "b".to_owned(),
        page_origins: Vec::new(),
        credentials: EmbeddedCredentials::keep_in(&folder.path().join("credentials")).unwrap(),
    };
    let first = Embedded::start(config()).await.unwrap();
    assert_eq!(served_at(&path).unwrap(), Some(first.address()));
    let second = Embedded::start(config()).await;
    assert!(matches!(second, Err(EmbeddedError::InUse(_))), "{second:?}");
    first.shutdown(core::time::Duration::from_secs(30)).await;
    assert_eq!(served_at(&path).unwrap(), None);
    Embedded::start(config()).await.unwrap();
}
