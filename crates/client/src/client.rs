//! A server, and who asks it.

use core::{fmt, time::Duration};
use std::sync::Arc;

use reqwest::redirect;

use crate::{
    address::{AddressError, ServerAddress},
    api_key::ApiKey,
};

/// One server, asked by one caller. Clones share connections.
#[derive(Clone)]
pub struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) server: ServerAddress,
    pub(crate) api_key: Option<Arc<ApiKey>>,
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Until an answer begins.
    pub(crate) answer: Duration,
    /// Until the answer to a completion begins: stores join large objects for minutes.
    pub(crate) completion: Duration,
    /// Between two pieces of a body.
    pub(crate) stall: Duration,
}

impl Patience {
    pub(crate) const DEFAULT: Self = Self {
        answer: Duration::from_secs(120),
        completion: Duration::from_secs(600),
        stall: Duration::from_secs(60),
    };
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
            api_key: api_key.map(Arc::new),
            patience: Patience::DEFAULT,
        })
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
