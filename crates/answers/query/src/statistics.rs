//! Statistics: rollups of a range added up by one part of their key.

use crate::{
    Query, QueryError,
    answers::{Listed, Statistic, StatisticRow},
    columns::{Columns, finest_for_sums},
    source::Asked,
    tally::quantiles,
};
use hinomi_model::{CallCategory, Selection, Text, TimeRange, TransactionKind};
use hinomi_store::{Dimensions, Families, GroupKey, Hosts, Measures, Resolution, RollupSum, Steps};
use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
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
        let horizon = |resolution| {
            self.store
                .rollups_kept_from(&selection.scope.project, resolution)
        };
        let columns = Columns::covering_from(finest, range, horizon);
        let hosts = match statistic {
            Statistic::Externals => self.hosts(&selection.scope).await?,
            _ => Hosts::default(),
        };
        let asked = asked(statistic, selection);
        let question = asked.over(columns.range, columns.width, Steps::Whole);
        let found = self.rollups(question).await?;
        let mut sums: HashMap<(Text, Text), (RollupSum, Begun)> = HashMap::new();
        for group in found.groups {
            if let Some(row) = row_key(statistic, &group.key, &hosts) {
                let begun = Begun::by(&group.key, group.count());
                match sums.entry(row) {
                    Entry::Vacant(free) => {
                        free.insert((group.into_whole(), begun));
                    }
                    Entry::Occupied(mut have) => {
                        let (sum, all) = have.get_mut();
                        sum.merge(&group.into_whole());
                        all.add(begun);
                    }
                }
            }
        }
        let mut rows: Vec<StatisticRow> = sums
            .into_iter()
            .map(|((key, detail), (sum, begun))| row(key, detail, (&sum, begun)))
            .filter(|row| row.count > 0)
            .collect();
        rows.sort_by(|a, b| {
            (Reverse(a.total), &a.key, &a.detail).cmp(&(Reverse(b.total), &b.key, &b.detail))
        });
        Ok(Listed {
            items: rows,
            lost: found.lost,
        })
    }
}

fn families(statistic: Statistic) -> Families {
    match statistic {
        Statistic::Operations | Statistic::Instances => Families::TRANSACTIONS,
        Statistic::Statements | Statistic::Externals => Families::CALLS,
        Statistic::Errors => Families::ERRORS,
    }
}

/// What is asked for the rows of a statistic.
pub(crate) fn asked(statistic: Statistic, selection: &Selection) -> Asked {
    let (families, by) = (families(statistic), dimensions(statistic));
    Asked {
        categories: categories(statistic),
        ..Asked::new(selection, families, by, Measures::LATENCY)
    }
}

/// The categories of the calls that a statistic counts; empty for all, and where it counts no calls.
fn categories(statistic: Statistic) -> Vec<CallCategory> {
    match statistic {
        Statistic::Statements => vec![CallCategory::Database, CallCategory::Cache],
        Statistic::Externals => vec![CallCategory::Http, CallCategory::Rpc],
        Statistic::Operations | Statistic::Instances | Statistic::Errors => Vec::new(),
    }
}

/// What a statistic's rows are told apart by.
fn dimensions(statistic: Statistic) -> Dimensions {
    match statistic {
        Statistic::Operations => Dimensions::OPERATION | Dimensions::KIND,
        Statistic::Instances => Dimensions::INSTANCE | Dimensions::VERSION,
        Statistic::Statements => Dimensions::TARGET | Dimensions::DETAIL,
        // A host may be ours for some callers only.
        Statistic::Externals => Dimensions::TARGET | Dimensions::SERVICE,
        Statistic::Errors => Dimensions::ERROR_TYPE,
    }
}

/// The row a group of what was [`asked`] belongs to: its key and what stands beside it. `None` when it
/// belongs to none.
pub(crate) fn row_key(
    statistic: Statistic,
    group: &GroupKey,
    hosts: &Hosts,
) -> Option<(Text, Text)> {
    let nothing = || Text::from("");
    match statistic {
        Statistic::Operations => Some((group.operation.clone(), nothing())),
        Statistic::Instances => {
            (!group.instance.is_empty()).then(|| (group.instance.clone(), group.version.clone()))
        }
        Statistic::Errors => Some((group.error_type.clone(), nothing())),
        Statistic::Statements => Some((group.detail.clone(), group.target.clone())),
        Statistic::Externals => (!hosts.is_ours(&group.target, &group.service.service))
            .then(|| (group.target.clone(), nothing())),
    }
}

/// How many transactions of a row each kind began.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Begun([u64; TransactionKind::ALL.len()]);

impl Begun {
    /// Those of one group.
    pub fn by(group: &GroupKey, count: u64) -> Self {
        let mut begun = Self::default();
        if let Some(kind) = group.kind {
            begun.0[kind as usize] = count;
        }
        begun
    }

    /// Adds the transactions of another group.
    pub fn add(&mut self, other: Self) {
        for (have, count) in self.0.iter_mut().zip(other.0) {
            *have += count;
        }
    }

    /// The kind that began most of them; `None` when kinds are not kept apart.
    fn most(self) -> Option<TransactionKind> {
        let kinds = TransactionKind::ALL.into_iter().rev();
        let known = kinds.filter(|kind| self.0[*kind as usize] > 0);
        known.max_by_key(|kind| self.0[*kind as usize])
    }
}

/// A row of the sum of its groups.
pub(crate) fn row(key: Text, detail: Text, (sum, begun): (&RollupSum, Begun)) -> StatisticRow {
    StatisticRow {
        key,
        detail,
        count: sum.count,
        errors: sum.errors,
        total: sum.total(),
        latency: quantiles(&sum.latency),
        kind: begun.most(),
    }
}
