//! Writes the figures into docs/PERFORMANCE.md, between two marks. The text around the marks is written by people.

use super::figures::Figures;
use super::load::Others;
use super::rows::ROWS;
use super::{chart, table};
use crate::programs;
use crate::setup::browser::Chromium;
use crate::workshop::Workshop;
use anyhow::{Context, Result, anyhow};
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

const BEGIN: &str = "<!-- measured: `cargo xtask bench` writes from here -->\n";
const END: &str = "<!-- measured: to here -->\n";

/// Writes the figures of a whole run into the document, and the charts beside it.
///
/// # Errors
/// Fails if a file cannot be read or written, or if the document has lost its marks.
pub(super) fn write(
    workshop: &Workshop,
    chromium: &Chromium,
    figures: &Figures,
    others: &Others,
) -> Result<()> {
    let docs = workshop.root.join("docs");
    let charts = docs.join("performance");
    fs::create_dir_all(&charts).with_context(|| format!("cannot make {}", charts.display()))?;
    let mut measured = format!("{}\n", machine(workshop, chromium, others));
    for row in ROWS {
        let chart = charts.join(format!("{}.svg", row.name));
        fs::write(&chart, chart::of(row, figures))
            .with_context(|| format!("cannot write {}", chart.display()))?;
        // Writing to a string does not fail.
        let _written = write!(
            measured,
            "\n## {}\n\n{}\n\n{}\n![{}](performance/{}.svg)\n",
            row.title,
            row.about,
            table::of(row, figures),
            row.title,
            row.name
        );
    }
    let page = docs.join("PERFORMANCE.md");
    let old =
        fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    let new = replaced(&old, &measured)
        .ok_or_else(|| anyhow!("docs/PERFORMANCE.md has lost the two marks around the figures"))?;
    fs::write(&page, new).with_context(|| format!("cannot write {}", page.display()))
}

fn replaced(page: &str, measured: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{measured}{END}{after}"))
}

/// Describes the date, the commit and the machine, because figures of different machines cannot be compared.
fn machine(workshop: &Workshop, chromium: &Chromium, others: &Others) -> String {
    let ask = |program: &str, arguments: &[&str]| {
        let answer = programs::ask(
            Command::new(program)
                .args(arguments)
                .current_dir(&workshop.root),
        );
        answer.unwrap_or_else(|| "unknown".into())
    };
    let line = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let value = text.lines().find_map(|line| {
            Some(
                line.strip_prefix(name)?
                    .split_once(':')?
                    .1
                    .trim()
                    .to_owned(),
            )
        });
        value.unwrap_or_else(|| "unknown".into())
    };
    let memory: u64 = line("/proc/meminfo", "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0);
    format!(
        "One run on {}, commit {}: {}, {} cores, {} GiB of memory, {}, {}; other processes used at most {:.1} cores. Median of all rounds, least and most in brackets where they differ.",
        ask("date", &["-u", "+%F"]),
        ask("git", &["rev-parse", "--short", "HEAD"]),
        line("/proc/cpuinfo", "model name"),
        ask("nproc", &[]),
        memory >> 20,
        ask("uname", &["-sr"]),
        programs::ask(Command::new(&chromium.program).arg("--version"))
            .unwrap_or_else(|| "Chromium".into()),
        others.cores,
    )
}

#[cfg(test)]
mod tests {
    use super::{BEGIN, END, replaced};

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let page = format!("before\n{BEGIN}old\n{END}after\n");
        let new = replaced(&page, "new\n").unwrap();
        assert_eq!(new, format!("before\n{BEGIN}new\n{END}after\n"));
        assert_eq!(replaced("no marks", "new"), None);
    }

    #[test]
    fn the_page_has_its_marks() {
        let page = include_str!("../../../../docs/PERFORMANCE.md");
        assert!(replaced(page, "").is_some());
    }
}
