//! Builds the stack of a story from its settings.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
};

use anyhow::{Context as _, Result};
use sealift_server::{Config, config::Sources};

use crate::{Garage, Gate, Moto, Plan, Proxy, Stack, programs};

/// Returns the settings of a server without login on a free loopback port, with all its data in this folder. `verify`
/// is `edges`, so that the server does not read files in the background: a story that counts reads or compares a
/// record, and a measurement, would be disturbed by that.
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

/// The settings of a story's stack. The defaults are those of [`server_in`].
#[derive(Debug, Clone, Default)]
pub struct Setup {
    store: Store,
    flags: Vec<(&'static str, String)>,
    gate_bytes: Option<usize>,
    way_fails: bool,
}

/// The store that gets the sealed bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Store {
    /// The embedded store, in the server's own process.
    #[default]
    Embedded,
    /// Garage, a store of another make in a process of its own.
    Garage,
}

const BUCKET: &str = "stories";

impl Setup {
    /// Returns the defaults: `local` keyring, embedded store, no page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the store.
    #[must_use]
    pub fn on(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// Sets one of the server's settings by its name in the configuration file.
    #[must_use]
    pub fn with(mut self, setting: &'static str, value: impl Into<String>) -> Self {
        self.flags.push((setting, value.into()));
        self
    }

    /// Makes the server serve the built page.
    ///
    /// # Errors
    /// Fails if `SEALIFT_TEST_PAGE_DIR` names no built page.
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

    /// Makes the server take data keys from this KMS key instead of the `local` keyring.
    #[must_use]
    pub fn with_kms(self, moto: &Moto, key_arn: &str) -> Self {
        self.with("keyring", "kms")
            .with("kms_key", key_arn)
            .with("kms_endpoint", moto.endpoint())
            .with("region", Moto::REGION)
    }

    /// Makes uploaders reach the store through a [`Gate`] that lets `bytes` bytes pass at first.
    #[must_use]
    pub fn with_gate_after(mut self, bytes: usize) -> Self {
        self.gate_bytes = Some(bytes);
        self
    }

    /// Makes uploaders reach the embedded store through a [`Proxy`], which fails on cue.
    #[must_use]
    pub fn with_failing_way_to_store(mut self) -> Self {
        self.way_fails = true;
        self
    }

    /// Starts the stack on free ports. All its data lies in a temporary folder, which is deleted with the stack.
    ///
    /// # Errors
    /// Fails if the server does not start.
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
            let way = Proxy::start(store, Plan::none()).await?;
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

/// Returns a free address for the store, because the gate must know the store's port before the store exists. Another
/// program may take the port in between; then the server does not start and reports it.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

fn log_where_a_failed_test_shows_it() {
    let filter = std::env::var("SEALIFT_TEST_LOG");
    let filter = filter.unwrap_or_else(|_| "sealift_server=warn".to_owned());
    // All tests of a binary share one subscriber; the first test sets it.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_test_writer()
        .try_init();
}
