//! The hitmap, and the values that its filters can take: one pass over the transactions' rollups each.

use crate::{
    Query, QueryError,
    answers::{Counts, Facets, Hitmap, HitmapCell},
    columns::{Columns, finest_for_sums},
    source::Asked,
    tally::Outcomes,
};
use hinomi_model::{CellSum, Scope, Selection, Text, TimeRange};
use hinomi_store::{Dimensions, Families, Measures, Steps};
use std::collections::HashMap;

impl Query {
    /// The hitmap; column width follows from the range's length.
    pub async fn hitmap(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Hitmap, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let outcomes = Outcomes::new(slow_threshold, selection.outcome);
        let by = Dimensions::NONE;
        let asked = Asked::new(selection, Families::TRANSACTIONS, by, Measures::CELLS);
        let found = self.rollups_by_column(&asked, &columns).await?;
        let mut cells = Vec::new();
        for (column, sum) in found.groups.iter().flat_map(|group| &group.steps) {
            add_cells(&mut cells, *column, &sum.cells, &outcomes);
        }
        let mut total = Counts::default();
        cells
            .iter()
            .for_each(|cell: &HitmapCell| total.add(cell.counts));
        Ok(Hitmap {
            range: columns.range,
            column: columns.width,
            slow_threshold,
            cells,
            total,
            lost: found.lost,
        })
    }

    /// The cells of every service's hitmap by itself, of those that have any: columns as of
    /// [`Self::hitmap`] of the same range.
    pub async fn hitmaps_by_service(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<Vec<Vec<HitmapCell>>, QueryError> {
        let columns = self.columns_of(&scope.project, range);
        let selection = Selection::of(scope.clone());
        let by = Dimensions::SERVICE;
        let asked = Asked::new(&selection, Families::TRANSACTIONS, by, Measures::CELLS);
        let found = self.rollups_by_column(&asked, &columns).await?;
        let thresholds = self.slow_thresholds(scope);
        let maps = found.groups.iter().map(|group| {
            let outcomes = Outcomes::new(thresholds.of(&group.key.service), None);
            let mut cells = Vec::new();
            for (column, sum) in &group.steps {
                add_cells(&mut cells, *column, &sum.cells, &outcomes);
            }
            cells
        });
        Ok(maps.collect())
    }

    /// The values filters can take, most frequent first. A filter does not narrow its own values.
    pub async fn facets(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Facets, QueryError> {
        // What there is to choose from: hours of a long range tell it as well as minutes.
        let horizon = |resolution| {
            self.store
                .rollups_kept_from(&selection.scope.project, resolution)
        };
        let finest = finest_for_sums(range.length());
        let columns = Columns::covering_from(finest, range, horizon);
        let mut wide = selection.clone();
        wide.operation = None;
        wide.instance = None;
        wide.version = None;
        wide.scope.environment = None;
        let by = Dimensions::SERVICE
            | Dimensions::OPERATION
            | Dimensions::INSTANCE
            | Dimensions::VERSION;
        let asked = Asked::new(&wide, Families::TRANSACTIONS, by, Measures::COUNTS);
        let question = asked.over(columns.range, columns.width, Steps::Whole);
        let found = self.rollups(question).await?;
        let mut counts: [HashMap<Text, u64>; 4] = Default::default();
        for group in found.groups {
            let count = group.count();
            let key = group.key;
            let values = [
                key.operation,
                key.instance,
                key.version,
                key.service.environment,
            ];
            for (counts, value) in counts.iter_mut().zip(values) {
                *counts.entry(value).or_default() += count;
            }
        }
        let [operations, instances, versions, environments] = counts.map(most_frequent);
        Ok(Facets {
            operations,
            instances,
            versions,
            environments,
            lost: found.lost,
        })
    }
}

/// Adds the cells of a column that have anything of the outcomes wanted.
fn add_cells(cells: &mut Vec<HitmapCell>, column: u32, sum: &CellSum, outcomes: &Outcomes) {
    sum.each(|cell| {
        let counts = outcomes.of(cell);
        if counts.total() > 0 {
            cells.push(HitmapCell {
                column,
                row: cell.row,
                counts,
            });
        }
    });
}

fn most_frequent(counts: HashMap<Text, u64>) -> Vec<Text> {
    let mut values: Vec<(Text, u64)> = counts
        .into_iter()
        .filter(|(value, _)| !value.is_empty())
        .collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    values.into_iter().map(|(value, _)| value).collect()
}
