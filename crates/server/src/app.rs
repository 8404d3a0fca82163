//! Holds the parts of this server that handlers, the sweeper and the verifier work with. They are put
//! together once, at the start (`server.rs`).

use std::{ops::Deref, sync::Arc};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    audit::KeptReadings,
    clock::Clock,
    config::Config,
    deployment::read_only::ReadOnly,
    keys::Keys,
    limits::{Rates, Reads, SealingMemory},
    objects::Objects,
    records::{Records, Scope},
    telemetry::Metrics,
    unix_millis::UnixMillis,
};

/// The parts of this server. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Parts>);

/// The parts, each built once.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The settings, checked at the start.
    pub(crate) config: Config,
    /// The database: uploads, parts, files, tickets, API keys and the audit.
    pub(crate) records: Records,
    /// The objects of this deployment in S3.
    pub(crate) objects: Objects,
    /// The keyring and the key for sealed names.
    pub(crate) keys: Keys,
    /// Set while the database is older than the mark in the bucket.
    pub(crate) read_only: ReadOnly,
    /// How often each owner may ask for what is expensive.
    pub(crate) rates: Rates,
    /// How many downloads may run at once.
    pub(crate) reads: Reads,
    /// The readings that have their audit row already, so that not every range writes one.
    pub(crate) kept_readings: KeptReadings,
    /// The counters of `GET /metrics`.
    pub(crate) metrics: Metrics,
    /// Wakes the verifier in all of its lanes.
    pub(crate) verification_wanted: watch::Sender<()>,
    /// The memory for bodies that the server seals.
    pub(crate) sealing_memory: SealingMemory,
    /// Cancelled when the server stops, so that long work ends.
    pub(crate) stopping: CancellationToken,
    /// The time, which tests set by hand.
    pub(crate) clock: Clock,
    /// The tenant and owner of every request if nobody logs in.
    pub(crate) loopback_scope: Scope,
}

impl App {
    /// Puts the parts together: for a server, or for a command that works like one.
    pub(crate) fn assemble(
        config: Config,
        clock: Clock,
        (records, keys): (Records, Keys),
        objects: Objects,
        stopping: CancellationToken,
    ) -> Self {
        Self(Arc::new(Parts {
            sealing_memory: SealingMemory::new(config.limits.sealing_memory_bytes, config.auth),
            stopping,
            rates: Rates::new(&config.limits),
            read_only: ReadOnly::default(),
            reads: Reads::new(&config.limits),
            kept_readings: KeptReadings::default(),
            metrics: Metrics::new(),
            verification_wanted: watch::Sender::new(()),
            loopback_scope: loopback_scope(),
            config,
            records,
            objects,
            keys,
            clock,
        }))
    }

    /// Returns the server's time.
    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The owner of everything on a server without login.
#[expect(
    clippy::expect_used,
    reason = "a constant that keeps the rules of names"
)]
fn loopback_scope() -> Scope {
    Scope {
        tenant: LOOPBACK.parse().expect("a name of a tenant"),
        owner: LOOPBACK.parse().expect("a name of an owner"),
    }
}

const LOOPBACK: &str = "local";
