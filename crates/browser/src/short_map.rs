//! A map for a few entries. The trees of std are fast with many, but each of them adds kilobytes to the module
//! that a page loads. Searching a short list adds next to none.

/// Values by key, in no order.
pub struct ShortMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for ShortMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V> ShortMap<K, V> {
    /// Returns the value of that key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let found = self.0.iter().find(|(its, _)| its == key);
        found.map(|(_, value)| value)
    }

    /// Sets the value of the key, and drops its old value.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.0.push((key, value));
    }

    /// Removes and returns the value of that key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let index = self.0.iter().position(|(its, _)| its == key)?;
        Some(self.0.swap_remove(index).1)
    }

    /// Returns all values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_key_has_the_value_it_was_given_last_until_it_is_taken_out() {
        let mut map = ShortMap::default();
        map.insert(1, 'a');
        map.insert(2, 'b');
        map.insert(1, 'c');
        assert_eq!((map.get(&1), map.get(&2)), (Some(&'c'), Some(&'b')));
        assert_eq!(map.remove(&1), Some('c'));
        assert_eq!(map.get(&1), None);
        assert_eq!(map.remove(&1), None);
        assert_eq!(map.values().collect::<Vec<_>>(), [&'b']);
        map.clear();
        assert_eq!(map.get(&2), None);
    }
}
