//! Seals small records in the database (key rows, names) by AES-256-GCM, under a key and IV that the caller
//! gives. This is not the message format; it is here because only this crate calls an AES crate.

use zeroize::Zeroizing;

use crate::aead::{Backend, Cipher};
use crate::error::{DecryptError, SealError};
use crate::suite::{IV_LEN, KEY_LEN};

/// Seals `plaintext`. Returns the ciphertext, then the tag.
///
/// `iv` must be random, and new for every call with the same key. Store it beside the result. `aad` says what
/// the record is and where it belongs, so that it does not open anywhere else.
///
/// # Errors
/// Returns [`SealError::Backend`] if the AEAD backend fails.
pub fn seal_record(
    key: &[u8; KEY_LEN],
    iv: &[u8; IV_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut sealed = vec![0; plaintext.len()];
    let tag = Cipher::new(Backend::default(), key)
        .seal(iv, aad, plaintext, &mut sealed)
        .map_err(|_| SealError::Backend)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens a record that [`seal_record`] sealed. The plaintext is wiped when dropped.
///
/// # Errors
/// Returns [`DecryptError::Unauthentic`] for another key, IV or AAD, and for altered bytes.
pub fn open_record(
    key: &[u8; KEY_LEN],
    iv: &[u8; IV_LEN],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let (ciphertext, tag) = sealed.split_last_chunk().ok_or(DecryptError::Unauthentic)?;
    let mut plaintext = Zeroizing::new(vec![0; ciphertext.len()]);
    Cipher::new(Backend::default(), key).open(iv, aad, ciphertext, tag, &mut plaintext)?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_with_its_key_iv_and_place_only() {
        let sealed = seal_record(&[1; 32], &[2; 12], b"row 7", b"name").unwrap();
        assert_eq!(sealed.len(), 4 + 16);
        let opened = open_record(&[1; 32], &[2; 12], b"row 7", &sealed).unwrap();
        assert_eq!(*opened, b"name");
        let refused = [
            open_record(&[9; 32], &[2; 12], b"row 7", &sealed),
            open_record(&[1; 32], &[9; 12], b"row 7", &sealed),
            open_record(&[1; 32], &[2; 12], b"row 8", &sealed),
            open_record(&[1; 32], &[2; 12], b"row 7", &sealed[1..]),
            open_record(&[1; 32], &[2; 12], b"row 7", b"short"),
        ];
        for result in refused {
            assert_eq!(result.unwrap_err(), DecryptError::Unauthentic);
        }
    }
}
