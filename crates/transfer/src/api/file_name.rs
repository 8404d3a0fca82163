//! File names, with one rule for every kind of upload. The page, the command line, forms and `PUT` may
//! send any text; this module decides what the server keeps of it and what it refuses.
//!
//! A name is kept as it was sent: composed or decomposed letters (NFC, NFD), backslashes, quotes,
//! percent signs, marks that turn the direction of writing, dots and spaces at its ends, and the
//! folders before it (`reports/2026/may.pdf`). Three kinds of names are not kept:
//!
//! - A path from the root or out of its folder loses its folders, because they say where the file
//!   was on the sender's machine, and would make a program that names files after them write
//!   elsewhere.
//! - A file without a name is called [`UNNAMED`].
//! - A name with control characters is refused, because it would break lines in logs and headers.

/// The name that a file gets if it was sent without one.
pub const UNNAMED: &str = "unnamed";

/// Why a file cannot have this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileNameError {
    /// The name has more bytes of UTF-8 than the server accepts.
    #[error("is too long")]
    TooLong,
    /// The name has a line break, a zero byte or another control character.
    #[error("has control characters")]
    ControlCharacters,
}

/// Returns the name that the server keeps for a file that was sent under the name `given`. Clients
/// call this first when they look for a file by its name.
#[must_use]
pub fn kept_name(given: &str) -> &str {
    let name = if is_below_its_folder(given) {
        given
    } else {
        given.rsplit(SEPARATORS).next().unwrap_or_default()
    };
    if is_nameless(name) { UNNAMED } else { name }
}

/// Returns the [`kept_name`], if the server accepts it: at most `most_bytes` of UTF-8 and no control
/// characters.
///
/// # Errors
/// Returns a [`FileNameError`] if the kept name is too long or has control characters.
pub fn checked_name(given: &str, most_bytes: usize) -> Result<&str, FileNameError> {
    let name = kept_name(given);
    if name.len() > most_bytes {
        return Err(FileNameError::TooLong);
    }
    if name.chars().any(char::is_control) {
        return Err(FileNameError::ControlCharacters);
    }
    Ok(name)
}

/// The separators between folders, on one system or another. A system that does not use the backslash
/// treats it as an ordinary letter.
const SEPARATORS: [char; 2] = ['/', '\\'];

/// Returns whether the name is that of a file, or a path that leads down from a folder.
fn is_below_its_folder(name: &str) -> bool {
    let leads_elsewhere = |part: &str| matches!(part, "." | "..");
    let is_from_a_root = name.starts_with(SEPARATORS) || begins_with_drive(name);
    let has_gap = name.split('/').any(str::is_empty);
    !is_from_a_root && !has_gap && !name.split(SEPARATORS).any(leads_elsewhere)
}

/// Returns whether the name begins with `C:\` or `C:/`, for any letter.
fn begins_with_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic())
}

fn is_nameless(name: &str) -> bool {
    matches!(name, "" | "." | "..")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_and_the_folders_before_it_are_kept_as_they_are() {
        for name in [
            "photo.jpg",
            "reports/2026/may.pdf",
            "a\\b.txt",
            "a\\",
            "a\\\\b",
            ".hidden",
            "...",
            "a..b",
            "no. ",
            " ",
            "c:evil",
            "1:/a",
            "\u{fc}n\u{ec}.pdf",
            "u\u{308}ni\u{300}.pdf",
            "100%.txt",
            "a%0Ab%22.txt",
            "\"quoted\"",
            "\u{202e}fdp.exe",
            "\u{fffd}",
        ] {
            assert_eq!(checked_name(name, 4096), Ok(name));
        }
    }

    #[test]
    fn a_path_that_leads_elsewhere_loses_its_folders() {
        for (given, kept) in [
            ("/home/ada/photo.jpg", "photo.jpg"),
            ("//host/share/photo.jpg", "photo.jpg"),
            ("./photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("a/../b.txt", "b.txt"),
            ("a//b.txt", "b.txt"),
            (r"C:\Users\Ada\photo.jpg", "photo.jpg"),
            ("c:/Users/Ada/photo.jpg", "photo.jpg"),
            (r"\\host\share\photo.jpg", "photo.jpg"),
            (r"..\..\evil.exe", "evil.exe"),
            (r"a/..\b", "b"),
            ("a\n/../b", "b"),
        ] {
            assert_eq!(checked_name(given, 4096), Ok(kept), "{given:?}");
        }
    }

    #[test]
    fn a_file_without_a_name_gets_one() {
        for given in ["", ".", "..", "/", "folder/", "a/..", "a/.", r"C:\", r"\"] {
            assert_eq!(checked_name(given, 4096), Ok(UNNAMED), "{given:?}");
        }
    }

    #[test]
    fn control_characters_and_too_many_bytes_are_refused() {
        for given in [
            "a\0b",
            "a\nb",
            "\r",
            "a\tb",
            "\u{1b}[31m",
            "\u{7f}",
            "\u{85}",
        ] {
            let refused = checked_name(given, 4096);
            assert_eq!(refused, Err(FileNameError::ControlCharacters), "{given:?}");
        }
        let longest = "\u{e4}".repeat(128);
        assert_eq!(checked_name(&longest, 256), Ok(longest.as_str()));
        assert_eq!(checked_name(&longest, 255), Err(FileNameError::TooLong));
        // The removed folders do not count.
        let path = format!("/{longest}/a");
        assert_eq!(checked_name(&path, 255), Ok("a"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_kept_is_kept_again_and_leads_nowhere(given in r"[a./\\: \n\u{308}]{0,12}") {
            let kept = kept_name(&given);
            prop_assert_eq!(kept_name(kept), kept);
            prop_assert!(!kept.is_empty() && !kept.starts_with('/') && !kept.ends_with('/'));
            prop_assert!(!kept.split(SEPARATORS).any(|part| part == ".."));
        }
    }
}
