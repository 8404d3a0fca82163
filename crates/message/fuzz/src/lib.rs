//! Makes messages and alters them as a fuzzer's bytes say. Random bytes alone would never pass a tag.

use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, HeaderBuilder,
    MessageId, VerifiedHeader,
};

/// The shortest frame length that we write.
pub const FRAME_LENGTH: u32 = 4096;
/// Lengths that give two regular frames and a final one, which is partly filled or empty.
const PLAINTEXT_LENS: [usize; 2] = [2 * 4096 + 100, 2 * 4096];

/// A message as our writer writes it.
pub struct Sample {
    /// The plaintext of the message.
    pub plaintext: Vec<u8>,
    /// The header and the body.
    pub message: Vec<u8>,
    /// The length of the header in bytes.
    pub header_len: usize,
}

impl Sample {
    /// Makes the two samples, which are always the same.
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

/// Returns one of the samples. The length of the orders chooses it, so that the corpus keeps its meaning.
pub fn chosen<'a, T>(samples: &'a [T; 2], orders: &[u8]) -> &'a T {
    &samples[orders.len() % 2]
}

/// Returns the data key of the samples.
pub fn data_key() -> DataKey {
    DataKey::try_from([7; 32].as_slice()).expect("32 bytes")
}

/// Returns the verified header of the samples.
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

/// Alters a message, as the fuzzer's bytes say, before a reader gets it.
pub struct Hand<'a> {
    orders: &'a [u8],
}

impl<'a> Hand<'a> {
    /// Makes a hand that follows these orders.
    pub fn new(orders: &'a [u8]) -> Self {
        Self { orders }
    }

    /// Returns the next two bytes as a number, or zero when none are left.
    pub fn number(&mut self) -> usize {
        let Some((number, later)) = self.orders.split_first_chunk() else {
            self.orders = &[];
            return 0;
        };
        self.orders = later;
        usize::from(u16::from_be_bytes(*number))
    }

    /// Alters, removes, repeats, inserts or cuts off bytes, at most three times.
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

    /// Cuts the bytes into a few pieces.
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
