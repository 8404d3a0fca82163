//! How a stack is put together.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

use anyhow::{Context as _, Result};
use sealift_server::{Config, config::Sources};

use crate::{FailingProxy, Garage, Gate, Moto, Plan, Stack, programs};

/// The settings of a server that one tries out on loopback, on a free port, with all its data in
/// this folder. Only `verify` is `edges`: a story that counts what is read, or compares a record,
/// and what is measured, has nobody reading behind its back.
pub fn server_in(folder: &Path) -> Vec<(&'static str, String)> {
    let below = |name: &str| folder.join(name).to_string_lossy().into_owned();
    vec![
        ("auth", "none".to_owned()),
        ("port", "0".to_owned()),
        ("data_dir", below("data")),
        ("key_file", below("keys/sealift.key")),
        ("keyring", "local".to_owned()),
        ("verify", "edges".to_owned()),
    ]
}

/// What the stack of a story is to be: [`server_in`], unless said otherwise.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    store: Store,
    flags: Vec<(&'static str, String)>,
    gate_bytes: Option<usize>,
    way_fails: bool,
}

/// Where sealed bytes go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Store {
    /// In the server's own process.
    #[default]
    Embedded,
    /// A process of its own, of another make.
    Garage,
}

const BUCKET: &str = "stories";

impl Setup {
    /// `local` keyring, embedded store, no page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// On this store.
    #[must_use]
    pub fn on(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Sets one of the server's settings, by its name in the configuration file.
    #[must_use]
    pub fn with(mut self, setting: &'static str, value: impl Into<String>) -> Self {
        self.flags.push((setting, value.into()));
        self
    }

    /// Serves the built page.
    ///
    /// # Errors
    /// Where `SEALIFT_TEST_PAGE_DIR` names no built page.
    pub fn with_page(self) -> Result<Self> {
        let folder = programs::path_in("SEALIFT_TEST_PAGE_DIR")?;
        anyhow::ensure!(
            folder.join("index.html").is_file(),
            "{} holds no built page; run `cargo xtask test --only page`",
            folder.display()
        );
        let folder = folder.into_os_string().into_string();
        let folder = folder.ok().context("the page's folder is not UTF-8")?;
        Ok(self.with("page_dir", folder))
    }

    /// Data keys by a KMS key instead of the `local` keyring.
    #[must_use]
    pub fn with_kms(self, moto: &Moto, key_arn: &str) -> Self {
        self.with("keyring", "kms")
            .with("kms_key", key_arn)
            .with("kms_endpoint", moto.endpoint())
            .with("region", Moto::REGION)
    }

    /// Uploaders reach the store through a [`Gate`], which lets so many bytes pass at first.
    #[must_use]
    pub fn with_gate_after(mut self, bytes: usize) -> Self {
        self.gate_bytes = Some(bytes);
        self
    }

    /// Uploaders reach the embedded store through a [`FailingProxy`], which fails on cue.
    #[must_use]
    pub fn with_failing_way_to_store(mut self) -> Self {
        self.way_fails = true;
        self
    }

    /// Starts it, on free ports, with all its data in a folder that goes with it.
    ///
    /// # Errors
    /// Where the server does not start.
    pub async fn start(self) -> Result<Stack> {
        log_where_a_failed_test_shows_it();
        let folder = tempfile::tempdir()?;
        let mut flags = server_in(folder.path());
        flags.push(("s3_bucket", BUCKET.to_owned()));
        flags.extend(self.flags);
        let garage = match self.store {
            Store::Embedded => None,
            Store::Garage => Some(Garage::start(BUCKET)?),
        };
        let is_behind_a_wire = self.gate_bytes.is_some() || self.way_fails;
        let store_port = match &garage {
            None if is_behind_a_wire => free_address()?.port(),
            _ => 0,
        };
        flags.extend(match &garage {
            None => vec![
                ("store", "embedded".to_owned()),
                ("s3_port", store_port.to_string()),
            ],
            Some(garage) => vec![
                ("store", "s3".to_owned()),
                ("s3_endpoint", garage.endpoint().to_owned()),
                ("region", Garage::REGION.to_owned()),
            ],
        });
        let gate = match self.gate_bytes {
            None => None,
            Some(bytes) => {
                let store = match &garage {
                    None => (Ipv4Addr::LOCALHOST, store_port).into(),
                    Some(garage) => garage.address(),
                };
                let gate = Gate::start(store, bytes).await?;
                flags.push(("s3_public_endpoint", gate.endpoint()));
                Some(gate)
            }
        };
        let way = if self.way_fails {
            let store = (Ipv4Addr::LOCALHOST, store_port).into();
            let way = FailingProxy::start(store, Plan::none()).await?;
            flags.push(("s3_public_endpoint", way.endpoint()));
            Some(way)
        } else {
            None
        };
        let config = Config::load(&Sources {
            flags,
            ..Sources::default()
        })?;
        Stack::start(config, garage, (gate, way), folder).await
    }
}

/// The gate must know the store's port before there is a store. Somebody may take it in between:
/// then the server does not start and says so.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

fn log_where_a_failed_test_shows_it() {
    let filter = std::env::var("SEALIFT_TEST_LOG");
    let filter = filter.unwrap_or_else(|_| "sealift_server=warn".to_owned());
    // All tests of a binary share one; the first sets it.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_test_writer()
        .try_init();
}
