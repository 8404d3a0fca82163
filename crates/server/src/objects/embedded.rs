//! A small real S3 for one machine: s3s-fs in this process, on a loopback port of its own.
//!
//! Signatures, expiry and signed checksums are verified, so nothing in a file's way is pretended.
//! s3s-fs is wrapped thinly ([`store`]) where it differs from what S3 promises; docs/STORES.md
//! has the list. It keeps no versions and does not sync files to disk: for trying out, tests and
//! small installations, not for data that must survive a power cut.

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
mod multiparts;
mod store;

pub use credentials::{CredentialsProblem, EmbeddedCredentials};
pub(crate) use multiparts::longest_file_name;

/// How the embedded store is started.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// The folder of the buckets; made if absent.
    pub folder: PathBuf,
    /// Loopback only; port 0 takes any free one.
    pub address: SocketAddr,
    /// The one bucket; made if absent.
    pub bucket: String,
    /// Where pages may come from that PUT here, such as `http://127.0.0.1:8080`.
    pub page_origins: Vec<HeaderValue>,
    /// Who may ask for anything.
    pub credentials: EmbeddedCredentials,
}

/// Why the embedded store did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// It is not made to be reached from elsewhere.
    #[error("the embedded object store listens on loopback only, not on {0}")]
    NotLoopback(IpAddr),
    /// Somebody else has the port.
    #[error("port {0} is taken, which the embedded object store wants")]
    PortTaken(u16),
    /// The port cannot be had for another reason.
    #[error("the embedded object store cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// Its folder cannot be made or read.
    #[error("the embedded object store cannot use its folder {0}")]
    Folder(PathBuf, #[source] io::Error),
    /// Its credentials' file is unusable.
    #[error("the embedded object store's credentials in {0} cannot be used: {1}")]
    Credentials(PathBuf, CredentialsProblem),
}

/// The running store. Dropping it stops it at once; [`Embedded::shutdown`] is the polite way.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Embedded {
    /// Binds, makes folder and bucket, and serves.
    ///
    /// # Errors
    /// [`EmbeddedError`].
    pub async fn start(config: EmbeddedConfig) -> Result<Self, EmbeddedError> {
        let times = Times {
            clock: Clock::system(),
            idle_clock: Clock::system(),
            longest_idle: LONGEST_IDLE,
        };
        Self::start_with(config, times).await
    }

    /// Starts the store as [`Embedded::start`] does, with other times of its connections.
    ///
    /// # Errors
    /// As [`Embedded::start`].
    pub(crate) async fn start_with(
        config: EmbeddedConfig,
        times: Times,
    ) -> Result<Self, EmbeddedError> {
        let wanted = config.address;
        if !wanted.ip().is_loopback() {
            return Err(EmbeddedError::NotLoopback(wanted.ip()));
        }
        let store = store::Store::open(&config.folder, &config.bucket)
            .map_err(|error| EmbeddedError::Folder(config.folder.clone(), error))?;
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => EmbeddedError::PortTaken(wanted.port()),
                _ => EmbeddedError::Listen(wanted, error),
            })?;
        let address = listener
            .local_addr()
            .map_err(|error| EmbeddedError::Listen(wanted, error))?;

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
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no new connections, lets running requests finish, and gives up on them after
    /// `patience`.
    pub async fn shutdown(mut self, patience: Duration) {
        self.stop.cancel();
        // A panic of the accept loop has been logged by its thread; there is nothing to add.
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
                // Mostly a sender that broke off. What the disk refuses, s3s-fs says itself.
                tracing::info!(
                    http.status = http_status,
                    "The embedded object store did not finish a request"
                );
            }
            answer
        }
        Err(_) => {
            // Its text can quote the request, whose URL is a credential.
            tracing::error!("The embedded object store could not answer a request");
            let mut answer = http::Response::new(s3s::Body::empty());
            *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            answer
        }
    }
}

#[cfg(test)]
mod tests;
