//! Checks the signature over a whole message with the public key in its header.

use core::fmt;

use aws_lc_rs::digest::{Context, SHA256, SHA384};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Suite;
use super::suite::Scheme;
use crate::error::{DecryptError, Field};
use crate::header::EncryptionContext;

/// The context key whose value is the public key of a signed message, as base64.
pub const PUBLIC_KEY: &str = "aws-crypto-public-key";

/// A compressed point. The check of the signature finds out whether it is on the curve.
#[derive(Clone)]
pub(super) struct PublicKey {
    scheme: Scheme,
    point: Vec<u8>,
}

impl PublicKey {
    /// Reads the public key from the context of a message of this suite. A suite that does not sign must not
    /// have one, because otherwise the header of a signed message could be read as one of an unsigned suite.
    pub(super) fn of(
        suite: Suite,
        context: &EncryptionContext,
        at: u64,
    ) -> Result<Option<Self>, DecryptError> {
        let stored = context.iter().find(|(key, _)| *key == PUBLIC_KEY);
        let field = Field::PublicKey;
        match (suite.signature(), stored) {
            (None, None) => Ok(None),
            (Some(scheme), Some((_, value))) => Self::read(scheme, value)
                .map(Some)
                .ok_or(DecryptError::Malformed { field, at }),
            _ => Err(DecryptError::Malformed { field, at }),
        }
    }

    fn read(scheme: Scheme, value: &str) -> Option<Self> {
        let point = STANDARD.decode(value).ok()?;
        let is_compressed = matches!(point.first(), Some(2 | 3));
        (is_compressed && point.len() == scheme.point_len()).then_some(Self { scheme, point })
    }
}

impl Scheme {
    /// Returns the length of a compressed point: one byte for the sign, then one coordinate.
    fn point_len(self) -> usize {
        match self {
            Self::P256Sha256 => 33,
            Self::P384Sha384 => 49,
        }
    }

    fn algorithm(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256Sha256 => &ECDSA_P256_SHA256_ASN1,
            Self::P384Sha384 => &ECDSA_P384_SHA384_ASN1,
        }
    }
}

/// Digests a message while it is read, and checks the signature at the end.
pub(super) struct SignatureCheck {
    key: PublicKey,
    digest: Context,
}

impl SignatureCheck {
    pub(super) fn new(key: PublicKey) -> Self {
        let digest = Context::new(match key.scheme {
            Scheme::P256Sha256 => &SHA256,
            Scheme::P384Sha384 => &SHA384,
        });
        Self { key, digest }
    }

    /// Adds the next bytes of header or body to the digest.
    pub(super) fn digest(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    pub(super) fn verify(self, signature: &[u8]) -> Result<(), DecryptError> {
        let digest = self.digest.finish();
        UnparsedPublicKey::new(self.key.scheme.algorithm(), &self.key.point)
            .verify_digest(&digest, signature)
            .map_err(|_| DecryptError::Unauthentic)
    }
}

impl fmt::Debug for SignatureCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureCheck({:?}, ..)", self.key.scheme)
    }
}
