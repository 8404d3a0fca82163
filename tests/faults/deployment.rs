//! All processes of the run: store, KMS, server, and a failing proxy on each of the four connections between them.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result};
use sealift_client::{Client, Patience};
use sealift_tests::{FaultKind, Moto, Plan, Proxies, Proxy, free_address};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::{
    args::StoreKind,
    server_process::{ServerProcess, ServerSettings},
    store_process::{BUCKET, StoreProcess},
};

/// The whole deployment. Dropping it ends all processes.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) proxies: Proxies,
    pub(crate) server: Mutex<ServerProcess>,
    pub(crate) store: StoreProcess,
    moto: Moto,
    folder: TempDir,
    is_over: AtomicBool,
}

/// The faults of every connection: a broken wire, or a busy peer.
const ON_EVERY_CONNECTION: [FaultKind; 9] = [
    FaultKind::DropRequest,
    FaultKind::Delay,
    FaultKind::Stall,
    FaultKind::ResetRequest,
    FaultKind::ResetAnswer,
    FaultKind::TruncateAnswer,
    FaultKind::LoseAnswer,
    FaultKind::InternalError,
    FaultKind::SlowDown,
];

/// The time-outs of the native client in this run. They are short, so that a stall costs only seconds.
const PATIENCE: Patience = Patience {
    answer: Duration::from_secs(6),
    completion: Duration::from_secs(20),
    stall: Duration::from_secs(4),
};
/// The length of a stall. It exceeds the client's time-out for an answer.
const STALL: Duration = Duration::from_secs(7);

impl Deployment {
    /// Starts everything. The proxies do not fail yet.
    pub(crate) async fn start(store: StoreKind) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("sealift-faults-")
            .tempdir()?;
        let server_address = free_address()?;
        let client_to_server = Proxy::start(server_address).await?;
        let store_folder = folder.path().join("store");
        let store = StoreProcess::start(store, &store_folder, &client_to_server.endpoint()).await?;
        let proxies = Proxies {
            client_to_server,
            client_to_store: Proxy::start(store.address()?).await?,
            server_to_store: Proxy::start(store.address()?).await?,
        };
        let moto = Moto::start().await?;
        let key_arn = moto.make_key().await?;
        let environment = environment(folder.path(), server_address, (&proxies, &moto), key_arn);
        let binary = folder.path().join("sealift");
        fs::copy(env::current_exe()?.with_file_name("sealift"), &binary)
            .context("there is no sealift beside this program; `cargo xtask faults` builds both")?;
        let mut server = ServerProcess::new(ServerSettings {
            environment,
            binary,
            log_file: folder.path().join("server.log"),
        });
        server.start()?;
        Ok(Self {
            proxies,
            server: Mutex::new(server),
            store,
            moto,
            folder,
            is_over: AtomicBool::new(false),
        })
    }

    /// Makes every proxy fail at random from now on.
    pub(crate) fn begin_faults(&self, seed: u64) {
        let with = |more: &[FaultKind]| [&ON_EVERY_CONNECTION[..], more].concat();
        let plans = [
            (&self.proxies.client_to_server, 60, with(&[])),
            (
                &self.proxies.client_to_store,
                200,
                with(&[
                    FaultKind::Expired,
                    FaultKind::AddressEnded,
                    FaultKind::RefusedEarly,
                ]),
            ),
            (
                &self.proxies.server_to_store,
                80,
                // The server's own requests have no URLs that expire, so the server takes a 403 there as permanent.
                with(&[FaultKind::OkWithError]),
            ),
            (self.moto.proxy(), 60, with(&[])),
        ];
        for (at, (proxy, per_thousand, kinds)) in (1_u64..).zip(plans) {
            let seed = seed.wrapping_add(at.wrapping_mul(1 << 32));
            proxy.follow(Plan::random(seed, per_thousand, &kinds).stalling_for(STALL));
        }
    }

    /// Ends all faults and all disturbances of the server.
    pub(crate) fn end_faults(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        for proxy in self.all_proxies() {
            proxy.follow(Plan::none());
        }
    }

    /// Returns all proxies, in the order of the columns in the table of faults.
    pub(crate) fn all_proxies(&self) -> [&Proxy; 4] {
        let [client_to_server, client_to_store, server_to_store] = self.proxies.all();
        [
            client_to_server,
            client_to_store,
            server_to_store,
            self.moto.proxy(),
        ]
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Returns a client of the server that goes through the failing proxy.
    pub(crate) fn client(&self) -> Result<Client> {
        let client = Client::new(&self.proxies.client_to_server.endpoint(), None)?;
        Ok(client.with_patience(PATIENCE))
    }

    pub(crate) fn database_file(&self) -> PathBuf {
        data_dir(self.folder.path()).join("sealift.sqlite")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the folder with data and logs, and returns its path.
    pub(crate) fn keep_folder(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }
}

fn data_dir(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn environment(
    folder: &Path,
    server: SocketAddr,
    (proxies, moto): (&Proxies, &Moto),
    key_arn: String,
) -> Vec<(&'static str, String)> {
    let below = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let mut environment = vec![
        ("PORT", server.port().to_string()),
        ("SEALIFT_AUTH", "none".to_owned()),
        (
            "SEALIFT_DATA_DIR",
            data_dir(folder).to_string_lossy().into_owned(),
        ),
        ("SEALIFT_KEY_FILE", below("keys/sealift.key")),
        ("SEALIFT_KEYRING", "kms".to_owned()),
        ("KMS_KEY_ALIAS", key_arn),
        ("SEALIFT_KMS_ENDPOINT", moto.proxy().endpoint()),
        ("AWS_REGION", Moto::REGION.to_owned()),
        ("SEALIFT_STORE", "s3".to_owned()),
        ("S3_BUCKET_NAME", BUCKET.to_owned()),
        ("S3_ENDPOINT", proxies.server_to_store.endpoint()),
        ("S3_PUBLIC_ENDPOINT", proxies.client_to_store.endpoint()),
        ("SEALIFT_PART_LENGTH", "5MiB".to_owned()),
        // One owner does in minutes what people do in weeks, so the limits are high.
        ("SEALIFT_LIMIT_OPEN_UPLOADS", "100000".to_owned()),
        ("SEALIFT_LIMIT_OPENS", "100000".to_owned()),
        ("SEALIFT_LIMIT_KEYS", "100000".to_owned()),
        // The sweeper runs so often that it meets every kind of upload in progress.
        ("SEALIFT_SWEEP_SECONDS", "10".to_owned()),
        ("SEALIFT_LOG", "info".to_owned()),
        ("SEALIFT_LOG_FORMAT", "json".to_owned()),
    ];
    if let Ok(page) = env::var("SEALIFT_TEST_PAGE_DIR") {
        environment.push(("SEALIFT_PAGE_DIR", page));
    }
    environment
}
