//! The system's randomness for client tokens and for the jitter of back-offs.

/// Makes a new client token: 128 random bits as 32 hexadecimal digits.
pub(crate) fn client_token() -> Result<String, getrandom::Error> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}

/// Returns a random number that spreads waiting clients. Without randomness it is the largest one, so
/// this client waits longest.
pub(crate) fn jitter() -> u16 {
    let mut bits = [0; 2];
    getrandom::fill(&mut bits).map_or(u16::MAX, |()| u16::from_be_bytes(bits))
}
