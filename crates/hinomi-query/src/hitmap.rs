//! The hitmap, and the values that its filters can take. Each takes one pass over the rollups of
//! transactions.

use crate::{
    Query, QueryError,
    answer::{Counts, Facets, Hitmap, HitmapCell},
    columns::{Columns, finest_for_sums},
    tally::Outcomes,
};
use hinomi_lake::{Families, Grain, RollupFold};
use hinomi_model::{
    RollupKey, RollupRef, Scope, Selection, Text, TimeRange, UnixNanos,
    hitmap::ROWS,
    rollup::{Cell, ServiceKey},
};
use std::collections::{BTreeMap, HashMap};

impl Query {
    /// The hitmap of a selection. The column width follows from the length of the range.
    pub async fn hitmap(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Hitmap, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let outcomes = Outcomes::new(self.slow_threshold(), selection.outcome);
        let cells = CellSums {
            columns,
            sums: vec![Vec::new(); columns.count()],
        };
        let span = (columns.range, columns.width);
        let (families, grain) = (Families::TRANSACTIONS, Grain::Service);
        let folded = self.fold_rollups(selection, span, families, grain, cells);
        let (sums, lost) = folded.await?;
        let mut total = Counts::default();
        let mut cells = Vec::new();
        for (column, rows) in sums.sums.into_iter().enumerate() {
            for (row, (ok, error)) in rows.into_iter().enumerate() {
                let row = row as u8;
                let counts = outcomes.split(row, ok, error);
                if counts.total() > 0 {
                    total.add(counts);
                    let column = column as u32;
                    cells.push(HitmapCell {
                        column,
                        row,
                        counts,
                    });
                }
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

    /// The cells of each service's own hitmap, for the services that have any. The columns are
    /// those of [`Self::hitmap`] for the same range.
    pub async fn hitmaps_by_service(
        &self,
        scope: &Scope,
        range: TimeRange,
    ) -> Result<Vec<Vec<HitmapCell>>, QueryError> {
        let columns = self.columns_of(&scope.project, range);
        let outcomes = Outcomes::new(self.slow_threshold(), None);
        let selection = Selection {
            scope: scope.clone(),
            ..Selection::default()
        };
        let services: HashMap<ServiceKey, BTreeMap<(u32, u8), Counts>> = HashMap::new();
        let fold = move |services: &mut HashMap<ServiceKey, BTreeMap<(u32, u8), Counts>>,
                         bucket,
                         key: &RollupKey,
                         rollup: RollupRef<'_>| {
            let column = columns.index(bucket) as u32;
            let cells = match services.get_mut(key.service()) {
                Some(cells) => cells,
                None => services.entry(key.service().clone()).or_default(),
            };
            for cell in rollup.cells {
                let counts = cells.entry((column, cell.row)).or_default();
                counts.add(outcomes.of(*cell));
            }
        };
        let span = (columns.range, columns.width);
        let what = (Families::TRANSACTIONS, Grain::Service);
        let folded = self.each_rollup(&selection, span, what, services, fold);
        let (services, _) = folded.await?;
        let maps = services.into_values().map(|cells| {
            let each = cells.into_iter();
            each.map(|((column, row), counts)| HitmapCell {
                column,
                row,
                counts,
            })
            .collect()
        });
        Ok(maps.collect())
    }

    /// The values that filters can take, most frequent first. A filter does not narrow the values
    /// of any filter: the choice stays complete.
    pub async fn facets(
        &self,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Facets, QueryError> {
        // Only the names matter here, so a long range can be read from hours as well as from
        // minutes.
        let horizon = |resolution| self.lake.horizon(&selection.scope.project, resolution);
        let finest = finest_for_sums(range.length());
        let columns = Columns::covering_from(finest, range, horizon);
        let mut wide = selection.clone();
        wide.operation = None;
        wide.instance = None;
        wide.version = None;
        wide.scope.environment = None;
        let span = (columns.range, columns.width);
        let (families, grain) = (Families::TRANSACTIONS, Grain::Key);
        let folded = self.fold_rollups(&wide, span, families, grain, KeyCounts::default());
        let (KeyCounts(keys), lost) = folded.await?;
        let mut counts: [HashMap<Text, u64>; 4] = Default::default();
        for (key, count) in keys.into_iter().filter(|(_, count)| *count > 0) {
            let RollupKey::Transaction {
                service,
                operation,
                instance,
                version,
            } = key
            else {
                continue;
            };
            let values = [operation, instance, version, service.environment];
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
            lost,
        })
    }
}

/// Cells while they are being added up, by column and row.
struct CellSums {
    columns: Columns,
    /// Number of ok and of failed transactions by row. Empty for a column without transactions.
    sums: Vec<Vec<(u64, u64)>>,
}

impl RollupFold for CellSums {
    type Place = ();

    fn place(&mut self, _: &RollupKey) -> Option<()> {
        Some(())
    }

    fn add(&mut self, (): (), bucket: UnixNanos, rollup: RollupRef<'_>) {
        let Some(sums) = self.sums.get_mut(self.columns.index(bucket)) else {
            return;
        };
        sums.resize(ROWS, (0, 0));
        for Cell { row, ok, error } in rollup.cells {
            let sum = &mut sums[usize::from(*row).min(ROWS - 1)];
            sum.0 += u64::from(*ok);
            sum.1 += u64::from(*error);
        }
    }
}

/// Number of transactions of each key.
#[derive(Default)]
struct KeyCounts(Vec<(RollupKey, u64)>);

impl RollupFold for KeyCounts {
    type Place = usize;

    fn place(&mut self, key: &RollupKey) -> Option<usize> {
        self.0.push((key.clone(), 0));
        Some(self.0.len() - 1)
    }

    fn add(&mut self, place: usize, _: UnixNanos, rollup: RollupRef<'_>) {
        self.0[place].1 += rollup.count;
    }
}

fn most_frequent(counts: HashMap<Text, u64>) -> Vec<Text> {
    let mut values: Vec<(Text, u64)> = counts
        .into_iter()
        .filter(|(value, _)| !value.is_empty())
        .collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    values.into_iter().map(|(value, _)| value).collect()
}
