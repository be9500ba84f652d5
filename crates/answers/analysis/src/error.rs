//! Why an analysis has no answer.

use hinomi_query::QueryError;

/// The reasons for which a long analysis fails.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The numbers could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The computation ended early, because of a defect or because the process shuts down.
    #[error("the comparison failed")]
    Ended,
}
