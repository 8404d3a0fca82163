//! A message that somebody wrote as text. Mail, JSON and databases carry bytes so; readers of the
//! format want the bytes themselves.

use data_encoding::{BASE64, BASE64URL, HEXLOWER_PERMISSIVE};
use sealift_message::{
    Limits,
    general::{HeaderRead, HeaderReader},
};

use crate::failure::{Exit, Failure};

/// Bytes of a text that show which encoding it is in, behind whatever stands before the message.
pub(super) const BEGINNING: usize = 1024;

/// Version and suite of a message, and one byte more.
const SIGNIFICANT: usize = 4;

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Base64,
    Base64Url,
    Hex,
}

impl Encoding {
    /// The encoding of a text that holds a message; `None` where the bytes hold none.
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
            // The characters that tell the two apart may come later.
            return Some(match digits.contains(['-', '_']) {
                false => Self::Base64,
                true => Self::Base64Url,
            });
        }
        is_message(BASE64URL.decode(beginning(digits))).then_some(Self::Base64Url)
    }

    /// The failure that says so.
    pub(super) fn refused(self) -> Failure {
        let (name, program) = match self {
            Self::Base64 => ("base64", "base64 -d"),
            Self::Base64Url => ("base64url", "basenc --base64url -d"),
            Self::Hex => ("hexadecimal digits", "xxd -r -p"),
        };
        let message = format!("this is a message in {name}, and not the message itself");
        Failure::new(Exit::NotAuthentic, message)
            .remedy(format!(
                "decode it first, with `{program}` for example, without any line around it"
            ))
            .code("encoded")
    }
}

/// The text without white space and without the lines of an armour (`-----BEGIN ...-----` and the
/// headers below it), also where it is in UTF-16 or begins with a byte order mark.
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

/// Without what other programs write in front of the first digit.
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

/// Enough digits for [`SIGNIFICANT`] bytes in every encoding, and whole groups of them.
fn beginning(digits: &str) -> &[u8] {
    digits.as_bytes().get(..2 * SIGNIFICANT).unwrap_or_default()
}

/// Whether version and suite are those of a message. Text decodes to anything, so both must be right.
fn begins_like_a_message(bytes: &[u8]) -> bool {
    let Some(bytes) = bytes.get(..SIGNIFICANT) else {
        return false;
    };
    let read = HeaderReader::new(Limits::GENERAL).push(bytes);
    matches!(read, Ok(HeaderRead::More(_)))
}
