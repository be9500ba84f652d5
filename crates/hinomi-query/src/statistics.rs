//! Statistics: the rollups of a range, added up by one part of their key.

use crate::{
    Query, QueryError,
    answer::{Listed, Statistic, StatisticRow},
    columns::{Columns, finest_for_sums},
    tally::quantiles,
};
use hinomi_lake::{Families, Grain, Resolution, RollupFold};
use hinomi_model::{
    CallCategory, LatencySum, RollupKey, RollupRef, Selection, Text, TimeRange, UnixNanos,
};
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    time::Duration,
};

impl Query {
    /// A statistic, largest total time first. The selection's outcome does not narrow it. The
    /// selection's instance and version narrow only the statistics that know them: operations and
    /// instances.
    pub async fn statistics(
        &self,
        statistic: Statistic,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Listed<StatisticRow>, QueryError> {
        // Minute rollups but no hour rollups, because people compare ranges and their ends must be
        // exact.
        let finest = finest_for_sums(range.length()).min(Resolution::Minute);
        let horizon = |resolution| self.lake.horizon(&selection.scope.project, resolution);
        let columns = Columns::covering_from(finest, range, horizon);
        let services: HashSet<Text> = match statistic {
            Statistic::Externals => self
                .lake
                .peers(selection.scope.project.clone())
                .await?
                .into_iter()
                .map(|(target, _)| target)
                .collect(),
            _ => HashSet::new(),
        };
        let rows = Rows {
            statistic,
            services,
            places: HashMap::default(),
            sums: Vec::new(),
        };
        let span = (columns.range, columns.width);
        let folded = self.fold_rollups(selection, span, families(statistic), Grain::Key, rows);
        let (Rows { places, sums, .. }, lost) = folded.await?;
        let mut sums: Vec<Option<Sum>> = sums.into_iter().map(Some).collect();
        let mut rows: Vec<StatisticRow> = places
            .into_iter()
            .filter_map(|((key, detail), place)| Some(row(key, detail, sums[place].take()?)))
            .filter(|row| row.count > 0)
            .collect();
        rows.sort_by(|a, b| {
            (Reverse(a.total), &a.key, &a.detail).cmp(&(Reverse(b.total), &b.key, &b.detail))
        });
        Ok(Listed { items: rows, lost })
    }
}

/// The rows of a statistic while they are being added up.
struct Rows {
    statistic: Statistic,
    /// Targets that are our own services.
    services: HashSet<Text>,
    places: HashMap<(Text, Text), usize>,
    sums: Vec<Sum>,
}

#[derive(Default)]
struct Sum {
    count: u64,
    errors: u64,
    total_ns: u64,
    latency: LatencySum,
}

impl RollupFold for Rows {
    type Place = usize;

    fn place(&mut self, key: &RollupKey) -> Option<usize> {
        let row = place(self.statistic, key, &self.services)?;
        let place = *self.places.entry(row).or_insert(self.sums.len());
        if place == self.sums.len() {
            self.sums.push(Sum::default());
        }
        Some(place)
    }

    fn add(&mut self, place: usize, _: UnixNanos, rollup: RollupRef<'_>) {
        let sum = &mut self.sums[place];
        sum.count += rollup.count;
        sum.errors += rollup.errors;
        sum.total_ns = sum.total_ns.saturating_add(rollup.total_ns);
        sum.latency.add(rollup.latency);
    }
}

pub(crate) fn families(statistic: Statistic) -> Families {
    match statistic {
        Statistic::Operations | Statistic::Instances => Families::TRANSACTIONS,
        Statistic::Statements | Statistic::Externals => Families::CALLS,
        Statistic::Errors => Families::ERRORS,
    }
}

/// The row that a rollup belongs to, as key and second column; `None` when it belongs to no row.
pub(crate) fn place(
    statistic: Statistic,
    key: &RollupKey,
    services: &HashSet<Text>,
) -> Option<(Text, Text)> {
    let nothing = || Text::from("");
    match (statistic, key) {
        (Statistic::Operations, RollupKey::Transaction { operation, .. }) => {
            Some((operation.clone(), nothing()))
        }
        (
            Statistic::Instances,
            RollupKey::Transaction {
                instance, version, ..
            },
        ) => (!instance.is_empty()).then(|| (instance.clone(), version.clone())),
        (Statistic::Errors, RollupKey::Error { error_type, .. }) => {
            Some((error_type.clone(), nothing()))
        }
        (
            Statistic::Statements,
            RollupKey::Call {
                category,
                target,
                detail,
                ..
            },
        ) => matches!(category, CallCategory::Database | CallCategory::Cache)
            .then(|| (detail.clone(), target.clone())),
        (
            Statistic::Externals,
            RollupKey::Call {
                category, target, ..
            },
        ) => {
            let outside = matches!(category, CallCategory::Http | CallCategory::Rpc)
                && !services.contains(target);
            outside.then(|| (target.clone(), nothing()))
        }
        _ => None,
    }
}

fn row(key: Text, detail: Text, sum: Sum) -> StatisticRow {
    StatisticRow {
        key,
        detail,
        count: sum.count,
        errors: sum.errors,
        total: Duration::from_nanos(sum.total_ns),
        latency: quantiles(&sum.latency),
    }
}
