//! A server, and who asks it.

use core::{fmt, time::Duration};
use std::sync::Arc;

use futures::FutureExt as _;
use reqwest::redirect;

use crate::{
    address::{AddressError, ServerAddress},
    api_key::ApiKey,
    credential::Credential,
    put_turns::PutTurns,
};

/// One server, asked by one caller. Clones share connections, credential and the number of PUTs at
/// once.
#[derive(Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) server: ServerAddress,
    pub(crate) credential: Arc<Credential>,
    pub(crate) put_turns: PutTurns,
    pub(crate) patience: Patience,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The server's address is none that keys may be sent to.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The system has no TLS to work with.
    #[error("secure connections cannot be made here; check the system's certificates")]
    Tls(#[source] Box<dyn core::error::Error + Send + Sync>),
}

/// How long the other side may be silent. Nothing limits a transfer that goes on, however slowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until an answer begins.
    pub answer: Duration,
    /// Until the answer to a completion begins: stores join large objects for minutes.
    pub completion: Duration,
    /// Between two pieces of a body.
    pub stall: Duration,
}

impl Default for Patience {
    /// For slow links and busy servers.
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(120),
            completion: Duration::from_secs(600),
            stall: Duration::from_secs(60),
        }
    }
}

/// A host that is there accepts within this.
const CONNECT: Duration = Duration::from_secs(10);
/// Silent connections are probed, so that a dead peer is noticed.
const KEEPALIVE: Duration = Duration::from_secs(30);

impl Client {
    /// For the server at `https://host`, or `http://` on this machine; without an API key where the
    /// server asks for none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(server: &str, api_key: Option<ApiKey>) -> Result<Self, ClientError> {
        let server = ServerAddress::parse(server)?;
        // A redirect would carry keys, or sealed bytes, to where nobody asked for them.
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("sealift/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .tcp_keepalive(KEEPALIVE);
        if server.is_this_machine() {
            // What may travel openly within this machine must not go out to a proxy.
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| ClientError::Tls(Box::new(error.without_url())))?;
        Ok(Self {
            http,
            server,
            credential: Arc::new(Credential::new(api_key, None)),
            put_turns: PutTurns::default(),
            patience: Patience::default(),
        })
    }

    /// With another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// With a function that is asked for another API key when the server refuses the one at hand:
    /// once for all uploads of this client, which wait for it and then go on. `None`, or the
    /// refused key again, means that there is none; the uploads fail then, and can be resumed.
    #[must_use]
    pub fn with_refresh<F>(self, refresh: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<ApiKey>> + Send + 'static,
    {
        let refresh = Arc::new(move || refresh().boxed());
        let credential = Credential::new(self.credential.api_key(), Some(refresh));
        Self {
            credential: Arc::new(credential),
            ..self
        }
    }
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
