//! Places for bodies that are sealed here: each takes two parts of memory, for as long as its body
//! takes to come. Counted in memory, per server.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{config::Auth, records::Scope};

/// All places, and who has how many of them.
#[derive(Debug)]
pub(crate) struct SealingPlaces {
    taken: Mutex<HashMap<Scope, usize>>,
    most_of_all: usize,
    most_of_owner: usize,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct SealingPlace<'a> {
    places: &'a SealingPlaces,
    scope: Scope,
}

impl SealingPlaces {
    /// One owner gets half of `most`, so that whoever sends slowly does not keep everybody else out;
    /// all of them where nobody logs in, since there is nobody else.
    pub(crate) fn new(most: usize, auth: Auth) -> Self {
        let most_of_owner = match auth {
            Auth::None => most,
            Auth::ApiKeys => most.div_ceil(2),
        };
        Self {
            taken: Mutex::default(),
            most_of_all: most,
            most_of_owner,
        }
    }

    /// A place for a body of this owner; `None` where it, or everybody together, has as many as may
    /// be.
    pub(crate) fn take(&self, scope: &Scope) -> Option<SealingPlace<'_>> {
        let mut taken = self.taken();
        let of_all: usize = taken.values().sum();
        let of_owner = taken.get(scope).copied().unwrap_or(0);
        if of_all >= self.most_of_all || of_owner >= self.most_of_owner {
            return None;
        }
        taken.insert(scope.clone(), of_owner.saturating_add(1));
        Some(SealingPlace {
            places: self,
            scope: scope.clone(),
        })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Scope, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SealingPlace<'_> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match taken.get_mut(&self.scope) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            _ => {
                taken.remove(&self.scope);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(owner: &str) -> Scope {
        Scope {
            tenant: "acme".parse().unwrap(),
            owner: owner.parse().unwrap(),
        }
    }

    #[test]
    fn an_owner_has_half_of_the_places_and_at_least_one() {
        for (most, of_owner) in [(1, 1), (2, 1), (3, 2), (8, 4)] {
            let places = SealingPlaces::new(most, Auth::ApiKeys);
            let [ada, bob] = ["ada", "bob"].map(scope);
            let mut of_ada: Vec<_> = (0..most).map_while(|_| places.take(&ada)).collect();
            let of_bob: Vec<_> = (0..most).map_while(|_| places.take(&bob)).collect();
            assert_eq!(of_ada.len(), of_owner);
            assert_eq!(of_bob.len(), (most - of_owner).min(of_owner));
            of_ada.pop();
            let again = places.take(&ada);
            assert!(again.is_some());
            drop((of_ada, of_bob, again));
            assert!(places.taken().is_empty());
        }
    }

    #[test]
    fn all_places_are_for_the_one_who_need_not_log_in() {
        let places = SealingPlaces::new(8, Auth::None);
        let all: Vec<_> = (0..9).map_while(|_| places.take(&scope("local"))).collect();
        assert_eq!(all.len(), 8);
    }
}
