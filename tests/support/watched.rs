//! A server whose requests to its store are recorded one by one.

use std::{env, net::Ipv4Addr, ops::Range, path::PathBuf};

use anyhow::{Context as _, Result};
use sealift_client::Client;
use sealift_server::{
    Config, Server,
    config::Sources,
    objects::embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
};
use sealift_transfer::api::{FileId, files};
use serde_json::json;
use tempfile::TempDir;

use crate::{Moto, Operation, Plan, Proxy, server_in};

/// The server, its store, and the proxy between them.
#[derive(Debug)]
pub struct Watched {
    /// The native client of this server.
    pub client: Client,
    /// The server's address, such as `http://127.0.0.1:8080`.
    pub address: String,
    /// The server's settings.
    pub config: Config,
    /// The proxy between the server and its store.
    pub server_to_store: Proxy,
    /// Declared before the store and the folder, because the server writes into both until it is dropped.
    server: Server,
    store: Embedded,
    folder: TempDir,
}

const BUCKET: &str = "watched";
const STORE: &str = "store";

impl Watched {
    /// Starts the server with these additional settings.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn start(settings: &[(&'static str, &str)]) -> Result<Self> {
        Self::start_in(tempfile::tempdir()?, settings).await
    }

    /// Starts the server with all its data in this folder.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn start_in(folder: TempDir, settings: &[(&'static str, &str)]) -> Result<Self> {
        let store = Embedded::start(EmbeddedConfig {
            folder: folder.path().join(STORE),
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            bucket: BUCKET.to_owned(),
            page_origins: Vec::new(),
            credentials: credentials()?,
        })
        .await?;
        let server_to_store = Proxy::start(store.address(), Plan::none()).await?;
        let mut flags = server_in(folder.path());
        flags.extend([
            ("store", "s3".to_owned()),
            ("s3_bucket", BUCKET.to_owned()),
            ("s3_endpoint", server_to_store.endpoint()),
            ("region", Moto::REGION.to_owned()),
            ("sweep_seconds", "0".to_owned()),
        ]);
        let settings = settings.iter();
        flags.extend(settings.map(|(name, value)| (*name, (*value).to_owned())));
        let config = Config::load(&Sources {
            flags,
            ..Sources::default()
        })?;
        Self::serve(config, server_to_store, store, folder).await
    }

    /// Shuts the server down cleanly and starts it again on the same data, on another port.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn restart(self) -> Result<Self> {
        self.server.shutdown().await;
        Self::serve(self.config, self.server_to_store, self.store, self.folder).await
    }

    async fn serve(
        config: Config,
        server_to_store: Proxy,
        store: Embedded,
        folder: TempDir,
    ) -> Result<Self> {
        let server = Server::start(config.clone()).await?;
        let address = format!("http://{}", server.address());
        server_to_store.forget_journal();
        Ok(Self {
            client: Client::new(&address, None)?,
            address,
            config,
            server_to_store,
            server,
            store,
            folder,
        })
    }

    /// Returns the URL of a file's plaintext.
    #[must_use]
    pub fn content_url(&self, file: &FileId) -> String {
        format!("{}{}", self.address, files::content_path(file))
    }

    /// Returns the byte ranges of objects that the server has requested so far, one for each GET.
    #[must_use]
    pub fn gets(&self) -> Vec<Range<u64>> {
        let journal = self.server_to_store.journal();
        let gets = journal.iter().map(|reached| &reached.request);
        gets.filter(|asked| asked.operation == Operation::GetObject)
            .map(|asked| asked.range.clone().unwrap_or(0..u64::MAX))
            .collect()
    }

    /// Returns the path of an object in the store's folder, and the path of the store's metadata about it.
    #[must_use]
    pub fn object_paths(&self, object_key: &str) -> [PathBuf; 2] {
        let root = self.folder.path().join(STORE);
        let coded = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let (bucket, key) = (coded(BUCKET), coded(object_key));
        let notes = format!(".bucket-{bucket}.object-{key}.internal.json");
        [root.join(BUCKET).join(object_key), root.join(notes)]
    }
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
