//! A script without what only its readers need.

use anyhow::{Result, bail};

/// Takes out indentation, empty lines, and comments that begin a line.
///
/// # Errors
/// Where a string may reach over several lines: its spaces are not ours.
pub(super) fn shorten(script: &str) -> Result<String> {
    let mut short = String::with_capacity(script.len());
    let mut in_comment = false;
    for line in script.lines().map(str::trim) {
        in_comment |= line.starts_with("/*");
        if in_comment {
            match line.split_once("*/") {
                Some((_, "")) => in_comment = false,
                Some(_) => bail!("a comment stands before something: {line}"),
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
        short.push_str(line);
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
    fn what_could_be_more_than_indentation_is_refused() {
        for script in ["a(`b\n  c`);", "/* a */ b();"] {
            assert!(shorten(script).is_err(), "{script}");
        }
    }
}
