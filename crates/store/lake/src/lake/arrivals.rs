//! Transactions in the order in which they arrive.

use super::Lake;
use crate::{ArrivalPlace, ArrivedRows, LakeError, TransactionSearch, scan};

impl Lake {
    /// The place after everything that has arrived so far; the first `since` for [`Self::arrived`].
    pub fn newest_place(&self) -> ArrivalPlace {
        ArrivalPlace(self.inner.shared.data.read().applied)
    }

    /// The transactions of a selection that were committed since a place, whenever they ended
    /// within the search's range. `after` is of no meaning here.
    pub async fn arrived(
        &self,
        search: TransactionSearch,
        since: ArrivalPlace,
    ) -> Result<ArrivedRows, LakeError> {
        let shared = self.inner.shared.clone();
        let job =
            move |cancel: &_| scan::transactions::arrived(&shared.data, &search, since, cancel);
        self.inner.shared.pool.run(job).await
    }
}
