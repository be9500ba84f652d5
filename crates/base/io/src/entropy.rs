//! Randomness for ids of logs and for the secret of span keys. Not cryptographically secure.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// Source of random bits.
pub trait Entropy: Send + Sync + 'static {
    /// 64 random bits.
    fn next_u64(&self) -> u64;
}

/// Seeded by the operating system. Not for cryptographic secrets.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        // Each RandomState gets new keys, which derive from the operating system's random source.
        RandomState::new().build_hasher().finish()
    }
}
