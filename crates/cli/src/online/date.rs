//! Formats points in time for people.

use time::{OffsetDateTime, macros::format_description};

/// Formats a time in UTC, to the minute, such as `2026-01-31 09:05`.
pub(crate) fn date(unix_ms: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms).saturating_mul(1_000_000))
        .ok()
        .and_then(|at| at.format(format).ok())
        .unwrap_or_else(|| unix_ms.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_short() {
        assert_eq!(date(1_769_850_359_999), "2026-01-31 09:05");
        assert_eq!(date(i64::MAX), i64::MAX.to_string());
    }
}
