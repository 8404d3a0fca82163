//! Puts a distance between two parts: forwards connections byte for byte, each direction later by a fixed time. It
//! does not limit the rate.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Result;
use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{Duration, Instant, sleep, sleep_until},
};

/// The most bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// The most reads that are under way in one direction of a connection: 16 MiB, which fill a link of 1 Gbit/s for longer
/// than any delay here.
const MOST_READS: usize = 256;

/// A forwarder that delays. Dropping it breaks every connection.
#[derive(Debug)]
pub struct Distance {
    address: SocketAddr,
    from_near: Arc<AtomicU64>,
    serving: JoinHandle<()>,
}

impl Distance {
    /// Listens on a free loopback port and forwards to `target`, which need not listen yet. Bytes arrive `one_way`
    /// after they were sent, in both directions.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub async fn to(target: SocketAddr, one_way: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let from_near = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&from_near);
        let serving = tokio::spawn(async move {
            // This task owns all connections, so that they are dropped with it.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    Ok((near, _)) = listener.accept() => {
                        connections.spawn(forward(near, target, one_way, Arc::clone(&count)));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self {
            address,
            from_near,
            serving,
        })
    }

    /// Returns how many bytes came from the near side so far, over all connections.
    #[must_use]
    pub fn bytes_from_near(&self) -> u64 {
        self.from_near.load(Ordering::Relaxed)
    }

    /// Returns the near end's address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Distance {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn forward(near: TcpStream, target: SocketAddr, one_way: Duration, bytes: Arc<AtomicU64>) {
    // The near side is connected at once, so the handshake's round trip is added here.
    sleep(one_way.saturating_mul(2)).await;
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    for socket in [&near, &far] {
        // Requests and answers are small, and somebody waits for them.
        let _ = socket.set_nodelay(true);
    }
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = far.into_split();
    tokio::join!(
        carry(from_near, to_far, one_way, Some(&bytes)),
        carry(from_far, to_near, one_way, None)
    );
}

/// Carries one direction to its end, and counts its bytes.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    one_way: Duration,
    bytes: Option<&AtomicU64>,
) {
    let (queue, mut queued) = mpsc::channel::<(Instant, Bytes)>(MOST_READS);
    let reading = async move {
        let mut read = BytesMut::new();
        loop {
            read.reserve(READ_BYTES);
            let count = tokio::select! {
                count = from.read_buf(&mut read) => count,
                () = queue.closed() => return,
            };
            let arrives = Instant::now() + one_way;
            if let (Some(bytes), Ok(count)) = (bytes, &count) {
                bytes.fetch_add(u64::try_from(*count).unwrap_or(0), Ordering::Relaxed);
            }
            if !matches!(count, Ok(1..))
                || queue.send((arrives, read.split().freeze())).await.is_err()
            {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((arrives, bytes)) = queued.recv().await {
            sleep_until(arrives).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // A side that is gone needs no end.
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
