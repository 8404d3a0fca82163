//! Makes the one header of a new message.

use super::limits::Limits;
use super::{EncryptedDataKey, EncryptionContext, FrameLength, Header};
use crate::aead::{Backend, Cipher};
use crate::error::{Field, HeaderError};
use crate::key::{DataKey, MessageId};
use crate::suite::{FRAMED, HEADER_IV, SUITE, VERSION};
use crate::wire::{len_of, put_counted};

/// Makes the one header of a new message. Store the header before it leaves, and never make a second one for
/// the same message id and data key (R1): two headers under one content key give away what an attacker needs
/// to forge frames.
#[derive(Debug)]
pub struct HeaderBuilder {
    message_id: MessageId,
    encryption_context: EncryptionContext,
    required: EncryptionContext,
    encrypted_data_key: EncryptedDataKey,
    frame_length: FrameLength,
}

impl HeaderBuilder {
    /// Makes a builder for a header with one encrypted data key, as all our objects have.
    #[must_use]
    pub fn new(
        message_id: MessageId,
        encryption_context: EncryptionContext,
        encrypted_data_key: EncryptedDataKey,
        frame_length: FrameLength,
    ) -> Self {
        Self {
            message_id,
            encryption_context,
            required: EncryptionContext::default(),
            encrypted_data_key,
            frame_length,
        }
    }

    /// Adds pairs that are authenticated but not stored. A reader must know them.
    #[must_use]
    pub fn with_required(mut self, required: EncryptionContext) -> Self {
        self.required = required;
        self
    }

    /// Derives commitment and content key, and completes the header with commitment and tag. Store the header
    /// next, then verify it to get a sealer.
    ///
    /// # Errors
    /// Returns a [`HeaderError`] if the header is longer than readers accept, or if our writer does not write
    /// the frame length.
    pub fn authenticate(self, data_key: &DataKey) -> Result<Header, HeaderError> {
        self.frame_length.check_ours()?;
        let (content_key, commitment) = data_key.derive(&self.message_id);
        let mut bytes = self.before_commitment()?;
        bytes.extend_from_slice(commitment.as_bytes());
        let aad = [bytes.as_slice(), &self.required.serialised()].concat();
        let tag = Cipher::new(Backend::default(), content_key.expose())
            .seal(&HEADER_IV, &aad, &[], &mut [])
            .map_err(|_| HeaderError::Backend)?;
        bytes.extend_from_slice(&tag);
        let most = Limits::OWN.header_bytes();
        if bytes.len() > most {
            return Err(too_long(Field::Header, len_of(&bytes), most));
        }
        Ok(Header {
            bytes,
            message_id: self.message_id,
            encryption_context: self.encryption_context,
            encrypted_data_keys: vec![self.encrypted_data_key],
            frame_length: self.frame_length,
            commitment,
            tag,
        })
    }

    fn before_commitment(&self) -> Result<Vec<u8>, HeaderError> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&SUITE.to_be_bytes());
        bytes.extend_from_slice(self.message_id.as_bytes());
        let context = self.encryption_context.serialised();
        put_counted(&mut bytes, &context).ok_or(too_long(
            Field::EncryptionContext,
            len_of(&context),
            u16::MAX.into(),
        ))?;
        bytes.extend_from_slice(&ONE_DATA_KEY.to_be_bytes());
        let key = &self.encrypted_data_key;
        key.put(&mut bytes).ok_or(too_long(
            Field::EncryptedDataKey,
            len_of(key.ciphertext()),
            u16::MAX.into(),
        ))?;
        bytes.push(FRAMED);
        bytes.extend_from_slice(&self.frame_length.get().to_be_bytes());
        Ok(bytes)
    }
}

/// Every object of ours has one encrypted data key (R5).
const ONE_DATA_KEY: u16 = 1;

fn too_long(field: Field, got_bytes: u64, most: usize) -> HeaderError {
    HeaderError::TooLong {
        field,
        got_bytes,
        most_bytes: u64::try_from(most).unwrap_or(u64::MAX),
    }
}
