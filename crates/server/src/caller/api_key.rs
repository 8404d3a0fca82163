//! API keys: `sealift_<id>_<secret>`. The id finds the row, the secret proves it.

use core::fmt;

use sealift_transfer::api::ApiKeyId;
use zeroize::Zeroizing;

use super::secret::Secret;

/// Marks the text, so that scanners for leaked credentials find it.
const MARK: &str = "sealift";

/// An API key in plaintext: with its owner, and for a moment here. Wiped when dropped, never
/// printed.
pub struct ApiKey {
    id: ApiKeyId,
    secret: Secret,
}

impl ApiKey {
    /// From 128 random bits that name it and 256 that are secret.
    #[must_use]
    pub fn from_random(id: [u8; 16], secret: Zeroizing<[u8; 32]>) -> Self {
        Self {
            id: ApiKeyId::from_random(id),
            secret: Secret::from_random(secret),
        }
    }

    /// `None` where the text is no API key.
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

    /// The public part.
    #[must_use]
    pub fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.secret.hash()
    }

    /// Whether it is the key of that hash; takes the same time wherever they differ.
    #[must_use]
    pub fn has_hash(&self, hash: &[u8; 32]) -> bool {
        self.secret.has_hash(hash)
    }

    /// The text, for its owner, once.
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
