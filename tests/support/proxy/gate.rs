//! The gate of a proxy. It holds bytes or requests until the test lets them pass, so that a test can act in the middle
//! of an upload without a race.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Notify, Semaphore, oneshot, watch};

use super::{lock, request::Operation};

/// The gate. It changes no byte.
#[derive(Debug)]
pub struct Gate {
    /// Bytes that have passed towards the target so far.
    passed_bytes: AtomicU64,
    /// Each permit lets one byte pass towards the target.
    permits: Semaphore,
    held: watch::Sender<Held>,
    stops: Mutex<Vec<Stop>>,
    /// Notified when all connections must break.
    broken: Notify,
}

/// The number of connections whose bytes may not pass.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    now: usize,
    most: usize,
}

/// More bytes than any test sends. The other half of the permits is left for [`Gate::open`].
const ALL_BYTES: usize = Semaphore::MAX_PERMITS / 2;

impl Gate {
    /// Makes a gate through which everything passes.
    pub(super) fn opened() -> Arc<Self> {
        Self::after(ALL_BYTES)
    }

    /// Makes a gate that lets at most this many bytes pass, over all connections together.
    pub(super) fn after(bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            passed_bytes: AtomicU64::new(0),
            permits: Semaphore::new(bytes),
            held: watch::Sender::default(),
            stops: Mutex::default(),
            broken: Notify::new(),
        })
    }

    /// Holds the next request for this operation. Several calls hold one request each, in the order of the calls.
    pub fn hold_next(&self, operation: Operation) -> HeldRequest {
        let (reached, has_arrived) = oneshot::channel();
        let (release, released) = oneshot::channel();
        lock(&self.stops).push(Stop {
            operation,
            reached,
            released,
        });
        HeldRequest {
            has_arrived,
            release,
        }
    }

    /// Waits until bytes are held.
    pub async fn holds(&self) {
        self.holds_connections(1).await;
    }

    /// Waits until bytes of `count` connections are held at the same time.
    pub async fn holds_connections(&self, count: usize) {
        let mut held = self.held.subscribe();
        // The sender lives as long as `self`, so this cannot fail.
        let _ = held.wait_for(|held| held.now >= count).await;
    }

    /// Returns the number of bytes that have passed towards the target so far.
    #[must_use]
    pub fn passed_bytes(&self) -> u64 {
        self.passed_bytes.load(Ordering::Relaxed)
    }

    /// Returns the largest number of connections whose bytes were held at the same time.
    #[must_use]
    pub fn most_held(&self) -> usize {
        self.held.borrow().most
    }

    /// Breaks all existing connections. New ones are accepted.
    pub fn break_connections(&self) {
        self.broken.notify_waiters();
    }

    /// Breaks connections until no bytes are held. A client that has gone may send once more before it ends, so
    /// breaking them once is not enough.
    pub async fn break_all_held(&self) {
        self.break_connections();
        while self.held.borrow().now > 0 {
            tokio::task::yield_now().await;
            self.break_connections();
        }
    }

    /// Lets all bytes pass from now on.
    pub fn open(&self) {
        self.permits.add_permits(ALL_BYTES);
    }

    /// Returns when the test breaks all connections.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }

    /// Waits until the test releases this request, if it holds one for this operation.
    pub(super) async fn pass_request(&self, operation: Operation) {
        let stop = {
            let mut stops = lock(&self.stops);
            let at = stops.iter().position(|stop| stop.operation == operation);
            at.map(|at| stops.remove(at))
        };
        if let Some(stop) = stop {
            // The test may have ended meanwhile, and then nothing is held any more.
            let _ = stop.reached.send(());
            let _ = stop.released.await;
        }
    }

    /// Returns whether this many bytes may pass at once.
    pub(super) fn passes(&self, bytes: u32) -> bool {
        let permits = self.permits.try_acquire_many(bytes);
        permits.map(|permits| self.count(permits)).is_ok()
    }

    /// Waits until this many bytes may pass.
    pub(super) async fn pass(self: Arc<Self>, bytes: u32) {
        let waiting = Waiting::at(&self);
        if let Ok(permits) = self.permits.acquire_many(bytes).await {
            self.count(permits);
        }
        drop(waiting);
    }

    fn count(&self, permits: tokio::sync::SemaphorePermit<'_>) {
        let bytes = u64::try_from(permits.num_permits()).unwrap_or(u64::MAX);
        permits.forget();
        self.passed_bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A request that the gate is to hold.
#[derive(Debug)]
struct Stop {
    operation: Operation,
    reached: oneshot::Sender<()>,
    released: oneshot::Receiver<()>,
}

/// A request that the gate holds. Dropping it releases the request.
#[derive(Debug)]
pub struct HeldRequest {
    has_arrived: oneshot::Receiver<()>,
    release: oneshot::Sender<()>,
}

impl HeldRequest {
    /// Waits until the request has reached the gate. The target does not have it yet.
    pub async fn arrived(&mut self) {
        // The sender is dropped unused only with the proxy.
        let _ = (&mut self.has_arrived).await;
    }

    /// Lets the request continue.
    pub fn release(self) {
        let _ = self.release.send(());
    }
}

/// Counts its connection as held for as long as this value lives.
struct Waiting<'a>(&'a Gate);

impl<'a> Waiting<'a> {
    fn at(gate: &'a Gate) -> Self {
        gate.held.send_modify(|held| {
            held.now += 1;
            held.most = held.most.max(held.now);
        });
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.held.send_modify(|held| held.now -= 1);
    }
}
