//! Verifies a header. There is no other way to anything that opens the body.

use super::opener::Opener;
use super::{AnyDataKey, Header, Policy};
use crate::aead::Cipher;
use crate::error::DecryptError;
use crate::header::{EncryptionContext, Limits};

/// A header whose tag was checked, after the commitment if its suite has one.
#[derive(Debug)]
pub struct VerifiedHeader {
    header: Header,
    cipher: Cipher,
}

impl Header {
    /// Checks the policy, derives the content key, compares the commitment in constant time if the suite has
    /// one, and only then checks the header's tag. `required` are the pairs that are authenticated but not
    /// stored; most messages have none. Call [`VerifiedHeader::opener`] next.
    ///
    /// # Errors
    /// Fails like [`Header::check`] if the policy refuses the suite. Otherwise returns
    /// [`DecryptError::Unauthentic`], whatever the reason.
    pub fn verify(
        &self,
        policy: &Policy,
        data_key: &AnyDataKey,
        required: &EncryptionContext,
    ) -> Result<VerifiedHeader, DecryptError> {
        self.check(policy)?;
        let (cipher, commitment) = data_key
            .derive(self.suite(), self.message_id())
            .ok_or(DecryptError::Unauthentic)?;
        if commitment.as_ref() != self.commitment() {
            return Err(DecryptError::Unauthentic);
        }
        let (covered, iv, tag) = self.authentication();
        let aad = [covered, &required.serialised()].concat();
        cipher.open(iv, &aad, &[], tag, &mut [])?;
        Ok(VerifiedHeader {
            header: self.clone(),
            cipher,
        })
    }
}

impl VerifiedHeader {
    /// Returns the header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the opener for the body. `limits` says how long an unframed body may be.
    #[must_use]
    pub fn opener(self, limits: &Limits) -> Opener {
        Opener::new(&self.header, self.cipher, limits)
    }
}
