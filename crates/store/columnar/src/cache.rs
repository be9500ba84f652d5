//! A small LRU cache, bounded by total weight and number of entries.
//!
//! It suits some hundred entries that are expensive to make, such as footers and decoded columns.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Least recently used entries go first. Values are cloned out, so they should be cheap to clone.
pub struct Cache<K, V> {
    inner: Mutex<Inner<K, V>>,
    weight: usize,
    entries: usize,
}

struct Inner<K, V> {
    entries: HashMap<K, Entry<V>>,
    weight: usize,
    uses: u64,
}

struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    /// Creates a cache with a limit on the total weight and on the number of entries.
    pub fn new(weight: usize, entries: usize) -> Self {
        let inner = Inner {
            entries: HashMap::new(),
            weight: 0,
            uses: 0,
        };
        Self {
            inner: Mutex::new(inner),
            weight,
            entries,
        }
    }

    /// A copy of the entry, which counts as used now.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut inner = self.lock();
        inner.uses += 1;
        let used = inner.uses;
        let entry = inner.entries.get_mut(key)?;
        entry.used = used;
        Some(entry.value.clone())
    }

    /// Stores the value, unless its weight alone exceeds the limit.
    pub fn insert(&self, key: K, value: V, weight: usize) {
        if weight > self.weight || self.entries == 0 {
            return;
        }
        let mut inner = self.lock();
        inner.uses += 1;
        let used = inner.uses;
        inner.remove(&key);
        while inner.weight + weight > self.weight || inner.entries.len() >= self.entries {
            // A linear scan is fast enough: there are some hundred entries, and a miss reads a file
            // anyway.
            let oldest = inner.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            inner.remove(&oldest);
        }
        inner.weight += weight;
        inner.entries.insert(
            key,
            Entry {
                value,
                weight,
                used,
            },
        );
    }

    /// Total weight of all entries.
    pub fn weight(&self) -> usize {
        self.lock().weight
    }

    /// Removes the entry, if it exists.
    pub fn forget(&self, key: &K) {
        self.lock().remove(key);
    }

    /// Removes every entry whose key matches.
    pub fn forget_all(&self, is_meant: impl Fn(&K) -> bool) {
        let mut inner = self.lock();
        let meant: Vec<K> = inner
            .entries
            .keys()
            .filter(|key| is_meant(key))
            .cloned()
            .collect();
        meant.iter().for_each(|key| inner.remove(key));
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        // A panic while the lock was held leaves at worst a wrong weight, so poisoning is ignored.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Eq + Hash, V> Inner<K, V> {
    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.weight = self.weight.saturating_sub(entry.weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_entry_goes_first() {
        let cache = Cache::new(10, 100);
        cache.insert("a", 1, 4);
        cache.insert("b", 2, 4);
        assert_eq!(cache.get(&"a"), Some(1));
        cache.insert("c", 3, 4);
        assert_eq!(
            [cache.get(&"a"), cache.get(&"b"), cache.get(&"c")],
            [Some(1), None, Some(3)]
        );
        cache.insert("d", 4, 11);
        assert_eq!(cache.get(&"d"), None);
        assert_eq!(cache.get(&"c"), Some(3));
        assert_eq!(cache.weight(), 8);
        cache.forget(&"c");
        assert_eq!(cache.get(&"c"), None);
        assert_eq!(cache.weight(), 4);
    }
}
