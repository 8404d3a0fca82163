//! Opens any range of a message from bytes that were altered on the way. The result must be the slice, or a
//! part of it and an error.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealift_message::RangeDecryptor;
use sealift_message_fuzz::{Hand, Sample, chosen, verified};

static SAMPLES: LazyLock<[(Sample, RangeDecryptor); 2]> = LazyLock::new(|| {
    Sample::make_all().map(|sample| {
        let decryptor = RangeDecryptor::new(verified(), sample.message.len() as u64);
        (sample, decryptor.expect("the size is right"))
    })
});

fuzz_target!(|orders: &[u8]| {
    let (sample, decryptor) = chosen(&SAMPLES, orders);
    let mut hand = Hand::new(orders);
    // The range sometimes ends beyond the plaintext.
    let most = sample.plaintext.len() + 100;
    let range = hand.number() % most..hand.number() % most;
    let is_there = !range.is_empty() && range.end <= sample.plaintext.len();
    let planned = decryptor.plan(range.start as u64..range.end as u64);
    assert_eq!(planned.is_ok(), is_there);
    let Ok(mut opener) = planned else {
        return;
    };
    let fetch = opener.sealed_range();
    let right = &sample.message[fetch.start as usize..fetch.end as usize];
    let mut fetched = right.to_vec();
    hand.alter(&mut fetched);
    let mut out = Vec::new();
    let mut result = Ok(());
    for piece in hand.pieces(&fetched) {
        result = result.and(opener.push(piece, &mut out));
    }
    let mut at_once = vec![0xEE; 10];
    let again = decryptor
        .plan(range.start as u64..range.end as u64)
        .map(|opener| opener.open_at_once(&fetched, &mut at_once).is_ok());
    let wanted = &sample.plaintext[range];
    assert!(wanted.starts_with(&out), "released what is not the range");
    let whole = result.and_then(|()| opener.finish()).is_ok();
    assert_eq!(whole, fetched == right);
    assert!(!whole || out == wanted);
    assert_eq!(again, Ok(whole));
    assert_eq!(at_once, if whole { wanted } else { &[] });
});
