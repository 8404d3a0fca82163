//! The common ground of all contestants: one server, one store, and a site for the peers.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use sealift_server::{Config, Server, config::Sources};
use sealift_tests::{free_address, server_in};
use tempfile::TempDir;

use crate::{plain_store::PlainStore, site::Site};

/// Sealift's server with its page and its embedded store, and the peers' site, which signs requests to the same store.
pub(crate) struct Ground {
    /// The URL of Sealift's page.
    pub(crate) address: String,
    _server: Server,
    pub(crate) store: PlainStore,
    pub(crate) site: Site,
    /// Declared after the server, which writes into the folder until it is dropped.
    pub(crate) folder: TempDir,
}

impl Ground {
    pub(crate) async fn prepare() -> Result<Self> {
        let folder = folder()?;
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let store_port = free_address()?.port();
        let page = path_in("SEALIFT_TEST_PAGE_DIR")?;
        let mut flags = server_in(folder.path());
        flags.extend([
            ("store", "embedded".to_owned()),
            ("s3_port", store_port.to_string()),
            ("page_dir", page.to_string_lossy().into_owned()),
            ("page_origins", origin),
        ]);
        let config = Config::load(&Sources {
            flags,
            ..Sources::default()
        })?;
        let server = Server::start(config).await?;
        let store = PlainStore::of(
            &format!("http://127.0.0.1:{store_port}"),
            &folder.path().join("keys/s3-credentials.json"),
        )?;
        let site = Site::serve(listener, store.clone())?;
        Ok(Self {
            address: format!("http://{}/", server.address()),
            _server: server,
            store,
            site,
            folder,
        })
    }

    /// Returns the server's address without the trailing slash.
    pub(crate) fn origin(&self) -> &str {
        self.address.trim_end_matches('/')
    }

    /// Writes a file of that length without holes, in which every MiB differs from the next.
    pub(crate) fn file(&self, name: &str, len: u64) -> Result<PathBuf> {
        const PIECE: u64 = 1 << 20;
        let path = self.folder.path().join(name);
        let mut file = fs::File::create_new(&path)?;
        let mut piece = vec![0; usize::try_from(PIECE)?];
        getrandom::fill(&mut piece).ok().context("no randomness")?;
        for number in 0..len.div_ceil(PIECE) {
            // The number makes every piece different.
            let number = number.to_le_bytes();
            piece.splice(..number.len(), number);
            std::io::Write::write_all(&mut file, &piece)?;
        }
        file.set_len(len)?;
        Ok(path)
    }
}

/// Returns the path that this variable holds.
pub(crate) fn path_in(variable: &str) -> Result<PathBuf> {
    let path = env::var_os(variable);
    let path = path.with_context(|| format!("{variable} is not set; run `cargo xtask bench`"))?;
    Ok(path.into())
}

/// Makes a folder, in memory if the machine has such a file system, because the speed of the disk is
/// no contestant's merit.
pub(crate) fn folder() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    Ok(folder?)
}
