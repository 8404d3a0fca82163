//! Checks that the documents, sections, source files and tests that comments and documents cite are there.

use super::paragraphs::Paragraph;
use std::collections::{BTreeMap, BTreeSet};

/// The document that specifies the rules R1 to R11.
const RULE_BOOK: &str = "docs/FORMAT.md";

/// Everything that can be cited.
#[derive(Debug)]
pub(super) struct Known {
    /// The headings of each document, in lower case, by its path below the root.
    headings: BTreeMap<String, Vec<String>>,
    /// The paths of all sources.
    sources: BTreeSet<String>,
    /// The names of all functions, tests among them.
    functions: BTreeSet<String>,
}

impl Known {
    /// Reads what each file, by name and text, has to be cited.
    pub(super) fn of(files: &[(String, String)]) -> Self {
        let mut known = Self {
            headings: BTreeMap::new(),
            sources: files.iter().map(|(name, _)| name.clone()).collect(),
            functions: BTreeSet::new(),
        };
        for (name, text) in files {
            known.add(name, text);
        }
        known
    }

    fn add(&mut self, name: &str, text: &str) {
        if name.ends_with(".md") {
            let headings = text
                .lines()
                .filter(|line| line.starts_with('#'))
                .map(|line| line.trim_start_matches('#').trim().to_lowercase())
                .collect();
            self.headings.insert(name.to_owned(), headings);
        } else if name.ends_with(".rs") {
            let functions = text.lines().filter_map(|line| {
                let (_, rest) = line.split_once("fn ")?;
                Some(rest.split(['(', '<']).next()?.to_owned())
            });
            self.functions.extend(functions);
        }
    }

    /// Adds a fault for each citation of `paragraph` that leads nowhere.
    pub(super) fn check(&self, name: &str, paragraph: &Paragraph, faults: &mut Vec<String>) {
        let mut fault = |cited: &str| {
            faults.push(format!(
                "{name}:{}: cites {cited}, which is not there",
                paragraph.line
            ));
        };
        let text = paragraph.text.as_str();
        for (at, _) in text.match_indices(".md") {
            let cited = Cited::at(text, at);
            let Some(document) = self.document(name, cited.document) else {
                fault(cited.document);
                continue;
            };
            if let Some(section) = cited.section
                && !self.has_section(&document, section)
            {
                fault(&format!("{document}, {section}"));
            }
        }
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            if is_rule(word) && !self.has_section(RULE_BOOK, word) {
                fault(&format!("rule {word}"));
            }
        }
        if name.ends_with(".md") {
            for quoted in text.split('`').skip(1).step_by(2) {
                if !self.has_quoted(quoted) {
                    fault(quoted);
                }
            }
        }
    }

    /// The path of a document that a file cites: from the root, or from the file's own folder.
    fn document(&self, citing: &str, cited: &str) -> Option<String> {
        let folder = citing.rsplit_once('/').map_or("", |(folder, _)| folder);
        let beside = format!("{folder}/{cited}");
        let up = cited.trim_start_matches("../").to_owned();
        [cited.to_owned(), beside, up]
            .into_iter()
            .find(|path| self.headings.contains_key(path) || self.sources.contains(path))
    }

    fn has_section(&self, document: &str, section: &str) -> bool {
        let section = section.to_lowercase();
        self.headings.get(document).is_some_and(|headings| {
            headings.iter().any(|heading| {
                heading
                    .strip_prefix(section.as_str())
                    .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            })
        })
    }

    /// Whether what a document quotes is there, if it is the path of a source or the name of a test.
    fn has_quoted(&self, quoted: &str) -> bool {
        let is_path = quoted.contains('/')
            && [".rs", ".js"].iter().any(|ending| quoted.ends_with(ending))
            && !quoted.contains([' ', '{', '*', ':']);
        if is_path {
            let below = format!("/{quoted}");
            return self
                .sources
                .iter()
                .any(|source| source == quoted || source.ends_with(&below));
        }
        // A test is named by a sentence; a setting or a column is shorter.
        let is_sentence = quoted.matches('_').count() >= 4
            && quoted
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        !is_sentence || self.functions.contains(quoted)
    }
}

/// A citation as it stands in a text.
#[derive(Debug)]
struct Cited<'a> {
    document: &'a str,
    /// `R2` of `docs/FORMAT.md, R2`, or `arithmetic` of `(docs/FORMAT.md, arithmetic)`.
    section: Option<&'a str>,
}

impl<'a> Cited<'a> {
    /// Reads the citation whose ending is at `at`.
    fn at(text: &'a str, at: usize) -> Self {
        let (before, rest) = text.split_at(at);
        let begin = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)))
            .map_or(0, |index| index + 1);
        let end = at + ".md".len();
        let rest = rest.get(".md".len()..).unwrap_or_default();
        let word = rest
            .trim_start_matches([',', ' '])
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let section = if is_rule(word) {
            Some(word)
        } else if before.get(..begin).is_some_and(|text| text.ends_with('(')) {
            rest.strip_prefix(", ")
                .and_then(|rest| rest.split([')', ';', ':']).next())
        } else {
            None
        };
        Self {
            document: text.get(begin..end).unwrap_or_default(),
            section,
        }
    }
}

/// `R` and a number: a rule of the format.
fn is_rule(word: &str) -> bool {
    word.strip_prefix('R')
        .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, BTreeSet, Known, Paragraph};

    fn known() -> Known {
        let mut known = Known {
            headings: BTreeMap::new(),
            sources: BTreeSet::from(["crates/server/src/app.rs".to_owned()]),
            functions: BTreeSet::new(),
        };
        known.add("docs/FORMAT.md", "# Format\n### R2: one ciphertext\n");
        known.add("docs/STORES.md", "# Stores\n## Limits\n");
        known.add(
            "crates/server/src/app.rs",
            "    async fn a_test_that_shows_it() {\n",
        );
        known
    }

    fn faults(name: &str, text: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let paragraph = Paragraph {
            line: 7,
            text: text.to_owned(),
        };
        known().check(name, &paragraph, &mut faults);
        faults
    }

    #[test]
    fn what_is_there_may_be_cited() {
        for text in [
            "One ciphertext a part (docs/FORMAT.md, R2).",
            "See docs/STORES.md, and R2.",
            "Two GiB at most (docs/STORES.md, limits; the format has none).",
        ] {
            assert_eq!(faults("crates/a/src/b.rs", text), [""; 0], "{text}");
        }
        let text = "[stores](STORES.md), [map](../docs/FORMAT.md), `server/src/app.rs`, `a_test_that_shows_it`";
        assert_eq!(faults("docs/CLI.md", text), [""; 0]);
    }

    #[test]
    fn what_is_not_there_is_found() {
        for (text, cited) in [
            ("See DESIGN.md 4.", "DESIGN.md"),
            ("FORMAT.md R2", "FORMAT.md"),
            ("docs/FORMAT.md, R12", "docs/FORMAT.md, R12"),
            ("as R13 says", "rule R13"),
            ("a key (docs/STORES.md, keys)", "docs/STORES.md, keys"),
        ] {
            let found = faults("crates/a/src/b.rs", text);
            let expected = format!("crates/a/src/b.rs:7: cites {cited}, which is not there");
            assert_eq!(found.first(), Some(&expected), "{text}");
        }
        assert_eq!(faults("docs/CLI.md", "`server/src/old.rs`").len(), 1);
        assert_eq!(faults("docs/CLI.md", "`a_test_that_is_no_more`").len(), 1);
    }
}
