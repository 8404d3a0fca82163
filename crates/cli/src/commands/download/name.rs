//! Turns a file's name, which somebody else chose, into a name that is safe in the person's folder.

use crate::terminal::is_unprintable;

/// The most bytes of a safe name. File systems accept 255; the rest is for a number and for the ending of an
/// unfinished download.
const MOST_BYTES: usize = 200;
/// Names of devices on Windows, with any ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// Returns the last part of a name, without anything that could deceive a file system, a shell or a person: no path,
/// no invisible characters, no dot in front (which would hide the file) and no dash in front (which would look like
/// a flag).
pub(super) fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe: String = last
        .chars()
        .map(|c| match c {
            ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
            c if is_unprintable(c) => '_',
            c => c,
        })
        .collect();
    let end = safe.trim_end_matches(['.', ' ']).len();
    safe.truncate(end);
    let safe = shortened(safe.trim_start());
    let stem = safe.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_device = DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device));
    match safe.chars().next() {
        None => "file".to_owned(),
        Some('.' | '-') => format!("_{safe}"),
        Some(_) if is_device => format!("_{safe}"),
        Some(_) => safe,
    }
}

/// Cuts a name to [`MOST_BYTES`] and keeps its ending if that is at most 20 bytes long.
fn shortened(name: &str) -> String {
    if name.len() <= MOST_BYTES {
        return name.to_owned();
    }
    let (stem, ending) = split(name);
    let ending = if ending.len() <= 20 { ending } else { "" };
    let room = MOST_BYTES.saturating_sub(ending.len());
    let cut = stem.floor_char_boundary(room);
    format!("{}{ending}", stem.get(..cut).unwrap_or_default())
}

/// Splits a name before its last dot. A name that only begins with a dot has no ending.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_in_the_folder_and_in_sight() {
        for (name, expected) in [
            ("report.pdf", "report.pdf"),
            ("Müller – 写真.jpg", "Müller – 写真.jpg"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\evil.exe", "evil.exe"),
            ("/etc/cron.d/x", "x"),
            ("a/..", "file"),
            ("..", "file"),
            ("", "file"),
            (" . ", "file"),
            (".bashrc", "_.bashrc"),
            ("-rf", "_-rf"),
            ("a\u{1b}[2Jb", "a_[2Jb"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("a\nb", "a_b"),
            ("report.pdf. .", "report.pdf"),
            ("c:evil", "c_evil"),
            ("NUL.txt", "_NUL.txt"),
            ("com1", "_com1"),
            ("compare.txt", "compare.txt"),
        ] {
            assert_eq!(safe(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let long = safe(&format!("{}.tar", "ä".repeat(3_000)));
        assert!(
            long.len() <= MOST_BYTES && long.ends_with("ä.tar"),
            "{long}"
        );
        assert!(safe(&"a.".repeat(3_000)).len() <= MOST_BYTES);
    }
}
