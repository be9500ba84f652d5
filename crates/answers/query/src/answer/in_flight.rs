//! How many transactions ran at once.

use super::{Active, Lost};
use hinomi_model::{TimeRange, UnixNanos};
use std::time::Duration;

/// How many transactions ran at once, over a range. Only those count that have ended: spans come when
/// they end.
#[derive(Debug, Clone, PartialEq)]
pub struct InFlight {
    /// What is covered: the range asked for, widened to column edges.
    pub range: TimeRange,
    /// Width of a column.
    pub column: Duration,
    /// Whether every transaction was looked at; else only means are known, as if each had run in the
    /// column that it ended in.
    pub exact: bool,
    /// One a column, empty ones included.
    pub points: Vec<InFlightPoint>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InFlightPoint {
    /// Where it begins.
    pub start: UnixNanos,
    /// On average over the column.
    pub mean: f64,
    /// At most; `None` unless the answer is exact.
    pub max: Option<u64>,
}

/// What ran at one instant of late, by how old it was then.
#[derive(Debug, Clone, PartialEq)]
pub struct Running {
    /// The instant.
    pub at: UnixNanos,
    /// How long ago that is: so long that nearly all of what ran then has ended since.
    pub lag: Duration,
    /// By age; `None` when it is too much to count.
    pub ages: Option<[u64; AGES]>,
    /// What agents say is active at present; `None` when they say nothing.
    pub active: Option<Active>,
    /// What is missing; empty when nothing is.
    pub lost: Vec<Lost>,
}

/// How many ages are told apart.
pub const AGES: usize = 4;

/// The least age of each, in seconds.
pub const AGE_SECONDS: [u64; AGES] = [0, 1, 3, 8];
