//! The one place where this crate takes randomness: the system's.

/// A new client token: 128 random bits, 32 hexadecimal digits.
pub(crate) fn client_token() -> Result<String, getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}

/// Spreads waiting clients. Without randomness this one waits longest.
pub(crate) fn jitter() -> u16 {
    let mut bits = [0; 2];
    getrandom::fill(&mut bits).map_or(u16::MAX, |()| u16::from_be_bytes(bits))
}
