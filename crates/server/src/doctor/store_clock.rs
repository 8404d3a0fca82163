//! Compares this machine's clock with that of the store.

use core::time::Duration;
use std::time::SystemTime;

use headers::{Date, HeaderMapExt as _};

use super::{check::Check, table::CLOCK};
use crate::{clock::Clock, objects::Objects, unix_millis::UnixMillis};

/// The most seconds by which the clocks may differ. An address that is signed for two minutes (share links) would end
/// too early or too late otherwise.
const MOST_SECONDS: u64 = 60;
/// The limit for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the store's time from any answer of it, refusals included.
pub(super) async fn check(objects: &Objects, clock: &Clock) -> Check {
    match store_time(objects, clock).await {
        Some(store_time) => compared(clock.now(), store_time),
        None => CLOCK.not_applicable("No answer of the store says what time it has"),
    }
}

async fn store_time(objects: &Objects, clock: &Clock) -> Option<UnixMillis> {
    let origin = objects.own_origin(clock.now()).await.ok()?;
    let http = reqwest::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    let answer = http.ok()?.get(origin).send().await.ok()?;
    let date = answer.headers().typed_get::<Date>()?;
    Some(SystemTime::from(date).into())
}

fn compared(now: UnixMillis, store_time: UnixMillis) -> Check {
    let ahead = now.since(store_time).as_secs();
    let behind = store_time.since(now).as_secs();
    match ahead.max(behind) {
        ..=MOST_SECONDS => CLOCK.ok("This machine and the store have the same time"),
        seconds => {
            let side = if ahead > behind { "ahead of" } else { "behind" };
            CLOCK.failed(
                format!("The clock of this machine is {seconds} seconds {side} that of the store"),
                CLOCK.mends,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Outcome;

    #[test]
    fn a_minute_is_allowed_in_both_directions() {
        let check = |now_s: i64, store_s: i64| {
            compared(
                UnixMillis::from_ms(now_s * 1000),
                UnixMillis::from_ms(store_s * 1000),
            )
        };
        assert_eq!(check(1000, 1060).outcome, Outcome::Ok);
        assert_eq!(check(1060, 1000).outcome, Outcome::Ok);
        assert!(check(1000, 1061).sentence.contains("61 seconds behind"));
        let ahead = check(1061, 1000);
        assert_eq!(ahead.outcome, Outcome::Failed);
        assert!(ahead.sentence.contains("61 seconds ahead of"));
    }
}
