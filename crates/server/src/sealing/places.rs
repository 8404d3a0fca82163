//! Places for bodies that are sealed here: each takes two parts of memory, for as long as its body
//! takes to come.

use crate::{
    config::Auth,
    places::{Place, Places},
    records::Scope,
};

/// All places, and how many of them are for one owner.
#[derive(Debug)]
pub(crate) struct SealingPlaces {
    places: Places<Scope>,
    most_of_owner: u32,
}

/// One of them, until it is dropped.
pub(crate) type SealingPlace = Place<Scope>;

impl SealingPlaces {
    /// One owner gets half of `most`, so that whoever sends slowly does not keep everybody else out;
    /// all of them where nobody logs in, since there is nobody else.
    pub(crate) fn new(most: u32, auth: Auth) -> Self {
        let most_of_owner = match auth {
            Auth::None => most,
            Auth::ApiKeys => most.div_ceil(2),
        };
        Self {
            places: Places::new(most),
            most_of_owner,
        }
    }

    /// A place for a body of this owner; `None` where it, or everybody together, has as many as may
    /// be.
    pub(crate) fn take(&self, scope: &Scope) -> Option<SealingPlace> {
        self.places.take(scope.clone(), self.most_of_owner).ok()
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
            let count = |taken: &[SealingPlace]| u32::try_from(taken.len()).unwrap();
            assert_eq!(count(&of_ada), of_owner);
            assert_eq!(count(&of_bob), (most - of_owner).min(of_owner));
            of_ada.pop();
            let again = places.take(&ada);
            assert!(again.is_some());
            drop((of_ada, of_bob, again));
            assert!(places.places.are_free());
        }
    }

    #[test]
    fn all_places_are_for_the_one_who_need_not_log_in() {
        let places = SealingPlaces::new(8, Auth::None);
        let all: Vec<_> = (0..9).map_while(|_| places.take(&scope("local"))).collect();
        assert_eq!(all.len(), 8);
    }
}
