//! Ends what nobody ends any more (DESIGN.md 2, FORMAT.md R11): uploads that expired or were cut
//! off, files half deleted, tombstones whose last signature has ended, and what the store has
//! without a record.
//!
//! It holds no state and no lock: each step is a compare-and-set in the records or a repeatable
//! request to the store, so several servers may sweep at once and a sweep may stop anywhere. What
//! it cannot do now it finds again next time.

use core::time::Duration;

use crate::{
    app::App, completion::CompletionError, objects::ObjectsError, random, records::RecordsError,
};

mod files;
mod report;
mod tickets;
mod unrecorded;
mod uploads;

pub use report::{SweepCount, SweepKind, SweepReport};

/// Signatures end by the store's clock, records by the server's: doctor allows a minute between
/// them, and a PUT that began in time may take a while.
const TOMBSTONE_MARGIN_MS: i64 = 60 * 60 * 1000;

/// Rows and object keys that are taken up together.
const PAGE: u32 = 500;

/// The outcome in the audit of what somebody else had begun.
const FINISHED: &str = "finished";

/// Why a step failed; it is tried again by the next sweep.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error("the records failed")]
    Records(#[from] RecordsError),
    #[error("the store failed")]
    Objects(#[from] ObjectsError),
    #[error("a completion could not be ended")]
    Completion(#[from] CompletionError),
}

/// Sweeps at once and then again and again; never returns.
pub(crate) async fn run(app: App, every: Duration) {
    loop {
        sweep(&app).await;
        app.clock.sleep(spread(every, random::bytes())).await;
    }
}

/// Between four and six fifths of it: servers that start together do not sweep together.
fn spread(every: Duration, random: [u8; 4]) -> Duration {
    let fraction = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
    every.mul_f64(0.8 + 0.4 * fraction)
}

/// Takes up everything that is there to be swept now.
pub(crate) async fn sweep(app: &App) -> SweepReport {
    let mut report = SweepReport::default();
    if app.read_only.is_on() {
        // An object that an older database does not know must not be removed.
        tracing::warn!("Nothing is swept, because the server is read-only");
        return report;
    }
    // In this order, one sweep leads an abandoned upload that has expired to its end.
    uploads::sweep(app, &mut report).await;
    files::sweep(app, &mut report).await;
    tickets::sweep(app, &mut report).await;
    unrecorded::sweep(app, &mut report).await;
    app.metrics.note_sweep(&report, app.now_ms());
    if report.is_empty() {
        tracing::debug!("Swept: there was nothing");
    } else {
        tracing::info!(%report, "Swept: {report}");
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_are_spread_around_their_interval() {
        let every = Duration::from_secs(100);
        assert_eq!(spread(every, [0; 4]), Duration::from_secs(80));
        assert_eq!(spread(every, [255; 4]), Duration::from_secs(120));
    }
}
