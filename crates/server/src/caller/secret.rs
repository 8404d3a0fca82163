//! 256 random bits that prove something: of an API key, of a ticket, of a cookie.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

const LEN: usize = 32;

/// Wiped when dropped, never printed.
pub(crate) struct Secret(Zeroizing<[u8; LEN]>);

impl Secret {
    pub(crate) fn from_random(bytes: Zeroizing<[u8; LEN]>) -> Self {
        Self(bytes)
    }

    /// `None` where the text is none of [`Self::reveal`].
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

    /// What is stored. Of so many random bits nothing slower than SHA-256 is needed.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// Whether it is the secret of that hash; takes the same time wherever they differ.
    pub(crate) fn has_hash(&self, hash: &[u8; 32]) -> bool {
        self.hash().ct_eq(hash).into()
    }

    /// 52 characters, lower case.
    pub(crate) fn reveal(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(BASE32_NOPAD.encode(self.0.as_slice()));
        text.make_ascii_lowercase();
        text
    }
}
