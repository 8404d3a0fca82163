//! Reads the clocks of this machine. The ages of presigned URLs are computed from them.

use std::{
    sync::OnceLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use sealift_transfer::address::Moment;

/// Reads both clocks. The steady clock counts from the first reading of this process.
pub(crate) fn now() -> Moment {
    static FIRST_READING: OnceLock<Instant> = OnceLock::new();
    let steady = FIRST_READING.get_or_init(Instant::now).elapsed();
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    // A wall clock before 1970 reads as 0. The steady clock still counts.
    let wall_ms = wall.map_or(0, |since| since.as_millis());
    Moment {
        wall_ms: i64::try_from(wall_ms).unwrap_or(i64::MAX),
        steady_ms: u64::try_from(steady.as_millis()).unwrap_or(u64::MAX),
    }
}
