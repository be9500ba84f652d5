//! Which rows the database lacks or has too many of.

use std::{collections::HashSet, hash::Hash};

/// Removed keys that are remembered while the database fails. The rows of further ones are removed
/// after the next start, by the same limit that removed them from memory.
const GONE: usize = 100_000;

/// Keys that were put or removed since the last write.
#[derive(Debug)]
pub(crate) struct Changes<K> {
    put: HashSet<K>,
    gone: HashSet<K>,
}

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self {
            put: HashSet::new(),
            gone: HashSet::new(),
        }
    }
}

impl<K: Hash + Eq> Changes<K> {
    /// A key that is there has a new value.
    pub fn put(&mut self, key: K) {
        self.gone.remove(&key);
        self.put.insert(key);
    }

    /// A key is not there any more.
    pub fn remove(&mut self, key: K) {
        self.put.remove(&key);
        if self.gone.len() < GONE {
            self.gone.insert(key);
        }
    }

    /// Everything that is there is in the database.
    pub fn all_written(&mut self) {
        self.put.clear();
    }

    /// Takes what is to be put and removed.
    pub fn take(&mut self) -> (HashSet<K>, HashSet<K>) {
        (
            std::mem::take(&mut self.put),
            std::mem::take(&mut self.gone),
        )
    }

    /// A key that was taken to be put was not written.
    pub fn put_back(&mut self, key: K) {
        if !self.gone.contains(&key) {
            self.put.insert(key);
        }
    }

    /// A key that was taken to be removed was not removed.
    pub fn remove_again(&mut self, key: K) {
        if !self.put.contains(&key) && self.gone.len() < GONE {
            self.gone.insert(key);
        }
    }

    /// Number of changes.
    pub fn len(&self) -> usize {
        self.put.len() + self.gone.len()
    }
}
