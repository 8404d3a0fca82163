//! Makes a message of ours as the server would record it, and opens it in every way.

use proptest::prelude::*;
use sealift_message::{
    ContentKey, DataKey, DecryptError, Decryptor, EncryptedDataKey, EncryptionContext, FrameLength,
    FrameSealer, Header, HeaderBuilder, HeaderRead, HeaderReader, Limits, MessageId,
    RangeDecryptor, StoredHeader,
};

/// The shortest frame length that we write, so that a test can try every byte of a message of a few frames.
pub(crate) const F: u64 = 4096;

/// The server's record of an object (the header), the object and its plaintext.
pub(crate) struct Sample {
    pub(crate) header: Header,
    pub(crate) plaintext: Vec<u8>,
    pub(crate) object: Vec<u8>,
}

impl Sample {
    /// Makes a sample with frames of `F` bytes.
    pub(crate) fn of_len(plaintext_len: u64) -> Self {
        Self::new(plaintext(plaintext_len), F as u32, [7; 32])
    }

    pub(crate) fn new(plaintext: Vec<u8>, frame_length: u32, message_id: [u8; 32]) -> Self {
        let header = header(frame_length, message_id);
        let object = sealed(&header, &plaintext);
        Self {
            header,
            plaintext,
            object,
        }
    }

    pub(crate) fn header_len(&self) -> usize {
        self.header.len() as usize
    }

    pub(crate) fn sealed_len(&self) -> u64 {
        self.object.len() as u64
    }

    /// Opens `object` with the strict reader, which takes header and size from the record.
    pub(crate) fn open_own(&self, object: &[u8]) -> Opened {
        let stored = StoredHeader::new(self.header.as_bytes()).unwrap();
        let mut opened = Opened::default();
        opened.result = (|| {
            stored.expect_at_start(object)?;
            let verified = self.header.verify(&data_key())?;
            let decryptor = Decryptor::own(verified, self.sealed_len())?;
            push_all(
                decryptor,
                &object[self.header_len()..],
                &mut opened.released,
            )
        })();
        opened
    }

    pub(crate) fn range_decryptor(&self) -> RangeDecryptor {
        RangeDecryptor::new(self.header.verify(&data_key()).unwrap(), self.sealed_len()).unwrap()
    }
}

/// The result of a reader: everything that it released, and whether it proved the end.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) released: Vec<u8>,
    pub(crate) result: Result<(), DecryptError>,
}

impl Default for Opened {
    fn default() -> Self {
        Self {
            released: Vec::new(),
            result: Ok(()),
        }
    }
}

impl Opened {
    pub(crate) fn is_whole(&self, plaintext: &[u8]) -> bool {
        self.result.is_ok() && self.released == plaintext
    }

    /// Returns the error, after checking that everything that was released before it is authentic.
    #[track_caller]
    pub(crate) fn refused(self, plaintext: &[u8]) -> DecryptError {
        assert!(
            plaintext.starts_with(&self.released),
            "{} bytes were released that are not the plaintext's",
            self.released.len()
        );
        self.result.expect_err("it must be refused")
    }
}

/// Opens a message with the general reader, which knows only the data key.
pub(crate) fn open_general(message: &[u8]) -> Opened {
    open_general_with(message, &Limits::GENERAL, &data_key())
}

pub(crate) fn open_general_with(message: &[u8], limits: &Limits, data_key: &DataKey) -> Opened {
    let mut opened = Opened::default();
    opened.result = (|| {
        let (header, body) = match HeaderReader::new(*limits).push(message)? {
            HeaderRead::Done { header, body } => (header, body),
            HeaderRead::More(_) => return Err(DecryptError::Truncated),
        };
        let decryptor = Decryptor::general(header.verify(data_key)?);
        push_all(decryptor, &body, &mut opened.released)
    })();
    opened
}

pub(crate) fn push_all(
    mut decryptor: Decryptor,
    body: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), DecryptError> {
    decryptor.push(body, out)?;
    let verified = decryptor.finish()?;
    assert_eq!(verified.plaintext_len, out.len() as u64);
    Ok(())
}

pub(crate) fn sealed(header: &Header, plaintext: &[u8]) -> Vec<u8> {
    let sealer = sealer(header, plaintext.len() as u64);
    let mut object = vec![0; sealer.layout().sealed_len() as usize];
    let frames = 0..sealer.layout().frame_count();
    sealer.seal_part(frames, plaintext, &mut object).unwrap();
    object
}

pub(crate) fn sealer(header: &Header, plaintext_len: u64) -> FrameSealer {
    FrameSealer::new(header.verify(&data_key()).unwrap(), plaintext_len).unwrap()
}

/// Makes a header as an uploader gets it.
pub(crate) fn header(frame_length: u32, message_id: [u8; 32]) -> Header {
    HeaderBuilder::new(
        MessageId::from_bytes(message_id),
        context(),
        EncryptedDataKey::aws_kms("arn:aws:kms:x:1:key/2", [0xCC; 60]).unwrap(),
        FrameLength::try_from(frame_length).unwrap(),
    )
    .authenticate(&data_key())
    .unwrap()
}

pub(crate) fn content_key(header: &Header) -> ContentKey {
    data_key().derive(header.message_id()).0
}

pub(crate) fn data_key() -> DataKey {
    DataKey::try_from([0xD7; 32].as_slice()).unwrap()
}

pub(crate) fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("tenant", "t"), ("object-id", "o"), ("format", "sealift-1")])
        .unwrap()
}

/// Generates any length up to this many frames. About half of them are whole frames.
pub(crate) fn any_len(frames: u64) -> impl Strategy<Value = u64> {
    prop_oneof![0..=frames * F, (0..=frames).prop_map(|frames| frames * F)]
}

/// Makes a plaintext whose bytes depend on their position, so that no frame can pass for its neighbour.
pub(crate) fn plaintext(len: u64) -> Vec<u8> {
    (0..len)
        .map(|at| (at.wrapping_mul(31) ^ (at >> 8)) as u8)
        .collect()
}
