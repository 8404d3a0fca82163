//! Cleans up what nobody finishes any more (docs/FORMAT.md, R11): uploads that expired or were
//! interrupted, files half deleted, tombstones whose last signature has ended, and objects in the
//! store without a record.
//!
//! The sweeper holds no state and no lock. Each step is a compare-and-set in the records or a
//! repeatable request to the store, so several servers may sweep at once and a sweep may stop
//! anywhere. The next sweep finds again what this one could not do.

use core::time::Duration;

use crate::{app::App, random};

mod files;
mod report;
mod tickets;
mod unrecorded;
mod uploads;
mod walk;

pub use report::{SweepCount, SweepKind, SweepReport};

/// Sweeps at once and then again at intervals; never returns.
pub(crate) async fn run(app: App, every: Duration) {
    loop {
        sweep(&app).await;
        app.clock.sleep(spread(every, random::bytes())).await;
    }
}

/// Returns a random time between 0.8 and 1.2 times `every`, so that servers that start together do
/// not sweep together.
fn spread(every: Duration, random: [u8; 4]) -> Duration {
    let fraction = f64::from(u32::from_be_bytes(random)) / f64::from(u32::MAX);
    every.mul_f64(0.8 + 0.4 * fraction)
}

/// Runs one sweep over everything that is due now.
pub(crate) async fn sweep(app: &App) -> SweepReport {
    let mut report = SweepReport::default();
    if app.read_only.is_on() {
        // The sweeper must not remove an object only because an older database does not know it.
        tracing::warn!("Nothing is swept, because the server is read-only");
        return report;
    }
    // In this order, one sweep brings an abandoned upload that has expired to its end.
    uploads::sweep(app, &mut report).await;
    files::sweep(app, &mut report).await;
    tickets::sweep(app, &mut report).await;
    unrecorded::sweep(app, &mut report).await;
    app.metrics.note_sweep(&report, app.now());
    if report.is_empty() {
        tracing::debug!("Swept: nothing was due");
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
