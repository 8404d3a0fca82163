//! Reads the comments of a source, or the text of a document, as paragraphs.

/// A paragraph of a comment or a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Paragraph {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// Its lines, joined by spaces, without comment signs.
    pub(super) text: String,
}

/// Returns the paragraphs of a file: of the comments, or, of a Markdown document, of its text and lists.
/// Fenced examples, headings and tables are left out, and so is what has no words.
pub(super) fn of(name: &str, text: &str) -> impl Iterator<Item = Paragraph> {
    let lines: Vec<Line<'_>> = if name.ends_with(".md") {
        text.lines().map(document_line).collect()
    } else {
        text.lines().map(comment_line).collect()
    };
    joined(&lines).into_iter()
}

/// One line as part of a comment or a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    /// Code, or an empty line of a document: ends a paragraph.
    Other,
    /// Text behind this sign (`//`, `///`; none in a document).
    Text { sign: &'a str, text: &'a str },
}

fn document_line(line: &str) -> Line<'_> {
    match line.trim() {
        "" => Line::Other,
        text => Line::Text { sign: "", text },
    }
}

/// Comments that stand on lines of their own. A comment behind code is not seen.
fn comment_line(line: &str) -> Line<'_> {
    let line = line.trim();
    // The longer signs first, since each begins like a shorter one.
    for sign in ["///", "//!", "//", "/**", "/*", "<!--"] {
        if let Some(text) = line.strip_prefix(sign) {
            let text = text.trim_end_matches("*/").trim_end_matches("-->").trim();
            return Line::Text { sign, text };
        }
    }
    // The lines of a JSDoc comment; no line of code begins so.
    match line.strip_prefix("* ") {
        Some(text) => Line::Text { sign: "/**", text },
        None => Line::Other,
    }
}

fn joined(lines: &[Line<'_>]) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let mut sign_before = None;
    let mut in_fence = false;
    // Whether the next text continues the last paragraph.
    let mut continues = false;
    for (index, line) in lines.iter().enumerate() {
        let Line::Text { sign, text } = *line else {
            sign_before = None;
            continues = false;
            continue;
        };
        continues = continues && sign_before == Some(sign);
        sign_before = Some(sign);
        if text.starts_with("```") {
            in_fence = !in_fence;
            continues = false;
            continue;
        }
        let item = list_item(text);
        if in_fence || text.is_empty() || text.starts_with(['#', '|', '<', '@']) {
            continues = false;
            continue;
        }
        match found.last_mut() {
            Some(last) if continues && item.is_none() => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            _ => found.push(Paragraph {
                line: index + 1,
                text: item.unwrap_or(text).to_owned(),
            }),
        }
        continues = true;
    }
    found.retain(|paragraph| paragraph.text.chars().any(char::is_lowercase));
    found
}

/// The text of a list's item, `- text` or `1. text`.
fn list_item(text: &str) -> Option<&str> {
    if let Some(item) = text.strip_prefix("- ").or_else(|| text.strip_prefix("* ")) {
        return Some(item.trim_start());
    }
    let (number, item) = text.split_once(". ")?;
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    is_number.then(|| item.trim_start())
}
