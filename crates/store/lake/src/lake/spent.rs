//! Transactions by the time they spent in client calls.

use super::Lake;
use crate::{
    LakeError, SpentContrast, SpentRegion, SpentRows, SpentSearch, SpentTransactions, scan,
};
use hinomi_model::{Cursor, DurationRange};

impl Lake {
    /// Every transaction of a search with the time it spent in client calls of the search's
    /// category. Reads all spans of the range; returns [`LakeError::TooManySpans`] if there are
    /// more than [`crate::LakeLimits::spent_spans`].
    pub async fn spent(&self, search: SpentSearch) -> Result<SpentRows, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::spent::rows(&shared, &search, cancel);
        self.inner.shared.pool.run(job).await
    }

    /// Transactions whose time in calls is within `spent`: their number and the newest ones after
    /// the cursor. The number equals that of [`Self::spent`] for the same range.
    pub async fn spent_transactions(
        &self,
        search: SpentSearch,
        spent: DurationRange,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<SpentTransactions, LakeError> {
        let shared = self.inner.shared.clone();
        let job =
            move |cancel: &_| scan::spent::page(&shared, &search, spent, (after, limit), cancel);
        self.inner.shared.pool.run(job).await
    }

    /// Compares the transactions of a region with the other transactions of the search. Counts both
    /// by operation, instance and version, and returns up to `sample` transactions of each side.
    /// Needs one scan with the same limit as [`Self::spent`].
    pub async fn spent_contrast(
        &self,
        search: SpentSearch,
        region: SpentRegion,
        sample: usize,
    ) -> Result<SpentContrast, LakeError> {
        let shared = self.inner.shared.clone();
        let job =
            move |cancel: &_| scan::spent::contrast(&shared, &search, &region, sample, cancel);
        self.inner.shared.pool.run(job).await
    }
}
