//! A proxy between uploader and store that passes a limited number of bytes until it is opened. A story can therefore
//! act in the middle of an upload without a race.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, Semaphore, watch},
    task::{JoinHandle, JoinSet},
};

/// The proxy. It changes no byte. Signatures stay valid because the server signs for the proxy's address.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    wire: Arc<Wire>,
    carrying: JoinHandle<()>,
}

#[derive(Debug)]
struct Wire {
    /// Bytes that have passed towards the store so far.
    passed: AtomicU64,
    /// Each permit lets one byte pass towards the store.
    passes: Semaphore,
    held: watch::Sender<Held>,
    /// Notified when all connections must break.
    broken: Notify,
}

/// The number of connections whose bytes may not pass.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    now: usize,
    most: usize,
}

impl Gate {
    /// Starts to forward to `target`. At most `bytes` bytes pass in that direction, over all connections together.
    pub(crate) async fn start(target: SocketAddr, bytes: usize) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let wire = Arc::new(Wire {
            passed: AtomicU64::new(0),
            passes: Semaphore::new(bytes),
            held: watch::Sender::default(),
            broken: Notify::new(),
        });
        let carrying = tokio::spawn(accept(listener, target, wire.clone()));
        Ok(Self {
            address,
            wire,
            carrying,
        })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until bytes are held.
    pub async fn holds(&self) {
        self.holds_connections(1).await;
    }

    /// Waits until bytes of `count` connections are held at the same time.
    pub async fn holds_connections(&self, count: usize) {
        let mut held = self.wire.held.subscribe();
        // The sender lives as long as `self`, so this cannot fail.
        let _ = held.wait_for(|held| held.now >= count).await;
    }

    /// Waits until no bytes are held.
    pub async fn holds_nothing(&self) {
        let mut held = self.wire.held.subscribe();
        let _ = held.wait_for(|held| held.now == 0).await;
    }

    /// Returns the number of bytes that have passed towards the store so far.
    #[must_use]
    pub fn passed_bytes(&self) -> u64 {
        self.wire.passed.load(Ordering::Relaxed)
    }

    /// Returns the largest number of connections whose bytes were held at the same time.
    #[must_use]
    pub fn most_held(&self) -> usize {
        self.wire.held.borrow().most
    }

    /// Breaks all existing connections. New ones are accepted.
    pub fn break_connections(&self) {
        self.wire.broken.notify_waiters();
    }

    /// Lets all bytes pass from now on.
    pub fn open(&self) {
        let more = Semaphore::MAX_PERMITS / 2;
        self.wire.passes.add_permits(more);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, wire: Arc<Wire>) {
    // This task owns all connections, so that they are dropped with it.
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let wire = wire.clone();
        connections.spawn(async move {
            tokio::select! {
                // The uploader reports a broken connection; the gate need not.
                _ = carry(near, target, &wire) => {}
                () = wire.broken.notified() => {}
            }
        });
    }
}

async fn carry(near: TcpStream, target: SocketAddr, wire: &Wire) -> io::Result<()> {
    let (near_in, mut near_out) = near.into_split();
    let (mut far_in, far_out) = TcpStream::connect(target).await?.into_split();
    let there = forward(near_in, far_out, wire);
    let back = async {
        io::copy(&mut far_in, &mut near_out).await?;
        near_out.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, wire: &Wire) -> io::Result<()> {
    let mut piece = vec![0; 16 * 1024];
    let mut is_trial = None;
    loop {
        let len = from.read(&mut piece).await?;
        let Some(bytes) = piece.get(..len).filter(|bytes| !bytes.is_empty()) else {
            return to.shutdown().await;
        };
        if *is_trial.get_or_insert_with(|| begins_a_trial(bytes)) {
            to.write_all(bytes).await?;
            continue;
        }
        let permits = u32::try_from(len).unwrap_or(u32::MAX);
        let waiting = (wire.passes.available_permits() < len).then(|| Waiting::at(wire));
        match wire.passes.acquire_many(permits).await {
            Ok(passed) => passed.forget(),
            Err(_) => return Ok(()),
        }
        drop(waiting);
        to.write_all(bytes).await?;
        wire.passed.fetch_add(u64::from(permits), Ordering::Relaxed);
    }
}

/// Returns whether the connection is the server's own, which probes the store at its start. The gate lets it pass and
/// does not count it, because a story is about the uploader's bytes.
fn begins_a_trial(first_bytes: &[u8]) -> bool {
    let object_key = b"/probe/";
    first_bytes
        .windows(object_key.len())
        .any(|bytes| bytes == object_key)
}

/// Counts its connection as held for as long as this value lives.
struct Waiting<'a>(&'a Wire);

impl<'a> Waiting<'a> {
    fn at(wire: &'a Wire) -> Self {
        wire.held.send_modify(|held| {
            held.now += 1;
            held.most = held.most.max(held.now);
        });
        Self(wire)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.held.send_modify(|held| held.now -= 1);
    }
}
