//! The key for a tenant's names and metadata at rest.

use std::fmt;

use sealift_message::suite::KEY_LEN;

use crate::derive::{KeyBytes, derive, fields};

const LABEL: &[u8] = b"sealift-records-v1";

/// Seals names and metadata of one tenant in the database. Wiped when dropped, never printed, not
/// cloned.
pub struct RecordsKey(KeyBytes);

impl RecordsKey {
    /// HKDF-SHA512 without salt of the tenant's KEK or, under KMS, of one data key per tenant;
    /// info: the fields `sealift-records-v1` and tenant, each behind its length as a u64.
    pub(crate) fn derive(input: &[u8; KEY_LEN], tenant: &str) -> Self {
        Self(derive(input, b"", &fields(&[LABEL, tenant.as_bytes()])))
    }

    /// The bytes, for the one who seals. They must not be stored, printed or sent.
    #[must_use]
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
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
    fn a_records_key_is_not_printed() {
        let key = RecordsKey::derive(&[1; KEY_LEN], "ours");
        assert_eq!(format!("{key:?}"), "RecordsKey(..)");
    }
}
