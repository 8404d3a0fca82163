//! The lifetimes of uploads, and of the right to read that a redeemed ticket gives, by the server's clock. How
//! long a link can be redeemed is in [`sealift_transfer::api::tickets`].

use core::time::Duration;

use crate::unix_millis::UnixMillis;

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const fn days(count: u64) -> Duration {
    minutes(count * 24 * 60)
}

/// The time from the last signature until an upload expires.
const UPLOAD_IDLE: Duration = days(7);
/// The longest life of an upload after it was opened, whatever was signed since. The bucket's rule that
/// removes unfinished uploads must allow a longer time.
const UPLOAD_MOST: Duration = days(UPLOAD_MOST_DAYS);
/// The same in days.
pub(crate) const UPLOAD_MOST_DAYS: u64 = 30;
/// The least days after which a rule of the bucket may end unfinished uploads: more than 31, because an
/// upload may live for 30 and S3 counts whole days from midnight.
pub(crate) const LEAST_DAYS_OF_BUCKET_RULE: i32 = 32;

/// The time until an upload that the server seals itself expires after its last part was started.
/// Nobody can resume such an upload after a crash, and a slower body is not worth the memory that it
/// holds.
const SEALING_IDLE: Duration = minutes(60);

/// The time from the last read until the right of a redeemed ticket ends. It bridges the pause between
/// two presigned URLs of a long download, or between two ranges of a film.
const READING_IDLE: Duration = minutes(15);
/// The longest life of such a right after the ticket was redeemed, whatever was read since. It is so
/// short that sharing the cookie is of little use.
pub(crate) const READING_MOST: Duration = days(1);

/// The time until a presigned URL expires that a ticket holder gets. The store does not know when a
/// ticket is revoked, so the URL must soon expire by itself.
const TICKET_ADDRESS: Duration = minutes(2);

/// Returns when an upload expires that was opened at `opened_at` and gets a signature now.
pub(crate) fn upload_expiry(opened_at: UnixMillis, now: UnixMillis) -> UnixMillis {
    let idle = now.later_by(UPLOAD_IDLE);
    idle.min(opened_at.later_by(UPLOAD_MOST))
}

/// Returns when an upload expires that the server seals itself and whose newest part is sealed now.
pub(crate) fn sealing_expiry(now: UnixMillis) -> UnixMillis {
    now.later_by(SEALING_IDLE)
}

/// Returns when the right of a ticket ends that was redeemed at `redeemed_at` and is used now.
pub(crate) fn reading_expiry(redeemed_at: UnixMillis, now: UnixMillis) -> UnixMillis {
    let idle = now.later_by(READING_IDLE);
    idle.min(redeemed_at.later_by(READING_MOST))
}

/// Returns when a presigned URL expires that is issued now under a right that lasts until
/// `right_until`.
pub(crate) fn ticket_address_expiry(right_until: UnixMillis, now: UnixMillis) -> UnixMillis {
    right_until.min(now.later_by(TICKET_ADDRESS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1000;
    const DAY: i64 = 24 * 60 * MINUTE;

    #[test]
    fn a_signature_prolongs_an_upload_by_a_week_but_not_beyond_thirty_days() {
        let expiry = |signed_ms| upload_expiry(at(0), at(signed_ms));
        assert_eq!(expiry(0), at(7 * DAY));
        assert_eq!(expiry(10 * DAY), at(17 * DAY));
        assert_eq!(expiry(29 * DAY), at(30 * DAY));
    }

    #[test]
    fn reading_prolongs_a_right_by_a_quarter_of_an_hour_but_not_beyond_a_day() {
        let expiry = |read_ms| reading_expiry(at(0), at(read_ms));
        assert_eq!(expiry(0), at(15 * MINUTE));
        assert_eq!(expiry(100 * MINUTE), at(115 * MINUTE));
        assert_eq!(expiry(1439 * MINUTE), at(1440 * MINUTE));
    }

    fn at(ms: i64) -> UnixMillis {
        UnixMillis::from_ms(ms)
    }
}
