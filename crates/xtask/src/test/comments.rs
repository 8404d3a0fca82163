//! Checks the language of comments and documents: how many paragraphs begin with a word that leaves the
//! subject out, and whether each document, section and file that is cited is there.

mod citations;
mod paragraphs;

use super::Bench;
use crate::timed::Log;
use anyhow::{Context, Result};
use paragraphs::Paragraph;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A paragraph that begins so names its subject late or never: "What it gives is authentic".
const LATE_SUBJECTS: [&str; 8] = ["What", "Who", "Whose", "Where", "Of", "So", "As", "It"];

/// Such paragraphs in a hundred of an area. Some are good English.
const MOST_IN_A_HUNDRED: usize = 1;

/// Shown of each area that has too many.
const MOST_EXAMPLES: usize = 5;

/// The paragraphs of one area: a crate, or a folder of the top level.
#[derive(Debug, Default)]
struct Area {
    paragraphs: usize,
    late: Vec<String>,
}

/// Adds a fault for every area with too many late subjects and for every citation that leads nowhere.
///
/// # Errors
/// Fails if a source or document cannot be read.
pub(super) fn check(bench: &Bench<'_>, log: &mut Log, faults: &mut Vec<String>) -> Result<()> {
    let root = &bench.workshop.root;
    let mut areas: BTreeMap<String, Area> = BTreeMap::new();
    let files = sources(root)?;
    let known = citations::Known::of(&files);
    for (name, text) in &files {
        let area = areas.entry(area_of(name)).or_default();
        for paragraph in paragraphs::of(name, text) {
            area.paragraphs += 1;
            if begins_late(&paragraph) {
                let begin: String = paragraph.text.chars().take(60).collect();
                area.late
                    .push(format!("{name}:{}: {begin}", paragraph.line));
            }
            known.check(name, &paragraph, faults);
        }
    }
    for (name, area) in &areas {
        log.note(&format!(
            "{name}: {} of {} paragraphs begin with a late subject",
            area.late.len(),
            area.paragraphs
        ))?;
        faults.extend(fault_of(name, area));
    }
    Ok(())
}

fn fault_of(name: &str, area: &Area) -> Option<String> {
    let most = (area.paragraphs * MOST_IN_A_HUNDRED).div_ceil(100);
    if area.late.len() <= most {
        return None;
    }
    let examples: Vec<&str> = area
        .late
        .iter()
        .take(MOST_EXAMPLES)
        .map(String::as_str)
        .collect();
    Some(format!(
        "{name}: {} comment paragraphs begin with {}; {most} may. Name the subject first:\n  {}",
        area.late.len(),
        LATE_SUBJECTS.join(", "),
        examples.join("\n  ")
    ))
}

fn begins_late(paragraph: &Paragraph) -> bool {
    let text = paragraph.text.trim_start_matches(['`', '"', '*', '(', '[']);
    let word: &str = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    LATE_SUBJECTS.contains(&word)
}

/// `crates/server/src/app.rs` is of `crates/server`, `docs/CLI.md` of `docs`, `README.md` of the top level.
fn area_of(name: &str) -> String {
    let mut folders = name.split('/');
    match (folders.next(), folders.next(), folders.next()) {
        (Some("crates"), Some(package), Some(_)) => format!("crates/{package}"),
        (Some(folder), Some(_), _) => folder.to_owned(),
        _ => "the top level".to_owned(),
    }
}

/// Reads the sources and documents of the project: their paths below `root`, in order, and their texts.
fn sources(root: &Path) -> Result<Vec<(String, String)>> {
    let mut names = Vec::new();
    for folder in ["crates", "tests", "web", "docs"] {
        for path in super::rooms::sources(&root.join(folder))? {
            names.push(path.strip_prefix(root)?.to_string_lossy().into_owned());
        }
    }
    names.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned));
    let read = |name: String| {
        let text = fs::read_to_string(root.join(&name));
        Ok((
            name.clone(),
            text.with_context(|| format!("cannot read {name}"))?,
        ))
    };
    names.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::{Area, area_of, begins_late, fault_of, paragraphs};

    fn late(name: &str, text: &str) -> Vec<usize> {
        paragraphs::of(name, text)
            .filter(begins_late)
            .map(|paragraph| paragraph.line)
            .collect()
    }

    #[test]
    fn a_paragraph_that_leaves_its_subject_out_is_found() {
        let text = "/// What it gives is authentic.\n/// It says more.\nfn f() {}\n// So many.\nlet a = 1;\n";
        assert_eq!(late("a.rs", text), [1, 4]);
        assert_eq!(late("a.js", "// `Who` has it.\n/* Of some. */\n"), [1, 2]);
        assert_eq!(
            late("a.md", "# What\n\nThe page.\n\n- Where it is\n- a list\n"),
            [5]
        );
    }

    #[test]
    fn a_paragraph_begins_after_a_heading_and_an_empty_line_too() {
        let text = "/// Reads it.\n///\n/// # Errors\n/// Where it cannot.\nfn f() {}\n";
        assert_eq!(late("a.rs", text), [4]);
    }

    #[test]
    fn words_that_only_look_alike_and_examples_are_fine() {
        let text = "/// Items of a list. What follows is text.\n/// ```\n/// // What\n/// ```\nlet what = \"// So\";\n";
        assert_eq!(late("a.rs", text), [0; 0]);
        assert_eq!(late("a.md", "```sh\n# comment\nWhat\n```\n"), [0; 0]);
    }

    #[test]
    fn one_in_a_hundred_may() {
        let area = |late: usize, paragraphs| Area {
            paragraphs,
            late: vec!["a.rs:1: What".to_owned(); late],
        };
        assert!(fault_of("web", &area(3, 250)).is_none());
        assert!(fault_of("web", &area(4, 250)).is_some());
    }

    #[test]
    fn a_crate_is_an_area_and_so_is_a_folder_of_the_top_level() {
        assert_eq!(area_of("crates/server/src/app.rs"), "crates/server");
        assert_eq!(area_of("web/page.js"), "web");
        assert_eq!(area_of("README.md"), "the top level");
    }
}
