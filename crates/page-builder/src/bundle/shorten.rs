//! Removes from a script or a style everything that only its readers need.

use anyhow::{Result, bail};

/// Removes indentation, empty lines, comments that begin a line, and types within a line: `/** @type {A} */ (b)`.
///
/// # Errors
/// Fails if a string may have several lines, because its spaces must stay, or if code follows a comment on its line.
pub(super) fn shorten(script: &str) -> Result<String> {
    let mut short = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            match line.split_once("*/") {
                Some((_, "")) => in_comment = false,
                Some(_) => bail!("code follows a comment on the same line: {line}"),
                None => (),
            }
            continue;
        }
        if line.is_empty() || line.starts_with("//") {
            continue;
        }
        if line.matches('`').count() % 2 == 1 {
            bail!("a string has more than one line: {line}");
        }
        let mut rest = line;
        while let Some((before, typed)) = rest.split_once("/** @type ") {
            let Some((_, after)) = typed.split_once("*/ ") else {
                bail!("a type has more than one line: {line}");
            };
            short.push_str(before);
            rest = after;
        }
        short.push_str(rest);
        short.push('\n');
    }
    Ok(short)
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn what_runs_stays() {
        let script = "// One.\n/** Two\n * `three\n */\nif (a) {\n  b(`c`); // Four.\n\n}\n";
        assert_eq!(shorten(script).unwrap(), "if (a) {\nb(`c`); // Four.\n}\n");
    }

    #[test]
    fn types_within_a_line_are_removed() {
        let script = "a(/** @type {B} */ (b), (/** @type {C} */ c) => c);\n";
        assert_eq!(shorten(script).unwrap(), "a((b), (c) => c);\n");
        assert!(shorten("a(/** @type {{\n  b: C }} */ d);\n").is_err());
    }

    #[test]
    fn what_could_be_more_than_indentation_is_refused() {
        for script in ["a(`b\n  c`);", "/* a */ b();"] {
            assert!(shorten(script).is_err(), "{script}");
        }
    }
}
