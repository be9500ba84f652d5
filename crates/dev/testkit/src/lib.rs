//! Test helpers: valid, unique spans, log records, a simulated disk that loses writes, tears writes and
//! fails, controlled by a seed, and a PostgreSQL server.

mod log;
mod postgres;
mod sim_disk;
mod span;

pub use log::log_records;
pub use postgres::Postgres;
pub use sim_disk::{Dice, Faults, Op, Power, SeededEntropy, SimDisk};
pub use span::SpanBuilder;
