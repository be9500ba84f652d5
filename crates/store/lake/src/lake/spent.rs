//! The lake's transactions by the time they spent in client calls.

use super::Lake;
use crate::{
    LakeError, SpentContrast, SpentRegion, SpentRows, SpentSearch, SpentTransactions, scan,
};
use hinomi_model::{Cursor, DurationRange};

impl Lake {
    /// Every transaction of a search with the time it spent in such calls. Reads the spans of the range:
    /// [`LakeError::TooManySpans`] when they are more than [`crate::LakeLimits::spent_spans`].
    pub async fn spent(&self, search: SpentSearch) -> Result<SpentRows, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::spent::rows(&shared, &search, cancel);
        self.inner.shared.pool.run(job).await
    }

    /// Those that spent that long: how many, and the newest of them after the cursor. As many as
    /// [`Self::spent`] has in that range.
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

    /// The transactions of a region against the others of the search, both counted by operation, instance
    /// and version, with as many as `sample` of each side. By one scan as that of [`Self::spent`], with
    /// its limit.
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
