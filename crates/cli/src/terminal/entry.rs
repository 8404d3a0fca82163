//! Prints an entry of a report: its outcome, its name, a sentence, and a remedy.

use anstyle::Style;
use textwrap::{Options, WordSplitter};

use super::{FAINT, STRONG, say, styled};
use crate::failure::Failure;

/// An entry of a report.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The outcome in a word.
    pub(crate) mark: &'static str,
    /// The style of that word.
    pub(crate) style: Style,
    /// The name of the entry.
    pub(crate) name: &'a str,
    /// The sentence, without a dot at its end.
    pub(crate) sentence: &'a str,
    /// The remedy, if there is one.
    pub(crate) remedy: Option<&'a str>,
    /// True if the entry is a minor detail.
    pub(crate) is_faint: bool,
}

/// The width of the longest mark, `warning`.
const MARK_WIDTH: usize = 7;
/// A terminal narrower than this has no room for a column of names.
const LEAST_WIDTH: usize = 90;
/// Lines longer than this are hard to read.
const MOST_WIDTH: usize = 120;

/// Returns the width of the terminal that stdout is; `None` if it is none.
pub(crate) fn stdout_width() -> Option<usize> {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map(|(width, _)| usize::from(width.0))
}

/// Prints an entry. On a terminal of some width, lines break between words, under each other. Elsewhere the entry is
/// one line, so that `grep` finds all of it.
///
/// # Errors
/// Fails if stdout cannot be written.
pub(crate) fn say_entry(
    entry: &Entry<'_>,
    name_width: usize,
    width: Option<usize>,
) -> Result<(), Failure> {
    say(&laid_out(entry, name_width, width))
}

fn laid_out(entry: &Entry<'_>, name_width: usize, width: Option<usize>) -> String {
    let mark = styled(&format!("{:<MARK_WIDTH$}", entry.mark), entry.style);
    let text_style = if entry.is_faint { FAINT } else { Style::new() };
    let is_wide = width.is_none_or(|width| width >= LEAST_WIDTH);
    let name_style = if entry.is_faint { FAINT } else { STRONG };
    let name = match is_wide {
        true => styled(&format!("{:<name_width$}", entry.name), name_style),
        false => styled(entry.name, name_style),
    };
    let Some(width) = width else {
        let remedy = entry.remedy.map(|remedy| format!(" -> {remedy}"));
        let remedy = remedy.unwrap_or_default();
        let sentence = styled(entry.sentence, text_style);
        return format!("{mark} {name} {sentence}{remedy}");
    };
    let indent = match is_wide {
        true => MARK_WIDTH + 1 + name_width + 1,
        false => 2,
    };
    let room = width.min(MOST_WIDTH).saturating_sub(indent).max(20);
    // Nothing is broken inside of a word, so that paths and commands can be copied.
    let whole_words = Options::new(room)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    let mut lines: Vec<String> = textwrap::wrap(entry.sentence, &whole_words)
        .iter()
        .map(|line| styled(line, text_style))
        .collect();
    if let Some(remedy) = entry.remedy {
        let options = whole_words.initial_indent("→ ").subsequent_indent("  ");
        lines.extend(
            textwrap::wrap(remedy, options)
                .iter()
                .map(ToString::to_string),
        );
    }
    let margin = " ".repeat(indent);
    let lines = lines.join(&format!("\n{margin}"));
    match is_wide {
        true => format!("{mark} {name} {lines}"),
        false => format!("{mark} {name}\n{margin}{lines}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Entry<'_> = Entry {
        mark: "failed",
        style: Style::new(),
        name: "key-file",
        sentence: "Other users may read or write the key file /srv/sealift/keys/sealift.key of this deployment",
        remedy: Some("`chmod 600 /srv/sealift/keys/sealift.key`"),
        is_faint: false,
    };

    fn shown(width: Option<usize>) -> String {
        anstream::adapter::strip_str(&laid_out(&ENTRY, 10, width)).to_string()
    }

    #[test]
    fn an_entry_fits_its_terminal_and_is_one_line_elsewhere() {
        assert_eq!(
            shown(None),
            format!(
                "failed  key-file   {} -> {}",
                ENTRY.sentence,
                ENTRY.remedy.unwrap()
            )
        );
        assert_eq!(
            shown(Some(90)),
            "failed  key-file   Other users may read or write the key file\n                   \
             /srv/sealift/keys/sealift.key of this deployment\n                   \
             → `chmod 600 /srv/sealift/keys/sealift.key`"
        );
        assert_eq!(
            shown(Some(60)),
            "failed  key-file\n  Other users may read or write the key file\n  \
             /srv/sealift/keys/sealift.key of this deployment\n  \
             → `chmod 600 /srv/sealift/keys/sealift.key`"
        );
        for width in [20, 60, 90, 200] {
            let longest = shown(Some(width))
                .lines()
                .map(|line| line.chars().count())
                .max();
            // A path has no place to break at.
            assert!(longest.unwrap() <= width.clamp(42, MOST_WIDTH), "{width}");
        }
    }
}
