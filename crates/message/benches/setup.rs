//! Makes the inputs of the benches: a message that fits in no cache, and the AEAD alone on the same bytes.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sealift_message::{
    DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, HeaderBuilder,
    MessageId, VerifiedHeader,
};

/// The length of a part.
pub(crate) const PLAINTEXT_LEN: u64 = 8 * 1024 * 1024;

/// Frame lengths from the shortest to the longest that we write.
pub(crate) const FRAME_LENGTHS: [u32; 4] = [4 << 10, 64 << 10, 256 << 10, 1 << 20];

/// An AAD as long as a frame's, because authenticating it takes time too.
const AAD: [u8; 78] = [0x5A; 78];
const TAG_LEN: usize = 16;

pub(crate) fn verified(frame_length: u32) -> VerifiedHeader {
    let data_key = DataKey::try_from([1; 32].as_slice()).expect("32 bytes");
    let context = [("tenant", "t"), ("object-id", "o"), ("upload-id", "u")];
    let header = HeaderBuilder::new(
        MessageId::from_bytes([2; 32]),
        EncryptionContext::from_pairs(context).expect("three pairs"),
        EncryptedDataKey::aws_kms("arn:aws:kms:eu-west-1:1:key/2", [3; 184]).expect("it is short"),
        FrameLength::try_from(frame_length).expect("one of ours"),
    )
    .authenticate(&data_key)
    .expect("it is short");
    header.verify(&data_key).expect("it was just made")
}

/// Returns the sealer, the plaintext and the whole object.
pub(crate) fn sealed(verified: VerifiedHeader) -> (FrameSealer, Vec<u8>, Vec<u8>) {
    let sealer = FrameSealer::new(verified, PLAINTEXT_LEN).expect("it is short");
    let plaintext = vec![0xA5; bytes(PLAINTEXT_LEN)];
    let mut object = vec![0; bytes(sealer.layout().sealed_len())];
    sealer
        .seal_part(0..sealer.layout().frame_count(), &plaintext, &mut object)
        .expect("the lengths are right");
    (sealer, plaintext, object)
}

pub(crate) fn bytes(len: u64) -> usize {
    usize::try_from(len).expect("it fits in memory")
}

/// AES-256-GCM of the fastest crate, frame by frame and nothing else.
pub(crate) struct RawAead(LessSafeKey);

impl RawAead {
    pub(crate) fn new(verified: &VerifiedHeader) -> Self {
        let key = verified.content_key().expose();
        Self(LessSafeKey::new(
            UnboundKey::new(&AES_256_GCM, key).expect("32 bytes"),
        ))
    }

    /// Writes ciphertext and tag of every frame, one frame after the other.
    pub(crate) fn seal(&self, plaintext: &[u8], out: &mut [u8], frame_length: u32) {
        let mut out = out;
        for (number, frame) in (1_u32..).zip(plaintext.chunks(bytes(frame_length.into()))) {
            let mut tag = [0; TAG_LEN];
            let ciphertext = out.split_off_mut(..frame.len()).expect("there is room");
            self.0
                .seal_out_of_place_scatter(
                    nonce(number),
                    Aad::from(AAD),
                    frame,
                    ciphertext,
                    &[],
                    &mut tag,
                )
                .expect("the lengths are right");
            out.split_off_mut(..TAG_LEN)
                .expect("there is room")
                .copy_from_slice(&tag);
        }
    }

    /// Opens the frames that [`Self::seal`] wrote.
    pub(crate) fn open(&self, sealed: &[u8], out: &mut [u8], frame_length: u32) {
        let mut sealed = sealed;
        for (number, frame) in (1_u32..).zip(out.chunks_mut(bytes(frame_length.into()))) {
            let ciphertext = sealed.split_off(..frame.len()).expect("it was sealed");
            let tag = sealed.split_off(..TAG_LEN).expect("it was sealed");
            self.0
                .open_separate_gather(nonce(number), Aad::from(AAD), ciphertext, tag, frame)
                .expect("it was sealed");
        }
    }
}

/// Returns the frames that [`RawAead::seal`] wrote at the beginning of `sealed`.
pub(crate) fn raw_body(sealed: &[u8], frame_length: u32) -> &[u8] {
    let frames = bytes(PLAINTEXT_LEN / u64::from(frame_length));
    sealed
        .get(..bytes(PLAINTEXT_LEN) + frames * TAG_LEN)
        .expect("they were sealed")
}

/// Opens a stream of the frames that [`RawAead::seal`] wrote. The AEAD opens a frame only at once, so each frame
/// is first put together in one buffer, and then opened there.
pub(crate) struct RawStream<'a> {
    aead: &'a RawAead,
    frame: Vec<u8>,
    sealed_frame_len: usize,
    next: u32,
}

impl<'a> RawStream<'a> {
    pub(crate) fn new(aead: &'a RawAead, frame_length: u32) -> Self {
        let sealed_frame_len = bytes(frame_length.into()) + TAG_LEN;
        Self {
            aead,
            frame: Vec::with_capacity(sealed_frame_len),
            sealed_frame_len,
            next: 1,
        }
    }

    /// Hands every frame that `piece` completes to `take`.
    pub(crate) fn push(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        let mut piece = piece;
        while !piece.is_empty() {
            let missing = self.sealed_frame_len - self.frame.len();
            let (now, later) = piece.split_at(missing.min(piece.len()));
            self.frame.extend_from_slice(now);
            piece = later;
            if self.frame.len() == self.sealed_frame_len {
                let opened =
                    self.aead
                        .0
                        .open_in_place(nonce(self.next), Aad::from(AAD), &mut self.frame);
                take(opened.expect("it was sealed"));
                self.frame.clear();
                self.next += 1;
            }
        }
    }
}

fn nonce(number: u32) -> Nonce {
    let [a, b, c, d] = number.to_be_bytes();
    Nonce::assume_unique_for_key([0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d])
}
