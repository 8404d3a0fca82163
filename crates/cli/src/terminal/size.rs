//! Formats sizes for people.

/// Formats bytes in units of 1,024, with one decimal below ten, such as `1.5 MiB`.
pub(crate) fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = "B";
    let mut tenths = u128::from(bytes).saturating_mul(10);
    for larger in UNITS {
        if tenths < 10_235 {
            break;
        }
        tenths = tenths.saturating_add(512) / 1024;
        unit = larger;
    }
    match (unit, tenths / 10, tenths % 10) {
        ("B", whole, _) => format!("{whole} B"),
        (unit, whole @ 0..10, tenth) => format!("{whole}.{tenth} {unit}"),
        (unit, whole, tenth) => format!("{} {unit}", if tenth < 5 { whole } else { whole + 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_never_reach_the_next_unit() {
        for (bytes, said) in [
            (0, "0 B"),
            (1, "1 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (10 * 1024, "10 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (200 * 1024 * 1024, "200 MiB"),
            (5_368_709_120, "5.0 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(human_size(bytes), said, "{bytes}");
        }
    }
}
