//! Tests messages and numbers that others computed.

pub(crate) mod official;
mod own;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealift_message::{
    DataKey, DecryptError, Decryptor, EncryptionContext, Header, Limits, VerifiedHeader,
    unwrap_raw_aes,
};
use serde::Deserialize;

use crate::sample::push_all;

/// Bytes that are base64 in JSON.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl TryFrom<String> for Base64 {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        STANDARD.decode(text).map(Self)
    }
}

/// The raw AES key that opens a vector.
struct WrappingKey<'a> {
    bytes: [u8; 32],
    namespace: &'a str,
    name: &'a str,
}

impl WrappingKey<'_> {
    fn data_key(
        &self,
        header: &Header,
        required: &EncryptionContext,
    ) -> Result<DataKey, DecryptError> {
        let context = header
            .encryption_context()
            .joined(required, &Limits::GENERAL)
            .map_err(|_| DecryptError::Unauthentic)?;
        let encrypted = &header.encrypted_data_keys()[0];
        unwrap_raw_aes(&self.bytes, self.namespace, self.name, encrypted, &context)
    }

    /// Reads a message up to its body with this key: header, data key, commitment and tag.
    fn verify(
        &self,
        message: &[u8],
        required: &EncryptionContext,
    ) -> Result<VerifiedHeader, DecryptError> {
        let (header, _) = Header::parse(message, &Limits::GENERAL)?;
        header.verify_with(&self.data_key(&header, required)?, required)
    }

    fn open(&self, message: &[u8], required: &EncryptionContext) -> Result<Vec<u8>, DecryptError> {
        let verified = self.verify(message, required)?;
        open_body(message, verified, |verified| {
            Ok(Decryptor::general(verified))
        })
    }

    /// Opens the message as strictly as our own objects, but takes the header from the message.
    fn open_strictly(
        &self,
        message: &[u8],
        required: &EncryptionContext,
    ) -> Result<Vec<u8>, DecryptError> {
        let verified = self.verify(message, required)?;
        open_body(message, verified, |verified| {
            Decryptor::own(verified, message.len() as u64)
        })
    }
}

fn open_body(
    message: &[u8],
    verified: VerifiedHeader,
    reader: impl FnOnce(VerifiedHeader) -> Result<Decryptor, DecryptError>,
) -> Result<Vec<u8>, DecryptError> {
    let body = &message[verified.header().as_bytes().len()..];
    let mut out = Vec::new();
    push_all(reader(verified)?, body, &mut out)?;
    Ok(out)
}
