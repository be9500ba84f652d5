//! The keys of the live window. Each is stored once; buckets refer to it by number.
//!
//! A key is kept as long as a bucket refers to it.

use foldhash::fast::RandomState;
use hinomi_model::RollupKey;
use std::{collections::HashMap, sync::Arc};

/// Approximate size of a key in bytes: its texts, two shared pointers and a hash table entry.
pub(crate) const KEY_BYTES: usize = 512;

/// Keys by number, and numbers by key.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    numbers: HashMap<Arc<RollupKey>, u32, RandomState>,
    keys: Vec<Option<Used>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Used {
    key: Arc<RollupKey>,
    /// Number of references from buckets.
    times: u32,
}

impl Keys {
    /// The number of a key; assigns a new one if needed. The caller must then call [`Self::hold`].
    pub fn number(&mut self, key: &RollupKey) -> u32 {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        let key = Arc::new(key.clone());
        let used = Some(Used {
            key: key.clone(),
            times: 0,
        });
        let number = match self.free.pop() {
            Some(number) => {
                self.keys[number as usize] = used;
                number
            }
            None => {
                self.keys.push(used);
                self.keys.len() as u32 - 1
            }
        };
        self.numbers.insert(key, number);
        number
    }

    /// Adds a reference to a key.
    pub fn hold(&mut self, number: u32) {
        if let Some(used) = &mut self.keys[number as usize] {
            used.times += 1;
        }
    }

    /// Removes a reference to a key. Removing the last one removes the key.
    pub fn release(&mut self, number: u32) {
        let place = &mut self.keys[number as usize];
        if let Some(used) = place {
            used.times = used.times.saturating_sub(1);
            if used.times == 0 {
                self.numbers.remove(&used.key);
                *place = None;
                self.free.push(number);
            }
        }
    }

    /// The key with a number.
    pub fn get(&self, number: u32) -> Option<&RollupKey> {
        let used = self.keys.get(number as usize)?.as_ref()?;
        Some(&used.key)
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }
}
