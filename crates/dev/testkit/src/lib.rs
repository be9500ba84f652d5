//! For tests: spans that are valid and unique unless told otherwise, and a disk that loses, tears
//! and fails by a seed.

mod sim_disk;
mod span;

pub use sim_disk::{Dice, Faults, Op, Power, SeededEntropy, SimDisk};
pub use span::SpanBuilder;
