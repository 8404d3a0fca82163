//! Tests data keys of every length under raw AES keys of every length.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sealift_message::general::unwrap_raw_aes;
use sealift_message::{DataKey, DecryptError, EncryptedDataKey, EncryptionContext};

fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("a", "1"), ("b", "2")]).unwrap()
}

/// Encrypts a data key in the form that an official raw AES keyring writes.
fn wrapped(kek: &[u8], data_key: &[u8]) -> EncryptedDataKey {
    let algorithm = match kek.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let kek = LessSafeKey::new(UnboundKey::new(algorithm, kek).unwrap());
    let mut sealed = data_key.to_vec();
    let iv = Nonce::assume_unique_for_key([3; 12]);
    let aad = Aad::from(b"\0\x02\0\x01a\0\x011\0\x01b\0\x012");
    kek.seal_in_place_append_tag(iv, aad, &mut sealed).unwrap();
    let info = [&b"name\0\0\0\x80\0\0\0\x0C"[..], &[3; 12]].concat();
    EncryptedDataKey::new("ns", info, sealed).unwrap()
}

#[test]
fn every_length_opens_under_every_length() {
    for kek in [&[7; 16][..], &[7; 24], &[7; 32]] {
        for data_key in [&[5; 16][..], &[5; 24], &[5; 32]] {
            let encrypted = wrapped(kek, data_key);
            let opened = unwrap_raw_aes(kek, "ns", "name", &encrypted, &context()).unwrap();
            assert_eq!(opened.expose(), data_key);
        }
    }
}

#[test]
fn another_name_key_or_context_opens_nothing() {
    let encrypted = wrapped(&[7; 24], &[5; 16]);
    let other_context = EncryptionContext::from_pairs([("a", "1")]).unwrap();
    for (kek, namespace, name, context) in [
        (&[7; 24][..], "n", "name", &context()),
        (&[7; 24], "ns", "name ", &context()),
        (&[8; 24], "ns", "name", &context()),
        (&[7; 32], "ns", "name", &context()),
        (&[7; 24], "ns", "name", &other_context),
    ] {
        let refused = unwrap_raw_aes(kek, namespace, name, &encrypted, context);
        assert_eq!(refused.map(drop), Err(DecryptError::Unauthentic));
    }
    let refused = unwrap_raw_aes(&[7; 23], "ns", "name", &encrypted, &context());
    assert_eq!(
        refused.map(drop),
        Err(DecryptError::KeyLen { got_bytes: 23 })
    );
}

#[test]
fn what_no_suite_has_is_no_data_key() {
    for len in [0, 15, 20, 33] {
        let encrypted = wrapped(&[7; 32], &vec![5; len]);
        let refused = unwrap_raw_aes(&[7; 32], "ns", "name", &encrypted, &context());
        assert_eq!(refused.map(drop), Err(DecryptError::Unauthentic));
    }
}

#[test]
fn our_own_keyring_takes_256_bits_only() {
    for len in [16, 24] {
        let encrypted = wrapped(&[7; 32], &vec![5; len]);
        let refused =
            sealift_message::unwrap_raw_aes(&[7; 32], "ns", "name", &encrypted, &context());
        assert_eq!(refused.map(drop), Err(DecryptError::Unauthentic));
        assert!(DataKey::try_from(vec![5; len].as_slice()).is_err());
    }
}
