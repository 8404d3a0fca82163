//! Reads any bytes as another writer's header, and altered messages of older suites, signed or not framed.
//! The general reader must release nothing but the plaintext, and must call it complete only if it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealift_message::general::{AnyDataKey, Header, HeaderRead, HeaderReader, Opener, Policy};
use sealift_message::{DecryptError, EncryptionContext, Limits};
use sealift_message_fuzz::Hand;

/// A message, the length of its data key, and whether it is framed.
const SAMPLES: [(&[u8], u8, bool); 4] = [
    (include_bytes!("../samples/0046-unframed"), 24, false),
    (include_bytes!("../samples/0114-framed"), 16, true),
    (include_bytes!("../samples/0378-framed"), 32, true),
    (include_bytes!("../samples/0578-unframed"), 32, false),
];

fuzz_target!(|orders: &[u8]| {
    // Reads the orders themselves as a message.
    if let Ok((header, len)) = Header::parse(orders, &Limits::GENERAL) {
        assert_eq!(header.as_bytes(), &orders[..len]);
        assert_eq!(header.encrypted_data_keys().len(), 1);
        assert_eq!(
            header.commitment().is_some(),
            header.suite().has_commitment()
        );
    }
    let mut hand = Hand::new(orders);
    let (right, key_len, is_framed) = SAMPLES[hand.number() % SAMPLES.len()];
    let data_key: Vec<u8> = (0..key_len).collect();
    let mut message = right.to_vec();
    hand.alter(&mut message);
    let mut out = Vec::new();
    let result = read(&data_key, &hand.pieces(&message), &mut out);
    assert!(
        plaintext(is_framed).starts_with(&out),
        "released what is not the plaintext"
    );
    assert_eq!(result.is_ok(), message == right, "{result:?}");
});

fn plaintext(is_framed: bool) -> Vec<u8> {
    if is_framed {
        [&[0xA1; 16][..], &[0xB2; 16], b"the end"].concat()
    } else {
        vec![0xC3; 40]
    }
}

fn read(data_key: &[u8], pieces: &[&[u8]], out: &mut Vec<u8>) -> Result<(), DecryptError> {
    let mut pieces = pieces.iter();
    let mut reader = HeaderReader::new(Limits::GENERAL);
    let (header, body) = loop {
        match reader.push(pieces.next().ok_or(DecryptError::Truncated)?)? {
            HeaderRead::More(more) => reader = more,
            HeaderRead::Done { header, body } => break (header, body),
        }
    };
    let policy = Policy::COMMITTED.allow_without_commitment();
    let data_key = AnyDataKey::try_from(data_key)?;
    let verified = header.verify(&policy, &data_key, &EncryptionContext::default())?;
    let mut opener = verified.opener(&Limits::GENERAL);
    for piece in [body.as_slice()].iter().chain(pieces) {
        match &mut opener {
            Opener::Unsigned(opener) => opener.push(piece, out)?,
            Opener::Signed(opener) => opener.push_before_signature(piece, out)?,
        }
    }
    let verified = match opener {
        Opener::Unsigned(opener) => opener.finish()?,
        Opener::Signed(opener) => opener.finish()?,
    };
    assert_eq!(verified.plaintext_len, out.len() as u64);
    Ok(())
}
