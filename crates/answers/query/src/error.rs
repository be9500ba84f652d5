//! Why a question has no answer.

use crate::terms::TermsError;
use hinomi_store::StoreError;

/// The reasons for which a query fails.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Too many queries are running; the caller may try again.
    #[error("too many queries are running; try again in a moment")]
    Busy,
    /// The query took longer than the time limit.
    #[error("the query took too long; choose a shorter time range or one service")]
    Timeout,
    /// The query needs more memory than queries may use.
    #[error("{0}")]
    Memory(String),
    /// The range has more spans to add up than allowed. Trying again does not help.
    #[error("{0}")]
    TooMuch(String),
    /// The search text cannot be parsed.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The store could not be written. Trying again helps once the disk is usable.
    #[error("{0}")]
    Unwritable(String),
    /// The store could not be read.
    #[error("the store could not be read: {0}")]
    Store(String),
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => Self::Busy,
            StoreError::TimedOut(_) => Self::Timeout,
            StoreError::OutOfMemory(why) => Self::Memory(why),
            StoreError::TooMuch(why) => Self::TooMuch(why),
            StoreError::Unwritable(why) => Self::Unwritable(why),
            StoreError::Cancelled(why) | StoreError::Failed(why) => Self::Store(why),
        }
    }
}
