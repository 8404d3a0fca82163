//! The parts that all set-ups of the doctor share: moto, an embedded store, and a deployment with a file.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::{
    Client,
    primitives::ByteStream,
    types::{
        AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint,
        BucketVersioningStatus, CreateBucketConfiguration, ExpirationStatus, LifecycleRule,
        LifecycleRuleFilter, PublicAccessBlockConfiguration, VersioningConfiguration,
    },
};
use bytes::Bytes;
use sealift_server::objects::embedded::{Embedded, EmbeddedConfig};
use sealift_tests::{Moto, Setup, Stack, StoreCredentials};
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::case::Case;

pub(super) const PEPPER: &str = "a pepper of exactly thirty-two b";
pub(super) const BUCKET: &str = "sealift";
/// The origin of pages that the store lets in.
pub(super) const PAGE: &str = "http://127.0.0.1:8099";

pub(super) struct Ground {
    pub(super) moto: Moto,
    pub(super) store: Embedded,
    key_arn: String,
    /// A copy of a database with a key row. Beside it is one of a newer version.
    database: PathBuf,
    /// A running deployment with the embedded store.
    stack: Stack,
    _folder: TempDir,
}

impl Ground {
    pub(super) async fn build() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let moto = Moto::start().await?;
        let key_arn = moto.make_key().await?;
        let stack = Setup::new()
            .with_kek(&moto, &key_arn, PEPPER)
            .start()
            .await?;
        stack.upload("a file", &Bytes::from_static(b"some")).await?;
        let database = folder.path().join("copy.sqlite");
        copy_database(&stack, &database).await?;
        let store = Embedded::start(EmbeddedConfig {
            folder: folder.path().join("objects"),
            address: ([127, 0, 0, 1], 0).into(),
            bucket: BUCKET.to_owned(),
            page_origins: vec![PAGE.parse()?],
            credentials: StoreCredentials::from_environment()?.embedded()?,
        });
        let ground = Self {
            store: store.await?,
            moto,
            key_arn,
            database,
            stack,
            _folder: folder,
        };
        let put = ground.sdk_of_store().await?.put_object().bucket(BUCKET);
        let put = put
            .key("sealift/acme/somebodys")
            .body(ByteStream::from_static(b"old"));
        put.send().await?;
        Ok(ground)
    }

    /// Returns a set-up with everything: KMS, pepper, a database, a bucket and a page.
    pub(super) fn whole(&self, about: &'static str) -> Case {
        self.local(about)
            .env("SEALIFT_KEYRING", "kek")
            .env("KMS_KEY_ALIAS", &self.key_arn)
            .env("S3_BUCKET_NAME", BUCKET)
            .env("S3_ENDPOINT", &self.store.endpoint())
            .env("SEALIFT_PAGE_ORIGINS", PAGE)
    }

    /// Returns a set-up whose new keys are under the key file, and whose embedded store was never made.
    pub(super) fn local(&self, about: &'static str) -> Case {
        Case::new(about, Some(&self.database))
            .env("SEALIFT_KEYRING", "local")
            .env("AWS_REGION", Moto::REGION)
            .env("SEALIFT_KMS_ENDPOINT", self.moto.endpoint())
            .env("AWS_ENDPOINT_URL_STS", self.moto.endpoint())
            .env("SEALIFT_PEPPER", PEPPER)
    }

    /// Returns the deployment whose server runs.
    pub(super) fn embedded(&self, about: &'static str) -> Case {
        let key_file = &self.stack.config().key_file;
        self.without_credentials(about)
            .env("SEALIFT_KEY_FILE", &key_file.display().to_string())
            .passes("wrong-body", "Other bytes than the signed ones are refused")
            .passes("unequal-parts", "Parts of unequal length are joined")
            .passes("key-rows", "One key row of each kind was opened")
    }

    /// Returns the deployment whose server runs, without the folder of its key file and of its store's credentials.
    pub(super) fn without_credentials(&self, about: &'static str) -> Case {
        let config = self.stack.config();
        Case::new(about, None)
            .env("SEALIFT_DATA_DIR", &config.data_dir.display().to_string())
            .env("SEALIFT_KEYRING", "kek")
            .env("KMS_KEY_ALIAS", &self.key_arn)
            .env("SEALIFT_KMS_ENDPOINT", self.moto.endpoint())
            .env("AWS_REGION", Moto::REGION)
            .env("SEALIFT_STORE", "embedded")
            .env("S3_BUCKET_NAME", &config.bucket)
            .env("SEALIFT_PEPPER", PEPPER)
    }

    /// Returns the keys of all objects and unfinished uploads under this prefix in the shared store.
    pub(super) async fn stored(&self, prefix: &str) -> Result<Vec<String>> {
        stored_at(&self.store.endpoint(), prefix).await
    }

    /// Makes two buckets in moto's S3: `bare`, and `ruled` with settings of its own.
    pub(super) async fn prepare_moto_buckets(&self) -> Result<()> {
        let sdk = sdk(self.moto.endpoint(), &StoreCredentials::of_moto()).await;
        for bucket in ["bare", "ruled"] {
            let here = BucketLocationConstraint::from(Moto::REGION);
            let here = CreateBucketConfiguration::builder().location_constraint(here);
            let create = sdk.create_bucket().bucket(bucket);
            create
                .create_bucket_configuration(here.build())
                .send()
                .await?;
        }
        let rule = LifecycleRule::builder()
            .id("tidy")
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder()
                    .days_after_initiation(7)
                    .build(),
            );
        let rules = BucketLifecycleConfiguration::builder().rules(rule.build()?);
        sdk.put_bucket_lifecycle_configuration()
            .bucket("ruled")
            .lifecycle_configuration(rules.build()?)
            .send()
            .await?;
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(true)
            .restrict_public_buckets(true);
        sdk.put_public_access_block()
            .bucket("ruled")
            .public_access_block_configuration(block.build())
            .send()
            .await?;
        let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
        sdk.put_bucket_versioning()
            .bucket("ruled")
            .versioning_configuration(versions.build())
            .send()
            .await?;
        Ok(())
    }

    async fn sdk_of_store(&self) -> Result<Client> {
        let credentials = StoreCredentials::from_environment()?;
        Ok(sdk(&self.store.endpoint(), &credentials).await)
    }
}

/// Returns the keys of all objects and unfinished uploads under this prefix in the store at the endpoint.
pub(super) async fn stored_at(endpoint: &str, prefix: &str) -> Result<Vec<String>> {
    let sdk = sdk(endpoint, &StoreCredentials::from_environment()?).await;
    let objects = sdk.list_objects_v2().bucket(BUCKET).prefix(prefix).send();
    let objects = objects.await?.contents.unwrap_or_default();
    let uploads = sdk
        .list_multipart_uploads()
        .bucket(BUCKET)
        .prefix(prefix)
        .send();
    let uploads = uploads.await?.uploads.unwrap_or_default();
    let keys = objects.into_iter().map(|object| object.key);
    let keys = keys.chain(uploads.into_iter().map(|upload| upload.key));
    keys.map(|key| key.context("a key")).collect()
}

async fn sdk(endpoint: &str, credentials: &StoreCredentials) -> Client {
    let shared = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(Moto::REGION))
        .credentials_provider(credentials.sdk())
        .endpoint_url(endpoint)
        .load()
        .await;
    let config = aws_sdk_s3::config::Builder::from(&shared).force_path_style(true);
    Client::from_conf(config.build())
}

/// Copies the database of a running server, once as it is and once as a newer version would leave it.
async fn copy_database(stack: &Stack, to: &std::path::Path) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(stack.config().database_file());
    let mut db = options.connect().await?;
    let copy = sqlx::query("VACUUM INTO $1").bind(to.display().to_string());
    copy.execute(&mut db).await?;
    let newer = to.with_extension("newer");
    std::fs::copy(to, &newer)?;
    let mut db = SqliteConnectOptions::new()
        .filename(&newer)
        .connect()
        .await?;
    db.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (999, 'of a later version', TRUE, X'00', 0)",
    )
    .await?;
    sqlx::Connection::close(db).await?;
    Ok(())
}
