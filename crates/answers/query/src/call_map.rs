//! The hitmap of client calls to an external host, or of one statement.
//!
//! Rollups of calls keep a latency histogram and no cells. A row here counts the histogram buckets
//! that end in it. Failed calls are known by host only: the map of a host shows them apart, the map
//! of a statement does not.

use crate::{
    Query, QueryError,
    answers::{Counts, Hitmap, HitmapCell},
    source::Asked,
    tally::Outcomes,
};
use hinomi_model::{
    LatencyHistogram, LatencySum, Selection, TimeRange, hitmap::row_of, rollup::Cell,
};
use hinomi_store::{CallFilter, Dimensions, Families, Family, Measures};
use std::collections::BTreeMap;

impl Query {
    /// The hitmap of the selection's calls. Its columns are those of the transactions' hitmap.
    pub async fn call_map(
        &self,
        selection: &Selection,
        calls: CallFilter,
        range: TimeRange,
    ) -> Result<Hitmap, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let families = Families::CALLS | Families::FAILED_CALLS;
        let mut asked = Asked::new(selection, families, Dimensions::NONE, Measures::LATENCY);
        asked.calls = Some(calls);
        let found = self.rollups_by_column(&asked, &columns).await?;
        // All calls and failed ones, a column.
        let mut sums: BTreeMap<u32, (LatencySum, LatencySum)> = BTreeMap::new();
        for group in found.groups {
            for (column, sum) in group.steps {
                let (all, failed) = sums.entry(column).or_default();
                match group.key.family {
                    Family::FailedCalls => failed.merge(&sum.latency),
                    _ => all.merge(&sum.latency),
                }
            }
        }
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let outcomes = Outcomes::new(slow_threshold, None);
        let mut total = Counts::default();
        let mut cells = Vec::new();
        for (column, (all, failed)) in sums {
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
            slow_threshold,
            cells,
            total,
            lost: found.lost,
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
