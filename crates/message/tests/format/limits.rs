//! Tests that a message that claims too much is refused at the claim, before anything of it is read or kept.

use sealift_message::{
    DecryptError, Decryptor, EncryptionContext, Field, Header, HeaderRead, HeaderReader, Limits,
    Unsupported,
};

use crate::foreign::{Foreign, encrypted_data_key};
use crate::sample::{data_key, open_general_with};

fn over(field: Field, got: u64, most: u64) -> DecryptError {
    Unsupported::OverLimit { field, got, most }.into()
}

/// Parses only the bytes up to `claim_end`, so that an answer other than "cut short" came from the claim.
fn at_claim(message: &[u8], claim_end: usize, limits: &Limits) -> DecryptError {
    let before = &message[..claim_end - 1];
    let undecided = Header::parse(before, limits).unwrap_err();
    assert_eq!(undecided, DecryptError::Truncated);
    Header::parse(&message[..claim_end], limits).unwrap_err()
}

#[test]
fn a_long_context_is_refused() {
    let mut foreign = Foreign::new(4096, &[]);
    foreign.context = vec![0; 8193];
    let refused = at_claim(&foreign.header_bytes(), 37, &Limits::GENERAL);
    assert_eq!(refused, over(Field::EncryptionContext, 8193, 8192));
}

#[test]
fn many_data_keys_are_refused() {
    let mut foreign = Foreign::new(4096, &[b"x"]);
    for count in [2, 0xFFFF] {
        foreign.data_key_count = count;
        let refused = at_claim(&foreign.header_bytes(), 39, &Limits::GENERAL);
        assert_eq!(refused, over(Field::EncryptedDataKeys, count.into(), 1));
    }
    // With a higher limit the keys are read, and a key that is only claimed is missing.
    foreign.data_key_count = 3;
    let raised = Limits::GENERAL.with_data_keys(3);
    assert!(
        open_general_with(&foreign.bytes(), &raised, &data_key())
            .result
            .is_err()
    );
    foreign.data_keys = encrypted_data_key(8).repeat(3);
    let opened = open_general_with(&foreign.bytes(), &raised, &data_key());
    assert!(opened.is_whole(b"x"));
}

#[test]
fn no_data_key_is_refused() {
    let mut foreign = Foreign::new(4096, &[]);
    foreign.data_key_count = 0;
    let refused = at_claim(&foreign.header_bytes(), 39, &Limits::GENERAL);
    let field = Field::EncryptedDataKeys;
    assert_eq!(refused, DecryptError::Malformed { field, at: 37 });
}

#[test]
fn a_long_frame_is_refused() {
    let foreign = Foreign::new(1024 * 1024 + 1, &[b"x"]);
    let claim_end = foreign.before_commitment().len();
    let refused = at_claim(&foreign.header_bytes(), claim_end, &Limits::GENERAL);
    assert_eq!(refused, over(Field::FrameLength, 1_048_577, 1_048_576));
    let raised = Limits::GENERAL.with_frame_length(u32::MAX);
    let longest = Foreign::new(u32::MAX, &[b"x"]);
    let opened = open_general_with(&longest.bytes(), &raised, &data_key());
    assert!(opened.is_whole(b"x"));
}

#[test]
fn a_frame_length_of_zero_is_refused() {
    let foreign = Foreign::new(0, &[b""]);
    let at = foreign.before_commitment().len() as u64 - 4;
    let refused = Header::parse(&foreign.bytes(), &Limits::GENERAL).unwrap_err();
    let field = Field::FrameLength;
    assert_eq!(refused, DecryptError::Malformed { field, at });
}

#[test]
fn a_long_header_is_refused_and_no_more_of_it_kept() {
    let mut foreign = Foreign::new(4096, &[]);
    foreign.data_keys = encrypted_data_key(0xFFFF);
    let bytes = foreign.header_bytes();
    let mut reader = HeaderReader::new(Limits::GENERAL);
    let mut pieces = bytes.chunks(1000);
    let refused = loop {
        match reader.push(pieces.next().unwrap()) {
            Ok(HeaderRead::More(more)) => reader = more,
            Ok(HeaderRead::Done { .. }) => panic!("the header is too long"),
            Err(error) => break error,
        }
    };
    assert_eq!(refused, over(Field::Header, 65_537, 65_536));
    // The answer is the same if all the bytes are there at once.
    let refused = Header::parse(&bytes, &Limits::GENERAL).unwrap_err();
    assert_eq!(refused, over(Field::Header, 65_537, 65_536));
    let raised = Limits::GENERAL.with_header_bytes(70_000);
    assert!(Header::parse(&bytes, &raised).is_ok());
}

#[test]
fn a_header_of_exactly_the_limit_is_taken_whatever_follows() {
    let mut foreign = Foreign::new(4096, &[b"body"]);
    let without = foreign.header_bytes().len() - 8;
    foreign.data_keys = encrypted_data_key((65_536 - without) as u16);
    assert_eq!(foreign.header_bytes().len(), 65_536);
    let opened = open_general_with(&foreign.bytes(), &Limits::GENERAL, &data_key());
    assert!(opened.is_whole(b"body"));
    foreign.data_keys = encrypted_data_key((65_537 - without) as u16);
    let opened = open_general_with(&foreign.bytes(), &Limits::GENERAL, &data_key());
    assert_eq!(opened.refused(b""), over(Field::Header, 65_537, 65_536));
}

#[test]
fn a_context_of_exactly_the_limit_is_taken() {
    let mut foreign = Foreign::new(4096, &[b"x"]);
    let context = EncryptionContext::from_pairs([("k", "v".repeat(8192 - 7))]).unwrap();
    foreign.context = context.serialised();
    assert_eq!(foreign.context.len(), 8192);
    let opened = open_general_with(&foreign.bytes(), &Limits::GENERAL, &data_key());
    assert!(opened.is_whole(b"x"));
}

#[test]
fn a_longer_context_opens_and_is_what_a_keyring_gets_where_the_limit_is_raised() {
    let mut foreign = Foreign::new(4096, &[b"x"]);
    foreign.context = [&b"\0\x01\0\x01k\x4E\x20"[..], &[b'v'; 20_000]].concat();
    let raised = Limits::GENERAL.with_context_bytes(60_000);
    let opened = open_general_with(&foreign.bytes(), &raised, &data_key());
    assert!(opened.is_whole(b"x"));
    let (header, _) = Header::parse(&foreign.bytes(), &raised).unwrap();
    let required = EncryptionContext::from_pairs([("required", "yes")]).unwrap();
    let whole = header.encryption_context().joined(&required, &raised);
    assert_eq!(whole.unwrap().len(), 2);
}

#[test]
fn a_final_frame_that_claims_more_than_the_frame_length_is_refused_at_the_claim() {
    let foreign = Foreign::new(4, &[b"abcd"]);
    let (header, len) = Header::parse(&foreign.bytes(), &Limits::GENERAL).unwrap();
    let mut decryptor = Decryptor::general(header.verify(&data_key()).unwrap());
    let mut prefix = foreign.body()[..24].to_vec();
    prefix[20..].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut out = Vec::new();
    assert_eq!(decryptor.push(&prefix[..23], &mut out), Ok(()));
    let field = Field::FramePrefix;
    let expected = DecryptError::Malformed {
        field,
        at: len as u64,
    };
    assert_eq!(decryptor.push(&prefix[23..], &mut out), Err(expected));
}
