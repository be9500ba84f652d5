//! Why a question has no answer.

use crate::terms::TermsError;
use hinomi_store::StoreError;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Too many questions at once; ask again.
    #[error("too many queries are running; try again in a moment")]
    Busy,
    /// It took longer than the limit.
    #[error("the query took too long; choose a shorter time range or one service")]
    Timeout,
    /// It needs more memory than queries may use.
    #[error("{0}")]
    Memory(String),
    /// The range has more to add up than is allowed; asking again does not help.
    #[error("{0}")]
    TooMuch(String),
    /// What is asked cannot be understood.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// The store could not be written; asking again helps once the disk is well.
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
