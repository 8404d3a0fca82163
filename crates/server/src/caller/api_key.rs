//! API keys: `sealift_<id>_<secret>`. The id finds the row, and the secret proves that the caller has
//! the key.

use core::fmt;

use sealift_transfer::api::ApiKeyId;
use zeroize::Zeroizing;

use super::secret::Secret;

/// The beginning of every key, so that scanners for leaked credentials find it.
const MARK: &str = "sealift";

/// An API key in plaintext. Its owner has it; the server only has it for a moment. Wiped when dropped,
/// never printed.
pub struct ApiKey {
    id: ApiKeyId,
    secret: Secret,
}

impl ApiKey {
    /// Makes a key from 128 random bits for the public id and 256 for the secret.
    #[must_use]
    pub fn from_random(id: [u8; 16], secret: Zeroizing<[u8; 32]>) -> Self {
        Self {
            id: ApiKeyId::from_random(id),
            secret: Secret::from_random(secret),
        }
    }

    /// Parses a key. Returns `None` if the text is not an API key.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text
            .strip_prefix(MARK)?
            .strip_prefix('_')?
            .split_once('_')?;
        Some(Self {
            id: id.parse().ok()?,
            secret: Secret::parse(secret)?,
        })
    }

    /// Returns the public part.
    #[must_use]
    pub fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// Returns the hash of the secret, which the database stores.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.secret.hash()
    }

    /// Returns true if this is the key of that hash. The comparison takes constant time.
    #[must_use]
    pub fn has_hash(&self, hash: &[u8; 32]) -> bool {
        self.secret.has_hash(hash)
    }

    /// Returns the text of the key, which its owner sees once.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let secret = self.secret.reveal();
        Zeroizing::new(format!("{MARK}_{}_{}", self.id, *secret))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, ..)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_again_by_its_text_and_by_no_other() {
        let key = ApiKey::from_random([1; 16], Zeroizing::new([2; 32]));
        let text = key.reveal();
        let again = ApiKey::parse(&text).unwrap();
        assert_eq!(again.id(), key.id());
        assert!(again.has_hash(&key.hash()));
        let other = ApiKey::from_random([1; 16], Zeroizing::new([3; 32]));
        assert!(!other.has_hash(&key.hash()));
        let secret = text.rsplit('_').next().unwrap();
        assert!(!format!("{key:?}").contains(secret));
    }

    #[test]
    fn other_texts_are_no_keys() {
        let key = ApiKey::from_random([1; 16], Zeroizing::new([2; 32])).reveal();
        let unmarked = key.trim_start_matches('s');
        let cut = key.trim_end_matches(char::is_alphanumeric);
        for bad in ["", "sealift", "sealift__", "x_y_z", unmarked, cut] {
            assert!(ApiKey::parse(bad).is_none(), "{bad}");
        }
    }
}
