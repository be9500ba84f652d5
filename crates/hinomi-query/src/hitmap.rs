//! The hitmap and the timeline: one pass over the transactions' rollups each.

use crate::{
    Query, QueryError,
    answer::{Counts, Facets, Hitmap, HitmapCell, Timeline, TimelinePoint},
    columns::Columns,
    tally::{Outcomes, Tally},
};
use hinomi_lake::Families;
use hinomi_model::{RollupKey, Selection, Text, TimeRange};
use std::collections::{BTreeMap, HashMap};

impl Query {
    /// The hitmap; column width follows from the range's length.
    pub async fn hitmap(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Hitmap, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let outcomes = Outcomes::new(self.slow_threshold(), selection.outcome);
        let mut cells: BTreeMap<(u32, u8), Counts> = BTreeMap::new();
        let lost = self
            .each_rollup(
                selection,
                columns.range,
                columns.width,
                Families::TRANSACTIONS,
                |bucket, _, rollup| {
                    let column = columns.index(bucket) as u32;
                    for cell in &rollup.cells {
                        cells
                            .entry((column, cell.row))
                            .or_default()
                            .add(outcomes.of(*cell));
                    }
                },
            )
            .await?;
        let mut total = Counts::default();
        let cells = cells
            .into_iter()
            .filter(|(_, counts)| counts.total() > 0)
            .map(|((column, row), counts)| {
                total.add(counts);
                HitmapCell {
                    column,
                    row,
                    counts,
                }
            })
            .collect();
        Ok(Hitmap {
            range: columns.range,
            column: columns.width,
            slow_threshold: self.slow_threshold(),
            cells,
            total,
            lost,
        })
    }

    /// Throughput, latency and errors over time, in the hitmap's columns.
    pub async fn timeline(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Timeline, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let outcomes = Outcomes::new(self.slow_threshold(), selection.outcome);
        let mut tallies = vec![Tally::default(); columns.count()];
        let lost = self
            .each_rollup(
                selection,
                columns.range,
                columns.width,
                Families::TRANSACTIONS,
                |bucket, _, rollup| {
                    if let Some(tally) = tallies.get_mut(columns.index(bucket)) {
                        tally.add(rollup, &outcomes);
                    }
                },
            )
            .await?;
        Ok(Timeline {
            range: columns.range,
            column: columns.width,
            points: points(&columns, &tallies),
            lost,
        })
    }

    /// The values filters can take, most frequent first. A filter does not narrow its own values.
    pub async fn facets(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Facets, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let mut wide = selection.clone();
        wide.operation = None;
        wide.instance = None;
        wide.version = None;
        wide.scope.environment = None;
        let mut counts: [HashMap<Text, u64>; 4] = Default::default();
        self.each_rollup(
            &wide,
            columns.range,
            columns.width,
            Families::TRANSACTIONS,
            |_, key, rollup| {
                let RollupKey::Transaction {
                    service,
                    operation,
                    instance,
                    version,
                } = key
                else {
                    return;
                };
                let values = [operation, instance, version, &service.environment];
                for (counts, value) in counts.iter_mut().zip(values) {
                    *counts.entry(value.clone()).or_default() += rollup.count;
                }
            },
        )
        .await?;
        let [operations, instances, versions, environments] = counts.map(most_frequent);
        Ok(Facets {
            operations,
            instances,
            versions,
            environments,
        })
    }
}

/// One point a column.
pub(crate) fn points(columns: &Columns, tallies: &[Tally]) -> Vec<TimelinePoint> {
    tallies
        .iter()
        .enumerate()
        .map(|(index, tally)| TimelinePoint {
            start: columns.start(index),
            counts: tally.counts,
            latency: tally.quantiles(),
        })
        .collect()
}

fn most_frequent(counts: HashMap<Text, u64>) -> Vec<Text> {
    let mut values: Vec<(Text, u64)> = counts
        .into_iter()
        .filter(|(value, _)| !value.is_empty())
        .collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    values.into_iter().map(|(value, _)| value).collect()
}
