//! The counters for `GET /metrics`. They hold no names and no ids, neither of files nor of callers.
//! docs/METRICS.md explains each; a test checks that it lists them all.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::{
    sweeper::{SweepKind, SweepReport},
    unix_millis::UnixMillis,
};

type ByKind = Family<[(&'static str, &'static str); 1], Counter>;

/// The counters of one server.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) uploads_opened: Counter,
    pub(crate) uploads_completed: Counter,
    pub(crate) uploads_aborted: Counter,
    pub(crate) uploads_failed: Counter,
    pub(crate) parts_signed: Counter,
    pub(crate) keys_issued: Counter,
    pub(crate) file_reads: Counter,
    files_verified: Counter,
    files_damaged: Counter,
    sweeper_found: ByKind,
    sweeper_done: ByKind,
    sweeper_errors: ByKind,
    sweeper_last_run: Gauge,
    kms_away: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("sealift");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let uploads_opened = counter("uploads_opened", "Uploads opened");
        let uploads_completed = counter("uploads_completed", "Uploads that became files");
        let uploads_aborted = counter("uploads_aborted", "Uploads aborted or expired");
        let uploads_failed = counter(
            "uploads_failed",
            "Uploads whose object was not what was sealed",
        );
        let parts_signed = counter("parts_signed", "Parts signed, repeated ones included");
        let keys_issued = counter(
            "keys_issued",
            "Content keys sent to clients, to seal a file or to open it",
        );
        let file_reads = counter(
            "file_reads",
            "Reads of a file through the server; each range counts",
        );
        let files_verified = counter(
            "files_verified",
            "Files of which every frame opened when it was checked",
        );
        let files_damaged = counter(
            "files_damaged",
            "Files of which a frame did not open when it was checked",
        );
        let mut by_kind = |name: &str, help: &str| {
            let family = ByKind::default();
            for kind in SweepKind::ALL {
                // Create every kind now, so that each is there from the start, as zero.
                let _ = family.get_or_create(&label(kind));
            }
            registry.register(name, help, family.clone());
            family
        };
        let sweeper_found = by_kind("sweeper_found", "Items that sweeps found");
        let sweeper_done = by_kind("sweeper_done", "Items that sweeps ended");
        let sweeper_errors = by_kind("sweeper_errors", "Items that sweeps could not end");
        let sweeper_last_run = Gauge::default();
        registry.register(
            "sweeper_last_run_timestamp_seconds",
            "When the last sweep ended, Unix time; 0 before the first",
            sweeper_last_run.clone(),
        );
        let kms_away = Gauge::default();
        registry.register(
            "kms_away_seconds",
            "For how long KMS has not answered; 0 while it answers",
            kms_away.clone(),
        );
        Self {
            registry,
            uploads_opened,
            uploads_completed,
            uploads_aborted,
            uploads_failed,
            parts_signed,
            keys_issued,
            file_reads,
            files_verified,
            files_damaged,
            sweeper_found,
            sweeper_done,
            sweeper_errors,
            sweeper_last_run,
            kms_away,
        }
    }

    /// Adds the results of a sweep.
    pub(crate) fn note_sweep(&self, report: &SweepReport, now: UnixMillis) {
        for kind in SweepKind::ALL {
            let (count, label) = (report.of(kind), label(kind));
            self.sweeper_found.get_or_create(&label).inc_by(count.found);
            self.sweeper_done.get_or_create(&label).inc_by(count.done);
            self.sweeper_errors
                .get_or_create(&label)
                .inc_by(count.failed);
        }
        self.sweeper_last_run.set(now.get().div_euclid(1000));
    }

    /// Adds the result of a pass over all frames of one file.
    pub(crate) fn note_verified(&self, is_good: bool) {
        match is_good {
            true => self.files_verified.inc(),
            false => self.files_damaged.inc(),
        };
    }

    /// Sets for how many seconds KMS has not answered; `None` means that it answers.
    pub(crate) fn note_kms(&self, away_seconds: Option<u64>) {
        // Less than a second is not nothing.
        let seconds = away_seconds.map_or(0, |seconds| seconds.max(1));
        self.kms_away
            .set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    /// Returns all counters in the text format of OpenMetrics, which Prometheus reads.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

fn label(kind: SweepKind) -> [(&'static str, &'static str); 1] {
    [("kind", kind.as_str())]
}
