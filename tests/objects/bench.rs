//! A store for each case, and its three kinds of clients: Sealift's own client, a browser, and a caller
//! with the credentials.

use anyhow::Result;
use aws_sdk_s3::config::{BehaviorVersion, Region};
use http::HeaderValue;
use sealift_server::{
    Clock, UnixMillis,
    objects::{
        CompletedPart, ObjectKey, Objects, PresignedPut, S3Config, S3Credentials, S3UploadId,
        StoreEncryption, StoredObject, StoredPart,
        embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
    },
};
use sealift_tests::{Garage, StoreCredentials};
use sealift_transfer::{
    PartNumber,
    api::{FileId, Sha256, UploadId},
};
use tempfile::TempDir;

use crate::quirks::{self, Quirk};

pub(crate) const BUCKET: &str = "sealift";
const PREFIX: &str = "sealift";
/// The origin of the pages that may PUT.
pub(crate) const PAGE: &str = "http://127.0.0.1:8080";

/// A running store and its clients.
#[derive(Debug)]
pub(crate) struct Bench {
    /// Sealift's client of the store.
    pub(crate) objects: Objects,
    /// A client with the credentials, for requests that Sealift's client never makes.
    pub(crate) sdk: aws_sdk_s3::Client,
    /// An object key at which there is no object yet.
    pub(crate) key: ObjectKey,
    pub(crate) endpoint: String,
    /// A client without credentials, such as a browser.
    pub(crate) http: reqwest::Client,
    quirks: &'static [Quirk],
    _store: Store,
}

#[derive(Debug)]
#[expect(dead_code, reason = "they run as long as they are kept")]
enum Store {
    Embedded(Embedded, TempDir),
    Garage(Garage),
}

impl Bench {
    pub(crate) async fn embedded() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let kept = folder.path().join("credentials.json");
        let credentials = EmbeddedCredentials::keep_in(&kept)?;
        let store = Embedded::start(EmbeddedConfig {
            folder: folder.path().join("objects"),
            address: ([127, 0, 0, 1], 0).into(),
            bucket: BUCKET.to_owned(),
            page_origins: vec![HeaderValue::from_static(PAGE)],
            credentials: credentials.clone(),
        });
        let store = store.await?;
        let pair = StoreCredentials::from_file(&kept)?;
        let endpoint = store.endpoint();
        let credentials = S3Credentials::Embedded(credentials);
        let store = Store::Embedded(store, folder);
        Ok(Self::of(store, quirks::EMBEDDED, endpoint, credentials, pair).await)
    }

    pub(crate) async fn garage() -> Result<Self> {
        let store = Garage::start(BUCKET)?;
        store.allow_page(PAGE).await?;
        let endpoint = store.endpoint().to_owned();
        let pair = StoreCredentials::from_environment()?;
        let store = Store::Garage(store);
        let chain = S3Credentials::AwsChain;
        Ok(Self::of(store, quirks::GARAGE, endpoint, chain, pair).await)
    }

    async fn of(
        store: Store,
        quirks: &'static [Quirk],
        endpoint: String,
        credentials: S3Credentials,
        pair: StoreCredentials,
    ) -> Self {
        let objects = client(endpoint.clone(), credentials).await;
        Self {
            key: key_of(&objects, 1),
            objects,
            sdk: sdk(&endpoint, pair),
            endpoint,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            quirks,
            _store: store,
        }
    }

    /// Returns whether the store has this difference from S3.
    pub(crate) fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// Returns another object key.
    pub(crate) fn key(&self, number: u8) -> ObjectKey {
        key_of(&self.objects, number)
    }

    pub(crate) async fn begin(&self) -> S3UploadId {
        self.objects.create_multipart(&self.key).await.unwrap()
    }

    pub(crate) async fn sign(&self, upload: &S3UploadId, part: u16, bytes: &[u8]) -> PresignedPut {
        let (number, sha256, len) = (number(part), Sha256::of(bytes), len(bytes));
        let signed = self
            .objects
            .presign_part(&self.key, upload, number, &sha256, len, now());
        signed.await.unwrap()
    }

    pub(crate) async fn sign_object(&self, bytes: &[u8]) -> PresignedPut {
        let sha256 = Sha256::of(bytes);
        let signed = self
            .objects
            .presign_put(&self.key, &sha256, len(bytes), now());
        signed.await.unwrap()
    }

    pub(crate) async fn send_part(&self, upload: &S3UploadId, part: u16, bytes: &[u8]) {
        let put = self.sign(upload, part, bytes).await;
        assert_eq!(self.send(&put, bytes).await, 200);
    }

    pub(crate) async fn parts(&self, upload: &S3UploadId) -> Vec<StoredPart> {
        self.objects.list_parts(&self.key, upload).await.unwrap()
    }

    /// PUTs as a browser does and returns the store's status.
    pub(crate) async fn send(&self, put: &PresignedPut, body: &[u8]) -> u16 {
        let mut request = self.http.put(&put.url).body(body.to_vec());
        for (name, value) in &put.headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// Uploads the parts, completes the object and returns it.
    pub(crate) async fn store(&self, parts: &[&[u8]]) -> StoredObject {
        let upload = self.begin().await;
        for (number, part) in (1..).zip(parts) {
            self.send_part(&upload, number, part).await;
        }
        let parts: Vec<_> = self.parts(&upload).await.iter().map(completed).collect();
        let joined = self.objects.complete_multipart(&self.key, &upload, &parts);
        joined.await.unwrap();
        let head = self.objects.head(&self.key, None).await.unwrap().unwrap();
        head.of(&self.key)
    }
}

/// Returns a client with these credentials, for requests that Sealift's client never makes.
pub(crate) fn sdk(endpoint: &str, pair: StoreCredentials) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(Garage::REGION))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(pair.sdk());
    aws_sdk_s3::Client::from_conf(config.build())
}

/// Returns Sealift's client of the store at this address.
pub(crate) async fn client(endpoint: String, credentials: S3Credentials) -> Objects {
    Objects::connect(&config_of(endpoint, credentials)).await
}

/// Returns the settings of the bucket at this address.
pub(crate) fn config_of(endpoint: String, credentials: S3Credentials) -> S3Config {
    S3Config {
        endpoint: Some(endpoint),
        public_endpoint: None,
        region: Some(Garage::REGION.to_owned()),
        bucket: BUCKET.to_owned(),
        prefix: PREFIX.parse().unwrap(),
        path_style: true,
        encryption: StoreEncryption::default(),
        credentials,
    }
}

pub(crate) fn key_of(objects: &Objects, number: u8) -> ObjectKey {
    objects.object_key(
        &"acme".parse().unwrap(),
        &FileId::from_random([number; 16]),
        &UploadId::from_random([number; 16]),
    )
}

/// Converts a listed part to the form that completion needs.
pub(crate) fn completed(part: &StoredPart) -> CompletedPart {
    CompletedPart {
        number: part.number,
        etag: part.etag.clone(),
        sha256: part.sha256.unwrap(),
    }
}

pub(crate) fn number(number: u16) -> PartNumber {
    number.try_into().unwrap()
}

pub(crate) fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}

/// Returns the current time. The store must have the same time, because signatures contain it.
pub(crate) fn now() -> UnixMillis {
    Clock::system().now()
}
