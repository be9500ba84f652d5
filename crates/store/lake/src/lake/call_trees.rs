//! Transactions with the spans below them, and transactions by their place.

use super::Lake;
use crate::{LakeError, TransactionRow, scan};
use hinomi_model::{Cursor, Text};
use hinomi_store::{CallTreeSearch, CallTrees};

impl Lake {
    /// The transactions of a search with the spans of their traces. Reads all spans of the range;
    /// returns [`LakeError::TooManySpans`] if there are more than
    /// [`crate::LakeLimits::call_tree_spans`].
    pub async fn call_trees(&self, search: CallTreeSearch) -> Result<CallTrees, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::call_trees::call_trees(&shared.data, &search, cancel);
        self.inner.shared.pool.run(job).await
    }

    /// The transactions at these places of a list, in no particular order.
    pub async fn transactions_at(
        &self,
        project: Text,
        cursors: Vec<Cursor>,
    ) -> Result<Vec<TransactionRow>, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::rows_at::rows_at(&shared.data, project, cursors, cancel);
        self.inner.shared.pool.run(job).await
    }
}
