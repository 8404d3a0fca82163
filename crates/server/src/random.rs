//! Random bytes of the operating system: the one place of this crate that asks for them.

use rand_core::{Rng as _, UnwrapErr};

/// The source, for what takes one. Without randomness nothing here may go on, so it panics where
/// the operating system has none.
pub(crate) fn source() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// So many random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    source().fill_bytes(&mut bytes);
    bytes
}
