//! What an answer misses.

use hinomi_model::TimeRange;

/// A time range in which a table has lost rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// The table: `spans`, `transactions`, `rollups_5s`, `rollups_1m` or `rollups_1h`.
    pub table: &'static str,
    /// The lost rows lie within this range. An end that is not known is the end of time.
    pub range: TimeRange,
}
