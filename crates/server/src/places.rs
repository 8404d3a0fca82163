//! Places of which there are few, since whoever has one holds memory for as long as its other side
//! likes: so many in all, and of these so many for each holder. Counted in memory, per server.

use core::hash::Hash;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// All places, and who has how many of them.
#[derive(Debug)]
pub(crate) struct Places<K> {
    taken: Taken<K>,
    most_of_all: u32,
}

type Taken<K> = Arc<Mutex<HashMap<K, u32>>>;

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Eq + Hash> {
    taken: Taken<K>,
    holder: K,
}

/// So many are taken already, which is as many as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPlace {
    pub(crate) most: u32,
}

impl<K: Clone + Eq + Hash> Places<K> {
    pub(crate) fn new(most_of_all: u32) -> Self {
        Self {
            taken: Arc::default(),
            most_of_all,
        }
    }

    /// # Errors
    /// [`NoPlace`], where the holder has `most_of_holder`, or everybody together has all.
    pub(crate) fn take(&self, holder: K, most_of_holder: u32) -> Result<Place<K>, NoPlace> {
        let mut taken = lock(&self.taken);
        let of_holder = taken.get(&holder).copied().unwrap_or(0);
        let of_all: u32 = taken.values().sum();
        for (count, most) in [(of_holder, most_of_holder), (of_all, self.most_of_all)] {
            if count >= most {
                return Err(NoPlace { most });
            }
        }
        taken.insert(holder.clone(), of_holder.saturating_add(1));
        Ok(Place {
            taken: Arc::clone(&self.taken),
            holder,
        })
    }

    /// Whether nobody has one, and nobody is remembered.
    #[cfg(test)]
    pub(crate) fn are_free(&self) -> bool {
        lock(&self.taken).is_empty()
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
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
