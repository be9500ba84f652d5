//! Transactions in the order in which they arrive.

use super::Lake;
use crate::{ArrivedRows, LakeError, TransactionSearch, scan};

impl Lake {
    /// The position after everything that has arrived so far; the first `since` for
    /// [`Self::arrived`].
    pub fn position(&self) -> u64 {
        self.inner.shared.read().applied
    }

    /// Transactions of a selection that were committed after the position `since` and ended within
    /// the search's range. The search's `after` is ignored.
    pub async fn arrived(
        &self,
        search: TransactionSearch,
        since: u64,
    ) -> Result<ArrivedRows, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::transactions::arrived(&shared, &search, since, cancel);
        self.inner.shared.pool.run(job).await
    }
}
