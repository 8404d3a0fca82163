//! The key that seals a tenant's names, metadata and hashes in the database.

use std::fmt;

use hkdf::hmac::{Hmac, KeyInit as _, Mac as _};
use sealift_message::suite::KEY_LEN;
use sha2::Sha256;

use crate::derive::{KeyBytes, derive, fields};

const LABEL: &[u8] = b"sealift-records-v1";
const FINGERPRINT_LABEL: &[u8] = b"sealift-fingerprint-v1";

/// The length of a fingerprint in bytes.
pub const FINGERPRINT_LEN: usize = 32;

/// Seals names, metadata and hashes of one tenant in the database; wiped when dropped, never printed and not
/// cloned.
pub struct RecordsKey(KeyBytes);

impl RecordsKey {
    /// Derives the key by HKDF-SHA512 without salt. The input is the tenant's KEK or, under KMS, one data key
    /// per tenant. Info is the fields `sealift-records-v1` and tenant, each after its length as a u64.
    pub(crate) fn derive(input: &[u8; KEY_LEN], tenant: &str) -> Self {
        Self(derive(input, b"", &fields(&[LABEL, tenant.as_bytes()])))
    }

    /// Returns the bytes, for the code that seals records. They must not be stored, printed or sent.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// Computes a fingerprint of `text`. Nobody can compute it without this key, so a fingerprint confirms no
    /// guess about the text. The algorithm is HMAC-SHA256 under a key of its own, which HKDF-SHA512 without
    /// salt derives from this one; info is the field `sealift-fingerprint-v1` after its length as a u64.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length, and this one has 32 bytes"
    )]
    pub fn fingerprint(&self, text: &[u8]) -> [u8; FINGERPRINT_LEN] {
        let key = derive(&self.0, b"", &fields(&[FINGERPRINT_LABEL]));
        let mut mac =
            Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("32 bytes are a key of HMAC");
        mac.update(text);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for RecordsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordsKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tenant_has_its_own_records_key() {
        let ours = RecordsKey::derive(&[1; KEY_LEN], "ours");
        assert_ne!(
            ours.expose(),
            RecordsKey::derive(&[1; KEY_LEN], "theirs").expose()
        );
        assert_ne!(ours.expose(), &[1; KEY_LEN]);
        assert_eq!(
            ours.expose(),
            RecordsKey::derive(&[1; KEY_LEN], "ours").expose()
        );
    }

    #[test]
    fn a_fingerprint_is_of_one_tenant_one_text_and_a_key_of_its_own() {
        let ours = RecordsKey::derive(&[1; KEY_LEN], "ours");
        let theirs = RecordsKey::derive(&[1; KEY_LEN], "theirs");
        let fingerprint = ours.fingerprint(b"text");
        assert_eq!(fingerprint, ours.fingerprint(b"text"));
        assert_ne!(fingerprint, ours.fingerprint(b"texu"));
        assert_ne!(fingerprint, theirs.fingerprint(b"text"));
        // The fingerprint's key is not the key that seals.
        let mut mac = Hmac::<Sha256>::new_from_slice(ours.expose()).unwrap();
        mac.update(b"text");
        assert_ne!(fingerprint[..], mac.finalize().into_bytes()[..]);
    }

    #[test]
    fn a_records_key_is_not_printed() {
        let key = RecordsKey::derive(&[1; KEY_LEN], "ours");
        assert_eq!(format!("{key:?}"), "RecordsKey(..)");
    }
}
