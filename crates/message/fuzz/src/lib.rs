//! A message to alter, and how a fuzzer's bytes alter it: random bytes alone never pass a tag.

use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, HeaderBuilder,
    MessageId, VerifiedHeader,
};

/// The shortest frame length that we write.
pub const FRAME_LENGTH: u32 = 4096;
/// Two regular frames and a final one, which holds something or nothing.
const PLAINTEXT_LENS: [usize; 2] = [2 * 4096 + 100, 2 * 4096];

/// A message as we write it.
pub struct Sample {
    /// What is in it.
    pub plaintext: Vec<u8>,
    /// Header and body.
    pub message: Vec<u8>,
    /// Bytes of the header.
    pub header_len: usize,
}

impl Sample {
    /// Always the same ones.
    pub fn make_all() -> [Self; 2] {
        PLAINTEXT_LENS.map(Self::of_len)
    }

    fn of_len(plaintext_len: usize) -> Self {
        let plaintext: Vec<u8> = (0..=250).cycle().take(plaintext_len).collect();
        let verified = verified();
        let header_len = verified.header().as_bytes().len();
        let sealer = FrameSealer::new(verified, plaintext.len() as u64).expect("it is short");
        let mut message = vec![0; sealer.layout().sealed_len() as usize];
        sealer
            .seal_part(0..sealer.layout().frame_count(), &plaintext, &mut message)
            .expect("the lengths are right");
        Self {
            plaintext,
            message,
            header_len,
        }
    }
}

/// One of the samples. The length of the orders decides, so that the corpus keeps its meaning.
pub fn chosen<'a, T>(samples: &'a [T; 2], orders: &[u8]) -> &'a T {
    &samples[orders.len() % 2]
}

/// The key of the samples.
pub fn data_key() -> DataKey {
    DataKey::try_from([7; 32].as_slice()).expect("32 bytes")
}

/// The header of the samples, verified.
pub fn verified() -> VerifiedHeader {
    let context = [("format", "sealift-1"), ("tenant", "t")];
    let header = HeaderBuilder::new(
        MessageId::from_bytes([9; 32]),
        EncryptionContext::from_pairs(context).expect("two pairs"),
        EncryptedDataKey::aws_kms("arn:aws:kms:x:1:key/2", [3; 60]).expect("it is short"),
        FrameLength::try_from(FRAME_LENGTH).expect("one of ours"),
    )
    .authenticate(&data_key())
    .expect("it is short");
    header.verify(&data_key()).expect("it was just made")
}

/// What a fuzzer's bytes do to a message before a reader gets it.
pub struct Hand<'a> {
    orders: &'a [u8],
}

impl<'a> Hand<'a> {
    /// One that follows these orders.
    pub fn new(orders: &'a [u8]) -> Self {
        Self { orders }
    }

    /// The next two bytes; zero when there are none left.
    pub fn number(&mut self) -> usize {
        let Some((number, later)) = self.orders.split_first_chunk() else {
            self.orders = &[];
            return 0;
        };
        self.orders = later;
        usize::from(u16::from_be_bytes(*number))
    }

    /// Bytes altered, left out, repeated, inserted, cut off: three orders at most.
    pub fn alter(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.number() % 4 {
            let at = self.number() % (bytes.len() + 1);
            let len = self.number();
            let end = (at + len).min(bytes.len());
            match self.number() % 5 {
                0 => bytes[at..end]
                    .iter_mut()
                    .take(4)
                    .for_each(|byte| *byte ^= len as u8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                3 => {
                    let foreign = self.orders.iter().copied().take(len % 64);
                    bytes.splice(at..at, foreign);
                }
                _ => bytes.truncate(at),
            }
        }
    }

    /// The bytes in a few pieces.
    pub fn pieces<'b>(&mut self, mut bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut pieces = Vec::new();
        for _ in 0..self.number() % 8 {
            let (piece, later) = bytes.split_at(self.number() % (bytes.len() + 1));
            pieces.push(piece);
            bytes = later;
        }
        pieces.push(bytes);
        pieces
    }
}
