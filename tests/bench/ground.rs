//! The common ground of all contestants: one server, one store, and a site for the peers.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use sealift_server::{Config, Server, config::Sources};
use sealift_tests::{Distance, free_address, server_in};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{
    plain_store::PlainStore,
    sink::Sink,
    site::{PART_BYTES, Site},
};

/// Sealift's server with its page and its embedded store, and the peers' site, which signs requests to the same store.
pub(crate) struct Ground {
    /// The URL of Sealift's page.
    pub(crate) address: String,
    _server: Server,
    pub(crate) store: PlainStore,
    pub(crate) site: Site,
    /// Swallows the parts, if the ground has one.
    pub(crate) sink: Option<Sink>,
    /// The distances from the browser to the server, to the site and to the store, if there are any.
    distances: Vec<Distance>,
    /// Declared after the server, which writes into the folder until it is dropped.
    pub(crate) folder: TempDir,
}

/// Says how a ground differs from one where everything is near and stored.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Whether a sink stands in front of the store and swallows the parts. No upload completes then.
    pub(crate) sink: bool,
    /// The number of cores that the page's worker believes to have. It starts as many workers that seal.
    pub(crate) cores: Option<u32>,
    /// The time that bytes take from the browser to server, site and store, and back.
    pub(crate) one_way: Option<Duration>,
}

impl Ground {
    pub(crate) async fn prepare() -> Result<Self> {
        Self::of(Wanted::default()).await
    }

    pub(crate) async fn of(wanted: Wanted) -> Result<Self> {
        let folder = folder()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (server, store) = (free_address()?, free_address()?);
        let mut distances = Vec::new();
        let mut near = [listener.local_addr()?, server, store];
        if let Some(one_way) = wanted.one_way {
            for address in &mut near {
                let distance = Distance::to(*address, one_way).await?;
                *address = distance.address();
                distances.push(distance);
            }
        }
        let [near_site, near_server, mut near_store] = near;
        let sink = match wanted.sink {
            true => Some(Sink::before(near_store).await?),
            false => None,
        };
        if let Some(sink) = &sink {
            near_store = sink.address();
        }
        let origins = [near_site, near_server].map(|address| format!("http://{address}"));
        let page = page(wanted.cores, folder.path())?;
        let mut flags = server_in(folder.path());
        flags.retain(|(name, _)| *name != "port");
        flags.extend([
            ("port", server.port().to_string()),
            ("store", "embedded".to_owned()),
            ("s3_port", store.port().to_string()),
            ("page_dir", page.to_string_lossy().into_owned()),
            ("page_origins", origins.join(",")),
        ]);
        if near_store != store {
            flags.push(("s3_public_endpoint", format!("http://{near_store}")));
        }
        let config = Config::load(&Sources {
            flags,
            ..Sources::default()
        })?;
        let server = Server::start(config).await?;
        let store = PlainStore::of(
            [store, near_store],
            &folder.path().join("keys/s3-credentials.json"),
        )?;
        let site = Site::serve(listener, near_site, store.clone())?;
        Ok(Self {
            address: format!("http://{near_server}/"),
            _server: server,
            store,
            site,
            sink,
            distances,
            folder,
        })
    }

    /// Returns the server's address without the trailing slash.
    pub(crate) fn origin(&self) -> &str {
        self.address.trim_end_matches('/')
    }

    /// Returns the near ends of the distances.
    pub(crate) fn near_ends(&self) -> impl Iterator<Item = SocketAddr> {
        self.distances.iter().map(Distance::address)
    }

    /// Returns the distance from the browser to the store, if there is one.
    pub(crate) fn way_to_store(&self) -> Option<&Distance> {
        self.distances.last()
    }

    /// Returns the sink's URL; "" if the ground has none.
    pub(crate) fn sink_url(&self) -> String {
        let sink = self.sink.as_ref();
        sink.map_or_else(String::new, |sink| format!("http://{}", sink.address()))
    }

    /// Returns the bytes that the last contestant sent, and drops them, so that the next one has as much space.
    pub(crate) async fn take_stored_bytes(&self) -> Result<u64> {
        if let Some(sink) = &self.sink {
            return Ok(sink.take_bytes());
        }
        let stored = self.store.stored_bytes().await?;
        self.store.empty().await?;
        Ok(stored)
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

/// Returns the folder of the built page. With `cores`, this is a copy whose worker sees that number of cores: no driver
/// can tell it to a worker, which asks before any script of the driver runs in it.
fn page(cores: Option<u32>, folder: &Path) -> Result<PathBuf> {
    const WORKER: &str = "worker.js";
    let page = path_in("SEALIFT_TEST_PAGE_DIR")?;
    let Some(cores) = cores else {
        return Ok(page);
    };
    let copy = folder.join("page");
    copy_folder(&page, &copy)?;
    for compressed in ["br", "gz"] {
        fs::remove_file(copy.join(format!("{WORKER}.{compressed}")))?;
    }
    let worker = fs::read_to_string(copy.join(WORKER))?;
    let told = format!(
        "for (const [name, value] of [['hardwareConcurrency', {cores}], ['deviceMemory', 8]]) \
         Object.defineProperty(WorkerNavigator.prototype, name, {{ get: () => value }});\n"
    );
    fs::write(copy.join(WORKER), told + &worker)?;
    Ok(copy)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy_folder(&entry.path(), &copy)?,
            false => drop(fs::copy(entry.path(), copy)?),
        }
    }
    Ok(())
}

/// Returns the number of parts of Sealift's length in a file.
pub(crate) fn parts(bytes: u64) -> u64 {
    bytes.div_ceil(PART_BYTES)
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
