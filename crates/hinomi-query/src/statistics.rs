//! Statistics: rollups of a range added up by one part of their key.

use crate::{
    Query, QueryError,
    answer::{Listed, Statistic, StatisticRow},
    columns::{Columns, finest_for_sums},
    tally::quantiles,
};
use hinomi_lake::{Families, Resolution};
use hinomi_model::{CallCategory, Rollup, RollupKey, Selection, Text, TimeRange};
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    time::Duration,
};

impl Query {
    /// A statistic, most total time first. The selection's outcome does not narrow it; its
    /// instance and version do where the statistic knows them: operations and instances.
    pub async fn statistics(
        &self,
        statistic: Statistic,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Listed<StatisticRow>, QueryError> {
        // Minutes, but no hours: the ends of a statistic's range are what people compare.
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
        let mut rows: HashMap<(Text, Text), Rollup> = HashMap::new();
        let lost = self
            .each_rollup(
                selection,
                columns.range,
                columns.width,
                families(statistic),
                |_, key, rollup| {
                    if let Some(place) = place(statistic, key, &services) {
                        rows.entry(place).or_default().merge(rollup);
                    }
                },
            )
            .await?;
        let mut rows: Vec<StatisticRow> = rows
            .into_iter()
            .map(|((key, detail), rollup)| row(key, detail, &rollup))
            .collect();
        rows.sort_by(|a, b| {
            (Reverse(a.total), &a.key, &a.detail).cmp(&(Reverse(b.total), &b.key, &b.detail))
        });
        Ok(Listed { items: rows, lost })
    }
}

pub(crate) fn families(statistic: Statistic) -> Families {
    match statistic {
        Statistic::Operations | Statistic::Instances => Families::TRANSACTIONS,
        Statistic::Statements | Statistic::Externals => Families::CALLS,
        Statistic::Errors => Families::ERRORS,
    }
}

/// The row a rollup belongs to: its key and what stands beside it. `None` when to none.
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

fn row(key: Text, detail: Text, rollup: &Rollup) -> StatisticRow {
    StatisticRow {
        key,
        detail,
        count: rollup.count,
        errors: rollup.errors,
        total: Duration::from_nanos(rollup.total_ns),
        latency: quantiles(&rollup.latency),
    }
}
