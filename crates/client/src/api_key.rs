//! The API key, which is the caller's credential.

use core::fmt;

use http::HeaderValue;
use zeroize::Zeroizing;

/// An API key as its owner has it. The text is wiped when dropped and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(Zeroizing<String>);

/// The error for a text that is not an API key. The error does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an API key; give it as it was printed when it was made")]
pub struct NotAnApiKey;

impl ApiKey {
    /// Takes the text of an API key. Only the server knows whether the key is valid.
    ///
    /// # Errors
    /// Returns [`NotAnApiKey`] if no header can carry the text.
    pub fn parse(text: &str) -> Result<Self, NotAnApiKey> {
        let is_plain = text.bytes().all(|c| c.is_ascii_graphic());
        if text.is_empty() || !is_plain {
            return Err(NotAnApiKey);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the value of the header `Authorization`. The value is marked as sensitive, so that the
    /// HTTP library does not print it.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", *self.0));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_key_is_sent_and_never_printed() {
        let key = ApiKey::parse("sealift_a_b").unwrap();
        let value = key.authorization().unwrap();
        assert_eq!(value.as_bytes(), b"Bearer sealift_a_b");
        assert_eq!(format!("{key:?} {value:?}"), "ApiKey(..) Sensitive");
    }

    #[test]
    fn what_would_break_the_header_is_no_key() {
        for bad in ["", "a b", "a\r\nHost: b", "ä"] {
            assert_eq!(ApiKey::parse(bad).err(), Some(NotAnApiKey), "{bad}");
        }
    }
}
