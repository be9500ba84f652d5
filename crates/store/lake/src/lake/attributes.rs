//! Searches by attribute.

use super::Lake;
use crate::{AttributeRows, AttributeSearch, LakeError, SearchNews, scan};

impl Lake {
    /// The newest spans that match all terms, after the cursor. When the time limit is reached, the
    /// answer holds what was found so far and where to continue.
    pub async fn search(&self, search: AttributeSearch) -> Result<AttributeRows, LakeError> {
        self.search_telling(search, |_| ()).await
    }

    /// Same as [`Self::search`], but reports progress. `tell` is called on the searching thread.
    /// Dropping the future cancels the search.
    pub async fn search_telling(
        &self,
        search: AttributeSearch,
        mut tell: impl FnMut(SearchNews) + Send + 'static,
    ) -> Result<AttributeRows, LakeError> {
        let shared = self.inner.shared.clone();
        // The time limit includes the wait for a free thread, because the user waits then too.
        let deadline = shared.data.clock.monotonic() + shared.data.limits.search_time;
        let job = move |cancel: &_| {
            scan::attributes::search(&shared.data, &search, deadline, &mut tell, cancel)
        };
        self.inner.shared.pool.scan(job).await
    }
}
