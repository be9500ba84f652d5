//! Transactions by the time they spent in client calls.

use super::{Counts, Hitmap, TransactionPage};
use hinomi_model::UnixNanos;
use std::time::Duration;

/// Which client calls' time the rows of a hitmap stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpentIn {
    /// Calls to databases.
    Database,
    /// Calls to external hosts.
    External,
}

impl SpentIn {
    /// Both values, in the order in which the screen offers them.
    pub const ALL: [Self; 2] = [Self::Database, Self::External];

    /// The word used in the API and in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::External => "external",
        }
    }

    /// The value for a word of the API or of a URL.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|spent| spent.as_str() == word)
    }
}

/// A hitmap whose rows are the time spent in calls.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentMap {
    /// The map.
    pub map: Hitmap,
    /// Transactions without such calls, by column. They are in the column's lowest row.
    pub without: Vec<(u32, Counts)>,
    /// Transactions that ended before this instant are not on the map, because retention has
    /// deleted spans of them. `None` when the range has no such transactions.
    pub expired_before: Option<UnixNanos>,
}

/// A page of transactions with their time in calls.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentPage {
    /// The page. Its `expired_before` means the same as that of [`SpentMap`].
    pub page: TransactionPage,
    /// Time in calls of each transaction of the page, in the same order.
    pub spent: Vec<Duration>,
}
