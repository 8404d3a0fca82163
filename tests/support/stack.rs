//! A running stack: server, store and records. All are real, and the server runs in this process.

use std::{
    fs,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_client::{ApiKey, CancellationToken, Client, UploadOptions};
use sealift_server::{
    Clock, Config, NewApiKey, Server, UnixMillis, objects::embedded::Embedded, records::Roles,
};
use sealift_transfer::api::{FileId, FileRecord, files, tickets};
use serde::Deserialize;
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{
    Distance, Garage, Gate, Operation, Proxies, official_readers::WrappingKey,
    sealift::sealift_with,
};

/// The stack of one story. Dropping it stops everything and deletes its data.
#[derive(Debug)]
pub struct Stack {
    /// The native client of this server.
    pub client: Client,
    address: String,
    config: Config,
    proxies: Option<Proxies>,
    /// The ways of clients to server and store, if these are far.
    distances: Vec<Distance>,
    ahead_ms: Arc<AtomicI64>,
    /// Declared before the store and the folder, because the server writes into both until it is dropped.
    server: Server,
    store: StackStore,
    folder: TempDir,
}

/// The store of a stack.
#[derive(Debug)]
pub(crate) enum StackStore {
    /// The embedded store, which the server itself starts.
    InServer,
    /// The embedded store beside the server, so that a proxy fits between them.
    Embedded(#[expect(dead_code, reason = "it runs as long as it is kept")] Embedded),
    Garage(Garage),
}

impl Stack {
    pub(crate) async fn start(
        config: Config,
        store: StackStore,
        proxies: Option<Proxies>,
        folder: TempDir,
    ) -> Result<Self> {
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let clock = {
            let (system, ahead_ms) = (Clock::system(), ahead_ms.clone());
            Clock::from_fn(move || {
                UnixMillis::from_ms(system.now().get() + ahead_ms.load(Ordering::Relaxed))
            })
        };
        let server = Server::start_at(config.clone(), clock).await?;
        let address = format!("http://{}", server.address());
        if let StackStore::Garage(garage) = &store {
            garage.allow_page(&address).await?;
        }
        if let Some(proxies) = &proxies {
            proxies.forget_journals();
        }
        Ok(Self {
            client: Client::new(&address, None)?,
            address,
            config,
            proxies,
            distances: Vec::new(),
            ahead_ms,
            server,
            store,
            folder,
        })
    }

    /// Moves all clients behind the first of these, which leads to the server. The second leads to the store.
    pub(crate) fn behind(mut self, distances: [Distance; 2]) -> Result<Self> {
        let [to_server, _] = &distances;
        self.address = format!("http://{}", to_server.address());
        self.client = Client::new(&self.address, None)?;
        self.distances = distances.into();
        Ok(self)
    }

    /// Shuts the server down cleanly and starts it again on the same data, perhaps on other ports.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn restart(self) -> Result<Self> {
        self.restart_with(|_| ()).await
    }

    /// Does the same with changed settings.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn restart_with(mut self, change: impl FnOnce(&mut Config)) -> Result<Self> {
        self.server.shutdown().await;
        change(&mut self.config);
        Self::start(self.config, self.store, self.proxies, self.folder).await
    }

    /// Returns the server's address, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the endpoint of the store for clients at a distance, if they are at one.
    #[must_use]
    pub fn store_endpoint(&self) -> Option<String> {
        let to_store = self.distances.get(1)?;
        Some(format!("http://{}", to_store.address()))
    }

    /// Returns the URL of a file's plaintext.
    #[must_use]
    pub fn content_url(&self, file: &FileId) -> String {
        format!("{}{}", self.address, files::content_path(file))
    }

    /// Returns the URL of a file's page.
    #[must_use]
    pub fn file_page_url(&self, file: &FileId) -> String {
        format!("{}{}", self.address, tickets::page_path(file))
    }

    /// Returns the server's settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the server, which a test can make sweep.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Returns the proxies on the connections between clients, server and store.
    ///
    /// # Errors
    /// Fails if the stack was set up without them.
    pub fn proxies(&self) -> Result<&Proxies> {
        self.proxies.as_ref().context("this stack has no proxies")
    }

    /// Returns the gate between clients and the store.
    ///
    /// # Errors
    /// Fails if the stack was set up without proxies.
    pub fn gate(&self) -> Result<&Gate> {
        Ok(self.proxies()?.client_to_store.gate())
    }

    /// Returns the byte ranges of objects that the server has requested so far, one for each GET.
    ///
    /// # Errors
    /// Fails if the stack was set up without proxies.
    pub fn gets(&self) -> Result<Vec<Range<u64>>> {
        let journal = self.proxies()?.server_to_store.journal();
        let gets = journal.iter().map(|reached| &reached.request);
        let gets = gets.filter(|request| request.operation == Operation::GetObject);
        Ok(gets
            .map(|request| request.range.clone().unwrap_or(0..u64::MAX))
            .collect())
    }

    /// Returns how many requests for signatures the server has granted so far.
    ///
    /// # Errors
    /// Fails if the records cannot be read.
    pub async fn signatures(&self) -> Result<usize> {
        let records = SqliteConnectOptions::new().filename(self.config.database_file());
        let mut records = records.connect().await?;
        let rows = sqlx::query("SELECT 1 FROM audit WHERE action = 'sign_parts'");
        Ok(rows.fetch_all(&mut records).await?.len())
    }

    /// Makes a new API key of this owner with all roles and returns it.
    ///
    /// # Errors
    /// Fails if a name is not valid, or if the key cannot be made.
    pub async fn make_api_key(&self, tenant: &str, owner: &str) -> Result<String> {
        let (tenant, owner) = (tenant.parse()?, owner.parse()?);
        let wanted = NewApiKey::of(tenant, owner, Roles::ALL);
        let made = sealift_server::make_api_key(&self.config, wanted).await?;
        Ok(made.reveal().to_string())
    }

    /// Deletes all API keys, so that the server refuses them from now on.
    ///
    /// # Errors
    /// Fails if the records cannot be written.
    pub async fn forget_api_keys(&self) -> Result<()> {
        let records = SqliteConnectOptions::new().filename(self.config.database_file());
        let mut records = records.connect().await?;
        records.execute("DELETE FROM api_keys").await?;
        Ok(())
    }

    /// Makes the database older than the mark in the bucket, as a restore does. A server notices it
    /// at its next start.
    ///
    /// # Errors
    /// Fails if the records cannot be written.
    pub async fn fall_behind_the_mark(&self) -> Result<()> {
        let records = SqliteConnectOptions::new().filename(self.config.database_file());
        let mut records = records.connect().await?;
        let older = "UPDATE deployment SET high_water = high_water - 1";
        records.execute(older).await?;
        Ok(())
    }

    /// Returns the number of files, and the number of audit entries that are refusals with this code.
    ///
    /// # Errors
    /// Fails if the database does not answer.
    pub async fn files_and_refusals(&self, code: &str) -> Result<(i64, i64)> {
        let records = SqliteConnectOptions::new().filename(self.config.database_file());
        let mut records = records.connect().await?;
        let files = sqlx::query_scalar("SELECT count(*) FROM files");
        let files = files.fetch_one(&mut records).await?;
        let refusals = sqlx::query_scalar("SELECT count(*) FROM audit WHERE outcome = $1");
        let refusals = refusals
            .bind(code.to_owned())
            .fetch_one(&mut records)
            .await?;
        Ok((files, refusals))
    }

    /// Sets the server's clock this many days ahead of all other clocks.
    pub fn set_days_ahead(&self, days: i64) {
        let ahead_ms = days * 24 * 60 * 60 * 1000;
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }

    /// Returns the native client with this API key.
    ///
    /// # Errors
    /// Fails if the text is not an API key.
    pub fn client_with(&self, api_key: &str) -> Result<Client> {
        Ok(Client::new(&self.address, Some(ApiKey::parse(api_key)?))?)
    }

    /// Seals and uploads bytes with the native client.
    ///
    /// # Errors
    /// Fails if the upload fails.
    pub async fn upload(&self, name: &str, plaintext: &Bytes) -> Result<FileRecord> {
        upload(&self.client, name, plaintext).await
    }

    /// Returns the path of the sealed object on the embedded store's disk.
    #[must_use]
    pub fn object_path(&self, file: &FileRecord) -> PathBuf {
        let [object, _metadata] = self.object_paths(&file.object_key);
        object
    }

    /// Returns the path of an object in the embedded store's folder, and the path of the store's metadata about it.
    #[must_use]
    pub fn object_paths(&self, object_key: &str) -> [PathBuf; 2] {
        let (root, name) = (self.config.store_folder(), &self.config.bucket);
        let coded = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let (bucket, key) = (coded(name), coded(object_key));
        let metadata = format!(".bucket-{bucket}.object-{key}.internal.json");
        [root.join(name).join(object_key), root.join(metadata)]
    }

    /// Returns the raw AES key that encrypts the file's data key, as `sealift keys export` writes
    /// it for other readers.
    ///
    /// # Errors
    /// Fails if the export fails.
    pub fn exported_key_of(&self, file: &FileRecord) -> Result<WrappingKey> {
        self.exported_key_with(&[], file)
    }

    /// Does the same with more variables in the environment, which the keyring `kek` needs.
    ///
    /// # Errors
    /// Fails if the export fails.
    pub fn exported_key_with(
        &self,
        environment: &[(&str, &str)],
        file: &FileRecord,
    ) -> Result<WrappingKey> {
        #[derive(Deserialize)]
        struct Exported {
            key_namespace: String,
            key_name: String,
        }
        let folder = tempfile::tempdir()?;
        let key = folder.path().join("key");
        let (object, config) = (self.object_path(file), &self.config);
        let tenant = file.encryption_context.get("tenant");
        let tenant = tenant.context("the tenant is in the context")?;
        let arguments = [
            ("keys", "export".as_ref()),
            ("--json", object.as_os_str()),
            ("--tenant", tenant.as_ref()),
            ("--data", config.data_dir.as_os_str()),
            ("--key-file", config.key_file.as_os_str()),
            ("--output", key.as_os_str()),
        ];
        let called = sealift_with(
            environment,
            arguments
                .iter()
                .flat_map(|(flag, value)| [flag.as_ref(), *value]),
        )?;
        anyhow::ensure!(called.code == Some(0), "{}", called.stderr);
        let exported: Exported = serde_json::from_slice(&called.stdout)?;
        Ok(WrappingKey::RawAes {
            namespace: exported.key_namespace,
            name: exported.key_name,
            bytes: fs::read(key)?.as_slice().try_into()?,
        })
    }

    /// Returns the number of multipart uploads in the store that are neither completed nor aborted.
    ///
    /// # Errors
    /// Fails if the store does not answer.
    pub async fn unfinished_uploads(&self) -> Result<usize> {
        if let StackStore::Garage(garage) = &self.store {
            return garage.unfinished_uploads().await;
        }
        // The embedded store keeps one file for each such upload.
        let files = self.files_at_rest()?;
        let names = files.iter().filter_map(|path| path.file_name()?.to_str());
        let metadata = names.filter(|name| name.starts_with(".upload-") && name.ends_with(".json"));
        Ok(metadata.count())
    }

    /// Returns all files in the stack's data folder: the database and, with the embedded store, the objects, the parts
    /// and the store's metadata.
    ///
    /// # Errors
    /// Fails if the data folder cannot be read.
    pub fn files_at_rest(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let mut folders = vec![self.config.data_dir.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        Ok(files)
    }
}

/// Seals and uploads bytes with this client.
///
/// # Errors
/// Fails if the upload fails.
pub async fn upload(client: &Client, name: &str, plaintext: &Bytes) -> Result<FileRecord> {
    let options = UploadOptions::named(name);
    let cancel = CancellationToken::new();
    let upload = client.upload(plaintext.clone(), options, |_| (), cancel);
    Ok(upload.await?)
}
