//! A small real S3 for one machine: s3s-fs in this process, on a loopback port of its own.
//!
//! Signatures, expiry and signed checksums are verified, so a file goes the same way as with a real
//! store. A thin wrapper around s3s-fs ([`store`]) corrects its differences from S3; docs/STORES.md
//! lists them. The store keeps no versions and does not sync files to disk: it is for trials, tests
//! and small installations, not for data that must survive a power cut.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use http::HeaderValue;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{
    clock::Clock,
    config::LONGEST_IDLE,
    serving::{self, RequestBody, Times},
};

mod cors;
mod credentials;
mod lock;
mod multiparts;
mod store;

pub use credentials::{CredentialsProblem, EmbeddedCredentials};
use lock::Lock;
pub(crate) use lock::served_at;
pub(crate) use multiparts::longest_file_name;

/// The settings with which the embedded store starts.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// The folder of the buckets; created if absent.
    pub folder: PathBuf,
    /// The address to listen on, loopback only; port 0 takes any free port.
    pub address: SocketAddr,
    /// The name of the one bucket; created if absent.
    pub bucket: String,
    /// The origins of the pages that may PUT here, such as `http://127.0.0.1:8080`.
    pub page_origins: Vec<HeaderValue>,
    /// The only credentials that the store accepts.
    pub credentials: EmbeddedCredentials,
}

/// The reasons why the embedded store did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The address is not loopback, and the store is not made to be reached from other machines.
    #[error("the embedded object store listens on loopback only, not on {0}")]
    NotLoopback(IpAddr),
    /// Another program uses the port.
    #[error("port {0} is taken, but the embedded object store needs it")]
    PortTaken(u16),
    /// The port is not available for another reason.
    #[error("the embedded object store cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The store's folder cannot be created or read.
    #[error("the embedded object store cannot use its folder {0}")]
    Folder(PathBuf, #[source] io::Error),
    /// Another process serves the store, and two would destroy each other's files.
    #[error("another process serves the embedded object store in {0}; stop it first")]
    InUse(PathBuf),
    /// The file with the store's credentials cannot be used.
    #[error("the embedded object store's credentials in {0} cannot be used: {1}")]
    Credentials(PathBuf, CredentialsProblem),
}

/// The running store. Dropping it stops it at once; [`Embedded::shutdown`] lets running requests
/// finish.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    _lock: Lock,
}

impl Embedded {
    /// Binds the port, creates folder and bucket, and serves.
    ///
    /// # Errors
    /// Returns an [`EmbeddedError`] if the address, the folder or the port cannot be used.
    pub async fn start(config: EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let times = Times {
            clock: Clock::system(),
            idle_clock: Clock::system(),
            longest_idle: LONGEST_IDLE,
        };
        Self::start_with(config, times).await
    }

    /// Starts the store like [`Embedded::start`], with the given clocks and limits for its
    /// connections.
    ///
    /// # Errors
    /// Fails like [`Embedded::start`].
    pub(crate) async fn start_with(
        config: EmbeddedConfig,
        times: Times,
    ) -> Result<Self, EmbeddedError> {
        let wanted = config.address;
        if !wanted.ip().is_loopback() {
            return Err(EmbeddedError::NotLoopback(wanted.ip()));
        }
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => EmbeddedError::PortTaken(wanted.port()),
                _ => EmbeddedError::Listen(wanted, error),
            })?;
        let address = listener
            .local_addr()
            .map_err(|error| EmbeddedError::Listen(wanted, error))?;
        let unusable = |error| EmbeddedError::Folder(config.folder.clone(), error);
        std::fs::create_dir_all(&config.folder).map_err(unusable)?;
        // The lock comes before anything in the folder is touched.
        let lock = Lock::take(&config.folder, address).map_err(unusable)?;
        let lock = lock.ok_or_else(|| EmbeddedError::InUse(config.folder.clone()))?;
        let store = store::Store::open(&config.folder, &config.bucket).map_err(unusable)?;

        let mut s3 = S3ServiceBuilder::new(store);
        s3.set_auth(SimpleAuth::from_single(
            config.credentials.access_key(),
            config.credentials.secret_key(),
        ));
        let s3 = s3.build();
        let service = tower::service_fn(move |request: http::Request<RequestBody>| {
            let s3 = s3.clone();
            async move { Ok::<_, Infallible>(answer(s3, request).await) }
        });
        let service = tower::ServiceBuilder::new()
            .layer(cors::allowing(config.page_origins))
            .service(service);

        let stop = CancellationToken::new();
        let service_for = move |_| service.clone();
        let who = "object store";
        let serving = serving::serve(listener, who, service_for, times, stop.clone());
        let serving = tokio::spawn(serving);
        Ok(Self {
            address,
            stop,
            serving,
            _lock: lock,
        })
    }

    /// Returns the address that the store listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the store.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts no new connections and waits for the running requests, but at most for `patience`.
    pub async fn shutdown(mut self, patience: Duration) {
        self.stop.cancel();
        // The thread of the accept loop logged its panic already, so the result is not needed.
        let _ = tokio::time::timeout(patience, &mut self.serving).await;
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    s3: s3s::service::S3Service,
    request: http::Request<RequestBody>,
) -> http::Response<s3s::Body> {
    match s3.oneshot(request).await {
        Ok(answer) => {
            let http_status = answer.status().as_u16();
            if http_status == 500 {
                // The sender mostly broke off. s3s-fs itself logs what the disk refuses.
                tracing::info!(
                    http.status = http_status,
                    "The embedded object store did not finish a request"
                );
            }
            answer
        }
        Err(_) => {
            // The error is not logged, because its text can quote the request, whose URL is a
            // credential.
            tracing::error!("The embedded object store could not answer a request");
            let mut answer = http::Response::new(s3s::Body::empty());
            *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            answer
        }
    }
}

#[cfg(test)]
mod tests;
