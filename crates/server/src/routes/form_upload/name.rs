//! The name of a file as forms and paths give it.

use percent_encoding::percent_decode_str;

/// What a file without a name is called.
const UNNAMED: &str = "unnamed";

/// A name without the folders that some senders put before it. What is none becomes "unnamed".
pub(super) fn base_name(given: &str) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    match name {
        "" | "." | ".." => UNNAMED.to_owned(),
        name => name.to_owned(),
    }
}

/// The file's name in a part's Content-Disposition, whose plain `filename` is `plain`.
pub(super) fn in_part(plain: Option<&str>, disposition: &[u8]) -> String {
    let extended = core::str::from_utf8(disposition).ok().and_then(extended);
    match extended {
        Some(name) => base_name(&name),
        // Browsers and curl write a quote so, and nothing else.
        None => base_name(&plain.unwrap_or_default().replace("%22", "\"")),
    }
}

/// Whether a part is a file at all, whatever its name looks like.
pub(super) fn is_file(disposition: &[u8]) -> bool {
    let lower = disposition.to_ascii_lowercase();
    ["filename=", "filename*="]
        .iter()
        .any(|name| lower.windows(name.len()).any(|at| at == name.as_bytes()))
}

/// `filename*=UTF-8''..` (RFC 8187), which forms should not use and some clients do.
fn extended(disposition: &str) -> Option<String> {
    let mut fields = disposition.split(';').map(str::trim);
    let value = fields.find_map(|field| {
        let (name, value) = field.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("filename*")
            .then_some(value)
    })?;
    let (charset, rest) = value.trim().split_once('\'')?;
    let (_language, coded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let name = percent_decode_str(coded).decode_utf8().ok()?;
    Some(name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_before_a_name_are_no_part_of_it() {
        for (given, name) in [
            ("photo.jpg", "photo.jpg"),
            ("/home/ada/photo.jpg", "photo.jpg"),
            (r"C:\Users\Ada\photo.jpg", "photo.jpg"),
            ("../../etc/passwd", "passwd"),
            ("päper für Ünì.pdf", "päper für Ünì.pdf"),
            ("", "unnamed"),
            ("folder/", "unnamed"),
            ("..", "unnamed"),
            (".hidden", ".hidden"),
        ] {
            assert_eq!(base_name(given), name, "{given}");
        }
    }

    #[test]
    fn quotes_and_the_extended_form_are_read() {
        let head = |rest: &str| format!("form-data; name=\"a\"; {rest}").into_bytes();
        for (plain, rest, name) in [
            (
                Some("a%22b%22.txt"),
                "filename=\"a%22b%22.txt\"",
                "a\"b\".txt",
            ),
            (Some("100%.txt"), "filename=\"100%.txt\"", "100%.txt"),
            (
                None,
                "filename*=UTF-8''%E2%82%AC%20rates.txt",
                "€ rates.txt",
            ),
            (None, "filename*=UTF-8''..%2F..%2Fa", "a"),
            (Some("e"), "filename=\"e\"; filename*=utf-8'en'%C3%A9", "é"),
            (Some("e"), "filename=\"e\"; filename*=latin1''%E9", "e"),
            (None, "filename=\"\\xff\"", "unnamed"),
        ] {
            assert_eq!(in_part(plain, &head(rest)), name, "{rest}");
            assert!(is_file(&head(rest)), "{rest}");
        }
        assert!(!is_file(&head("size=3")));
    }
}
