//! Randomness: ids of logs and nodes, nothing secret yet.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// Where random bits come from.
pub trait Entropy: Send + Sync + 'static {
    /// 64 random bits.
    fn next_u64(&self) -> u64;
}

/// Seeded by the operating system; not for secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        // Each RandomState is keyed afresh from the operating system's random source.
        RandomState::new().build_hasher().finish()
    }
}
