//! Derives keys from keys, by HKDF-SHA512 over a list of fields that cannot run into each other.

use hkdf::Hkdf;
use sealift_message::suite::KEY_LEN;
use sha2::Sha512;
use zeroize::Zeroizing;

/// A key of 32 bytes on the heap, so that a move leaves no copies behind; wiped when dropped.
pub(crate) type KeyBytes = Box<Zeroizing<[u8; KEY_LEN]>>;

/// Derives a key from `input` by HKDF-SHA512. `info` says what the key is for; [`fields`] makes it.
#[expect(
    clippy::expect_used,
    reason = "HKDF-SHA512 expands to 16,320 bytes at most, and these are 32"
)]
pub(crate) fn derive(input: &[u8; KEY_LEN], salt: &[u8], info: &[u8]) -> KeyBytes {
    let mut key = KeyBytes::default();
    Hkdf::<Sha512>::new(Some(salt), input)
        .expand(info, key.as_mut_slice())
        .expect("32 bytes can be expanded");
    key
}

/// Encodes each field as its length in bytes (a big-endian u64), then its bytes. Two different lists of
/// fields therefore never give the same bytes.
pub(crate) fn fields(list: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in list {
        // A slice is never longer than a u64 can say.
        let len = u64::try_from(field.len()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_move_between_fields_make_another_key() {
        let key = |list: &[&[u8]]| **derive(&[1; KEY_LEN], b"", &fields(list));
        let lists: [&[&[u8]]; 4] = [
            &[b"ab", b"c"],
            &[b"a", b"bc"],
            &[b"abc"],
            &[b"ab", b"c", b""],
        ];
        for (at, one) in lists.iter().enumerate() {
            for other in &lists[at + 1..] {
                assert_ne!(key(one), key(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn salt_and_input_both_count() {
        let key = derive(&[1; KEY_LEN], b"", b"info");
        assert_ne!(key, derive(&[1; KEY_LEN], b"pepper", b"info"));
        assert_ne!(key, derive(&[2; KEY_LEN], b"", b"info"));
    }
}
