//! Remembers which readings have their audit row. A film or a resumed download is hundreds of ranges,
//! as many as its reader likes, so one row a minute covers them all.

use core::time::Duration;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sealift_transfer::api::FileId;

use crate::{records::Scope, unix_millis::UnixMillis};

/// How long a row covers the reads after it.
const COVERS_FOR: Duration = Duration::from_secs(60);
/// When this many readings are remembered, those whose rows cover nothing any more are dropped, and if
/// that is not enough, all.
const MOST_REMEMBERED: usize = 10_000;

/// A reader, the file it reads and the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Reading {
    pub(super) scope: Scope,
    pub(super) via: &'static str,
    /// The id of the reader's API key or ticket.
    pub(super) credential: Option<String>,
    pub(super) file_id: FileId,
    pub(super) outcome: &'static str,
}

/// When the newest row of each reading was written. It is kept in memory, per server, because a
/// forgotten entry only costs another row.
#[derive(Debug, Default)]
pub(crate) struct KeptReadings(Mutex<HashMap<Reading, UnixMillis>>);

impl KeptReadings {
    /// Returns true if a durable row covers this reading.
    pub(super) fn is_covered(&self, reading: &Reading, now: UnixMillis) -> bool {
        let kept_at = self.lock().get(reading).copied();
        kept_at.is_some_and(|kept_at| covers(kept_at, now))
    }

    /// Saves that the row of this reading is durable.
    pub(super) fn save(&self, reading: Reading, now: UnixMillis) {
        let mut kept = self.lock();
        if kept.len() >= MOST_REMEMBERED {
            kept.retain(|_, kept_at| covers(*kept_at, now));
        }
        if kept.len() >= MOST_REMEMBERED {
            kept.clear();
        }
        kept.insert(reading, now);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Reading, UnixMillis>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true while the row covers reads. If the clock was set back behind the row, it covers
/// nothing, so that another row is written.
fn covers(kept_at: UnixMillis, now: UnixMillis) -> bool {
    kept_at <= now && now.since(kept_at) < COVERS_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> UnixMillis {
        UnixMillis::from_ms(ms)
    }

    fn reading(number: u128) -> Reading {
        Reading {
            scope: Scope {
                tenant: "acme".parse().unwrap(),
                owner: "ada".parse().unwrap(),
            },
            via: "ticket",
            credential: Some("one".to_owned()),
            file_id: FileId::from_random(number.to_be_bytes()),
            outcome: "ok",
        }
    }

    #[test]
    fn a_row_tells_of_its_own_reading_for_a_minute() {
        let kept = KeptReadings::default();
        let one = reading(1);
        assert!(!kept.is_covered(&one, at(0)));
        kept.save(one.clone(), at(1_000_000));
        for (now_ms, covers) in [
            (999_999, false),
            (1_000_000, true),
            (1_059_999, true),
            (1_060_000, false),
        ] {
            assert_eq!(kept.is_covered(&one, at(now_ms)), covers, "{now_ms}");
        }
        let others = [
            reading(2),
            Reading {
                via: "api-key",
                ..one.clone()
            },
            Reading {
                outcome: "object_damaged",
                ..one.clone()
            },
            Reading {
                credential: Some("another".to_owned()),
                ..one
            },
        ];
        for other in others {
            assert!(!kept.is_covered(&other, at(1_000_000)), "{other:?}");
        }
    }

    #[test]
    fn no_more_than_so_many_are_remembered() {
        let kept = KeptReadings::default();
        for number in 0..25_000 {
            kept.save(reading(number), at(0));
            assert!(kept.is_covered(&reading(number), at(0)));
        }
        assert!(kept.lock().len() <= MOST_REMEMBERED);
    }
}
