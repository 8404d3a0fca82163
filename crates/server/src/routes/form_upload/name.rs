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

/// The file's name as a part's Content-Disposition gives it, empty where that is empty; `None` where
/// the part is no file.
pub(super) fn in_part(disposition: &[u8]) -> Option<String> {
    let extended = parameter(disposition, "filename*");
    if let Some(name) = extended.and_then(decoded) {
        return Some(name);
    }
    let plain = parameter(disposition, "filename").map(core::str::from_utf8);
    match plain {
        // Browsers write a quote as `%22`, and nothing else so; others escape it.
        Some(Ok(name)) => Some(name.replace("\\\"", "\"").replace("%22", "\"")),
        Some(Err(_)) => Some(UNNAMED.to_owned()),
        None => extended.map(|_| UNNAMED.to_owned()),
    }
}

/// The value of a parameter, without the quotes around it.
fn parameter<'a>(disposition: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(disposition).skip(1).find_map(|field| {
        let (given, value) =
            field.split_at_checked(field.iter().position(|byte| *byte == b'=')?)?;
        if !given.trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
            return None;
        }
        let value = value.strip_prefix(b"=")?.trim_ascii();
        let quoted = value.strip_prefix(b"\"");
        Some(quoted.map_or(value, |rest| rest.strip_suffix(b"\"").unwrap_or(rest)))
    })
}

/// What stands between semicolons: those within quotes are a name's own.
fn fields(disposition: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    disposition.split(move |byte| {
        match byte {
            b'"' if !is_escaped => is_quoted = !is_quoted,
            b';' => return !is_quoted,
            _ => {}
        }
        is_escaped = *byte == b'\\' && !is_escaped;
        false
    })
}

/// `UTF-8''..` (RFC 8187), which forms should not use and some clients do.
fn decoded(extended: &[u8]) -> Option<String> {
    let (charset, rest) = core::str::from_utf8(extended).ok()?.split_once('\'')?;
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

    fn of(rest: &[u8]) -> Option<String> {
        in_part(&[b"form-data; name=\"a\"; ".as_slice(), rest].concat())
    }

    #[test]
    fn quotes_and_the_extended_form_are_read() {
        for (rest, name) in [
            (r#"filename="a%22b%22.txt""#, "a\"b\".txt"),
            (r#"filename="a\"b;\".txt""#, "a\"b;\".txt"),
            (r#"filename="100%.txt""#, "100%.txt"),
            (r#"filename="C:\a.txt""#, r"C:\a.txt"),
            (r#"filename="""#, ""),
            ("filename=", ""),
            ("FileName = a.txt ; size=3", "a.txt"),
            (r#"filename="never ends; a"#, "never ends; a"),
            ("filename*=UTF-8''%E2%82%AC%20rates.txt", "€ rates.txt"),
            (r#"filename="e"; filename*=utf-8'en'%C3%A9"#, "é"),
            (r#"filename="e"; filename*=latin1''%E9"#, "e"),
            ("filename*=latin1''%E9", "unnamed"),
        ] {
            assert_eq!(of(rest.as_bytes()).as_deref(), Some(name), "{rest}");
        }
        assert_eq!(of(b"filename=\"\xff\"").as_deref(), Some("unnamed"));
    }

    #[test]
    fn what_only_looks_like_a_files_name_makes_no_file() {
        for rest in [
            "",
            "size=3",
            "filename",
            "x-filename=a",
            r#"x="; filename=a""#,
            r#"x="\"; filename*=UTF-8''a""#,
        ] {
            assert_eq!(of(rest.as_bytes()), None, "{rest}");
        }
        assert_eq!(in_part(b"filename=a"), None);
    }
}
