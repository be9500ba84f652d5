//! Where rollups come from: the live window when it is whole over the range, else the store.

use crate::{
    Query, QueryError,
    columns::{Columns, resolution},
};
use hinomi_model::{CallCategory, Scope, Selection, TimeRange, TransactionKind, UnixNanos};
use hinomi_store::{
    CallFilter, Dimensions, Families, Grouping, Hosts, Measures, RollupAnswer, RollupQuestion,
    SlowThresholds, Steps, merged,
};
use std::time::Duration;

/// What is counted, and how, whatever the range.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Project and filters.
    pub selection: Selection,
    /// What is counted.
    pub families: Families,
    /// Only calls of these categories; all when empty.
    pub categories: Vec<CallCategory>,
    /// Only these calls.
    pub calls: Option<CallFilter>,
    /// Only transactions of these kinds; all when empty.
    pub kinds: Vec<TransactionKind>,
    /// What is kept apart.
    pub by: Dimensions,
    /// What is added up.
    pub measures: Measures,
    /// Successes that took at least so long are counted as slow.
    pub slow_thresholds: Option<SlowThresholds>,
}

impl Asked {
    /// All calls, if any are counted.
    pub fn new(
        selection: &Selection,
        families: Families,
        by: Dimensions,
        measures: Measures,
    ) -> Self {
        Self {
            selection: selection.clone(),
            families,
            categories: Vec::new(),
            kinds: Vec::new(),
            calls: None,
            by,
            measures,
            slow_thresholds: None,
        }
    }

    /// Transactions, of which a [`Tally`](crate::tally::Tally) is made: outcomes and latency. With an
    /// outcome wanted, their cells are needed, too.
    pub fn tallied(
        selection: &Selection,
        by: Dimensions,
        slow_thresholds: impl Into<SlowThresholds>,
    ) -> Self {
        let measures = match selection.outcome {
            None => Measures::LATENCY,
            Some(_) => Measures::CELLS,
        };
        Self {
            slow_thresholds: Some(slow_thresholds.into()),
            ..Self::new(selection, Families::TRANSACTIONS, by, measures)
        }
    }

    /// The question over `range`, read from the widest rollups that make up `unit`.
    pub fn over(&self, range: TimeRange, unit: Duration, steps: Steps) -> RollupQuestion {
        let Self {
            selection,
            families,
            categories,
            kinds,
            calls,
            by,
            measures,
            slow_thresholds,
        } = self.clone();
        RollupQuestion {
            selection,
            range,
            resolution: resolution(unit),
            steps,
            families,
            categories,
            kinds,
            calls,
            by,
            measures,
            slow_thresholds,
        }
    }
}

impl Query {
    /// The instant from which on the rollups are kept that columns of this width are made of.
    pub fn rollups_kept_from(&self, project: &str, column: Duration) -> UnixNanos {
        self.store.rollups_kept_from(project, resolution(column))
    }

    /// The hosts at which our own services answer.
    pub(crate) async fn hosts(&self, scope: &Scope) -> Result<Hosts, QueryError> {
        Ok(Hosts::of(self.store.peers(scope.project.clone()).await?))
    }

    /// The columns of a range, as narrow as what is kept of the project allows.
    pub(crate) fn columns_of(&self, project: &str, range: TimeRange) -> Columns {
        Columns::covering(range, |resolution| {
            self.store.rollups_kept_from(project, resolution)
        })
    }

    /// Rollups added up as the question asks.
    pub(crate) async fn rollups(
        &self,
        question: RollupQuestion,
    ) -> Result<RollupAnswer, QueryError> {
        let live = self.live.read(&question.selection.scope.project, |window| {
            if question.range.from < window.whole_from() {
                return None;
            }
            let mut grouping = Grouping::new(question.clone());
            for (bucket, key, rollup) in window.range(question.range) {
                if let Some(place) = grouping.place(key) {
                    grouping.add(place, bucket, rollup);
                }
            }
            Some(grouping.finish())
        });
        let Some(groups) = live else {
            return Ok(self.store.rollups(question).await?);
        };
        let unrestored = self.unrestored.get(&question.selection.scope.project);
        let lost = unrestored
            .into_iter()
            .flatten()
            .filter(|lost| lost.range.overlaps(&question.range));
        let lost = lost.copied().collect();
        Ok(RollupAnswer { groups, lost })
    }

    /// One answer a column.
    pub(crate) async fn rollups_by_column(
        &self,
        asked: &Asked,
        columns: &Columns,
    ) -> Result<RollupAnswer, QueryError> {
        let question = asked.over(columns.range, columns.width, columns.steps());
        self.rollups(question).await
    }

    /// One answer over parts of a range, each with the width of the rollups it is read from.
    pub(crate) async fn rollups_of_parts(
        &self,
        asked: &Asked,
        parts: Vec<(TimeRange, Duration)>,
        steps: Steps,
    ) -> Result<RollupAnswer, QueryError> {
        let mut answers = Vec::new();
        for (range, unit) in parts {
            answers.push(self.rollups(asked.over(range, unit, steps)).await?);
        }
        Ok(merged(answers))
    }
}
