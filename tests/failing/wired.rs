//! A server whose store is reached through two proxies that fail on cue.

use std::{env, net::Ipv4Addr};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_client::{CancellationToken, Client, UploadError, UploadOptions};
use sealift_server::{
    Config, Server,
    config::Sources,
    objects::embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
};
use sealift_tests::{Moto, Plan, Proxy, Randomness, server_in};
use sealift_transfer::api::FileRecord;
use serde_json::json;
use tempfile::TempDir;

/// The server, its store, and the proxies in front of the store.
pub(crate) struct Wired {
    pub(crate) client: Client,
    pub(crate) client_to_store: Proxy,
    pub(crate) server_to_store: Proxy,
    pub(crate) server: Server,
    _store: Embedded,
    _folder: TempDir,
}

/// Two parts and a little more.
pub(crate) const LEN: usize = 11 * 1024 * 1024 + 1;

impl Wired {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = Embedded::start(EmbeddedConfig {
            folder: folder.path().join("store"),
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            bucket: BUCKET.to_owned(),
            page_origins: Vec::new(),
            credentials: credentials()?,
        })
        .await?;
        let client_to_store = Proxy::start(store.address(), Plan::none()).await?;
        let server_to_store = Proxy::start(store.address(), Plan::none()).await?;
        let mut flags = server_in(folder.path());
        flags.extend([
            ("store", "s3".to_owned()),
            ("s3_bucket", BUCKET.to_owned()),
            ("s3_endpoint", server_to_store.endpoint()),
            ("s3_public_endpoint", client_to_store.endpoint()),
            ("region", Moto::REGION.to_owned()),
            ("part_length", "5MiB".to_owned()),
            // The sweeper runs only when a story asks for it.
            ("sweep_seconds", "0".to_owned()),
        ]);
        let server = Server::start(Config::load(&Sources {
            flags,
            ..Sources::default()
        })?)
        .await?;
        for way in [&client_to_store, &server_to_store] {
            way.forget_journal();
        }
        Ok(Self {
            client: Client::new(&format!("http://{}", server.address()), None)?,
            client_to_store,
            server_to_store,
            server,
            _store: store,
            _folder: folder,
        })
    }

    pub(crate) async fn send(&self, plaintext: &Bytes) -> Result<FileRecord, UploadError> {
        send(&self.client, plaintext).await
    }

    /// Checks that the file's plaintext is this and that no part was sealed twice.
    pub(crate) async fn holds(&self, file: &FileRecord, plaintext: &Bytes) -> Result<()> {
        let came = self
            .client
            .download(&file.id, None)
            .await?
            .read_all()
            .await?;
        assert!(came == *plaintext, "{} came back with other bytes", file.id);
        let journal = self.client_to_store.journal();
        assert_eq!(journal.parts_sealed_twice(), []);
        Ok(())
    }
}

const BUCKET: &str = "failing";

/// Uploads with the native client.
pub(crate) async fn send(client: &Client, plaintext: &Bytes) -> Result<FileRecord, UploadError> {
    let options = UploadOptions::named("sent under faults");
    let never = CancellationToken::new();
    client
        .upload(plaintext.clone(), options, |_| (), never)
        .await
}

/// Returns the next random plaintext of that length.
pub(crate) fn plaintext(len: usize) -> Result<Bytes> {
    Ok(Randomness::from_printed_seed()?.bytes(len))
}

/// Returns the credentials that the server's AWS chain finds in the environment.
fn credentials() -> Result<EmbeddedCredentials> {
    let given = |name: &str| env::var(name).with_context(|| format!("{name} is not set"));
    let pair = json!({
        "access_key": given("AWS_ACCESS_KEY_ID")?,
        "secret_key": given("AWS_SECRET_ACCESS_KEY")?,
    });
    Ok(serde_json::from_value(pair)?)
}
