//! A map of few entries. The trees of std are quick with many, but each of them adds kilobytes to the
//! module that a page loads; a walk over a short list adds next to none.

/// Values by their key, in no order.
pub struct ShortMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for ShortMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V> ShortMap<K, V> {
    /// The value of that key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let found = self.0.iter().find(|(its, _)| its == key);
        found.map(|(_, value)| value)
    }

    /// Puts a value in the place of the key's last one.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.0.push((key, value));
    }

    /// Takes the value of that key out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.0.iter().position(|(its, _)| its == key)?;
        Some(self.0.swap_remove(place).1)
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Takes everything out.
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
