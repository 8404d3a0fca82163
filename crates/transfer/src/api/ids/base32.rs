//! Lower-case RFC 4648 base32 of 128 bits, without padding (docs/FORMAT.md, names that are for ever).
//! The code is written out here, because a crate for all bases would be a twentieth of the page's
//! wasm module.

const SYMBOLS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The number of symbols: 128 bits at 5 bits each. The two low bits of the last symbol are 0.
const LEN: u32 = 26;

/// Encodes 128 bits as 26 characters.
pub(super) fn encode(bits: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(bits);
    let symbol = |place: u32| {
        let low = LEN
            .saturating_sub(1)
            .saturating_sub(place)
            .saturating_mul(5);
        // The last symbol reaches two bits below the lowest bit.
        let value = match low.checked_sub(2) {
            Some(shift) => (bits >> shift) & 31,
            None => (bits << 2) & 31,
        };
        let symbol = usize::try_from(value).ok().and_then(|at| SYMBOLS.get(at));
        char::from(*symbol.unwrap_or(&b'a'))
    };
    (0..LEN).map(symbol).collect()
}

/// Returns whether `text` is the only valid spelling of some 128 bits.
pub(super) fn is_canonical(text: &str) -> bool {
    let values = text
        .bytes()
        .map(|byte| SYMBOLS.iter().position(|symbol| *symbol == byte));
    let last = values.clone().next_back().flatten();
    text.len() == 26
        && values.into_iter().all(|value| value.is_some())
        && last.is_some_and(|last| last & 3 == 0)
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE32_NOPAD, Specification};

    use super::*;

    #[test]
    fn it_is_the_base32_of_everybody_else() {
        let mut spec = Specification::new();
        spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
        let base32 = spec.encoding().unwrap();
        let mut bits = [0; 16];
        for place in 0..128 {
            bits[place / 8] ^= 0x80 >> (place % 8);
            assert_eq!(encode(bits), base32.encode(&bits));
            assert_eq!(encode(bits).to_uppercase(), BASE32_NOPAD.encode(&bits));
            assert!(is_canonical(&encode(bits)));
        }
        for last in SYMBOLS {
            let text = format!("{}{}", "q".repeat(25), char::from(*last));
            let decodes = base32.decode(text.as_bytes()).is_ok();
            assert_eq!(is_canonical(&text), decodes, "{text}");
        }
    }
}
