//! Recognises a message that was encoded as text, because mail, JSON and databases often carry bytes so. Readers of the
//! format need the bytes themselves, so the failure says how to decode them.

use data_encoding::{BASE64, BASE64URL, HEXLOWER_PERMISSIVE};
use sealift_message::{
    Limits,
    general::{HeaderRead, HeaderReader},
};

use crate::failure::{Exit, Failure};

/// Bytes of a text that are enough to recognise its encoding, even with lines or a prefix before the message.
pub(super) const BEGINNING: usize = 1024;

/// Bytes of a message that identify it: version (1), suite (2) and one more.
const SIGNIFICANT: usize = 4;

/// An encoding of bytes as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Base64,
    Base64Url,
    Hex,
}

impl Encoding {
    /// Returns the encoding of a text that holds a message, or `None` if the bytes do not hold one.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let text = text(bytes);
        let digits = without_prefix(&text);
        let is_message = |decoded: Result<Vec<u8>, _>| {
            decoded.is_ok_and(|bytes: Vec<u8>| begins_like_a_message(&bytes))
        };
        let hex = digits.replace(':', "");
        if is_message(HEXLOWER_PERMISSIVE.decode(beginning(&hex))) {
            return Some(Self::Hex);
        }
        if is_message(BASE64.decode(beginning(digits))) {
            // The characters in which the two differ may come later.
            return Some(match digits.contains(['-', '_']) {
                false => Self::Base64,
                true => Self::Base64Url,
            });
        }
        is_message(BASE64URL.decode(beginning(digits))).then_some(Self::Base64Url)
    }

    /// Returns the failure that names the encoding and says how to decode it.
    pub(super) fn refused(self) -> Failure {
        let (name, program) = match self {
            Self::Base64 => ("base64", "base64 -d"),
            Self::Base64Url => ("base64url", "basenc --base64url -d"),
            Self::Hex => ("hexadecimal digits", "xxd -r -p"),
        };
        let message = format!("this is a message in {name}, not the message itself");
        Failure::new(Exit::NotAuthentic, message)
            .remedy(format!(
                "decode it first, with `{program}` for example, without any line around it"
            ))
            .code("encoded")
    }
}

/// Returns the text without white space and without the lines of an armour (`-----BEGIN ...-----` and the headers below
/// it). The text may be in UTF-16 or begin with a byte order mark.
fn text(bytes: &[u8]) -> String {
    let ascii: String = bytes
        .iter()
        .filter(|byte| byte.is_ascii() && **byte != 0)
        .map(|byte| char::from(*byte))
        .collect();
    ascii
        .lines()
        .filter(|line| !line.starts_with("-----") && !line.contains(": "))
        .flat_map(str::split_ascii_whitespace)
        .collect()
}

/// Removes the prefixes that other programs write before the first digit.
fn without_prefix(text: &str) -> &str {
    let text = match text.split_once(";base64,") {
        Some((before, data)) if before.contains("data:") => data,
        _ => text,
    };
    let text = text.trim_start_matches(['"', '\'']);
    let prefixes = ["base64:", "hex:", "0x", "0X", "\\\\x", "\\x"];
    let found = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    found.unwrap_or(text)
}

/// Returns enough digits for [`SIGNIFICANT`] bytes in every encoding, in whole groups.
fn beginning(digits: &str) -> &[u8] {
    digits.as_bytes().get(..2 * SIGNIFICANT).unwrap_or_default()
}

/// Returns whether version and suite are those of a message. Both must be right, because text can decode to anything.
fn begins_like_a_message(bytes: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..SIGNIFICANT) else {
        return false;
    };
    let read = HeaderReader::new(Limits::GENERAL).push(bytes);
    matches!(read, Ok(HeaderRead::More(_)))
}
