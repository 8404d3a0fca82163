//! How long things live (DESIGN.md 2, lifetimes), by the server's clock.

/// An upload ends so long after its last signature.
const UPLOAD_IDLE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// And so long after it was opened, whatever happened since. The bucket's rule for unfinished
/// uploads must be longer.
const UPLOAD_MOST_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// An upload that the server seals itself ends so long after its last part began its way: nobody
/// can go on with it after a crash, and a body that comes slower is not worth its place.
const SEALING_IDLE_MS: i64 = 60 * 60 * 1000;

/// Whoever redeemed a ticket may go on so long after its last read: enough between two addresses of
/// a long download, or two ranges of a film.
const READING_IDLE_MS: i64 = 15 * 60 * 1000;
/// And so long after it was redeemed, whatever was read since (DESIGN.md 5: too short to share).
pub(crate) const READING_MOST_MS: i64 = 24 * 60 * 60 * 1000;

/// An address of the store that somebody with a ticket gets ends after this time. The store does not
/// know that a ticket was taken back, so the address must end soon by itself.
const TICKET_ADDRESS_MS: i64 = 2 * 60 * 1000;

/// When an upload ends that was opened then and got a signature now.
pub(crate) fn upload_expiry_ms(opened_at_ms: i64, now_ms: i64) -> i64 {
    let idle = now_ms.saturating_add(UPLOAD_IDLE_MS);
    idle.min(opened_at_ms.saturating_add(UPLOAD_MOST_MS))
}

/// When an upload ends that the server seals itself, and whose newest part is sealed now.
pub(crate) fn sealing_expiry_ms(now_ms: i64) -> i64 {
    now_ms.saturating_add(SEALING_IDLE_MS)
}

/// When the right ends that a ticket was redeemed for then, and that is used now.
pub(crate) fn reading_expiry_ms(redeemed_at_ms: i64, now_ms: i64) -> i64 {
    let idle = now_ms.saturating_add(READING_IDLE_MS);
    idle.min(redeemed_at_ms.saturating_add(READING_MOST_MS))
}

/// When an address of the store ends that is given now for a right that lasts until then.
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
