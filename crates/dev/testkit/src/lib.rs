//! Test helpers: valid, unique spans, and a simulated disk that loses writes, tears writes and
//! fails, controlled by a seed.

mod sim_disk;
mod span;

pub use sim_disk::{Dice, Faults, Op, Power, SeededEntropy, SimDisk};
pub use span::SpanBuilder;
