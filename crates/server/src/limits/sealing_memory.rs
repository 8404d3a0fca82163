//! Limits the memory for bodies that are sealed on the server. Each body takes as much as it needs
//! for as long as it arrives, and waits if too little is free. When memory becomes free, it goes to
//! the waiting bodies that fit, in the order of their arrival, so that a large body does not hold
//! back the small ones behind it.

use core::num::NonZeroU32;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use crate::{config::Auth, records::Scope};

/// Bytes of one unit; memory is granted in whole units.
const UNIT_BYTES: u64 = 64 * 1024;

/// The limiter: all memory for bodies, and how much of it each owner has.
#[derive(Debug)]
pub(crate) struct SealingMemory {
    shared: Shared,
    units_of_owner: u32,
}

type Shared = Arc<Mutex<State>>;

#[derive(Debug)]
struct State {
    free_units: u32,
    /// Units that each owner holds; an owner without any has no entry.
    taken: HashMap<Scope, u32>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    wanted: Wanted,
    permit: oneshot::Sender<SealingPermit>,
}

#[derive(Debug, Clone)]
struct Wanted {
    scope: Scope,
    units: u32,
    /// The most units that the owner may hold, including those that it holds already.
    most_units: u32,
}

/// Memory for one body. Dropping the permit gives the memory back.
#[derive(Debug)]
pub(crate) struct SealingPermit {
    shared: Shared,
    scope: Scope,
    units: u32,
}

impl SealingMemory {
    /// Makes a limiter of `bytes` bytes. One owner may hold half of them, so that slow senders of
    /// one owner do not keep everybody else out. Without login one owner may hold all, because
    /// there is nobody else.
    pub(crate) fn new(bytes: u64, auth: Auth) -> Self {
        let all = units(bytes);
        let units_of_owner = match auth {
            Auth::None => all.get(),
            Auth::ApiKeys => all.get().div_ceil(2),
        };
        Self {
            shared: Arc::new(Mutex::new(State {
                free_units: all.get(),
                taken: HashMap::new(),
                waiting: VecDeque::new(),
            })),
            units_of_owner,
        }
    }

    /// Waits for memory for a body of this owner. A body that needs more than its owner may hold
    /// takes all that the owner may hold.
    pub(crate) async fn take(&self, scope: &Scope, bytes: u64) -> SealingPermit {
        let most_units = self.units_of_owner;
        let wanted = Wanted {
            scope: scope.clone(),
            units: units(bytes).get().min(most_units),
            most_units,
        };
        loop {
            let granted = {
                let mut state = lock(&self.shared);
                if state.take(&wanted) {
                    return self.permit(&wanted);
                }
                let (permit, granted) = oneshot::channel();
                let wanted = wanted.clone();
                state.waiting.push_back(Waiting { wanted, permit });
                granted
            };
            // The sender stays in the queue until it sends, so an error here only means to try
            // again.
            if let Ok(permit) = granted.await {
                return permit;
            }
        }
    }

    fn permit(&self, wanted: &Wanted) -> SealingPermit {
        SealingPermit::of(&self.shared, wanted)
    }
}

/// Converts bytes to units, at least one.
fn units(bytes: u64) -> NonZeroU32 {
    let units = u32::try_from(bytes.div_ceil(UNIT_BYTES)).unwrap_or(u32::MAX);
    NonZeroU32::new(units).unwrap_or(NonZeroU32::MIN)
}

impl State {
    /// Takes the units if enough are free, and returns whether they were.
    fn take(&mut self, wanted: &Wanted) -> bool {
        let taken = self.taken.get(&wanted.scope).copied().unwrap_or(0);
        let of_owner = taken.saturating_add(wanted.units);
        let Some(free_units) = self.free_units.checked_sub(wanted.units) else {
            return false;
        };
        if of_owner > wanted.most_units {
            return false;
        }
        self.free_units = free_units;
        self.taken.insert(wanted.scope.clone(), of_owner);
        true
    }

    fn give_back(&mut self, scope: &Scope, units: u32) {
        self.free_units = self.free_units.saturating_add(units);
        match self.taken.get_mut(scope) {
            Some(taken) if *taken > units => *taken = taken.saturating_sub(units),
            _ => {
                self.taken.remove(scope);
            }
        }
    }

    /// Removes the waiting bodies that fit now from the queue, and reserves their memory.
    fn next(&mut self) -> Vec<Waiting> {
        let mut fit = Vec::new();
        let mut rest = VecDeque::new();
        for waiting in core::mem::take(&mut self.waiting) {
            if waiting.permit.is_closed() {
                // The body no longer waits.
                continue;
            }
            match self.take(&waiting.wanted) {
                true => fit.push(waiting),
                false => rest.push_back(waiting),
            }
        }
        self.waiting = rest;
        fit
    }
}

impl SealingPermit {
    /// Makes the permit for memory that was taken.
    fn of(shared: &Shared, wanted: &Wanted) -> Self {
        Self {
            shared: Arc::clone(shared),
            scope: wanted.scope.clone(),
            units: wanted.units,
        }
    }
}

impl Drop for SealingPermit {
    fn drop(&mut self) {
        let fit = {
            let mut state = lock(&self.shared);
            state.give_back(&self.scope, self.units);
            state.next()
        };
        // Send without the lock: if the body no longer waits, the permit is dropped and locks again
        // here.
        for Waiting { wanted, permit } in fit {
            let _ = permit.send(Self::of(&self.shared, &wanted));
        }
    }
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn scope(owner: &str) -> Scope {
        Scope {
            tenant: "acme".parse().unwrap(),
            owner: owner.parse().unwrap(),
        }
    }

    fn now(memory: &SealingMemory, owner: &str, bytes: u64) -> Option<SealingPermit> {
        memory.take(&scope(owner), bytes).now_or_never()
    }

    fn is_all_free(memory: &SealingMemory, bytes: u64) -> bool {
        let state = lock(&memory.shared);
        let all = units(bytes).get();
        state.free_units == all && state.taken.is_empty() && state.waiting.is_empty()
    }

    #[test]
    fn a_body_takes_its_own_size_and_at_least_a_unit() {
        let memory = SealingMemory::new(MIB, Auth::None);
        let small: Vec<_> = (0..20).map_while(|_| now(&memory, "ada", 1)).collect();
        assert_eq!(small.len(), 16);
        drop(small);
        let half = now(&memory, "ada", MIB / 2 + 1).unwrap();
        assert!(now(&memory, "ada", MIB / 2).is_none());
        let rest = now(&memory, "ada", MIB / 2 - UNIT_BYTES).unwrap();
        drop(half);
        // The body asks for more than there is: it gets all, when nobody else has any.
        assert!(now(&memory, "ada", 9 * MIB).is_none());
        drop(rest);
        drop(now(&memory, "ada", 9 * MIB).unwrap());
        assert!(is_all_free(&memory, MIB));
    }

    #[test]
    fn one_owner_has_half_of_it_where_there_is_a_login() {
        let memory = SealingMemory::new(2 * MIB, Auth::ApiKeys);
        let of_ada = now(&memory, "ada", 9 * MIB).unwrap();
        assert!(now(&memory, "ada", 1).is_none());
        let of_bob = now(&memory, "bob", MIB).unwrap();
        assert!(now(&memory, "eve", 1).is_none());
        drop((of_ada, of_bob));
        // What one of an owner's bodies gives back is not the others'.
        let [first, second] = [(); 2].map(|()| now(&memory, "ada", MIB / 2).unwrap());
        drop(first);
        assert!(now(&memory, "ada", MIB).is_none());
        drop(second);
        assert!(is_all_free(&memory, 2 * MIB));
    }

    #[test]
    fn who_waits_gets_it_in_turn_and_a_large_body_holds_no_small_one_back() {
        let memory = SealingMemory::new(MIB, Auth::None);
        let [first, second] = [(); 2].map(|()| now(&memory, "ada", MIB / 2).unwrap());
        let ada = scope("ada");
        let mut large = Box::pin(memory.take(&ada, MIB));
        let mut small = Box::pin(memory.take(&ada, MIB / 2));
        let mut later = Box::pin(memory.take(&ada, MIB / 2));
        assert!(large.as_mut().now_or_never().is_none());
        assert!(small.as_mut().now_or_never().is_none());
        assert!(later.as_mut().now_or_never().is_none());
        drop(first);
        assert!(large.as_mut().now_or_never().is_none());
        assert!(later.as_mut().now_or_never().is_none());
        let small = small.now_or_never().unwrap();
        drop(second);
        drop((later.now_or_never().unwrap(), small));
        drop(large.now_or_never().unwrap());
        assert!(is_all_free(&memory, MIB));
    }

    #[test]
    fn who_has_given_up_keeps_nothing() {
        let memory = SealingMemory::new(MIB, Auth::None);
        let ada = scope("ada");
        let all = now(&memory, "ada", MIB).unwrap();
        // One body leaves the queue before memory becomes free, and one afterwards.
        let mut before = Box::pin(memory.take(&ada, MIB));
        assert!(before.as_mut().now_or_never().is_none());
        drop(before);
        let mut after = Box::pin(memory.take(&ada, MIB));
        assert!(after.as_mut().now_or_never().is_none());
        drop(all);
        drop(after);
        assert!(is_all_free(&memory, MIB));
    }
}
