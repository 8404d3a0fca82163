//! The algorithm suites. All of them use AES-GCM with a 12-byte IV and a 16-byte tag.

use core::fmt;

/// An algorithm suite of the AWS Encryption SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    id: u16,
    key_len: usize,
    derivation: Derivation,
    signature: Option<Scheme>,
}

/// The way to derive the content key from the data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Derivation {
    /// The content key is the data key.
    Identity,
    /// HKDF-SHA256 without salt. Info is the suite's number and the message id.
    HkdfSha256,
    /// HKDF-SHA384, otherwise like [`Derivation::HkdfSha256`].
    HkdfSha384,
    /// HKDF-SHA512 with the message id as salt, which also gives a commitment.
    Committed,
}

/// The ECDSA scheme of a signature. The signature is encoded as ASN.1 DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    P256Sha256,
    P384Sha384,
}

impl Suite {
    /// Every suite, the oldest first.
    pub const ALL: [Self; 11] = {
        use Derivation::{Committed, HkdfSha256, HkdfSha384, Identity};
        use Scheme::{P256Sha256, P384Sha384};
        [
            Self::new(0x0014, 16, Identity, None),
            Self::new(0x0046, 24, Identity, None),
            Self::new(0x0078, 32, Identity, None),
            Self::new(0x0114, 16, HkdfSha256, None),
            Self::new(0x0146, 24, HkdfSha256, None),
            Self::new(0x0178, 32, HkdfSha256, None),
            Self::new(0x0214, 16, HkdfSha256, Some(P256Sha256)),
            Self::new(0x0346, 24, HkdfSha384, Some(P384Sha384)),
            Self::new(0x0378, 32, HkdfSha384, Some(P384Sha384)),
            Self::new(0x0478, 32, Committed, None),
            Self::new(0x0578, 32, Committed, Some(P384Sha384)),
        ]
    };

    const fn new(
        id: u16,
        key_len: usize,
        derivation: Derivation,
        signature: Option<Scheme>,
    ) -> Self {
        Self {
            id,
            key_len,
            derivation,
            signature,
        }
    }

    /// Returns the suite with this number.
    #[must_use]
    pub fn of(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id == id)
    }

    /// Returns the number of the suite, as it stands in headers.
    #[must_use]
    pub const fn id(self) -> u16 {
        self.id
    }

    /// Returns the version of the message format that has this suite: 1 or 2.
    #[must_use]
    pub const fn format_version(self) -> u8 {
        match self.derivation {
            Derivation::Committed => 2,
            _ => 1,
        }
    }

    /// Returns the length in bytes of the data key and of the content key: 16, 24 or 32.
    #[must_use]
    pub const fn key_len(self) -> usize {
        self.key_len
    }

    /// Returns whether a commitment ties the message to one data key.
    #[must_use]
    pub const fn has_commitment(self) -> bool {
        matches!(self.derivation, Derivation::Committed)
    }

    /// Returns whether a signature over the whole message follows the body.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        self.signature.is_some()
    }

    pub(super) const fn derivation(self) -> Derivation {
        self.derivation
    }

    pub(super) const fn signature(self) -> Option<Scheme> {
        self.signature
    }
}

impl fmt::Display for Suite {
    /// Writes the suite in words, for example `AES-256-GCM, HKDF-SHA512, key commitment, ECDSA P-384`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.key_len.saturating_mul(8);
        let derivation = match self.derivation {
            Derivation::Identity => "no key derivation",
            Derivation::HkdfSha256 => "HKDF-SHA256",
            Derivation::HkdfSha384 => "HKDF-SHA384",
            Derivation::Committed => "HKDF-SHA512, key commitment",
        };
        let signature = match self.signature {
            None => "no signature",
            Some(Scheme::P256Sha256) => "ECDSA P-256",
            Some(Scheme::P384Sha384) => "ECDSA P-384",
        };
        write!(f, "AES-{bits}-GCM, {derivation}, {signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suites_number_says_what_it_is() {
        for suite in Suite::ALL {
            assert_eq!(Suite::of(suite.id()), Some(suite));
            // The low byte encodes the length of the key.
            let key_len = match suite.id() & 0xFF {
                0x14 => 16,
                0x46 => 24,
                _ => 32,
            };
            assert_eq!(suite.key_len(), key_len);
            assert_eq!(suite.has_commitment(), suite.id() >= 0x0400);
            assert_eq!(suite.format_version(), 1 + u8::from(suite.id() >= 0x0400));
        }
        assert_eq!(Suite::of(0x0278), None);
    }

    #[test]
    fn a_suite_is_told_in_words() {
        let named = |id| Suite::of(id).unwrap().to_string();
        assert_eq!(
            named(0x0478),
            "AES-256-GCM, HKDF-SHA512, key commitment, no signature"
        );
        assert_eq!(
            named(0x0014),
            "AES-128-GCM, no key derivation, no signature"
        );
        assert_eq!(named(0x0346), "AES-192-GCM, HKDF-SHA384, ECDSA P-384");
    }
}
