//! Stateless random numbers. Every throw is a function of the seed and its subject, so threads that
//! run in another order get the same throws.

use hinomi_io::Entropy;
use std::sync::atomic::{AtomicU64, Ordering};

/// Dice of one seed.
#[derive(Debug, Clone, Copy)]
pub struct Dice(u64);

impl Dice {
    /// Dice that throw the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x9E37_79B9_7F4A_7C15))
    }

    /// Dice for one subject.
    pub fn about(self, matter: &str) -> Self {
        let fold = |hash, byte: &u8| mix(hash ^ u64::from(*byte));
        Self(matter.as_bytes().iter().fold(self.0, fold))
    }

    /// Dice for the nth occurrence.
    pub const fn nth(self, nth: u64) -> Self {
        Self(mix(self.0 ^ mix(nth.wrapping_add(1))))
    }

    /// A number from 0 up to but excluding `bound`; 0 if `bound` is 0.
    pub const fn below(self, bound: u64) -> u64 {
        // At our bounds the modulo favours small numbers by less than one in a billion.
        if bound == 0 { 0 } else { mix(self.0) % bound }
    }

    /// True with the given probability in per mille.
    pub const fn per_mille(self, chance: u32) -> bool {
        self.below(1_000) < chance as u64
    }
}

/// Random bits that are the same for the same seed.
#[derive(Debug)]
pub struct SeededEntropy {
    dice: Dice,
    taken: AtomicU64,
}

impl SeededEntropy {
    /// Random bits of one seed.
    pub fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed).about("entropy"),
            taken: AtomicU64::new(0),
        }
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        self.dice.nth(taken).below(u64::MAX)
    }
}

/// The finaliser of SplitMix64: every bit of the input reaches every bit of the output.
const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}
