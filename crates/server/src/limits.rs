//! Limits that are counted in memory, per server: how often an owner may ask, how many reads may run at
//! once, and how much memory bodies may take. They take plain values and know no callers.

mod rates;
mod reads;
mod sealing_memory;
mod slots;

pub(crate) use rates::{Rates, TooSoon};
pub(crate) use reads::{ReadFor, ReadPermit, Reads, TooManyReads};
pub(crate) use sealing_memory::{SealingMemory, SealingPermit};
