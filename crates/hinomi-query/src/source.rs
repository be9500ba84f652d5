//! Reads rollups from the live window when that is complete over the range, else from the store.

use crate::{
    Query, QueryError,
    answer::Lost,
    columns::{Columns, resolution},
};
use hinomi_lake::{Families, Grain, RollupFold, RollupSearch};
use hinomi_model::{RollupKey, RollupRef, Selection, TimeRange, UnixNanos};
use std::time::Duration;

impl Query {
    /// The columns of a range, as narrow as the project's retention allows.
    pub(crate) fn columns_of(&self, project: &str, range: TimeRange) -> Columns {
        Columns::covering(range, |resolution| self.lake.horizon(project, resolution))
    }

    /// Adds every rollup of the selection and the families within `range` to `fold`. The range must
    /// be whole columns of width `column`. One key can come several times for one bucket. The
    /// answer includes the damaged data that is missing.
    pub(crate) async fn fold_rollups<F: RollupFold + Send + 'static>(
        &self,
        selection: &Selection,
        (range, column): (TimeRange, Duration),
        families: Families,
        grain: Grain,
        mut fold: F,
    ) -> Result<(F, Vec<Lost>), QueryError> {
        let was_live = self.live.read(|window| {
            if range.from < window.whole_from() {
                return false;
            }
            for (bucket, key, rollup) in window.range(range) {
                if is_of(key, families)
                    && selection.has_key(key)
                    && let Some(place) = fold.place(key)
                {
                    fold.add(place, bucket, rollup);
                }
            }
            true
        });
        if was_live {
            let unrestored = self.unrestored.iter();
            let lost = unrestored.filter(|lost| lost.range.overlaps(&range));
            return Ok((fold, lost.copied().collect()));
        }
        self.fold_stored(selection, (range, column), families, grain, fold)
            .await
    }

    /// Like [`Self::fold_rollups`], always from the store. The store has everything that the live
    /// window has.
    pub(crate) async fn fold_stored<F: RollupFold + Send + 'static>(
        &self,
        selection: &Selection,
        (range, column): (TimeRange, Duration),
        families: Families,
        grain: Grain,
        fold: F,
    ) -> Result<(F, Vec<Lost>), QueryError> {
        let search = RollupSearch {
            selection: selection.clone(),
            range,
            resolution: resolution(column),
            families,
        };
        Ok(self.lake.fold_rollups(search, grain, fold).await?)
    }
}

impl Query {
    /// Calls `see` with every rollup and its key; `see` adds it to the state.
    pub(crate) async fn each_rollup<T: Send + 'static>(
        &self,
        selection: &Selection,
        span: (TimeRange, Duration),
        (families, grain): (Families, Grain),
        state: T,
        see: impl Fn(&mut T, UnixNanos, &RollupKey, RollupRef<'_>) + Send + 'static,
    ) -> Result<(T, Vec<Lost>), QueryError> {
        let each = Each {
            keys: Vec::new(),
            state,
            see,
        };
        let folded = self.fold_rollups(selection, span, families, grain, each);
        let (each, lost) = folded.await?;
        Ok((each.state, lost))
    }
}

/// A fold that passes every rollup on with its key.
struct Each<T, F> {
    keys: Vec<RollupKey>,
    state: T,
    see: F,
}

impl<T, F: Fn(&mut T, UnixNanos, &RollupKey, RollupRef<'_>)> RollupFold for Each<T, F> {
    type Place = usize;

    fn place(&mut self, key: &RollupKey) -> Option<usize> {
        // Equal keys often follow each other; those share one entry.
        if self.keys.last() != Some(key) {
            self.keys.push(key.clone());
        }
        Some(self.keys.len() - 1)
    }

    fn add(&mut self, place: usize, bucket: UnixNanos, rollup: RollupRef<'_>) {
        if let Some(key) = self.keys.get(place) {
            (self.see)(&mut self.state, bucket, key, rollup);
        }
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
