//! Writes messages of every suite from the specification alone, without any code of the crate under test.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SUITES;

/// A message before it is written; a test can make its fields wrong.
pub(crate) struct Message {
    pub(crate) suite: u16,
    /// The frame length; 0 means not framed.
    pub(crate) frame_length: u32,
    /// The plaintext of each frame, or of the one piece.
    pub(crate) pieces: Vec<Vec<u8>>,
    /// The context without the public key.
    pub(crate) context: Vec<(String, String)>,
    /// The pairs that are authenticated and not stored.
    pub(crate) required: Vec<(String, String)>,
    /// Writes the last pair first.
    pub(crate) is_unsorted: bool,
    /// Replaces the right public key.
    pub(crate) public_key: Option<String>,
    /// Replaces the right commitment.
    pub(crate) commitment: Option<[u8; 32]>,
    pub(crate) data_key: Vec<u8>,
    signer: Option<EcdsaKeyPair>,
}

pub(crate) const PUBLIC_KEY: &str = "aws-crypto-public-key";

impl Message {
    pub(crate) fn framed(suite: u16, frame_length: u32, pieces: &[&[u8]]) -> Self {
        let (_, key_len) = SUITES.into_iter().find(|(id, _)| *id == suite).unwrap();
        let signing = match suite {
            0x0214 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
            0x0346 | 0x0378 | 0x0578 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
            _ => None,
        };
        Self {
            suite,
            frame_length,
            pieces: pieces.iter().map(|piece| piece.to_vec()).collect(),
            context: vec![("a-key".into(), "value".into()), ("z".into(), "é".into())],
            required: Vec::new(),
            is_unsorted: false,
            public_key: None,
            commitment: None,
            data_key: (0..key_len as u8).collect(),
            signer: signing.map(|algorithm| EcdsaKeyPair::generate(algorithm).unwrap()),
        }
    }

    pub(crate) fn unframed(suite: u16, plaintext: &[u8]) -> Self {
        Self::framed(suite, 0, &[plaintext])
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.signer.is_some()
    }

    pub(crate) fn plaintext(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let signed = [self.header(), self.body()].concat();
        let footer = self.footer(&signed);
        [signed, footer].concat()
    }

    pub(crate) fn header(&self) -> Vec<u8> {
        let mut bytes = if self.is_old() {
            vec![0x01, 0x80]
        } else {
            vec![0x02]
        };
        bytes.extend(self.suite.to_be_bytes());
        bytes.extend(self.message_id());
        let mut context = self.context.clone();
        let public_key = self.signer.as_ref().map(compressed_point);
        let public_key = self.public_key.clone().or(public_key);
        context.extend(public_key.map(|point| (PUBLIC_KEY.to_owned(), point)));
        context.sort();
        if self.is_unsorted {
            context.reverse();
        }
        let context = serialised(&context);
        bytes.extend((context.len() as u16).to_be_bytes());
        bytes.extend(context);
        bytes.extend(b"\0\x01\0\x02ns\0\x04name\0\x03edk");
        bytes.push(if self.frame_length == 0 { 1 } else { 2 });
        if self.is_old() {
            bytes.extend([0, 0, 0, 0, 12]);
        }
        bytes.extend(self.frame_length.to_be_bytes());
        if !self.is_old() {
            bytes.extend(self.commitment.unwrap_or_else(|| self.right_commitment()));
        }
        let aad = [bytes.clone(), serialised(&self.required)].concat();
        // Old headers carry their IV, and the writer chooses its bytes.
        let iv = if self.is_old() { [7; 12] } else { [0; 12] };
        let tag = self.sealed(iv, &aad, &[]);
        if self.is_old() {
            bytes.extend(iv);
        }
        bytes.extend(tag);
        bytes
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        if self.frame_length == 0 {
            return self.single_block();
        }
        let last = self.pieces.len() as u32;
        let frames = (1..).zip(&self.pieces);
        frames
            .flat_map(|(number, piece)| self.frame(number, number == last, piece))
            .collect()
    }

    /// Returns the signature over these bytes, after its length. Returns nothing for a suite that does not
    /// sign.
    pub(crate) fn footer(&self, signed: &[u8]) -> Vec<u8> {
        let Some(signer) = &self.signer else {
            return Vec::new();
        };
        let signature = signer.sign(&SystemRandom::new(), signed).unwrap();
        let signature = signature.as_ref();
        [&(signature.len() as u16).to_be_bytes(), signature].concat()
    }

    fn single_block(&self) -> Vec<u8> {
        let plaintext = self.plaintext();
        let len = (plaintext.len() as u64).to_be_bytes();
        let text: &[u8] = b"AWSKMSEncryptionClient Single Block";
        let aad = [&self.message_id(), text, &[0, 0, 0, 1], &len].concat();
        let iv = [9; 12];
        [&iv[..], &len, &self.sealed(iv, &aad, &plaintext)].concat()
    }

    fn frame(&self, number: u32, is_final: bool, piece: &[u8]) -> Vec<u8> {
        let (number, len) = (number.to_be_bytes(), (piece.len() as u32).to_be_bytes());
        let (mark, text, its_len): (&[u8], &[u8], &[u8]) = if is_final {
            (&[0xFF; 4], b"AWSKMSEncryptionClient Final Frame", &len)
        } else {
            (&[], b"AWSKMSEncryptionClient Frame", &[])
        };
        let aad = [&self.message_id(), text, &number, &[0; 4], &len].concat();
        let mut iv = [0x11; 12];
        iv[8..].copy_from_slice(&number);
        let sealed = self.sealed(iv, &aad, piece);
        [mark, &number, &iv, its_len, &sealed].concat()
    }

    fn is_old(&self) -> bool {
        self.suite < 0x0400
    }

    fn message_id(&self) -> Vec<u8> {
        vec![0x1D; if self.is_old() { 16 } else { 32 }]
    }

    fn right_commitment(&self) -> [u8; 32] {
        let prk = hmac(hmac::HMAC_SHA512, &self.message_id(), &self.data_key);
        hmac(hmac::HMAC_SHA512, &prk, b"COMMITKEY\x01")[..32]
            .try_into()
            .unwrap()
    }

    fn content_key(&self) -> Vec<u8> {
        let id = self.suite.to_be_bytes();
        let (hash, salt, info) = match self.suite {
            0x0014 | 0x0046 | 0x0078 => return self.data_key.clone(),
            0x0114 | 0x0146 | 0x0178 | 0x0214 => {
                let info = [&id[..], &self.message_id(), &[1]].concat();
                (hmac::HMAC_SHA256, vec![0; 32], info)
            }
            0x0346 | 0x0378 => {
                let info = [&id[..], &self.message_id(), &[1]].concat();
                (hmac::HMAC_SHA384, vec![0; 48], info)
            }
            _ => {
                let info = [&id[..], b"DERIVEKEY", &[1]].concat();
                (hmac::HMAC_SHA512, self.message_id(), info)
            }
        };
        let prk = hmac(hash, &salt, &self.data_key);
        hmac(hash, &prk, &info)[..self.data_key.len()].to_vec()
    }

    /// Returns the ciphertext and the tag.
    fn sealed(&self, iv: [u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let key = self.content_key();
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            _ => &AES_256_GCM,
        };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, &key).unwrap());
        let mut sealed = plaintext.to_vec();
        let iv = Nonce::assume_unique_for_key(iv);
        key.seal_in_place_append_tag(iv, Aad::from(aad), &mut sealed)
            .unwrap();
        sealed
    }
}

/// Encodes the public key as the message carries it: the sign of y, then x.
fn compressed_point(signer: &EcdsaKeyPair) -> String {
    let point = signer.public_key().as_ref();
    let (x, y) = point[1..].split_at(point.len() / 2);
    let sign = 2 + (y.last().unwrap() & 1);
    STANDARD.encode([&[sign], x].concat())
}

fn serialised(pairs: &[(String, String)]) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let mut bytes = (pairs.len() as u16).to_be_bytes().to_vec();
    for text in pairs.iter().flat_map(|(key, value)| [key, value]) {
        bytes.extend((text.len() as u16).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    bytes
}

fn hmac(algorithm: hmac::Algorithm, key: &[u8], data: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, key);
    hmac::sign(&key, data).as_ref().to_vec()
}
