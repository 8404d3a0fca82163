//! Tests that a written header reads back the same, byte for byte as the format says.

use proptest::prelude::*;
use sealift_message::{
    DataKey, DecryptError, EncryptedDataKey, EncryptionContext, Field, FrameLength, Header,
    HeaderBuilder, HeaderError, Limits, MessageId, StoredHeader,
};

use crate::foreign::Foreign;
use crate::sample::{Sample, context, data_key, header};

fn builder(context: EncryptionContext, data_key: EncryptedDataKey) -> HeaderBuilder {
    let message_id = MessageId::from_bytes([4; 32]);
    HeaderBuilder::new(message_id, context, data_key, FrameLength::DEFAULT)
}

#[test]
fn every_field_stands_where_the_format_puts_it() {
    let mut foreign = Foreign::new(262_144, &[]);
    foreign.context = EncryptionContext::from_pairs([("k", "v")])
        .unwrap()
        .serialised();
    let data_key_part = EncryptedDataKey::new("ns", "name", [0xEE; 8]).unwrap();
    let header = HeaderBuilder::new(
        MessageId::from_bytes(crate::foreign::MESSAGE_ID),
        EncryptionContext::from_pairs([("k", "v")]).unwrap(),
        data_key_part,
        FrameLength::DEFAULT,
    )
    .authenticate(&data_key())
    .unwrap();
    assert_eq!(header.as_bytes(), foreign.header_bytes());
    assert_eq!(header.len(), 92 + 8 + 20);
}

#[test]
fn pairs_that_are_not_stored_must_be_known() {
    let required = EncryptionContext::from_pairs([("hidden", "1")]).unwrap();
    let wrong = EncryptionContext::from_pairs([("hidden", "2")]).unwrap();
    let encrypted = EncryptedDataKey::new("ns", "name", [1; 8]).unwrap();
    let header = builder(context(), encrypted)
        .with_required(required.clone())
        .authenticate(&data_key())
        .unwrap();
    assert_eq!(header.encryption_context(), &context());
    assert!(header.verify_with(&data_key(), &required).is_ok());
    for result in [
        header.verify(&data_key()),
        header.verify_with(&data_key(), &wrong),
    ] {
        assert_eq!(result.map(drop), Err(DecryptError::Unauthentic));
    }
}

#[test]
fn a_header_that_readers_refuse_is_not_written() {
    // A ciphertext of 65,535 bytes fits its length field, but the whole header is then longer than 64 KiB.
    let encrypted = EncryptedDataKey::new("ns", "name", vec![1; 65_535]).unwrap();
    let refused = builder(context(), encrypted).authenticate(&data_key());
    let is_too_long = matches!(
        refused,
        Err(HeaderError::TooLong {
            field: Field::Header,
            ..
        })
    );
    assert!(is_too_long);
    assert!(EncryptedDataKey::new("ns", "name", vec![1; 65_536]).is_err());
    let length_of_others = Header::parse(&Foreign::new(100, &[]).header_bytes(), &Limits::GENERAL)
        .unwrap()
        .0
        .frame_length();
    let encrypted = EncryptedDataKey::new("ns", "name", [1; 8]).unwrap();
    let refused = HeaderBuilder::new(
        MessageId::from_bytes([4; 32]),
        context(),
        encrypted,
        length_of_others,
    )
    .authenticate(&data_key());
    assert!(matches!(refused, Err(HeaderError::FrameLength(_))));
}

#[test]
fn an_object_must_begin_with_the_stored_header() {
    let sample = Sample::of_len(10);
    let stored = StoredHeader::new(sample.header.as_bytes()).unwrap();
    assert_eq!(stored.expect_at_start(&sample.object), Ok(()));
    for at in 0..sample.header_len() {
        let mut object = sample.object.clone();
        object[at] ^= 1;
        let refused = stored.expect_at_start(&object);
        assert_eq!(refused, Err(DecryptError::Unauthentic), "byte {at}");
    }
    let other = Sample::new(sample.plaintext, 4096, [8; 32]);
    let refused = stored.expect_at_start(&other.object);
    assert_eq!(refused, Err(DecryptError::Unauthentic));
}

#[test]
fn headers_print_no_pairs_and_no_keys() {
    let printed = format!(
        "{:?}",
        header(4096, [0xAB; 32]).verify(&data_key()).unwrap()
    );
    assert!(printed.contains("abababab"), "{printed}");
    for hidden in ["tenant", "215", "d7"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

fn string() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 1..10).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        pairs in prop::collection::btree_map(string(), string(), 0..10),
        provider_id in string(),
        provider_info in prop::collection::vec(any::<u8>(), 0..100),
        ciphertext in prop::collection::vec(any::<u8>(), 0..300),
        data_key: [u8; 32],
        body in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let context = EncryptionContext::from_pairs(pairs).unwrap();
        let encrypted = EncryptedDataKey::new(provider_id, provider_info, ciphertext).unwrap();
        let data_key = DataKey::try_from(data_key.as_slice()).unwrap();
        let written = builder(context.clone(), encrypted.clone()).authenticate(&data_key).unwrap();
        let message = [written.as_bytes(), &body].concat();
        let (read, len) = Header::parse(&message, &Limits::OWN).unwrap();
        prop_assert_eq!(len, written.as_bytes().len());
        prop_assert_eq!(&read, &written);
        prop_assert_eq!(read.encryption_context(), &context);
        prop_assert_eq!(read.encrypted_data_keys(), &[encrypted]);
        prop_assert_eq!(read.message_id(), written.message_id());
        prop_assert_eq!(read.frame_length(), FrameLength::DEFAULT);
        prop_assert_eq!(read.commitment(), written.commitment());
        prop_assert!(read.verify(&data_key).is_ok());
    }

    #[test]
    fn any_bytes_are_refused_or_read_as_they_are(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        // The first three bytes are right, so that the test gets beyond the version.
        let bytes = [&[2, 4, 0x78], &bytes[..]].concat();
        if let Ok((header, len)) = Header::parse(&bytes, &Limits::GENERAL) {
            prop_assert_eq!(header.as_bytes(), &bytes[..len]);
        }
    }
}
