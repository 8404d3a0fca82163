//! A real HTTP/1.1 proxy that watches requests, holds them back, and makes them fail, on cue or by a seeded plan.
//!
//! The proxy stands in front of the store (for clients and for the server), in front of KMS, and in front of the server
//! itself. It forwards a request byte for byte, with the `Host` header, because signatures cover both. Its [`Gate`]
//! holds bytes and requests. It breaks connections on the wire. It counts every fault and keeps a [`Journal`] of the
//! requests that reached the target.

mod answers;
mod body;
mod fault;
mod forward;
mod gate;
mod iam;
mod journal;
mod line;
mod plan;
mod recording;
mod request;

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
    task::{JoinHandle, JoinSet},
};

pub use fault::{Fault, FaultKind};
pub use gate::{Gate, HeldRequest};
pub use iam::IamPolicy;
pub use journal::{Journal, Reached};
pub use plan::Plan;
pub use recording::Recorded;
pub use request::{Operation, RequestHead};

use line::{Cut, Line};

/// The proxy. Dropping it breaks every connection.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

/// The state that all connections share.
#[derive(Debug)]
struct State {
    target: SocketAddr,
    plan: Mutex<Plan>,
    /// The policy of the caller, if requests need permission.
    policy: Mutex<Option<Arc<IamPolicy>>>,
    cues: Mutex<Vec<(Operation, Fault)>>,
    counts: Mutex<BTreeMap<FaultKind, u64>>,
    journal: Mutex<Journal>,
    gate: Arc<Gate>,
    /// The whole requests, if this proxy records them.
    recorded: Option<Mutex<Vec<Recorded>>>,
}

impl Proxy {
    /// Listens on a free loopback port and forwards to `target`, which need not listen yet.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub async fn start(target: SocketAddr) -> Result<Self> {
        Self::start_with(target, Gate::opened(), None).await
    }

    /// Starts a proxy whose gate lets at most `bytes` bytes pass towards the target until it is opened.
    ///
    /// # Errors
    /// Fails like [`Self::start`].
    pub async fn start_with_gate_after(target: SocketAddr, bytes: usize) -> Result<Self> {
        Self::start_with(target, Gate::after(bytes), None).await
    }

    /// Starts a proxy that keeps the whole of every request, its query and headers included, which hold credentials.
    ///
    /// # Errors
    /// Fails like [`Self::start`].
    pub async fn start_recording(target: SocketAddr) -> Result<Self> {
        Self::start_with(target, Gate::opened(), Some(Mutex::default())).await
    }

    async fn start_with(
        target: SocketAddr,
        gate: Arc<Gate>,
        recorded: Option<Mutex<Vec<Recorded>>>,
    ) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            target,
            plan: Mutex::new(Plan::none()),
            policy: Mutex::default(),
            cues: Mutex::default(),
            counts: Mutex::default(),
            journal: Mutex::default(),
            gate,
            recorded,
        });
        let serving = tokio::spawn(accept(listener, state.clone()));
        Ok(Self {
            address,
            state,
            serving,
        })
    }

    /// Returns the proxy's own address as a URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives this fault to the next request for this operation, before the plan is asked. Several cues for the same
    /// operation apply in the order in which they were given.
    pub fn on_next(&self, operation: Operation, fault: Fault) {
        lock(&self.state.cues).push((operation, fault));
    }

    /// Drops all cues that no request has met yet.
    pub fn forget_cues(&self) {
        lock(&self.state.cues).clear();
    }

    /// Returns the gate, which holds bytes and requests on their way to the target.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.state.gate
    }

    /// Replaces the plan for all later requests.
    pub fn follow(&self, plan: Plan) {
        *lock(&self.state.plan) = plan;
    }

    /// Refuses all later requests that this policy does not allow.
    pub fn enforce(&self, policy: &IamPolicy) {
        *lock(&self.state.policy) = Some(Arc::new(policy.clone()));
    }

    /// Returns the number of faults of each kind so far.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<FaultKind, u64> {
        lock(&self.state.counts).clone()
    }

    /// Returns the requests since the last call, if this proxy records them.
    #[must_use]
    pub fn take_recorded(&self) -> Vec<Recorded> {
        let recorded = self.state.recorded.as_ref();
        recorded.map_or_else(Vec::new, |recorded| std::mem::take(&mut *lock(recorded)))
    }

    /// Empties the journal. A story calls this after the server has started, because the requests of the
    /// start-up belong to no upload.
    pub fn forget_journal(&self) {
        *lock(&self.state.journal) = Journal::default();
    }

    /// Returns the requests that reached the target so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        lock(&self.state.journal).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl State {
    /// Decides the fault of this request, if any, and counts it at once.
    fn decide(&self, request: &RequestHead) -> Option<Fault> {
        let cued = {
            let mut cues = lock(&self.cues);
            let at = cues
                .iter()
                .position(|(wanted, _)| *wanted == request.operation);
            at.map(|at| cues.remove(at).1)
        };
        let fault = cued.or_else(|| lock(&self.plan).fault_for(request))?;
        let mut counts = lock(&self.counts);
        let count = counts.entry(fault.kind()).or_default();
        *count = count.saturating_add(1);
        Some(fault)
    }

    fn record(&self, reached: Reached) {
        lock(&self.journal).record(reached);
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // This task owns all connections, so that they are dropped with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    let (state, cut) = (state.clone(), Arc::new(Cut::default()));
                    let gate = state.gate.clone();
                    let line = TokioIo::new(Line::new(near, cut.clone(), gate.clone()));
                    let service = service_fn(move |request| {
                        forward::forward(request, state.clone(), cut.clone())
                    });
                    // The client reports a broken connection; the proxy need not.
                    connections.spawn(async move {
                        tokio::select! {
                            _ = http1::Builder::new().serve_connection(line, service) => {}
                            () = gate.broken() => {}
                        }
                    });
                }
                Err(_) => return,
            },
            // Removes ended connections, because a long run would otherwise accumulate them.
            Some(_) = connections.join_next() => {}
        }
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
