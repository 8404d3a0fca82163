//! A map by part number, kept as a sorted list. A list is fast enough for at most ten thousand parts,
//! and unlike std's trees it adds almost nothing to the page's wasm module for each type it holds.

use crate::part_plan::PartNumber;

/// Values by part number, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartMap<T>(Vec<(PartNumber, T)>);

/// Part numbers in ascending order.
pub(crate) type PartSet = PartMap<()>;

impl<T> Default for PartMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> PartMap<T> {
    /// Inserts a value and returns the one that it replaces, if any.
    pub(crate) fn insert(&mut self, part: PartNumber, value: T) -> Option<T> {
        match self.index_of(part) {
            Ok(_) => self.get_mut(part).map(|its| core::mem::replace(its, value)),
            Err(index) => {
                self.0.insert(index, (part, value));
                None
            }
        }
    }

    pub(crate) fn get(&self, part: PartNumber) -> Option<&T> {
        let index = self.index_of(part).ok()?;
        self.0.get(index).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, part: PartNumber) -> Option<&mut T> {
        let index = self.index_of(part).ok()?;
        self.0.get_mut(index).map(|(_, value)| value)
    }

    pub(crate) fn contains(&self, part: PartNumber) -> bool {
        self.index_of(part).is_ok()
    }

    pub(crate) fn remove(&mut self, part: PartNumber) -> Option<T> {
        let index = self.index_of(part).ok()?;
        Some(self.0.remove(index).1)
    }

    /// Removes the entry with the lowest number and returns it.
    pub(crate) fn pop_first(&mut self) -> Option<(PartNumber, T)> {
        (!self.is_empty()).then(|| self.0.remove(0))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (PartNumber, &T)> {
        self.0.iter().map(|(part, value)| (*part, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (PartNumber, &mut T)> {
        self.0.iter_mut().map(|(part, value)| (*part, value))
    }

    fn index_of(&self, part: PartNumber) -> Result<usize, usize> {
        self.0.binary_search_by_key(&part, |(its, _)| *its)
    }
}

impl PartSet {
    pub(crate) fn of(parts: impl Iterator<Item = PartNumber>) -> Self {
        let mut set = Self::default();
        for part in parts {
            set.insert(part, ());
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn part(number: u16) -> PartNumber {
        number.try_into().unwrap()
    }

    proptest! {
        #[test]
        fn it_does_what_a_tree_does(steps in prop::collection::vec((1_u16..20, 0_u8..4), 0..200)) {
            let (mut map, mut tree) = (PartMap::default(), BTreeMap::new());
            for (step, (number, what)) in steps.into_iter().enumerate() {
                let part = part(number);
                match what {
                    0 => prop_assert_eq!(map.remove(part), tree.remove(&part)),
                    1 => prop_assert_eq!(map.pop_first(), tree.pop_first()),
                    _ => prop_assert_eq!(map.insert(part, step), tree.insert(part, step)),
                }
                prop_assert_eq!(map.get(part), tree.get(&part));
                prop_assert_eq!(map.len(), tree.len());
                let in_order = tree.iter().map(|(part, value)| (*part, value));
                prop_assert!(map.iter().eq(in_order));
            }
        }
    }
}
