//! Where rollups come from: the live window when it holds the whole range, else the store.

use crate::{
    Query, QueryError,
    answer::Lost,
    columns::{Columns, resolution},
};
use hinomi_lake::{Families, RollupSearch};
use hinomi_model::{Rollup, RollupKey, Selection, TimeRange, UnixNanos};
use std::time::Duration;

impl Query {
    /// The columns of a range, as narrow as what is kept of the project allows.
    pub(crate) fn columns_of(&self, project: &str, range: TimeRange) -> Columns {
        Columns::covering(range, |resolution| self.lake.horizon(project, resolution))
    }

    /// Shows every rollup of the selection and the families within `range`, which is whole columns
    /// of `column`, to `see`. One key can come several times for one bucket. Answers what is missing.
    pub(crate) async fn each_rollup(
        &self,
        selection: &Selection,
        range: TimeRange,
        column: Duration,
        families: Families,
        mut see: impl FnMut(UnixNanos, &RollupKey, &Rollup),
    ) -> Result<Vec<Lost>, QueryError> {
        let was_live = self.live.read(|floor, rollups| {
            if range.from < floor {
                return false;
            }
            for (bucket, key, rollup) in rollups.range(range) {
                if is_of(key, families) && selection.has_key(key) {
                    see(bucket, key, rollup);
                }
            }
            true
        });
        if was_live {
            let unrestored = self.unrestored.iter();
            let lost = unrestored.filter(|lost| lost.range.overlaps(&range));
            return Ok(lost.copied().collect());
        }
        let search = RollupSearch {
            selection: selection.clone(),
            range,
            resolution: resolution(column),
            families,
        };
        let stored = self.lake.rollups(search).await?;
        stored
            .rollups
            .iter()
            .for_each(|(bucket, key, rollup)| see(bucket, key, rollup));
        Ok(stored.lost)
    }
}

impl Query {
    /// The same folded into a state that is given away meanwhile: for what is added up further
    /// than by key.
    pub(crate) async fn fold_rollups<T: Send + 'static>(
        &self,
        selection: &Selection,
        range: TimeRange,
        column: Duration,
        families: Families,
        mut state: T,
        fold: impl Fn(&mut T, UnixNanos, &RollupKey, &Rollup) + Send + 'static,
    ) -> Result<(T, Vec<Lost>), QueryError> {
        if range.from >= self.live.read(|floor, _| floor) {
            let see = |bucket, key: &_, rollup: &_| fold(&mut state, bucket, key, rollup);
            let lost = self
                .each_rollup(selection, range, column, families, see)
                .await?;
            return Ok((state, lost));
        }
        let search = RollupSearch {
            selection: selection.clone(),
            range,
            resolution: resolution(column),
            families,
        };
        Ok(self.lake.fold_rollups(search, state, fold).await?)
    }
}

fn is_of(key: &RollupKey, families: Families) -> bool {
    families.has(match key {
        RollupKey::Transaction { .. } => Families::TRANSACTIONS,
        RollupKey::Call { .. } => Families::CALLS,
        RollupKey::Error { .. } => Families::ERRORS,
        RollupKey::FailedCall { .. } => Families::FAILED_CALLS,
    })
}
