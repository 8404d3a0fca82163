//! A whole deployment for one test, and what an attacker or an operator could reach of it: the
//! files of the store and the rows of the database.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealift_message::{Header, seal_record};
use sealift_server::{
    Clock, Config, Server, config::Sources, local_keks, make_api_key, records::Roles,
};
use sealift_transfer::api::{FileRecord, UploadId, Verification, files};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

pub(crate) mod client;
pub(crate) mod forms;
pub(crate) mod sealing;
pub(crate) mod ticket_holder;

pub(crate) use client::{Answer, Client};
pub(crate) use sealing::{SealedFile, bytes};

/// Plaintext bytes of a frame, so that small files have several.
pub(crate) const FRAME: usize = 4096;
/// Plaintext bytes of a part: as many whole frames as make 5 MiB, the least that S3 takes.
pub(crate) const PART: usize = 1271 * FRAME;

/// A running deployment.
pub(crate) struct Stack {
    pub(crate) server: Server,
    pub(crate) config: Config,
    clock: Clock,
    folder: tempfile::TempDir,
    /// What the store keeps from the start on: its mark.
    kept_at_start: Vec<PathBuf>,
}

impl Stack {
    /// One without login.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// One with other settings; later ones win.
    pub(crate) async fn with(flags: &[(&'static str, &str)]) -> Self {
        Self::at(Clock::system(), flags).await
    }

    /// One that lives at another time.
    pub(crate) async fn at(clock: Clock, flags: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config_in(folder.path(), flags);
        let server = Server::start_at(config.clone(), clock.clone());
        Self {
            server: server.await.unwrap(),
            kept_at_start: files_in(&config.store_folder()),
            config,
            clock,
            folder,
        }
    }

    /// Stops it in good order and starts it again on the same data, on other ports.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(async |_| {}).await
    }

    /// The same, with something done to its data while no server runs.
    pub(crate) async fn restart_after(self, change: impl AsyncFnOnce(&Config)) -> Self {
        self.server.shutdown().await;
        change(&self.config).await;
        let server = Server::start_at(self.config.clone(), self.clock.clone());
        Self {
            server: server.await.unwrap(),
            ..self
        }
    }

    /// Stops it in good order. Its folder stays as long as what is returned.
    pub(crate) async fn stop(self) -> (Config, tempfile::TempDir) {
        self.server.shutdown().await;
        (self.config, self.folder)
    }

    /// Everything of it lies here.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A client without login.
    pub(crate) fn client(&self) -> Client {
        Client::of(self.server.address())
    }

    /// A client with an API key of its own.
    pub(crate) async fn login(&self, tenant: &str, owner: &str, roles: Roles) -> Client {
        let (tenant, owner) = (tenant.parse().unwrap(), owner.parse().unwrap());
        let key = make_api_key(&self.config, tenant, owner, roles).await;
        self.client().with_api_key(&key.unwrap().reveal())
    }

    /// What the store keeps under this object key.
    pub(crate) fn object_file(&self, object_key: &str) -> PathBuf {
        let bucket = self.config.store_folder().join(&self.config.bucket);
        bucket.join(object_key)
    }

    /// The object of a file.
    pub(crate) fn object_of(&self, record: &FileRecord) -> PathBuf {
        self.object_file(&record.object_key)
    }

    /// Where the store notes ETag and checksums of an object.
    pub(crate) fn note_of(&self, record: &FileRecord) -> PathBuf {
        self.note_at(&record.bucket, &record.object_key)
    }

    fn note_at(&self, bucket: &str, object_key: &str) -> PathBuf {
        let coded = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let (bucket, key) = (coded(bucket), coded(object_key));
        let name = format!(".bucket-{bucket}.object-{key}.internal.json");
        self.config.store_folder().join(name)
    }

    /// Puts an object where that of an upload belongs, as whoever has the bucket can: without the
    /// checksums that a signed PUT leaves.
    pub(crate) async fn lay(&self, upload: &UploadId, object: &[u8]) {
        let place = self.object_to_be(upload).await;
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, object).unwrap();
        fs::write(self.notes_to_be(upload).await, NO_NOTES).unwrap();
    }

    /// Where the store notes ETag and checksums of the object of an upload.
    pub(crate) async fn notes_to_be(&self, upload: &UploadId) -> PathBuf {
        let query = "SELECT s3_key FROM uploads WHERE upload_id = ?";
        let key = self.text(query, upload.as_str()).await;
        self.note_at(&self.config.bucket, &key)
    }

    /// Where the object of an upload will lie.
    pub(crate) async fn object_to_be(&self, upload: &UploadId) -> PathBuf {
        let query = "SELECT s3_key FROM uploads WHERE upload_id = ?";
        self.object_file(&self.text(query, upload.as_str()).await)
    }

    /// What the store keeps of a part that was sent, and where it notes the part's checksum.
    pub(crate) async fn part_files(&self, upload: &UploadId, part: u16) -> [PathBuf; 2] {
        let id = self.s3_upload_id(upload).await;
        let folder = self.config.store_folder();
        [
            folder.join(format!(".upload_id-{id}.part-{part}")),
            folder.join(format!(".upload_part_info-{id}.part-{part}.json")),
        ]
    }

    /// Has every frame of a file opened, and waits for the hash of its plaintext.
    pub(crate) async fn verified(&self, file: &FileRecord) -> String {
        let client = self.client();
        let path = files::verify_path(&file.id);
        client.post(&path, &()).await.json::<FileRecord>(202);
        let looking = async {
            loop {
                // Another pass may have the file already.
                self.server.verify_now().await;
                let record: FileRecord = client.get(&files::path(&file.id)).await.json(200);
                match record.verification {
                    Verification::Verified {
                        plaintext_sha256, ..
                    } => return plaintext_sha256,
                    Verification::Pending => {}
                    // The pass that was asked for mends it.
                    Verification::Unknown => tokio::task::yield_now().await,
                    Verification::Failed { .. } => panic!("{:?}", record.verification),
                }
            }
        };
        let verified = tokio::time::timeout(core::time::Duration::from_secs(60), looking);
        verified.await.expect("the file is never verified")
    }

    /// This name, sealed as the server seals it, for each of these files without login.
    pub(crate) async fn seal_names(&self, ids: &[String], name: &str) -> Vec<(String, Vec<u8>)> {
        let header = "SELECT header FROM files WHERE original_filename <> ? LIMIT 1";
        let header = Header::parse_own(&self.blob(header, "").await).unwrap();
        let tenant = "local".parse().unwrap();
        let keks = local_keks(&self.config, &tenant, header.encrypted_data_keys()).await;
        let kek = keks.unwrap().remove(0);
        let key = kek.records_key();
        let seal = |(id, number): (&String, u64)| {
            let mut iv = [0; 12];
            iv[4..].copy_from_slice(&number.to_be_bytes());
            let place = format!("name:{id}");
            let sealed = seal_record(key.expose(), &iv, place.as_bytes(), name.as_bytes());
            let version = kek.version().to_be_bytes();
            let sealed = [&version[..], &iv, &sealed.unwrap()].concat();
            (id.clone(), sealed)
        };
        ids.iter().zip(0..).map(seal).collect()
    }

    /// Makes the store forget that it ever had this multipart upload.
    pub(crate) async fn forget_multipart(&self, upload: &UploadId) {
        let id = self.s3_upload_id(upload).await;
        let names = self.files_of_store();
        let its = |name: &&PathBuf| name.to_string_lossy().contains(&id);
        for name in names.iter().filter(its) {
            fs::remove_file(name).unwrap();
        }
    }

    async fn s3_upload_id(&self, upload: &UploadId) -> String {
        let query = "SELECT s3_upload_id FROM uploads WHERE upload_id = ?";
        self.text(query, upload.as_str()).await
    }

    /// The store's own notes and parts since the start; objects lie in folders beside them.
    pub(crate) fn files_of_store(&self) -> Vec<PathBuf> {
        let mut files = files_in(&self.config.store_folder());
        files.retain(|file| !self.kept_at_start.contains(file));
        files
    }

    /// Nothing was made: no row, no multipart upload.
    pub(crate) async fn expect_no_upload(&self) {
        let uploads = "SELECT count(*) FROM uploads WHERE upload_id <> ?";
        assert_eq!(self.number(uploads, "").await, 0);
        assert_eq!(self.files_of_store(), Vec::<PathBuf>::new());
    }

    /// The one text that the database answers.
    pub(crate) async fn text(&self, query: &'static str, given: &str) -> String {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let text = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        text
    }

    /// The one number that the database answers.
    pub(crate) async fn number(&self, query: &'static str, given: &str) -> i64 {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let number = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        number
    }

    /// The one blob that the database answers.
    pub(crate) async fn blob(&self, query: &'static str, given: &str) -> Vec<u8> {
        let mut db = self.database().await;
        let asked = sqlx::query_scalar(query).bind(given.to_owned());
        let blob = asked.fetch_one(&mut db).await.unwrap();
        db.close().await.unwrap();
        blob
    }

    /// Changes the database behind the server's back.
    pub(crate) async fn change(
        &self,
        statement: &'static str,
        given: Vec<u8>,
        id: &str,
    ) -> Result<u64, sqlx::Error> {
        let mut db = self.database().await;
        let asked = sqlx::query(statement).bind(given).bind(id.to_owned());
        let changed = asked.execute(&mut db).await;
        db.close().await.unwrap();
        Ok(changed?.rows_affected())
    }

    /// The database's file, without the server in front.
    pub(crate) async fn database(&self) -> sqlx::SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.config.database_file())
            .busy_timeout(core::time::Duration::from_secs(10));
        options.connect().await.unwrap()
    }
}

/// Changes the database of a server, which may be stopped.
pub(crate) async fn change(config: &Config, statement: &'static str) {
    let options = SqliteConnectOptions::new()
        .filename(config.database_file())
        .busy_timeout(core::time::Duration::from_secs(10));
    let mut db = options.connect().await.unwrap();
    sqlx::query(statement).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

/// Makes the database of a stopped server look older than the mark in its bucket.
pub(crate) async fn make_older(config: &Config) {
    change(config, "UPDATE deployment SET high_water = high_water - 1").await;
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).collect()
}

/// The configuration of a deployment below `folder`: no login, free ports, small frames and parts.
pub(crate) fn config_in(folder: &Path, flags: &[(&'static str, &str)]) -> Config {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let mut all = vec![
        ("data_dir", at("data")),
        ("key_file", at("keys/sealift.key")),
        ("port", "0".to_owned()),
        ("s3_port", "0".to_owned()),
        ("auth", "none".to_owned()),
        ("frame_length", "4KiB".to_owned()),
        ("part_length", "5MiB".to_owned()),
        // So that nothing but the test itself reads an object.
        ("verify", "edges".to_owned()),
    ];
    all.extend(
        flags
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let sources = Sources {
        flags: all,
        ..Sources::default()
    };
    Config::load(&sources).unwrap()
}

/// What the embedded store notes of an object without ETag and checksums.
pub(crate) const NO_NOTES: &str = "{}";

/// Changes one byte of a file; a place below zero counts from the end.
pub(crate) fn alter(file: &Path, place: i64) {
    let mut bytes = fs::read(file).unwrap();
    let place = usize::try_from(place.rem_euclid(i64::try_from(bytes.len()).unwrap())).unwrap();
    bytes[place] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// A day in the unit that the server counts in.
pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Now, as the store of a test must believe it too: signatures carry the time.
pub(crate) fn now_ms() -> i64 {
    Clock::system().now_ms()
}
