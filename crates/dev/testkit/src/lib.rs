//! Test helpers: valid, unique spans, log records, and a simulated disk that loses writes, tears writes and
//! fails, controlled by a seed.

mod log;
mod sim_disk;
mod span;

pub use log::log_records;
pub use sim_disk::{Dice, Faults, Op, Power, SeededEntropy, SimDisk};
pub use span::SpanBuilder;
