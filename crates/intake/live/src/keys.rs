//! The keys of the live window, each once: a bucket knows a key by its number.
//!
//! A key is kept as long as a bucket counts under it.

use foldhash::fast::RandomState;
use hinomi_model::RollupKey;
use std::{collections::HashMap, sync::Arc};

/// Bytes that a key takes, roughly: its texts, two shared pointers, a place in the table.
pub(crate) const KEY_BYTES: usize = 512;

/// Keys by number, and the other way round.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    numbers: HashMap<Arc<RollupKey>, u32, RandomState>,
    keys: Vec<Option<Used>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Used {
    key: Arc<RollupKey>,
    /// How often buckets hold it.
    times: u32,
}

impl Keys {
    /// The number of a key, a new one when it has none. It has to be [`Self::hold`] by who uses it.
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

    /// One bucket more counts under the key.
    pub fn hold(&mut self, number: u32) {
        if let Some(used) = &mut self.keys[number as usize] {
            used.times += 1;
        }
    }

    /// One bucket less does; the last one takes the key with it.
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

    /// The key of a number.
    pub fn get(&self, number: u32) -> Option<&RollupKey> {
        let used = self.keys.get(number as usize)?.as_ref()?;
        Some(&used.key)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }
}
