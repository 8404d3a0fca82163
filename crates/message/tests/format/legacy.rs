//! Tests the general reader on messages of every suite and form, one property a file.

mod alter;
mod data_keys;
mod official;
mod policy;
mod signed;
mod strict;
mod suites;
mod unframed;
mod writer;

use sealift_message::general::{AnyDataKey, HeaderRead, HeaderReader, Opener, Policy};
use sealift_message::{DecryptError, EncryptionContext, Limits};

use crate::sample::Opened;

/// Accepts every suite, also those that the default policy refuses.
pub(crate) const ANY: Policy = Policy::COMMITTED.allow_without_commitment();

/// The numbers of the suites, with the lengths of their keys in bytes.
pub(crate) const SUITES: [(u16, usize); 11] = [
    (0x0014, 16),
    (0x0046, 24),
    (0x0078, 32),
    (0x0114, 16),
    (0x0146, 24),
    (0x0178, 32),
    (0x0214, 16),
    (0x0346, 24),
    (0x0378, 32),
    (0x0478, 32),
    (0x0578, 32),
];

/// The settings and the key of a reader.
pub(crate) struct Reading<'a> {
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) data_key: &'a [u8],
    pub(crate) required: EncryptionContext,
}

impl<'a> Reading<'a> {
    pub(crate) fn any(data_key: &'a [u8]) -> Self {
        Self {
            policy: ANY,
            limits: Limits::GENERAL,
            data_key,
            required: EncryptionContext::default(),
        }
    }

    pub(crate) fn open(&self, message: &[u8]) -> Opened {
        self.open_pieces(&[message])
    }

    /// Reads a whole message. Plaintext that comes before the signature counts as released here.
    pub(crate) fn open_pieces(&self, pieces: &[&[u8]]) -> Opened {
        let mut opened = Opened::default();
        opened.result = self.read(pieces, &mut opened.released);
        opened
    }

    fn read(&self, pieces: &[&[u8]], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let mut pieces = pieces.iter();
        let mut reader = HeaderReader::new(self.limits);
        let (header, body) = loop {
            let piece = pieces.next().ok_or(DecryptError::Truncated)?;
            match reader.push(piece)? {
                HeaderRead::More(more) => reader = more,
                HeaderRead::Done { header, body } => break (header, body),
            }
        };
        let data_key = AnyDataKey::try_from(self.data_key)?;
        let verified = header.verify(&self.policy, &data_key, &self.required)?;
        let mut opener = verified.opener(&self.limits);
        push(&mut opener, &body, out)?;
        for piece in pieces {
            push(&mut opener, piece, out)?;
        }
        let verified = match opener {
            Opener::Unsigned(opener) => opener.finish()?,
            Opener::Signed(opener) => opener.finish()?,
        };
        assert_eq!(verified.plaintext_len, out.len() as u64);
        Ok(())
    }
}

fn push(opener: &mut Opener, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
    match opener {
        Opener::Unsigned(opener) => opener.push(bytes, out),
        Opener::Signed(opener) => opener.push_before_signature(bytes, out),
    }
}
