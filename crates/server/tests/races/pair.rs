//! Two servers of one deployment. They share a database file, a key file and a store behind a gate. Each
//! has its own clock, which stands still until the test moves it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use sealift_server::{
    Clock, ClockHand, Config, Server, SweepReport, begin_new_epoch,
    objects::{
        ObjectKey, Objects, OpenStore, S3Config, S3Credentials, StoreEncryption,
        embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials},
    },
};
use sealift_transfer::api::{FileList, Sha256, UploadId, UploadState, files};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

use crate::{
    gate::Gate,
    support::{Client, PART, bytes, config_in},
};

/// Returns the plaintext of a file of two parts, which is a multipart upload.
pub(crate) fn two_parts() -> Vec<u8> {
    bytes(PART + 10)
}

/// One of the servers.
pub(crate) struct Running {
    server: Server,
    hand: ClockHand,
}

impl Running {
    pub(crate) fn client(&self) -> Client {
        Client::of(self.server.address())
    }

    pub(crate) async fn sweep(&self) -> SweepReport {
        self.server.sweep_now().await
    }

    /// Verifies the files that are due and returns their number.
    pub(crate) async fn verify(&self) -> u64 {
        self.server.verify_now().await
    }

    /// Stops the server; running requests finish.
    pub(crate) async fn stop(self) {
        self.server.shutdown().await;
    }

    /// Moves the clock of this server only.
    pub(crate) fn later_by(&self, ms: i64) {
        self.hand.forward(ms);
    }
}

/// Everything that the servers of a test share.
pub(crate) struct Deployment {
    pub(crate) gate: Gate,
    pub(crate) config: Config,
    pub(crate) store: Embedded,
    credentials: EmbeddedCredentials,
    folder: tempfile::TempDir,
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path(), &[("sweep_seconds", "0")]);
        let credentials = EmbeddedCredentials::keep_in(&config.store_credentials_file()).unwrap();
        let store = Embedded::start(EmbeddedConfig {
            folder: config.store_folder(),
            address: "127.0.0.1:0".parse().unwrap(),
            bucket: config.bucket.clone(),
            page_origins: Vec::new(),
            credentials: credentials.clone(),
        })
        .await
        .unwrap();
        Self {
            gate: Gate::before(store.address()).await,
            config,
            store,
            credentials,
            folder,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a server whose requests to the store pass the gate.
    pub(crate) async fn serve(&self, is_new: bool) -> Running {
        self.serve_with(self.config.clone(), is_new).await
    }

    /// Starts a server that sweeps by itself, at once and then again and again.
    pub(crate) async fn serve_sweeping(&self, every: Duration) -> Running {
        let config = Config {
            sweep_every: Some(every),
            ..self.config.clone()
        };
        self.serve_with(config, false).await
    }

    async fn serve_with(&self, config: Config, is_new: bool) -> Running {
        let (clock, hand) = Clock::by_hand(Clock::system().now());
        let store = self.open_store(&self.gate.endpoint(), is_new).await;
        let server = Server::start_on(config, clock, store).await;
        Running {
            server: server.unwrap(),
            hand,
        }
    }

    async fn open_store(&self, endpoint: &str, is_new: bool) -> OpenStore {
        let config = store_config(
            &self.config,
            endpoint,
            &self.store.endpoint(),
            self.credentials.clone(),
        );
        OpenStore {
            objects: Objects::connect(&config).await,
            embedded: None,
            public_origin: self.store.endpoint(),
            is_new,
        }
    }

    /// Returns the store without the gate, as an operator or an attacker reaches it.
    pub(crate) async fn objects(&self) -> Objects {
        self.open_store(&self.store.endpoint(), false).await.objects
    }

    /// Returns the file in which the store will keep the object of an upload.
    pub(crate) async fn object_of(&self, upload: &UploadId) -> PathBuf {
        let key = self.text(
            "SELECT s3_key FROM uploads WHERE upload_id = ?",
            upload.as_str(),
        );
        let bucket = self.config.store_folder().join(&self.config.bucket);
        bucket.join(key.await)
    }

    /// Puts an object into the store under this object key, past all servers.
    pub(crate) async fn put(&self, object_key: &str, bytes: &'static [u8]) -> PathBuf {
        let key = ObjectKey::from_record(object_key.to_owned());
        let len = u64::try_from(bytes.len()).unwrap();
        let (objects, sha256) = (self.objects().await, Sha256::of(bytes));
        let signed = objects.presign_put(&key, &sha256, len, Clock::system().now());
        let signed = signed.await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut put = http.put(signed.url).body(bytes);
        for (name, value) in signed.headers {
            put = put.header(name, value);
        }
        assert_eq!(put.send().await.unwrap().status(), 200);
        let bucket = self.config.store_folder().join(&self.config.bucket);
        bucket.join(object_key)
    }

    /// Does the same under the object key of this upload.
    pub(crate) async fn put_late(&self, upload: &UploadId) -> PathBuf {
        let key = "SELECT s3_key FROM uploads WHERE upload_id = ?";
        let key = self.text(key, upload.as_str()).await;
        self.put(&key, b"late").await
    }

    pub(crate) async fn state(&self, upload: &UploadId) -> UploadState {
        let state = "SELECT state FROM uploads WHERE upload_id = ?";
        UploadState::from_name(&self.text(state, upload.as_str()).await).unwrap()
    }

    /// Waits until an upload is in this state and returns its id.
    pub(crate) async fn upload_in(&self, state: UploadState) -> UploadId {
        let query = "SELECT coalesce(max(upload_id), '') FROM uploads WHERE state = ?";
        until(async || !self.text(query, state.as_str()).await.is_empty()).await;
        self.text(query, state.as_str()).await.parse().unwrap()
    }

    /// Expects that nothing of an upload is left in the store, neither parts nor an object.
    pub(crate) async fn expect_nothing_stored(&self, upload: &UploadId) {
        let object = self.object_of(upload).await;
        assert!(!object.exists(), "{}", object.display());
        let multiparts = self.objects().await.unfinished_multiparts().await.unwrap();
        assert_eq!(multiparts, []);
    }

    /// Returns the one text that the query finds.
    pub(crate) async fn text(&self, query: &'static str, given: &str) -> String {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let text = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        text
    }

    /// Begins a new epoch, as an operator does after a restore from a backup.
    pub(crate) async fn begin_new_epoch(&self) {
        begin_new_epoch(&self.config).await.unwrap();
    }

    /// Changes the database without the servers.
    pub(crate) async fn change(&self, statement: &'static str) {
        let mut db = self.database().await;
        sqlx::query(statement).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    }

    /// Does the same with these numbers.
    pub(crate) async fn change_by(&self, statement: &'static str, numbers: [u64; 3]) {
        let mut db = self.database().await;
        let mut change = sqlx::query(statement);
        for number in numbers {
            change = change.bind(i64::try_from(number).unwrap());
        }
        change.execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    }

    async fn database(&self) -> sqlx::SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.config.database_file())
            .busy_timeout(Duration::from_secs(10));
        options.connect().await.unwrap()
    }
}

/// Two servers of one deployment.
pub(crate) struct Pair {
    pub(crate) both: Deployment,
    pub(crate) one: Running,
    pub(crate) two: Running,
}

impl Pair {
    pub(crate) async fn start() -> Self {
        let both = Deployment::new().await;
        Self {
            one: both.serve(true).await,
            two: both.serve(false).await,
            both,
        }
    }

    /// Expects that both servers know exactly this many files.
    pub(crate) async fn expect_files(&self, count: usize) {
        for server in [&self.one, &self.two] {
            let list: FileList = server.client().get(files::PATH).await.json(200);
            assert_eq!(list.files.len(), count);
        }
    }
}

/// Returns the settings by which a test, or a server in another process, reaches the store.
pub(crate) fn store_config(
    config: &Config,
    endpoint: &str,
    public_endpoint: &str,
    credentials: EmbeddedCredentials,
) -> S3Config {
    S3Config {
        endpoint: Some(endpoint.to_owned()),
        public_endpoint: Some(public_endpoint.to_owned()),
        region: Some("us-east-1".to_owned()),
        bucket: config.bucket.clone(),
        prefix: config.prefix.clone(),
        path_style: true,
        encryption: StoreEncryption::default(),
        credentials: S3Credentials::Embedded(credentials),
    }
}

/// Waits until the condition holds, which another task brings about at once or never.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looking)
        .await
        .unwrap();
}

/// Makes a file this many days old. The store takes the age of an object from it.
pub(crate) fn age(file: &PathBuf, days: u64) {
    let file = fs::File::options().write(true).open(file).unwrap();
    let then = std::time::SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    file.set_modified(then).unwrap();
}
