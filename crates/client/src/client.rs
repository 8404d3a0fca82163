//! The client of one server, with its connections, credential and time limits.

use core::{fmt, time::Duration};
use std::{path::PathBuf, sync::Arc, thread};

use futures::FutureExt as _;
use reqwest::redirect;

use crate::{
    address::{AddressError, ServerAddress},
    api_key::ApiKey,
    batches::Batches,
    credential::Credential,
    part_buffers::PartBuffers,
    part_files::PartFiles,
    slots::Slots,
};

/// A client of one server for one caller. Clones share the connections, the credential and the limits
/// on PUTs at once and on sealed parts in memory and on disk.
#[derive(Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) server: ServerAddress,
    pub(crate) credential: Arc<Credential>,
    pub(crate) put_slots: Slots,
    pub(crate) batches: Batches,
    pub(crate) part_buffers: PartBuffers,
    pub(crate) part_files: PartFiles,
    /// The most parts of one upload that are sealed at once.
    pub(crate) most_sealing_threads: usize,
    pub(crate) patience: Patience,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The text is not a server's address to which keys may be sent.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The system has no usable TLS.
    #[error("this system cannot make secure connections; check its certificates")]
    Tls(#[source] Box<dyn core::error::Error + Send + Sync>),
}

/// How long the other side may be silent. A transfer that makes progress has no limit, however slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The longest time until an answer begins.
    pub answer: Duration,
    /// The longest time until the answer to a completion begins, because stores may need minutes to
    /// join a large object.
    pub completion: Duration,
    /// The longest pause between two pieces of a body.
    pub stall: Duration,
}

impl Default for Patience {
    /// Returns limits for slow links and busy servers.
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(120),
            completion: Duration::from_secs(600),
            stall: Duration::from_secs(60),
        }
    }
}

/// The longest time to connect. A host that exists accepts sooner.
const CONNECT: Duration = Duration::from_secs(10);
/// The time after which a silent connection is probed, so that a dead peer is noticed.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// The most parts of one upload that are sealed at once, unless a program sets another number. One thread seals
/// and hashes over a gigabyte per second, so that four are ahead of any network.
const MOST_SEALING_THREADS: usize = 4;

impl Client {
    /// Makes a client of the server at `https://host`, or at `http://` on this machine. The API key
    /// is `None` if the server asks for none.
    ///
    /// # Errors
    /// Returns a [`ClientError`] if keys must not be sent to the address, or if TLS does not work.
    pub fn new(server: &str, api_key: Option<ApiKey>) -> Result<Self, ClientError> {
        let server = ServerAddress::parse(server)?;
        // Redirects are off, because they would carry keys or sealed bytes to another server.
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("sealift/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .tcp_keepalive(KEEPALIVE);
        if server.is_this_machine() {
            // Unencrypted requests within this machine must not leave it through a proxy.
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| ClientError::Tls(Box::new(error.without_url())))?;
        Ok(Self {
            http,
            server,
            credential: Arc::new(Credential::new(api_key, None)),
            put_slots: Slots::default(),
            batches: Batches::default(),
            part_buffers: PartBuffers::default(),
            part_files: PartFiles::default(),
            most_sealing_threads: processors().min(MOST_SEALING_THREADS),
            patience: Patience::default(),
        })
    }

    /// Returns the client with other time limits.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// Returns the client with a folder for parts of over 64 MiB, which only files over 668 GB have. Each is
    /// sealed into a file without a name, which nobody else can read and which a crash deletes, too. Without
    /// this, the files are in the system's folder for temporary files, which may itself be in memory.
    #[must_use]
    pub fn with_part_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.part_files.folder = Some(folder.into());
        self
    }

    /// Returns the client with another limit for the sealed bytes of a part in memory. Larger parts are kept
    /// in files.
    #[must_use]
    pub fn with_largest_part_in_memory(mut self, sealed_len: u64) -> Self {
        self.part_files.largest_in_memory = sealed_len;
        self
    }

    /// Returns the client with another limit for the parts of one upload that are sealed at once; at least 1.
    /// Without this, there are as many as the machine has processors, but at most four.
    #[must_use]
    pub fn with_sealing_threads(mut self, most: usize) -> Self {
        self.most_sealing_threads = most.max(1);
        self
    }

    /// Returns the client with a function that gives another API key when the server refuses the
    /// current one. It is called once for all uploads of this client, which wait for the key and then
    /// continue. If it returns `None` or the refused key again, the uploads fail and can be resumed.
    #[must_use]
    pub fn with_refresh<F>(self, refresh: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<ApiKey>> + Send + 'static,
    {
        let refresh = Arc::new(move || refresh().boxed());
        let credential = Credential::new(self.credential.api_key(), Some(refresh));
        Self {
            credential: Arc::new(credential),
            // The clones of `self` go on with the other credential.
            batches: Batches::default(),
            ..self
        }
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({}, ..)", self.server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_prints_its_server_only() {
        let key = ApiKey::parse("sealift_a_secret").unwrap();
        let client = Client::new("https://a.org", Some(key)).unwrap();
        assert_eq!(format!("{client:?}"), "Client(https://a.org, ..)");
    }
}
