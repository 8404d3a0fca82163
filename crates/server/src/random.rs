//! Random bytes of the operating system. No other module of this crate asks for them.

use rand_core::{Rng as _, UnwrapErr};

/// Returns the source of randomness, for functions that take one. It panics if the operating system has
/// no randomness, because nothing here may go on without it.
pub(crate) fn source() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

/// Returns `N` random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    source().fill_bytes(&mut bytes);
    bytes
}
