//! Provides a message to seal: header, key and plaintext, the same every time.

use js_sys::{Array, Uint8Array};
use sealift_browser::seal::{Backend, PartSealer};
use sealift_message::{
    ContentKey, DataKey, EncryptedDataKey, EncryptionContext, FrameLength, FrameSealer, Header,
    HeaderBuilder, MessageId,
};
use sealift_transfer::{PartNumber, PartPlan};
use web_sys::File;

pub(crate) const FRAME_LENGTH: u32 = 4096;

/// Lengths around every edge of frames and, with two frames a part, of parts.
pub(crate) const LENGTHS: [u64; 9] = [0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 50_000];

pub(crate) fn data_key() -> DataKey {
    DataKey::try_from([7; 32].as_slice()).unwrap()
}

pub(crate) fn header() -> Header {
    HeaderBuilder::new(
        MessageId::from_bytes([3; 32]),
        EncryptionContext::default(),
        EncryptedDataKey::new("test", Vec::new(), Vec::new()).unwrap(),
        FrameLength::try_from(FRAME_LENGTH).unwrap(),
    )
    .authenticate(&data_key())
    .unwrap()
}

pub(crate) fn content_key() -> ContentKey {
    let verified = header().verify(&data_key()).unwrap();
    ContentKey::from_bytes(verified.content_key().expose())
}

pub(crate) fn plan(plaintext_len: u64) -> PartPlan {
    PartPlan::new(header().len(), FRAME_LENGTH, plaintext_len, 2).unwrap()
}

/// Makes a plan with `part_len` plaintext bytes in each part.
pub(crate) fn plan_of(plaintext_len: u64, part_len: u64) -> PartPlan {
    let frames_per_part = part_len.div_ceil(u64::from(FRAME_LENGTH));
    PartPlan::new(header().len(), FRAME_LENGTH, plaintext_len, frames_per_part).unwrap()
}

pub(crate) fn plaintext(len: u64) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

pub(crate) fn file(bytes: &[u8]) -> File {
    File::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes)), "sample").unwrap()
}

/// Seals the whole object with the native sealer.
pub(crate) fn object(plaintext: &[u8]) -> Vec<u8> {
    let verified = header().verify(&data_key()).unwrap();
    let sealer = FrameSealer::new(verified, plaintext.len() as u64).unwrap();
    let mut object = vec![0; sealer.layout().sealed_len() as usize];
    let frames = 0..sealer.layout().frame_count();
    sealer.seal_part(frames, plaintext, &mut object).unwrap();
    object
}

/// Seals all parts in order.
pub(crate) async fn sealed(plaintext: &[u8], backend: Backend) -> Vec<Vec<u8>> {
    let plan = plan(plaintext.len() as u64);
    let sealer = PartSealer::new(header().as_bytes(), content_key(), plan, backend)
        .await
        .unwrap();
    let mut parts = Vec::new();
    for number in PartNumber::all(plan.part_count()) {
        let part = sealer.part(number).unwrap();
        let (start, end) = (part.plaintext.start as usize, part.plaintext.end as usize);
        let slice = Uint8Array::from(&plaintext[start..end]);
        // The view does not begin where its memory begins, and the buffer was used before.
        let memory = Uint8Array::new_with_length(part.sealed_len() as u32 + 7);
        memory.fill(0xEE, 0, memory.length());
        let sealed = memory.subarray(7, memory.length());
        sealer.seal(&part, &slice, &sealed).await.unwrap();
        parts.push(sealed.to_vec());
    }
    parts
}
