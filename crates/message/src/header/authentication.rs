//! Verifies headers. There are only these two ways from a header to anything that seals or opens frames.

use super::{EncryptionContext, Header, StoredHeader};
use crate::aead::{Backend, Cipher};
use crate::error::DecryptError;
use crate::key::{ContentKey, DataKey};
use crate::suite::{HEADER_IV, TAG_LEN};

/// A header whose tag was checked, with the content key that checked it. Frame sealers and decryptors are
/// made from it.
#[derive(Debug)]
pub struct VerifiedHeader {
    header: Header,
    content_key: ContentKey,
    backend: Backend,
}

impl Header {
    /// Derives the content key, compares the commitment in constant time before anything else, then checks
    /// the header's tag. For callers with the data key: the server and the command line. The result makes a
    /// frame sealer or a decryptor.
    ///
    /// # Errors
    /// Returns [`DecryptError::Unauthentic`], whatever the reason.
    pub fn verify(&self, data_key: &DataKey) -> Result<VerifiedHeader, DecryptError> {
        self.verify_with(data_key, &EncryptionContext::default())
    }

    /// Like [`Header::verify`], for a message with pairs that are authenticated but not stored.
    ///
    /// # Errors
    /// Returns [`DecryptError::Unauthentic`], whatever the reason.
    pub fn verify_with(
        &self,
        data_key: &DataKey,
        required: &EncryptionContext,
    ) -> Result<VerifiedHeader, DecryptError> {
        let (content_key, commitment) = data_key.derive(&self.message_id);
        if commitment != self.commitment {
            return Err(DecryptError::Unauthentic);
        }
        self.clone().authenticated(content_key, required)
    }

    fn authenticated(
        self,
        content_key: ContentKey,
        required: &EncryptionContext,
    ) -> Result<VerifiedHeader, DecryptError> {
        let before_tag = self
            .bytes
            .split_last_chunk::<TAG_LEN>()
            .map_or(self.bytes.as_slice(), |(before, _)| before);
        let aad = [before_tag, &required.serialised()].concat();
        let backend = Backend::default();
        Cipher::new(backend, content_key.expose()).open(
            &HEADER_IV,
            &aad,
            &[],
            &self.tag,
            &mut [],
        )?;
        Ok(VerifiedHeader {
            header: self,
            content_key,
            backend,
        })
    }
}

impl StoredHeader {
    /// Checks the header's tag with the content key, which proves that the header bytes and the key belong to
    /// the same message. The server compared the commitment before it gave the key away (R5).
    ///
    /// # Errors
    /// Returns [`DecryptError::Unauthentic`] if the tag does not fit header and key.
    pub fn verify(&self, content_key: &ContentKey) -> Result<VerifiedHeader, DecryptError> {
        let content_key = ContentKey::from_bytes(content_key.expose());
        self.0
            .clone()
            .authenticated(content_key, &EncryptionContext::default())
    }
}

impl VerifiedHeader {
    /// Returns the header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the content key, to answer a caller who may have it.
    #[must_use]
    pub fn content_key(&self) -> &ContentKey {
        &self.content_key
    }

    /// Chooses the backend that seals and opens, instead of the default one.
    #[must_use]
    pub fn with_backend(self, backend: Backend) -> Self {
        Self { backend, ..self }
    }

    pub(crate) fn cipher(&self) -> Cipher {
        Cipher::new(self.backend, self.content_key.expose())
    }
}
