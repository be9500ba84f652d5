//! The hitmap of client calls to an external host, or of one statement.
//!
//! Rollups of calls keep a latency histogram and no cells. A row here counts the histogram buckets
//! that end in it. Failed calls are known by host only: the map of a host shows them apart, the map
//! of a statement does not.

use crate::{
    Query, QueryError,
    answer::{Counts, Hitmap, HitmapCell},
    columns::Columns,
    tally::Outcomes,
};
use hinomi_lake::{Families, Grain, RollupFold};
use hinomi_model::{
    LatencyHistogram, LatencySum, RollupKey, RollupRef, Selection, Text, TimeRange, UnixNanos,
    hitmap::row_of, rollup::Cell,
};
use std::collections::BTreeMap;

/// Which client calls to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFilter {
    /// Host, database or queue that was called.
    pub target: Text,
    /// Statement, path, method or destination; `None` means all calls to the target.
    pub detail: Option<Text>,
}

impl CallFilter {
    /// Whether calls with this target and detail pass the filter.
    pub(crate) fn has(&self, target: &str, detail: &str) -> bool {
        let wanted = self.detail.as_deref();
        *self.target == *target && wanted.is_none_or(|wanted| wanted == detail)
    }
}

impl Query {
    /// The hitmap of the selection's calls. Its columns are those of the transactions' hitmap.
    pub async fn call_map(
        &self,
        selection: &Selection,
        calls: CallFilter,
        range: TimeRange,
    ) -> Result<Hitmap, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let none = (LatencySum::new(), LatencySum::new());
        let sums = Sums {
            calls,
            columns,
            sums: vec![none; columns.count()],
        };
        let families = Families::CALLS | Families::FAILED_CALLS;
        let span = (columns.range, columns.width);
        let folded = self.fold_rollups(selection, span, families, Grain::Key, sums);
        let (sums, lost) = folded.await?;
        let outcomes = Outcomes::new(self.slow_threshold(), None);
        let mut total = Counts::default();
        let mut cells = Vec::new();
        for (column, (all, failed)) in (0..).zip(sums.sums) {
            for (row, (all, failed)) in rows(&all.finish(), &failed.finish()) {
                let error = failed.min(all);
                let counts = outcomes.of(Cell {
                    row,
                    ok: all - error,
                    error,
                });
                total.add(counts);
                cells.push(HitmapCell {
                    column,
                    row,
                    counts,
                });
            }
        }
        Ok(Hitmap {
            range: columns.range,
            column: columns.width,
            slow_threshold: self.slow_threshold(),
            cells,
            total,
            lost,
        })
    }
}

/// Number of all calls and of failed calls, by row.
fn rows(all: &LatencyHistogram, failed: &LatencyHistogram) -> BTreeMap<u8, (u32, u32)> {
    let mut rows: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
    for (latency, count) in all.latencies() {
        let row = rows.entry(row_of(latency)).or_default();
        row.0 = row.0.saturating_add(count);
    }
    for (latency, count) in failed.latencies() {
        if let Some(row) = rows.get_mut(&row_of(latency)) {
            row.1 = row.1.saturating_add(count);
        }
    }
    rows
}

struct Sums {
    calls: CallFilter,
    columns: Columns,
    /// Latencies of all calls and of failed calls, one pair a column.
    sums: Vec<(LatencySum, LatencySum)>,
}

impl RollupFold for Sums {
    /// Whether the rollup counts failed calls.
    type Place = bool;

    fn add(&mut self, failed: bool, bucket: UnixNanos, rollup: RollupRef<'_>) {
        let index = self.columns.index(bucket);
        let Some((all, failures)) = self.sums.get_mut(index) else {
            return;
        };
        if failed {
            failures.add(rollup.latency);
        } else {
            all.add(rollup.latency);
        }
    }

    fn place(&mut self, key: &RollupKey) -> Option<bool> {
        let wanted = &self.calls;
        match key {
            RollupKey::Call { target, detail, .. } => wanted.has(target, detail).then_some(false),
            RollupKey::FailedCall { target, .. } => {
                (*target == wanted.target && wanted.detail.is_none()).then_some(true)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_failure_is_in_the_row_of_its_call() {
        let (mut all, mut failed) = (LatencyHistogram::new(), LatencyHistogram::new());
        for millis in [3, 3, 3_001, 3_004] {
            all.record(Duration::from_millis(millis));
        }
        failed.record(Duration::from_millis(3_004));
        let rows = rows(&all, &failed);
        let slow = row_of(Duration::from_millis(3_004));
        assert_eq!(rows[&slow], (2, 1));
        let sums = rows
            .values()
            .fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        assert_eq!(sums, (4, 1));
    }
}
