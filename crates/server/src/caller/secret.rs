//! The secret of an API key, a ticket or a cookie: 256 random bits.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const LEN: usize = 32;

/// A secret. Wiped when dropped, never printed.
pub(crate) struct Secret(Zeroizing<[u8; LEN]>);

impl Secret {
    pub(crate) fn from_random(bytes: Zeroizing<[u8; LEN]>) -> Self {
        Self(bytes)
    }

    /// Parses the text that [`Self::reveal`] makes. Returns `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let upper = Zeroizing::new(text.to_ascii_uppercase());
        let decoded = Zeroizing::new(BASE32_NOPAD.decode(upper.as_bytes()).ok()?);
        let mut bytes = Zeroizing::new([0; LEN]);
        if decoded.len() != LEN {
            return None;
        }
        bytes.copy_from_slice(&decoded);
        Some(Self(bytes))
    }

    /// Returns the hash that the database stores. SHA-256 is enough, because nobody can guess 256
    /// random bits, however fast the hash is.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// Returns true if this is the secret of that hash. The comparison takes constant time.
    pub(crate) fn has_hash(&self, hash: &[u8; 32]) -> bool {
        self.hash().ct_eq(hash).into()
    }

    /// Returns the secret as 52 lower-case characters.
    pub(crate) fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()));
        text.make_ascii_lowercase();
        text
    }
}
