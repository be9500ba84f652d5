//! Why a question has no answer.

use crate::terms::TermsError;
use hinomi_lake::LakeError;

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

impl From<LakeError> for QueryError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Busy => Self::Busy,
            LakeError::TimedOut => Self::Timeout,
            error @ LakeError::OutOfMemory { .. } => Self::Memory(error.to_string()),
            error @ LakeError::TooManySpans { .. } => Self::TooMuch(error.to_string()),
            error @ LakeError::NoSpace => Self::Unwritable(error.to_string()),
            error => Self::Store(error.to_string()),
        }
    }
}
