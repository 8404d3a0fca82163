//! The pairs that are authenticated with a message and say what it is.

use std::collections::BTreeMap;

use super::Limits;
use super::limits::CONTEXT_BYTES;
use crate::error::{DecryptError, Field, HeaderError};
use crate::wire::{Reader, len_of, put_counted};

/// Public pairs that are authenticated with the message, sorted by key. In our own objects they are ids that
/// the server chose (R4), never names and never anything that a client says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionContext {
    pairs: BTreeMap<String, String>,
}

impl EncryptionContext {
    /// Makes a context of these pairs.
    ///
    /// # Errors
    /// Returns a [`HeaderError`] if a key repeats, if a key or value is empty (not every official reader
    /// accepts that), or if all pairs together have more than 8 KiB.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        from: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, HeaderError> {
        let mut pairs = BTreeMap::new();
        for (key, value) in from {
            let (key, value) = (key.into(), value.into());
            if key.is_empty() || value.is_empty() {
                return Err(HeaderError::EmptyPair);
            }
            if pairs.insert(key, value).is_some() {
                return Err(HeaderError::RepeatedPair);
            }
        }
        Self { pairs }.within(CONTEXT_BYTES)
    }

    /// Returns the pairs of this context and of `other`. A keyring authenticates the stored and the required
    /// pairs together.
    ///
    /// # Errors
    /// Returns a [`HeaderError`] if a key is in both, or if all pairs together are over the reader's limit.
    pub fn joined(&self, other: &Self, limits: &Limits) -> Result<Self, HeaderError> {
        let mut pairs = self.pairs.clone();
        for (key, value) in &other.pairs {
            if pairs.insert(key.clone(), value.clone()).is_some() {
                return Err(HeaderError::RepeatedPair);
            }
        }
        Self { pairs }.within(limits.context_bytes())
    }

    fn within(self, most_bytes: u16) -> Result<Self, HeaderError> {
        let too_long = |got_bytes| HeaderError::TooLong {
            field: Field::EncryptionContext,
            got_bytes,
            most_bytes: most_bytes.into(),
        };
        let bytes = self.checked_serialised().ok_or(too_long(u64::MAX))?;
        if len_of(&bytes) > u64::from(most_bytes) {
            return Err(too_long(len_of(&bytes)));
        }
        Ok(self)
    }

    /// Returns the value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.get(key).map(String::as_str)
    }

    /// Returns all pairs, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Returns whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Returns the bytes that are stored and authenticated: a count, then the sorted pairs, each string after
    /// its length. No pairs give no bytes.
    #[must_use]
    pub fn serialised(&self) -> Vec<u8> {
        // Every constructor checks that the context fits.
        self.checked_serialised().unwrap_or_default()
    }

    fn checked_serialised(&self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.pairs.is_empty() {
            return Some(bytes);
        }
        let count = u16::try_from(self.pairs.len()).ok()?;
        bytes.extend_from_slice(&count.to_be_bytes());
        for (key, value) in &self.pairs {
            put_counted(&mut bytes, key.as_bytes())?;
            put_counted(&mut bytes, value.as_bytes())?;
        }
        Some(bytes)
    }

    /// Reads length and pairs as they stand in a header: exactly the bytes that [`Self::serialised`] would
    /// write.
    pub(crate) fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, DecryptError> {
        Self::read_if(reader, limits, |pairs, key| {
            pairs.last_key_value().is_none_or(|(last, _)| last < key)
        })
    }

    /// Like [`Self::read`], for writers that did not sort: the keys may have any order, but none may repeat.
    #[cfg(feature = "legacy-suites")]
    pub(crate) fn read_in_any_order(
        reader: &mut Reader<'_>,
        limits: &Limits,
    ) -> Result<Self, DecryptError> {
        Self::read_if(reader, limits, |pairs, key| !pairs.contains_key(key))
    }

    fn read_if(
        reader: &mut Reader<'_>,
        limits: &Limits,
        may_follow: impl Fn(&BTreeMap<String, String>, &String) -> bool,
    ) -> Result<Self, DecryptError> {
        let at = reader.at();
        let len = reader.u16()?;
        if len > limits.context_bytes() {
            let most = limits.context_bytes().into();
            return Err(limits
                .over(Field::EncryptionContext, len.into(), most)
                .into());
        }
        if len == 0 {
            return Ok(Self::default());
        }
        let malformed = DecryptError::Malformed {
            field: Field::EncryptionContext,
            at,
        };
        let at = reader.at();
        let mut inside = Reader::new(reader.take(len.into())?, at, malformed);
        let count = inside.u16()?;
        let mut pairs = BTreeMap::new();
        for _ in 0..count {
            let key = text(inside.counted()?).ok_or(malformed)?;
            let value = text(inside.counted()?).ok_or(malformed)?;
            if !may_follow(&pairs, &key) {
                return Err(malformed);
            }
            pairs.insert(key, value);
        }
        if pairs.is_empty() || !inside.is_empty() {
            return Err(malformed);
        }
        Ok(Self { pairs })
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_sorted_by_the_bytes_of_their_keys() {
        let context = EncryptionContext::from_pairs([("é", "1"), ("z", "2"), ("a", "3")]).unwrap();
        let keys: Vec<_> = context.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "z", "é"]);
        assert_eq!(&context.serialised()[..7], b"\0\x03\0\x01a\0\x01");
    }

    #[test]
    fn no_pairs_are_no_bytes() {
        assert!(EncryptionContext::default().serialised().is_empty());
    }

    #[test]
    fn repeated_empty_and_overlong_pairs_are_not_written() {
        let refused = |pairs: &[(&str, &str)]| EncryptionContext::from_pairs(pairs.to_vec());
        assert_eq!(
            refused(&[("a", "1"), ("a", "2")]),
            Err(HeaderError::RepeatedPair)
        );
        assert_eq!(refused(&[("a", "")]), Err(HeaderError::EmptyPair));
        assert_eq!(refused(&[("", "1")]), Err(HeaderError::EmptyPair));
        for len in [8187_usize, 70_000] {
            let long = "v".repeat(len);
            assert!(matches!(
                refused(&[("a", &long)]),
                Err(HeaderError::TooLong { .. })
            ));
        }
        assert!(refused(&[("a", &"v".repeat(8185))]).is_ok());
    }

    #[test]
    fn a_key_in_both_contexts_does_not_join() {
        let one = EncryptionContext::from_pairs([("a", "1")]).unwrap();
        let two = EncryptionContext::from_pairs([("b", "2")]).unwrap();
        let limits = Limits::GENERAL;
        assert_eq!(one.joined(&two, &limits).unwrap().len(), 2);
        assert_eq!(one.joined(&one, &limits), Err(HeaderError::RepeatedPair));
    }

    #[test]
    fn what_joins_is_as_long_as_the_readers_limit_lets_it() {
        let long = "v".repeat(5000);
        let one = EncryptionContext::from_pairs([("a", &long)]).unwrap();
        let two = EncryptionContext::from_pairs([("b", &long)]).unwrap();
        assert!(matches!(
            one.joined(&two, &Limits::GENERAL),
            Err(HeaderError::TooLong { .. })
        ));
        // The bytes are a count, and two lengths for each pair.
        let exactly = 2 + 2 * (4 + 1 + 5000);
        let raised = |most| Limits::GENERAL.with_context_bytes(most);
        assert!(one.joined(&two, &raised(exactly - 1)).is_err());
        let both = one.joined(&two, &raised(exactly)).unwrap();
        assert_eq!(both.serialised().len(), usize::from(exactly));
    }
}
