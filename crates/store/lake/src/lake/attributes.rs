//! Searches by attribute, and the promoted attributes.

use super::{Lake, blocking};
use crate::{
    AttributeRows, AttributeSearch, LakeError, PromoteError, SearchNews, folder::path::is_project,
    scan, tables::spans::promoted::is_key,
};
use hinomi_model::{Text, UnixNanos};

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
        let deadline = shared.clock.monotonic() + shared.limits.search_time;
        let job = move |cancel: &_| {
            scan::attributes::search(&shared, &search, deadline, &mut tell, cancel)
        };
        self.inner.shared.pool.scan(job).await
    }

    /// Promoted attributes of a project, sorted by key, with the time of their promotion.
    pub fn promoted_attributes(&self, project: &str) -> Vec<(Text, UnixNanos)> {
        let state = self.inner.shared.read();
        let promoted = state.promoted.get(project).into_iter().flatten();
        promoted.map(|(key, since)| (key.clone(), *since)).collect()
    }

    /// Promotes an attribute: segments written from now on get a filter of its values. Does nothing
    /// if it is promoted already.
    pub async fn promote_attribute(&self, project: Text, key: Text) -> Result<(), PromoteError> {
        let shared = &self.inner.shared;
        if !is_key(&key) || !is_project(&project) {
            return Err(PromoteError::Key);
        }
        let limit = shared.limits.promoted_attributes;
        let have = self.promoted_attributes(&project);
        if have.iter().any(|(known, _)| *known == key) {
            return Ok(());
        }
        if have.len() >= limit {
            return Err(PromoteError::TooMany { limit });
        }
        let since = UnixNanos(shared.clock.unix_nanos());
        let shared = shared.clone();
        blocking(move || {
            shared.catalog.promote(&project, &key, since)?;
            let mut state = shared.write();
            let promoted = state.promoted.entry(project).or_default();
            promoted.insert(key, since);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Ends the promotion of an attribute. Existing filters in segments stay in use until the
    /// segments are deleted.
    pub async fn demote_attribute(&self, project: &str, key: &str) -> Result<(), LakeError> {
        let shared = self.inner.shared.clone();
        let (project, key) = (project.to_owned(), key.to_owned());
        blocking(move || {
            shared.catalog.demote(&project, &key)?;
            if let Some(promoted) = shared.write().promoted.get_mut(&*project) {
                promoted.remove(&*key);
            }
            Ok(())
        })
        .await
    }
}
