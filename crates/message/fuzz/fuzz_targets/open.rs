//! Reads an altered message, and any bytes as a body. Both readers must release nothing but the plaintext,
//! and must call it complete only if it is.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealift_message::{DecryptError, Decryptor, Header, Limits};
use sealift_message_fuzz::{Hand, Sample, chosen, data_key, verified};

static SAMPLES: LazyLock<[Sample; 2]> = LazyLock::new(Sample::make_all);

fuzz_target!(|orders: &[u8]| {
    let sample = chosen(&SAMPLES, orders);
    // Reads the orders themselves as a body.
    for decryptor in [own(sample), Decryptor::general(verified())] {
        assert!(judged(sample, decryptor, &[orders]).is_err());
    }
    let mut hand = Hand::new(orders);
    let mut message = sample.message.clone();
    hand.alter(&mut message);
    let unaltered = message == sample.message;

    let (before, body) = message.split_at(sample.header_len.min(message.len()));
    if before == &sample.message[..sample.header_len] {
        let result = judged(sample, own(sample), &hand.pieces(body));
        assert_eq!(result.is_ok(), unaltered);
    }
    let result = Header::parse(&message, &Limits::GENERAL).and_then(|(header, len)| {
        let decryptor = Decryptor::general(header.verify(&data_key())?);
        judged(sample, decryptor, &hand.pieces(&message[len..]))
    });
    assert_eq!(result.is_ok(), unaltered);
});

fn own(sample: &Sample) -> Decryptor {
    Decryptor::own(verified(), sample.message.len() as u64).expect("the size is right")
}

fn judged(sample: &Sample, mut decryptor: Decryptor, pieces: &[&[u8]]) -> Result<(), DecryptError> {
    let mut out = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and(decryptor.push(piece, &mut out));
    }
    assert!(
        sample.plaintext.starts_with(&out),
        "released what is not the plaintext"
    );
    result?;
    let verified = decryptor.finish()?;
    assert_eq!(verified.plaintext_len, out.len() as u64);
    assert_eq!(out, sample.plaintext);
    Ok(())
}
