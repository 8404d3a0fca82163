//! The shared state of all handlers. The server builds it once at its start.

use std::{ops::Deref, sync::Arc};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    audit::KeptReadings,
    clock::Clock,
    config::Config,
    keys::Keys,
    objects::Objects,
    rates::Rates,
    read_only::ReadOnly,
    reads::Reads,
    records::{Records, Scope},
    sealing::SealingMemory,
    telemetry::Metrics,
};

/// Gives handlers and background tasks the shared state. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct App(Arc<Parts>);

/// The components of this deployment.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) records: Records,
    pub(crate) objects: Objects,
    pub(crate) keys: Keys,
    /// On while the database is older than the mark in the bucket.
    pub(crate) read_only: ReadOnly,
    pub(crate) rates: Rates,
    pub(crate) reads: Reads,
    pub(crate) kept_readings: KeptReadings,
    pub(crate) metrics: Metrics,
    /// Wakes all lanes of the verifier.
    pub(crate) verification_wanted: watch::Sender<()>,
    pub(crate) sealing_memory: SealingMemory,
    /// Cancelled when the server stops, so that long requests end.
    pub(crate) stopping: CancellationToken,
    pub(crate) clock: Clock,
    /// The owner of all files if the server runs without login.
    pub(crate) loopback_scope: Scope,
}

impl App {
    pub(crate) fn of(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
