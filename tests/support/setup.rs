//! Builds the stack of a story from its settings.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, Result};
use sealift_server::{
    Config,
    config::Sources,
    objects::embedded::{Embedded, EmbeddedConfig},
};
use tempfile::TempDir;

use crate::{
    Distance, Garage, Moto, Proxies, Stack, StoreCredentials, free_address, programs,
    stack::StackStore,
};

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
    has_proxies: bool,
    one_way: Option<Duration>,
    gate_bytes: Option<usize>,
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

    /// Makes the server take data keys from this KMS key instead of the `local` keyring, through moto's proxy.
    #[must_use]
    pub fn with_kms(self, moto: &Moto, key_arn: &str) -> Self {
        self.with("keyring", "kms")
            .with("kms_key", key_arn)
            .with("kms_endpoint", moto.proxy().endpoint())
    }

    /// Makes the server encrypt its key rows under this KMS key and this pepper, through moto's proxy.
    #[must_use]
    pub fn with_kek(self, moto: &Moto, key_arn: &str, pepper: &str) -> Self {
        self.with_kms(moto, key_arn)
            .with("keyring", "kek")
            .with("pepper", pepper)
    }

    /// Puts a proxy on each connection between clients, server and store ([`Stack::proxies`]). The embedded store then
    /// runs beside the server instead of in it, and the sweeper runs only when a test asks for it.
    #[must_use]
    pub fn with_proxies(mut self) -> Self {
        self.has_proxies = true;
        self
    }

    /// Does the same, with a gate ([`Stack::gate`]) that lets `bytes` bytes pass from clients to the store.
    #[must_use]
    pub fn with_gate_after(mut self, bytes: usize) -> Self {
        self.gate_bytes = Some(bytes);
        self.with_proxies()
    }

    /// Puts clients at this distance from server and store. It does not go with proxies or Garage.
    #[must_use]
    pub fn at_distance(mut self, one_way: Duration) -> Self {
        self.one_way = Some(one_way);
        self
    }

    /// Starts the stack on free ports. All its data lies in a temporary folder, which is deleted with the stack.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn start(self) -> Result<Stack> {
        self.start_in(tempfile::tempdir()?).await
    }

    /// Starts the stack with all its data in this folder, which is deleted with the stack.
    ///
    /// # Errors
    /// Fails if the server does not start.
    pub async fn start_in(self, folder: TempDir) -> Result<Stack> {
        log_where_a_failed_test_shows_it();
        let mut flags = server_in(folder.path());
        flags.push(("s3_bucket", BUCKET.to_owned()));
        let garage = match self.store {
            Store::Embedded => None,
            Store::Garage => Some(Garage::start(BUCKET)?),
        };
        flags.extend(match &garage {
            None => vec![
                ("store", "embedded".to_owned()),
                ("s3_port", "0".to_owned()),
            ],
            Some(garage) => vec![
                ("store", "s3".to_owned()),
                ("s3_endpoint", garage.endpoint().to_owned()),
                ("region", Garage::REGION.to_owned()),
            ],
        });
        let mut page_origins = Vec::new();
        let (proxies, store_address) = if self.has_proxies {
            let server = free_address()?;
            let store = match &garage {
                None => free_address()?,
                Some(garage) => garage.address(),
            };
            let proxies = Proxies::start(server, store, self.gate_bytes).await?;
            page_origins.push(format!("http://{server}").parse()?);
            page_origins.push(proxies.client_to_server.endpoint().parse()?);
            flags.extend([
                ("port", server.port().to_string()),
                ("store", "s3".to_owned()),
                ("s3_endpoint", proxies.server_to_store.endpoint()),
                ("s3_public_endpoint", proxies.client_to_store.endpoint()),
                ("region", Moto::REGION.to_owned()),
                ("sweep_seconds", "0".to_owned()),
            ]);
            (Some(proxies), Some((server, store)))
        } else {
            (None, None)
        };
        let distances = match self.one_way {
            None => None,
            Some(one_way) => {
                let (server, store) = (free_address()?, free_address()?);
                let to_server = Distance::to(server, one_way).await?;
                let to_store = Distance::to(store, one_way).await?;
                flags.extend([
                    ("port", server.port().to_string()),
                    ("s3_port", store.port().to_string()),
                    (
                        "s3_public_endpoint",
                        format!("http://{}", to_store.address()),
                    ),
                    ("page_origins", format!("http://{}", to_server.address())),
                ]);
                Some([to_server, to_store])
            }
        };
        flags.extend(self.flags);
        let config = Config::load(&Sources {
            flags,
            ..Sources::default()
        })?;
        let store = match (garage, store_address) {
            (Some(garage), _) => StackStore::Garage(garage),
            (None, None) => StackStore::InServer,
            (None, Some((_, address))) => {
                let embedded = Embedded::start(EmbeddedConfig {
                    folder: config.store_folder(),
                    address,
                    bucket: BUCKET.to_owned(),
                    page_origins,
                    credentials: StoreCredentials::from_environment()?.embedded()?,
                });
                StackStore::Embedded(embedded.await?)
            }
        };
        let stack = Stack::start(config, store, proxies, folder).await?;
        match distances {
            None => Ok(stack),
            Some(distances) => stack.behind(distances),
        }
    }
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
