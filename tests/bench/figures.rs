//! Prints the measurements for the program that started this one. Each line has the word `figure`, the row, the measure
//! with its unit, the contestant and one value for each round, with tabs between them.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

/// Prints one line.
pub(crate) fn report(row: &str, measure: &str, who: &str, values: &[f64]) {
    let values: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
    println!("figure\t{row}\t{measure}\t{who}\t{}", values.join(" "));
}

/// Says why a row has no figures. The line has the word `note`, the row and a sentence.
pub(crate) fn note(row: &str, sentence: &str) {
    println!("note\t{row}\t{}", sentence.replace(['\n', '\t'], " "));
}

/// Returns megabytes per second. Disks and networks are rated in megabytes.
pub(crate) fn megabytes_per_second(bytes: u64, seconds: f64) -> f64 {
    number(bytes) / 1e6 / seconds
}

/// Returns MiB, the unit in which memory is counted.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    number(bytes) / f64::from(1 << 20)
}

/// Converts a count to floating point. The result is exact below 2^53, and no measurement is larger.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "std has no other conversion to floating point numbers"
)]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}
