//! Transactions by the time they spent in client calls.

use super::{Counts, Hitmap, TransactionPage};
use hinomi_model::UnixNanos;
use std::time::Duration;

/// Which calls' time a hitmap's rows are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpentIn {
    /// Calls to databases.
    Database,
    /// Calls to hosts outside.
    External,
}

impl SpentIn {
    /// Both, as they are offered.
    pub const ALL: [Self; 2] = [Self::Database, Self::External];

    /// The word used in the API and in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::External => "external",
        }
    }

    /// From that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|spent| spent.as_str() == word)
    }
}

/// A hitmap whose rows are of the time in calls.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentMap {
    /// The map.
    pub map: Hitmap,
    /// Of each column that has any, those without such calls: they are in its lowest row.
    pub without: Vec<(u32, Counts)>,
    /// Transactions that ended before this are not on it: spans of theirs are no longer kept. `None` when
    /// the range has none of them.
    pub expired_before: Option<UnixNanos>,
}

/// A page of transactions.
#[derive(Debug, Clone, PartialEq)]
pub struct SpentPage {
    /// The page; its `expired_before` is as that of [`SpentMap`].
    pub page: TransactionPage,
    /// The time in calls, of each of the page's.
    pub spent: Vec<Duration>,
}
