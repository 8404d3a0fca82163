use bytes::Bytes;
use sealift_message::{
    DataKey, Decryptor, EncryptedDataKey, EncryptionContext, FrameLength, Header, HeaderBuilder,
    MessageId,
};

use super::*;

pub(crate) const FRAME: u64 = 4096;

pub(crate) fn header(data_key: &DataKey, frame_length: u64) -> Header {
    let frame_length = u32::try_from(frame_length).unwrap();
    let context = EncryptionContext::default();
    let encrypted = EncryptedDataKey::new("test", b"test", b"test").unwrap();
    HeaderBuilder::new(
        MessageId::from_bytes([3; 32]),
        context,
        encrypted,
        FrameLength::try_from(frame_length).unwrap(),
    )
    .authenticate(data_key)
    .unwrap()
}

pub(crate) fn data_key() -> DataKey {
    DataKey::try_from([7; 32].as_slice()).unwrap()
}

pub(crate) fn plan(header: &Header, plaintext_len: u64) -> PartPlan {
    PartPlan::new(header.len(), 4096, plaintext_len, 2).unwrap()
}

/// Returns the sealed bytes of all parts, joined in order.
fn sealed(plaintext: &Bytes) -> Vec<u8> {
    let header = header(&data_key(), FRAME);
    let plan = plan(&header, plaintext.plaintext_len());
    let verified = header.verify(&data_key()).unwrap();
    let sealer = PartSealer::new(header.as_bytes(), verified.content_key(), plan).unwrap();
    let mut object = Vec::new();
    // The buffer held a larger part before.
    let mut part = vec![0xEE; 30_000];
    for number in PartNumber::all(plan.part_count()) {
        let receipt = sealer.seal(number, plaintext, &mut part).unwrap();
        assert_eq!(receipt.sha256, Sha256::of(&part));
        assert_eq!(
            u64::try_from(part.len()).ok(),
            plan.part(number).map(|p| p.sealed_len())
        );
        object.extend_from_slice(&part);
    }
    object
}

#[test]
fn the_parts_together_are_the_message() {
    for len in [0, 1, 4095, 4096, 4097, 8192, 8193, 20_000] {
        let plaintext: Bytes = (0..len).map(|i: u32| i.to_be_bytes()[3]).collect();
        let object = sealed(&plaintext);
        let header = header(&data_key(), FRAME);
        let (stored, body) = object.split_at(header.as_bytes().len());
        assert_eq!(stored, header.as_bytes());
        let verified = header.verify(&data_key()).unwrap();
        let sealed_len = u64::try_from(object.len()).unwrap();
        let mut decryptor = Decryptor::own(verified, sealed_len).unwrap();
        let mut opened = Vec::new();
        decryptor.push(body, &mut opened).unwrap();
        decryptor.finish().unwrap();
        assert_eq!(opened, plaintext, "{len} bytes");
    }
}

#[test]
fn a_header_that_is_not_of_the_key_seals_nothing() {
    let header = header(&data_key(), FRAME);
    let plan = plan(&header, 1);
    let other = ContentKey::from_bytes(&[9; 32]);
    let refused = PartSealer::new(header.as_bytes(), &other, plan).unwrap_err();
    assert!(matches!(
        refused,
        PartSealerError::Header(DecryptError::Unauthentic)
    ));
}

#[test]
fn a_plan_that_is_not_of_the_header_seals_nothing() {
    let header = header(&data_key(), 2 * FRAME);
    let plan = plan(&header, 20_000);
    let verified = header.verify(&data_key()).unwrap();
    let refused = PartSealer::new(header.as_bytes(), verified.content_key(), plan).unwrap_err();
    assert!(matches!(refused, PartSealerError::Plan));
}

#[test]
fn a_part_that_the_plan_does_not_have_is_refused() {
    let header = header(&data_key(), FRAME);
    let plan = plan(&header, 1);
    let verified = header.verify(&data_key()).unwrap();
    let sealer = PartSealer::new(header.as_bytes(), verified.content_key(), plan).unwrap();
    let second = PartNumber::try_from(2).unwrap();
    let refused = sealer.seal(second, &Bytes::from_static(b"a"), &mut Vec::new());
    assert!(matches!(refused, Err(PartSealerError::Seal { .. })));
}
