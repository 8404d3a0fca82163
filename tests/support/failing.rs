//! A real HTTP/1.1 proxy that fails: on cue, or by a seeded plan.
//!
//! It stands before the store (for clients and for the server), before KMS, and before the server
//! itself. What it passes on it passes on byte for byte, the host included, which signatures
//! cover; what it breaks it breaks on the wire. It counts every fault, and keeps a [`Journal`] of
//! what the target really got.

mod answers;
mod asked;
mod fault;
mod forward;
mod journal;
mod line;
mod passing;
mod plan;

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
    task::{JoinHandle, JoinSet},
};

pub use asked::{Asked, Operation};
pub use fault::{Fault, FaultKind};
pub use journal::{Journal, Reached};
pub use plan::Plan;

use line::{Cut, Line};

/// The proxy. Dropping it breaks every connection.
#[derive(Debug)]
pub struct FailingProxy {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
struct State {
    target: SocketAddr,
    plan: Mutex<Plan>,
    cues: Mutex<Vec<(Operation, Fault)>>,
    counts: Mutex<BTreeMap<FaultKind, u64>>,
    journal: Mutex<Journal>,
    /// Told when a request waits for its release.
    held: Notify,
    /// A permit lets one held request go on.
    releases: Semaphore,
}

impl FailingProxy {
    /// Listens on a free port of loopback and passes on to `target`, which need not be there yet.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(target: SocketAddr, plan: Plan) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            target,
            plan: Mutex::new(plan),
            cues: Mutex::default(),
            counts: Mutex::default(),
            journal: Mutex::default(),
            held: Notify::new(),
            releases: Semaphore::new(0),
        });
        let serving = tokio::spawn(accept(listener, state.clone()));
        Ok(Self {
            address,
            state,
            serving,
        })
    }

    /// Its own address, as a URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next request for this operation meets this fault, before the plan is asked. Cues for
    /// the same operation are met in the order in which they were given.
    pub fn on_next(&self, operation: Operation, fault: Fault) {
        lock(&self.state.cues).push((operation, fault));
    }

    /// What was cued and has not happened does not happen any more.
    pub fn forget_cues(&self) {
        lock(&self.state.cues).clear();
    }

    /// Until a request waits for its release ([`Fault::Hold`]).
    pub async fn holds(&self) {
        self.state.held.notified().await;
    }

    /// Lets one held request go on.
    pub fn release(&self) {
        self.state.releases.add_permits(1);
    }

    /// From now on this is the plan.
    pub fn follow(&self, plan: Plan) {
        *lock(&self.state.plan) = plan;
    }

    /// How many faults of each kind there were.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<FaultKind, u64> {
        lock(&self.state.counts).clone()
    }

    /// What reached the target until now is not in the journal any more: what a server tries at its
    /// start is nobody's upload.
    pub fn forget_journal(&self) {
        *lock(&self.state.journal) = Journal::default();
    }

    /// What reached the target until now.
    #[must_use]
    pub fn journal(&self) -> Journal {
        lock(&self.state.journal).clone()
    }
}

impl Drop for FailingProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    /// What happens to this request; counted as soon as it is decided.
    fn decide(&self, asked: &Asked) -> Option<Fault> {
        let cued = {
            let mut cues = lock(&self.cues);
            let at = cues
                .iter()
                .position(|(wanted, _)| *wanted == asked.operation);
            at.map(|at| cues.remove(at).1)
        };
        let fault = cued.or_else(|| lock(&self.plan).fault_for(asked))?;
        let mut counts = lock(&self.counts);
        let count = counts.entry(fault.kind()).or_default();
        *count = count.saturating_add(1);
        Some(fault)
    }

    fn note(&self, reached: Reached) {
        lock(&self.journal).note(reached);
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    let (state, cut) = (state.clone(), Arc::new(Cut::default()));
                    let line = TokioIo::new(Line::new(near, cut.clone()));
                    let service = service_fn(move |request| {
                        forward::forward(request, state.clone(), cut.clone())
                    });
                    // A connection that breaks is its client's to report.
                    connections.spawn(async move {
                        let _ = http1::Builder::new().serve_connection(line, service).await;
                    });
                }
                Err(_) => return,
            },
            // Ended ones are forgotten, or a long run would keep them all.
            Some(_) = connections.join_next() => {}
        }
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
