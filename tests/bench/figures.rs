//! What was measured, as lines for whoever started this: `figure`, row, measure with its unit, who,
//! and a value a round, with tabs between.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

/// One line.
pub(crate) fn tell(row: &str, measure: &str, who: &str, values: &[f64]) {
    let values: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
    println!("figure\t{row}\t{measure}\t{who}\t{}", values.join(" "));
}

/// Megabytes, of which disks and networks speak, in a second.
pub(crate) fn megabytes_per_second(bytes: u64, seconds: f64) -> f64 {
    number(bytes) / 1e6 / seconds
}

/// In MiB, as memory is counted.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    number(bytes) / f64::from(1 << 20)
}

/// Exact below 2^53, and nothing measured is more.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no other conversion to floating point numbers"
)]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
