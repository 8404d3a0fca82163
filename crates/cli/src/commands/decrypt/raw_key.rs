//! Reads a raw AES key from a file. Keys never come from the command line, because others on the machine can read it.

use std::{fs::File, io::Read as _, path::Path};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::{
    failure::{Exit, Failure},
    message::unusable,
    terminal::shown,
};

/// Reads a key of 16, 24 or 32 bytes, or the same as text after `hex:` or `base64:`.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let name = shown(&path.to_string_lossy());
    let unusable = |error| unusable(&name, &error);
    /// Bytes to read at most; a key is shorter in every form.
    const MOST: u64 = 128;
    // The buffer never grows, because growing would leave a copy of the key in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    let file = File::open(path).map_err(unusable)?;
    file.take(MOST).read_to_end(&mut bytes).map_err(unusable)?;
    key(&bytes).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("{name} holds no AES key"))
            .remedy("put 16, 24 or 32 bytes into it, or hex:… or base64:…")
    })
}

fn key(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let is_key = |key: &Zeroizing<Vec<u8>>| matches!(key.len(), 16 | 24 | 32);
    // Text first, because a key in base64 with its line end can have 32 bytes, too.
    text(bytes)
        .filter(is_key)
        .or_else(|| Some(Zeroizing::new(bytes.to_vec())).filter(is_key))
}

fn text(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = bytes.trim_ascii();
    let decoded = if let Some(digits) = text.strip_prefix(b"hex:") {
        HEXLOWER_PERMISSIVE.decode(digits)
    } else {
        BASE64.decode(text.strip_prefix(b"base64:")?)
    };
    decoded.ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_key(bytes: &[u8]) -> Option<Vec<u8>> {
        key(bytes).map(|key| key.to_vec())
    }

    #[test]
    fn a_key_is_read_as_bytes_and_as_text() {
        assert_eq!(read_key(&[7; 24]), Some(vec![7; 24]));
        let hex = "hex:000102030405060708090A0b0c0d0e0f\n";
        assert_eq!(read_key(hex.as_bytes()), Some((0..16).collect()));
        // This text has 32 bytes, as a raw key can have.
        let base64 = b"base64:AAECAwQFBgcICRAREhMUFQ==\n";
        assert_eq!(base64.len(), 32);
        assert_eq!(read_key(base64).map(|key| key.len()), Some(16));
    }

    #[test]
    fn what_has_no_keys_length_is_refused() {
        for wrong in [
            &b""[..],
            &[1; 15],
            &[1; 33],
            b"hex:00",
            b"hex:zz",
            b"base64:AAECAw==",
        ] {
            assert_eq!(read_key(wrong), None, "{wrong:?}");
        }
    }
}
