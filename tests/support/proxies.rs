//! The proxies of a deployment, one on each connection to its server and its store. The proxy in front of KMS belongs to
//! [`Moto`](crate::Moto).

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

use crate::Proxy;

/// A proxy on each connection.
#[derive(Debug)]
pub struct Proxies {
    /// The proxy between clients and the server.
    pub client_to_server: Proxy,
    /// The proxy between clients and the store. Its gate can stop an upload half-way.
    pub client_to_store: Proxy,
    /// The proxy between the server and its store.
    pub server_to_store: Proxy,
}

impl Proxies {
    /// Starts the proxies. Server and store need not listen yet. At most `gate_bytes` bytes pass from clients to the
    /// store until the gate there is opened; `None` means all bytes.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub async fn start(
        server: SocketAddr,
        store: SocketAddr,
        gate_bytes: Option<usize>,
    ) -> Result<Self> {
        Ok(Self {
            client_to_server: Proxy::start(server).await?,
            client_to_store: match gate_bytes {
                None => Proxy::start(store).await?,
                Some(bytes) => Proxy::start_with_gate_after(store, bytes).await?,
            },
            server_to_store: Proxy::start(store).await?,
        })
    }

    /// Returns all of them.
    #[must_use]
    pub fn all(&self) -> [&Proxy; 3] {
        [
            &self.client_to_server,
            &self.client_to_store,
            &self.server_to_store,
        ]
    }

    /// Empties all journals. A stack does this after the server has started, because the requests of the start-up
    /// belong to no upload.
    pub(crate) fn forget_journals(&self) {
        for proxy in self.all() {
            proxy.forget_journal();
        }
    }
}

/// Returns a free address. Proxies must know it before the program behind them listens there. Another program may take
/// the port in between; then the program behind does not start and reports it.
///
/// # Errors
/// Fails if no port is free.
pub fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}

/// Returns the address in a URL of a server on loopback, such as `http://127.0.0.1:8080`.
///
/// # Errors
/// Fails if the URL has another form.
pub fn address_in(url: &str) -> Result<SocketAddr> {
    let address = url.strip_prefix("http://");
    let address = address.with_context(|| format!("{url} is no address on loopback"))?;
    Ok(address.parse()?)
}
