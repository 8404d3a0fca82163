//! Makes messages as others write or forge them: every field can have a value that our writer never writes.
//! This file joins the bytes itself, and the crate under test only derives the keys.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sealift_message::MessageId;

use crate::sample::data_key;

pub(crate) const MESSAGE_ID: [u8; 32] = [0x1D; 32];

/// A message, field by field.
pub(crate) struct Foreign {
    pub(crate) version: u8,
    pub(crate) suite: u16,
    /// The serialised context, without its length.
    pub(crate) context: Vec<u8>,
    /// The serialised pairs that are authenticated and not stored.
    pub(crate) required: Vec<u8>,
    pub(crate) data_key_count: u16,
    pub(crate) data_keys: Vec<u8>,
    pub(crate) content_type: u8,
    pub(crate) frame_length: u32,
    /// Replaces the right commitment.
    pub(crate) commitment: Option<[u8; 32]>,
    /// Replaces the right tag.
    pub(crate) header_tag: Option<[u8; 16]>,
    pub(crate) frames: Vec<ForeignFrame>,
}

/// A frame, sealed with a tag that is right for these fields.
#[derive(Clone)]
pub(crate) struct ForeignFrame {
    pub(crate) number: u32,
    pub(crate) is_final: bool,
    pub(crate) iv: [u8; 12],
    pub(crate) plaintext: Vec<u8>,
}

impl Foreign {
    /// Makes a message like any writer, with one regular or final frame for each piece of plaintext.
    pub(crate) fn new(frame_length: u32, frames: &[&[u8]]) -> Self {
        let last = frames.len();
        let frames = (1..)
            .zip(frames)
            .map(|(number, plaintext)| ForeignFrame {
                number,
                is_final: number as usize == last,
                iv: iv(number),
                plaintext: plaintext.to_vec(),
            })
            .collect();
        Self {
            version: 2,
            suite: 0x0478,
            context: Vec::new(),
            required: Vec::new(),
            data_key_count: 1,
            data_keys: encrypted_data_key(8),
            content_type: 2,
            frame_length,
            commitment: None,
            header_tag: None,
            frames,
        }
    }

    pub(crate) fn header_bytes(&self) -> Vec<u8> {
        let (content_key, commitment) = data_key().derive(&MessageId::from_bytes(MESSAGE_ID));
        let mut bytes = self.before_commitment();
        bytes.extend(self.commitment.unwrap_or(*commitment.as_bytes()));
        let aad = [bytes.clone(), self.required.clone()].concat();
        let (_, tag) = sealed(content_key.expose(), [0; 12], &aad, &[]);
        bytes.extend(self.header_tag.unwrap_or(tag));
        bytes
    }

    /// Returns the header's bytes that a reader can use before it needs a key.
    pub(crate) fn before_commitment(&self) -> Vec<u8> {
        let mut bytes = vec![self.version];
        bytes.extend(self.suite.to_be_bytes());
        bytes.extend(MESSAGE_ID);
        bytes.extend((self.context.len() as u16).to_be_bytes());
        bytes.extend(&self.context);
        bytes.extend(self.data_key_count.to_be_bytes());
        bytes.extend(&self.data_keys);
        bytes.push(self.content_type);
        bytes.extend(self.frame_length.to_be_bytes());
        bytes
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let (content_key, _) = data_key().derive(&MessageId::from_bytes(MESSAGE_ID));
        self.frames
            .iter()
            .flat_map(|frame| frame.bytes(content_key.expose()))
            .collect()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.header_bytes(), self.body()].concat()
    }

    pub(crate) fn plaintext(&self) -> Vec<u8> {
        let frames = self.frames.iter();
        frames.flat_map(|frame| frame.plaintext.clone()).collect()
    }
}

impl ForeignFrame {
    fn bytes(&self, content_key: &[u8; 32]) -> Vec<u8> {
        let u32_len = (self.plaintext.len() as u32).to_be_bytes();
        let (mark, text, len): (&[u8], &[u8], &[u8]) = if self.is_final {
            (&[0xFF; 4], b"AWSKMSEncryptionClient Final Frame", &u32_len)
        } else {
            (&[], b"AWSKMSEncryptionClient Frame", &[])
        };
        let number = self.number.to_be_bytes();
        let plaintext_len = (self.plaintext.len() as u64).to_be_bytes();
        let aad = [&MESSAGE_ID, text, &number, &plaintext_len].concat();
        let (ciphertext, tag) = sealed(content_key, self.iv, &aad, &self.plaintext);
        [mark, &number, &self.iv, len, &ciphertext, &tag].concat()
    }
}

/// Returns one encrypted data key whose ciphertext has this many bytes.
pub(crate) fn encrypted_data_key(ciphertext_len: u16) -> Vec<u8> {
    let ciphertext = vec![0xEE; usize::from(ciphertext_len)];
    let counts = ciphertext_len.to_be_bytes();
    [b"\0\x02ns\0\x04name", counts.as_slice(), &ciphertext].concat()
}

pub(crate) fn iv(number: u32) -> [u8; 12] {
    let mut iv = [0; 12];
    iv[8..].copy_from_slice(&number.to_be_bytes());
    iv
}

/// Seals by AES-256-GCM, called like in an application outside the crate.
pub(crate) fn sealed(
    key: &[u8; 32],
    iv: [u8; 12],
    aad: &[u8],
    plaintext: &[u8],
) -> (Vec<u8>, [u8; 16]) {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let mut ciphertext = plaintext.to_vec();
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(iv),
            Aad::from(aad),
            &mut ciphertext,
        )
        .unwrap();
    (ciphertext, tag.as_ref().try_into().unwrap())
}
