//! The lifetimes of uploads, and of the right to read that a redeemed ticket gives, by the server's clock. How
//! long a link can be redeemed is in [`sealift_transfer::api::tickets`].

/// The time from the last signature until an upload expires.
const UPLOAD_IDLE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// The longest life of an upload after it was opened, whatever was signed since. The bucket's rule that
/// removes unfinished uploads must allow a longer time.
const UPLOAD_MOST_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// The time until an upload that the server seals itself expires after its last part was started.
/// Nobody can resume such an upload after a crash, and a slower body is not worth the memory that it
/// holds.
const SEALING_IDLE_MS: i64 = 60 * 60 * 1000;

/// The time from the last read until the right of a redeemed ticket ends. It bridges the pause between
/// two presigned URLs of a long download, or between two ranges of a film.
const READING_IDLE_MS: i64 = 15 * 60 * 1000;
/// The longest life of such a right after the ticket was redeemed, whatever was read since. It is so
/// short that sharing the cookie is of little use.
pub(crate) const READING_MOST_MS: i64 = 24 * 60 * 60 * 1000;

/// The time until a presigned URL expires that a ticket holder gets. The store does not know when a
/// ticket is revoked, so the URL must soon expire by itself.
const TICKET_ADDRESS_MS: i64 = 2 * 60 * 1000;

/// Returns when an upload expires that was opened at `opened_at_ms` and gets a signature now.
pub(crate) fn upload_expiry_ms(opened_at_ms: i64, now_ms: i64) -> i64 {
    let idle = now_ms.saturating_add(UPLOAD_IDLE_MS);
    idle.min(opened_at_ms.saturating_add(UPLOAD_MOST_MS))
}

/// Returns when an upload expires that the server seals itself and whose newest part is sealed now.
pub(crate) fn sealing_expiry_ms(now_ms: i64) -> i64 {
    now_ms.saturating_add(SEALING_IDLE_MS)
}

/// Returns when the right of a ticket ends that was redeemed at `redeemed_at_ms` and is used now.
pub(crate) fn reading_expiry_ms(redeemed_at_ms: i64, now_ms: i64) -> i64 {
    let idle = now_ms.saturating_add(READING_IDLE_MS);
    idle.min(redeemed_at_ms.saturating_add(READING_MOST_MS))
}

/// Returns when a presigned URL expires that is issued now under a right that lasts until
/// `right_until_ms`.
pub(crate) fn ticket_address_expiry_ms(right_until_ms: i64, now_ms: i64) -> i64 {
    right_until_ms.min(now_ms.saturating_add(TICKET_ADDRESS_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_prolongs_an_upload_by_a_week_but_not_beyond_thirty_days() {
        let day = 24 * 60 * 60 * 1000;
        assert_eq!(upload_expiry_ms(0, 0), 7 * day);
        assert_eq!(upload_expiry_ms(0, 10 * day), 17 * day);
        assert_eq!(upload_expiry_ms(0, 29 * day), 30 * day);
    }

    #[test]
    fn reading_prolongs_a_right_by_a_quarter_of_an_hour_but_not_beyond_a_day() {
        let minute = 60 * 1000;
        assert_eq!(reading_expiry_ms(0, 0), 15 * minute);
        assert_eq!(reading_expiry_ms(0, 100 * minute), 115 * minute);
        assert_eq!(reading_expiry_ms(0, 1439 * minute), 1440 * minute);
    }
}
