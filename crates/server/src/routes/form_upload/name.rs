//! Reads the name of a file from a form. `sealift_transfer::api::file_name` then decides which name is
//! kept, for every way to upload a file.

use percent_encoding::percent_decode_str;
use sealift_transfer::api::file_name::UNNAMED;

/// The three characters that browsers escape in a form (WHATWG HTML, multipart form data). They
/// escape no others, not even a percent sign, so `%41` does not mean `A`.
const WRITTEN_BY_BROWSERS: [(&str, &str); 3] = [("%0A", "\n"), ("%0D", "\r"), ("%22", "\"")];

/// Returns the file's name in a field's Content-Disposition, which may be empty, or `None` if the field
/// is not a file. Bytes that are not UTF-8 become U+FFFD, as in the names that browsers and the command
/// line send.
pub(super) fn in_part(disposition: &[u8]) -> Option<String> {
    let extended = parameter(disposition, "filename*");
    if let Some(name) = extended.and_then(decoded) {
        return Some(name);
    }
    let Some(plain) = parameter(disposition, "filename") else {
        return extended.map(|_| UNNAMED.to_owned());
    };
    // Programs other than browsers escape a quote by a backslash. Any other backslash is part of the name.
    let name = String::from_utf8_lossy(plain).replace("\\\"", "\"");
    let browsers = WRITTEN_BY_BROWSERS.iter();
    Some(browsers.fold(name, |name, (written, meant)| name.replace(written, meant)))
}

/// Returns the value of a parameter, without the quotes around it.
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

/// Splits the header at its semicolons, except those within quotes, which are part of a name.
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

/// Decodes `UTF-8''..` (RFC 8187). Forms should not use it, but some clients do.
fn decoded(extended: &[u8]) -> Option<String> {
    let (charset, rest) = core::str::from_utf8(extended).ok()?.split_once('\'')?;
    let (_language, coded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let name = percent_decode_str(coded).decode_utf8_lossy();
    Some(name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rest: &[u8]) -> Option<String> {
        in_part(&[b"form-data; name=\"a\"; ".as_slice(), rest].concat())
    }

    #[test]
    fn quotes_and_the_extended_form_are_read() {
        for (rest, name) in [
            (r#"filename="a%22b%22.txt""#, "a\"b\".txt"),
            (r#"filename="a\"b;\".txt""#, "a\"b;\".txt"),
            (r#"filename="a%0Ab%0D%22.txt""#, "a\nb\r\".txt"),
            (r#"filename="100%.txt""#, "100%.txt"),
            (r#"filename="a%41%0a%5C%2522.txt""#, "a%41%0a%5C%2522.txt"),
            (r#"filename="C:\a.txt""#, r"C:\a.txt"),
            (r#"filename="a\\b\""#, r"a\\b\"),
            ("filename*=UTF-8''%FFa", "\u{fffd}a"),
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
        assert_eq!(of(b"filename=\"\xffa\"").as_deref(), Some("\u{fffd}a"));
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
