//! Watches when the parts of an upload are on a link, to show how long it is idle before the first one and after the last.

use core::{pin::pin, time::Duration};
use std::time::{SystemTime, UNIX_EPOCH};

use sealift_tests::Distance;

const EVERY: Duration = Duration::from_millis(2);
/// Requests are shorter, and parts are longer.
const PART_HAS_BEGUN: u64 = 256 * 1024;

/// The bytes that had come from the browser at a time, in milliseconds since 1970.
type Sample = (f64, u64);

/// Does the work, and returns what was on the way meanwhile.
pub(crate) async fn watch<T>(way: &Distance, work: impl Future<Output = T>) -> (T, Vec<Sample>) {
    let mut samples = Vec::new();
    let mut work = pin!(work);
    loop {
        samples.push((now_ms(), way.bytes_from_near()));
        tokio::select! {
            done = &mut work => return (done, samples),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The milliseconds in which no part was on the link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Idle {
    /// From the choice of the file to the first bytes of a part.
    pub(crate) before_ms: f64,
    /// From the last byte of a part to the answer that it is stored.
    pub(crate) after_ms: f64,
}

/// Returns how long the link was idle at both ends of an upload that began and ended at these milliseconds since 1970.
pub(crate) fn idle(samples: &[Sample], began_ms: f64, sent_ms: f64) -> Option<Idle> {
    let (_, before) = samples.first()?;
    let (_, all) = samples.last()?;
    let first = samples
        .iter()
        .find(|(_, bytes)| bytes.saturating_sub(*before) >= PART_HAS_BEGUN)?;
    let last = samples.iter().find(|(_, bytes)| bytes == all)?;
    Some(Idle {
        before_ms: first.0 - began_ms,
        after_ms: sent_ms - last.0,
    })
}

fn now_ms() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
        * 1000.0
}
