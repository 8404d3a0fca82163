//! A wire between uploader and store that carries some bytes and then none until it is opened: a
//! story can act in the middle of an upload without a race.

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

/// The wire. It changes no byte; signatures hold because the uploader signs for its address.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    wire: Arc<Wire>,
    carrying: JoinHandle<()>,
}

#[derive(Debug)]
struct Wire {
    /// So many bytes have passed.
    passed: AtomicU64,
    /// A permit lets one byte pass towards the store.
    passes: Semaphore,
    held: watch::Sender<Held>,
    /// Told when all connections are to break.
    broken: Notify,
}

/// Connections whose bytes may not pass.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    now: usize,
    most: usize,
}

impl Gate {
    /// Carries to `target`: of what goes there at most `bytes`, all connections together.
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

    /// Until bytes wait that may not pass.
    pub async fn holds(&self) {
        self.holds_connections(1).await;
    }

    /// Until bytes of so many connections wait at the same time.
    pub async fn holds_connections(&self, count: usize) {
        let mut held = self.wire.held.subscribe();
        // Its sender lives as long as this.
        let _ = held.wait_for(|held| held.now >= count).await;
    }

    /// Until no byte waits.
    pub async fn holds_nothing(&self) {
        let mut held = self.wire.held.subscribe();
        let _ = held.wait_for(|held| held.now == 0).await;
    }

    /// Bytes that went towards the store until now.
    #[must_use]
    pub fn passed_bytes(&self) -> u64 {
        self.wire.passed.load(Ordering::Relaxed)
    }

    /// The most connections whose bytes waited at the same time.
    #[must_use]
    pub fn most_held(&self) -> usize {
        self.wire.held.borrow().most
    }

    /// Breaks every connection there is; new ones may be made.
    pub fn break_connections(&self) {
        self.wire.broken.notify_waiters();
    }

    /// From now on everything passes.
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
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        let wire = wire.clone();
        connections.spawn(async move {
            tokio::select! {
                // A connection that breaks is the uploader's to report.
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

/// Whether a connection is the server's own, which tries the store at its start. The gate lets it pass
/// and does not count it, because a story is about the uploader's bytes.
fn begins_a_trial(first_bytes: &[u8]) -> bool {
    let object_key = b"/probe/";
    first_bytes
        .windows(object_key.len())
        .any(|bytes| bytes == object_key)
}

/// Counts its connection among the held ones, as long as it is there.
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
