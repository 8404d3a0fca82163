//! Makes `Content-Disposition` (RFC 6266, RFC 8187). A file's name is only text in this header,
//! whatever characters it has.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::problem::{self, Refusal};

/// The characters to escape in `filename*`: RFC 8187 allows the removed ones unescaped.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The most bytes of the header's value. Some clients and proxies refuse a head of 8 or 16 KiB, and a
/// longer name would gain nothing, because a file system takes a name of at most 255 bytes.
const MOST_BYTES: usize = 1000;
/// The most bytes that both forms of a name's ending take. A longer ending is no file type that a
/// program knows.
const MOST_ENDING_BYTES: usize = 200;

/// Returns the header's value for a file of this name. `kind` is `attachment` or `inline`.
pub(super) fn disposition(kind: &'static str, name: &str) -> Result<HeaderValue, Refusal> {
    let around = header(kind, "").len();
    let name = shortened(&visible(name), MOST_BYTES.saturating_sub(around));
    HeaderValue::from_str(&header(kind, &name)).map_err(|_| problem::internal())
}

fn header(kind: &str, name: &str) -> String {
    let (plain, escaped) = (in_ascii(name), utf8_percent_encode(name, PLAIN));
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{escaped}")
}

/// Returns the name for programs that do not know `filename*`; programs that know it prefer it. `%`
/// and `\` are replaced too, because programs read them differently.
fn in_ascii(name: &str) -> String {
    let is_plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%' | '/');
    name.chars()
        .map(|c| if is_plain(&c) { c } else { '_' })
        .collect()
}

/// Replaces control characters, line breaks and marks that turn the direction of writing, because a
/// saved file must not look like another one.
fn visible(name: &str) -> String {
    let deceives = |c: char| {
        c.is_control()
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    name.chars()
        .map(|c| if deceives(c) { '_' } else { c })
        .collect()
}

/// Shortens a name to its beginning and its ending, in at most `most_bytes` of the header. The cut is
/// between letters as a person sees them, so that no accent and no half of an emoji is left over.
fn shortened(name: &str, most_bytes: usize) -> String {
    if cost(name) <= most_bytes {
        return name.to_owned();
    }
    let (stem, ending) = split(name);
    let room = most_bytes.saturating_sub(cost(ending));
    let mut cut = fitting(stem.graphemes(true), room);
    if cut.is_empty() {
        // The first letter has hundreds of accents, so it does not fit as a whole.
        cut = fitting(stem.split_inclusive(|_| true), room);
    }
    format!("{cut}{ending}")
}

/// Returns the bytes that both forms of a text take.
fn cost(text: &str) -> usize {
    let escaped = utf8_percent_encode(text, PLAIN).map(str::len);
    escaped.sum::<usize>().saturating_add(text.chars().count())
}

/// Returns as many of the first letters as fit into `room` bytes.
fn fitting<'a>(letters: impl Iterator<Item = &'a str>, room: usize) -> String {
    let mut left = room;
    let mut fits = |letter: &&str| match left.checked_sub(cost(letter)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    letters.take_while(|letter| fits(letter)).collect()
}

/// Splits a name into its stem and its ending, which begins with the dot. `.tar.gz` is one ending.
fn split(name: &str) -> (&str, &str) {
    let last_part = name.rfind(['/', '\\']).map_or(0, |at| at.saturating_add(1));
    let dot = |text: &str| text.rfind('.').filter(|dot| *dot >= last_part);
    let Some(mut at) = dot(name) else {
        return (name, "");
    };
    let before = name.get(..at).unwrap_or_default();
    if let Some(outer) = dot(before)
        && before.get(outer..) == Some(".tar")
    {
        at = outer;
    }
    match name.split_at_checked(at) {
        Some((stem, ending)) if cost(ending) <= MOST_ENDING_BYTES => (stem, ending),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    /// Returns both names in a header, the escaped one decoded.
    fn names_in(header: &HeaderValue) -> (String, String) {
        let text = header.to_str().unwrap();
        let rest = text.strip_prefix("attachment; filename=\"").unwrap();
        let (plain, escaped) = rest.split_once("\"; filename*=UTF-8''").unwrap();
        let decoded = percent_decode_str(escaped).decode_utf8().unwrap();
        (plain.to_owned(), decoded.into_owned())
    }

    fn names_of(name: &str) -> (String, String) {
        names_in(&disposition("attachment", name).unwrap())
    }

    #[test]
    fn a_name_is_only_text_in_the_header() {
        let name = "a\"; filename=evil.html; \u{202e}é\r\nSet-Cookie: a=b\\%41/..";
        assert_eq!(
            disposition("attachment", name).unwrap(),
            "attachment; filename=\"a_; filename=evil.html; ____Set-Cookie: a=b__41_..\"; \
             filename*=UTF-8''a%22%3B%20filename%3Devil.html%3B%20_%C3%A9__Set-Cookie\
             %3A%20a%3Db%5C%2541%2F.."
        );
    }

    #[test]
    fn a_plain_name_stands_as_it_is() {
        assert_eq!(
            disposition("inline", "holiday photo.jpg").unwrap(),
            "inline; filename=\"holiday photo.jpg\"; filename*=UTF-8''holiday%20photo.jpg"
        );
    }

    #[test]
    fn a_long_name_is_cut_and_keeps_its_ending() {
        for letter in [
            "a",
            "ü",
            "u\u{308}",
            "写",
            "👩\u{200d}👩\u{200d}👧",
            "\"",
            "\\",
            "%",
        ] {
            for ending in ["", ".txt", ".tar.gz", ".写真", ".~1~"] {
                let name = format!("{}{ending}", letter.repeat(2_000));
                let header = disposition("attachment", &name).unwrap();
                assert!(header.len() < 1024, "{letter}{ending}: {}", header.len());
                let (plain, whole) = names_in(&header);
                assert_eq!(plain, in_ascii(&whole));
                let stem = whole.strip_suffix(ending).unwrap();
                assert_eq!(stem.replace(letter, ""), "", "a letter was cut");
                // With one more letter the header would be too long.
                let one_more = header_len(&format!("{stem}{letter}{ending}"));
                assert!(one_more > MOST_BYTES, "{letter}{ending}: {one_more}");
            }
        }
    }

    fn header_len(name: &str) -> usize {
        header("attachment", name).len()
    }

    #[test]
    fn the_ending_is_that_of_the_last_part_and_no_sentence() {
        let long = "x".repeat(2_000);
        assert!(names_of(&format!("{long}.{long}")).1.ends_with('x'));
        assert!(names_of(&format!("folder.d/{long}")).1.ends_with('x'));
        assert!(
            names_of(&format!("folder/.{long}"))
                .1
                .starts_with("folder/.x")
        );
        let accents = format!("e{}.txt", "\u{301}".repeat(2_000));
        let cut = names_of(&accents).1;
        assert!(
            cut.starts_with("e\u{301}") && cut.ends_with("\u{301}.txt"),
            "{cut}"
        );
    }

    #[test]
    fn a_name_that_fits_is_not_cut() {
        for name in [
            &"a".repeat(255),
            &"ü".repeat(127),
            &format!("{}.jpg", "写".repeat(83)),
        ] {
            assert_eq!(names_of(name).1, *name);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_header_stays_short_and_its_name_a_beginning_and_an_ending(
            name in r#"(\PC|[ -~]|[\u{300}-\u{36f}\u{202a}-\u{202e}\u{0}-\u{1f}"\\/%.]){0,4000}"#,
            ending in r"(\.\PC{1,12})?",
        ) {
            let name = format!("{name}{ending}");
            let header = disposition("attachment", &name).unwrap();
            prop_assert!(header.len() < 1024);
            let (plain, whole) = names_in(&header);
            prop_assert!(!plain.contains(['"', '\\', '%', '/']));
            prop_assert_eq!(&plain, &in_ascii(&whole));
            let seen = visible(&name);
            prop_assert!(!whole.chars().any(char::is_control));
            let kept = whole.len();
            let begins_alike = seen.chars().zip(whole.chars()).take_while(|(a, b)| a == b);
            let same: usize = begins_alike.map(|(c, _)| c.len_utf8()).sum();
            prop_assert!(seen.ends_with(whole.get(same..).unwrap_or_default()), "{} of {}", kept, same);
            if ending.strip_prefix('.').is_some_and(|rest| !rest.contains(['.', '/', '\\'])) {
                let ending = visible(&ending);
                prop_assert!(whole.ends_with(&ending), "{whole} has not {ending}");
            }
        }
    }
}
