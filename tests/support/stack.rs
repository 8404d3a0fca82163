//! A running stack: server, store and records, real and in this process.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_client::{ApiKey, CancellationToken, Client, UploadOptions};
use sealift_server::{Clock, Config, Server, records::Roles};
use sealift_transfer::api::{FileId, FileRecord, files, tickets};
use serde::Deserialize;
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::{FailingProxy, Garage, Gate, official_readers::WrappingKey, sealift::sealift};

/// The stack of one story. Everything stops and goes when it is dropped.
#[derive(Debug)]
pub struct Stack {
    /// The native client of its server.
    pub client: Client,
    address: String,
    config: Config,
    gate: Option<Gate>,
    way_to_store: Option<FailingProxy>,
    ahead_ms: Arc<AtomicI64>,
    /// Before the store and the folder, which it writes in.
    server: Server,
    garage: Option<Garage>,
    folder: TempDir,
}

impl Stack {
    pub(crate) async fn start(
        config: Config,
        garage: Option<Garage>,
        (gate, way_to_store): (Option<Gate>, Option<FailingProxy>),
        folder: TempDir,
    ) -> Result<Self> {
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let clock = {
            let (system, ahead_ms) = (Clock::system(), ahead_ms.clone());
            Clock::from_fn(move || system.now_ms() + ahead_ms.load(Ordering::Relaxed))
        };
        let server = Server::start_at(config.clone(), clock).await?;
        let address = format!("http://{}", server.address());
        if let Some(garage) = &garage {
            garage.allow_page(&address).await?;
        }
        Ok(Self {
            client: Client::new(&address, None)?,
            address,
            config,
            gate,
            way_to_store,
            ahead_ms,
            server,
            garage,
            folder,
        })
    }

    /// Stops the server politely and starts it again on the same data, perhaps on other ports.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn restart(self) -> Result<Self> {
        self.server.shutdown().await;
        let wires = (self.gate, self.way_to_store);
        Self::start(self.config, self.garage, wires, self.folder).await
    }

    /// The server's address, such as `http://127.0.0.1:8080`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where the server gives a file's plaintext.
    #[must_use]
    pub fn content_url(&self, file: &FileId) -> String {
        format!("{}{}", self.address, files::content_path(file))
    }

    /// The page of a file.
    #[must_use]
    pub fn file_page_url(&self, file: &FileId) -> String {
        format!("{}{}", self.address, tickets::page_path(file))
    }

    /// The wire to the store.
    ///
    /// # Errors
    /// Where the stack was set up without.
    pub fn gate(&self) -> Result<&Gate> {
        self.gate.as_ref().context("this stack has no gate")
    }

    /// The failing way from uploaders to the store.
    ///
    /// # Errors
    /// Where the stack was set up without.
    pub fn way_to_store(&self) -> Result<&FailingProxy> {
        let way = self.way_to_store.as_ref();
        way.context("this stack has no failing way to its store")
    }

    /// How many requests for signatures the server has granted until now.
    ///
    /// # Errors
    /// Where the records cannot be read.
    pub async fn signatures(&self) -> Result<usize> {
        let records = SqliteConnectOptions::new().filename(self.config.database_file());
        let mut records = records.connect().await?;
        let rows = sqlx::query("SELECT 1 FROM audit WHERE action = 'sign_parts'");
        Ok(rows.fetch_all(&mut records).await?.len())
    }

    /// A new API key of this owner, with every role, as its owner has it.
    ///
    /// # Errors
    /// Where the names are none, or it cannot be made.
    pub async fn make_api_key(&self, tenant: &str, owner: &str) -> Result<String> {
        let (tenant, owner) = (tenant.parse()?, owner.parse()?);
        let made = sealift_server::make_api_key(&self.config, tenant, owner, Roles::ALL).await?;
        Ok(made.reveal().to_string())
    }

    /// Makes every API key unknown that there was until now.
    ///
    /// # Errors
    /// Where the records cannot be written.
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
    /// Where the records cannot be written.
    pub async fn fall_behind_the_mark(&self) -> Result<()> {
        let records = SqliteConnectOptions::new().filename(self.config.database_file());
        let mut records = records.connect().await?;
        let older = "UPDATE deployment SET high_water = high_water - 1";
        records.execute(older).await?;
        Ok(())
    }

    /// How many files there are, and how many refusals with this code the audit holds.
    ///
    /// # Errors
    /// Where the database does not answer.
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

    /// Sets the server's clock so many days before everybody else's.
    pub fn set_days_ahead(&self, days: i64) {
        let ahead_ms = days * 24 * 60 * 60 * 1000;
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }

    /// The native client with this API key.
    ///
    /// # Errors
    /// Where it is none.
    pub fn client_with(&self, api_key: &str) -> Result<Client> {
        Ok(Client::new(&self.address, Some(ApiKey::parse(api_key)?))?)
    }

    /// Seals and sends bytes by the native client.
    ///
    /// # Errors
    /// Where the upload fails.
    pub async fn upload(&self, name: &str, plaintext: &Bytes) -> Result<FileRecord> {
        upload(&self.client, name, plaintext).await
    }

    /// The sealed object as it lies on the embedded store's disk.
    #[must_use]
    pub fn object_path(&self, file: &FileRecord) -> PathBuf {
        let bucket = self.config.store_folder().join(&self.config.bucket);
        bucket.join(&file.object_key)
    }

    /// The raw AES key that a file's data key is under, as `sealift keys export` gives it to other
    /// readers.
    ///
    /// # Errors
    /// Where it does not.
    pub fn exported_key_of(&self, file: &FileRecord) -> Result<WrappingKey> {
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
        let called = sealift(
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

    /// How many multipart uploads the store keeps that are neither completed nor aborted.
    ///
    /// # Errors
    /// Where the store does not tell.
    pub async fn unfinished_uploads(&self) -> Result<usize> {
        if let Some(garage) = &self.garage {
            return garage.unfinished_uploads().await;
        }
        // The embedded store has a file for each.
        let files = self.files_at_rest()?;
        let names = files.iter().filter_map(|path| path.file_name()?.to_str());
        let notes = names.filter(|name| name.starts_with(".upload-") && name.ends_with(".json"));
        Ok(notes.count())
    }

    /// Every file that the stack keeps in its own folder: database and, embedded, objects, parts, the
    /// store's notes.
    ///
    /// # Errors
    /// Where the data folder cannot be read.
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

/// Seals and sends bytes by this client.
///
/// # Errors
/// Where the upload fails.
pub async fn upload(client: &Client, name: &str, plaintext: &Bytes) -> Result<FileRecord> {
    let options = UploadOptions::named(name);
    let cancel = CancellationToken::new();
    let upload = client.upload(plaintext.clone(), options, |_| (), cancel);
    Ok(upload.await?)
}
