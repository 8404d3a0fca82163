//! `Content-Disposition` (RFC 6266, RFC 8187): a file's name is only text in it, whatever it holds.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::problem::{self, Refusal};

/// What RFC 8187 lets stand unescaped in `filename*`.
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

/// `kind` is `attachment` or `inline`.
pub(super) fn disposition(kind: &'static str, name: &str) -> Result<HeaderValue, Refusal> {
    let escaped = utf8_percent_encode(name, PLAIN);
    let plain = in_ascii(name);
    HeaderValue::from_str(&format!(
        "{kind}; filename=\"{plain}\"; filename*=UTF-8''{escaped}"
    ))
    .map_err(|_| problem::internal())
}

/// For programs that do not know `filename*`. Those that do prefer it. `%` and `\` are read
/// differently by different programs, so they are left out too.
fn in_ascii(name: &str) -> String {
    let is_plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%' | '/');
    name.chars()
        .map(|c| if is_plain(&c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_only_text_in_the_header() {
        let name = "a\"; filename=evil.html; \u{202e}é\r\nSet-Cookie: a=b\\%41/..";
        assert_eq!(
            disposition("attachment", name).unwrap(),
            "attachment; filename=\"a_; filename=evil.html; ____Set-Cookie: a=b__41_..\"; \
             filename*=UTF-8''a%22%3B%20filename%3Devil.html%3B%20%E2%80%AE%C3%A9%0D%0ASet-Cookie\
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
}
