//! A limiter with few slots. Its permits cost memory for as long as the other side of a connection
//! likes, so their number is limited for all holders together and for each holder. It counts in memory,
//! per server.

use core::hash::Hash;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The slots of one limit, and how many of them each holder has.
#[derive(Debug)]
pub(crate) struct Slots<K> {
    taken: Taken<K>,
    most_of_all: u32,
}

type Taken<K> = Arc<Mutex<HashMap<K, u32>>>;

/// A permit: it holds one slot until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit<K: Eq + Hash> {
    taken: Taken<K>,
    holder: K,
}

/// The error if no slot is free; `most` is the limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoSlot {
    pub(crate) most: u32,
}

impl<K: Clone + Eq + Hash> Slots<K> {
    pub(crate) fn new(most_of_all: u32) -> Self {
        Self {
            taken: Arc::default(),
            most_of_all,
        }
    }

    /// Takes a slot for this holder.
    ///
    /// # Errors
    /// Returns [`NoSlot`] if the holder has `most_of_holder` permits already, or all slots are in use.
    pub(crate) fn take(&self, holder: K, most_of_holder: u32) -> Result<Permit<K>, NoSlot> {
        let mut taken = lock(&self.taken);
        let of_holder = taken.get(&holder).copied().unwrap_or(0);
        let of_all: u32 = taken.values().sum();
        for (count, most) in [(of_holder, most_of_holder), (of_all, self.most_of_all)] {
            if count >= most {
                return Err(NoSlot { most });
            }
        }
        taken.insert(holder.clone(), of_holder.saturating_add(1));
        Ok(Permit {
            taken: Arc::clone(&self.taken),
            holder,
        })
    }

    /// Returns true if all slots are free and no holder is remembered.
    #[cfg(test)]
    pub(crate) fn are_free(&self) -> bool {
        lock(&self.taken).is_empty()
    }
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        match taken.get_mut(&self.holder) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            _ => {
                taken.remove(&self.holder);
            }
        }
    }
}

fn lock<K>(taken: &Mutex<HashMap<K, u32>>) -> MutexGuard<'_, HashMap<K, u32>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}
