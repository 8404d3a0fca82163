//! Runs the store in a process of its own, so that it survives the server.

use std::{
    env,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};
use sealift_server::objects::embedded::{Embedded, EmbeddedConfig};
use sealift_tests::{Garage, StoreCredentials, address_in};

use crate::{
    args::{self, StoreKind},
    terminal,
};

/// The only bucket of the run.
pub(crate) const BUCKET: &str = "faults";

/// A running store. Dropping it ends the store.
#[derive(Debug)]
pub(crate) enum StoreProcess {
    Embedded { process: Child, endpoint: String },
    Garage(Garage),
}

impl StoreProcess {
    /// Starts the store. Pages of this origin may PUT.
    pub(crate) async fn start(kind: StoreKind, folder: &Path, page_origin: &str) -> Result<Self> {
        if kind == StoreKind::Garage {
            let garage = Garage::start(BUCKET)?;
            garage.allow_page(page_origin).await?;
            return Ok(Self::Garage(garage));
        }
        let mut process = Command::new(env::current_exe()?)
            .arg("store")
            .arg("--folder")
            .arg(folder)
            .args(["--bucket", BUCKET, "--page-origin", page_origin])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the store does not start")?;
        let said = process.stdout.take().context("the store has no stdout")?;
        let mut store = Self::Embedded {
            process,
            endpoint: String::new(),
        };
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let started = line.trim().strip_prefix("store: ");
        let started = started.context("the store ended before it listened")?;
        if let Self::Embedded { endpoint, .. } = &mut store {
            *endpoint = started.to_owned();
        }
        Ok(store)
    }

    pub(crate) fn endpoint(&self) -> &str {
        match self {
            Self::Embedded { endpoint, .. } => endpoint,
            Self::Garage(garage) => garage.endpoint(),
        }
    }

    pub(crate) fn address(&self) -> Result<SocketAddr> {
        address_in(self.endpoint())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Embedded { .. } => "embedded store",
            Self::Garage(_) => "Garage",
        }
    }
}

impl Drop for StoreProcess {
    fn drop(&mut self) {
        if let Self::Embedded { process, .. } = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Serves the embedded store in the child process until it is killed.
pub(crate) async fn serve(asked: args::Store) -> Result<()> {
    let embedded = Embedded::start(EmbeddedConfig {
        folder: asked.folder,
        address: ([127, 0, 0, 1], 0).into(),
        bucket: asked.bucket,
        page_origins: vec![asked.page_origin.parse()?],
        credentials: StoreCredentials::from_environment()?.embedded()?,
    })
    .await?;
    terminal::say(&format!("store: {}", embedded.endpoint()));
    std::future::pending().await
}
