//! Log records.

use super::Lake;
use crate::{AppendError, LakeError, tables::logs::scan};
use hinomi_model::{LogBatch, RollupSet, Text};
use hinomi_store::{LogRows, LogSearch};
use std::sync::Arc;

impl Lake {
    /// Appends log records. `Ok` means durable and visible to queries.
    pub async fn append_logs(&self, project: Text, logs: LogBatch) -> Result<(), AppendError> {
        if logs.is_empty() {
            return Ok(());
        }
        self.append_rows(project, logs, Arc::new(RollupSet::new()))
            .await
    }

    /// The log records of a search: their number, and the newest ones behind the cursor.
    pub async fn logs(&self, search: LogSearch) -> Result<LogRows, LakeError> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::search(&shared.data, &search, cancel);
        self.inner.shared.pool.run(job).await
    }
}
