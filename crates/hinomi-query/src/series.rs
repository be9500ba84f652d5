//! Throughput, latency and errors over time, of transactions or of client calls, in the hitmap's
//! columns.

use crate::{
    CallFilter, Query, QueryError,
    answer::{Lost, Timeline, TimelinePoint},
    columns::Columns,
    tally::{Outcomes, Tally},
};
use hinomi_lake::{Families, Grain, RollupFold};
use hinomi_model::{RollupKey, RollupRef, Selection, TimeRange, UnixNanos};

/// What a series counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The selection's transactions.
    Transactions,
    /// Calls that the selection's services made. Slow calls are not told apart from other
    /// successful ones.
    Calls(CallFilter),
}

impl Query {
    /// Throughput, latency and errors over time, in the hitmap's columns.
    pub async fn timeline(
        &self,
        counted: &Counted,
        selection: &Selection,
        range: TimeRange,
    ) -> Result<Timeline, QueryError> {
        let columns = self.columns_of(&selection.scope.project, range);
        let (tallies, lost) = self.tallies(counted, selection, columns).await?;
        Ok(Timeline {
            range: columns.range,
            column: columns.width,
            points: points(&columns, tallies),
            lost,
        })
    }

    /// The counts and latencies of each column.
    pub(crate) async fn tallies(
        &self,
        counted: &Counted,
        selection: &Selection,
        columns: Columns,
    ) -> Result<(Vec<Tally>, Vec<Lost>), QueryError> {
        let (families, grain) = match counted {
            Counted::Transactions => (Families::TRANSACTIONS, Grain::Service),
            Counted::Calls(_) => (Families::CALLS, Grain::Key),
        };
        let tallies = Tallies {
            counted: counted.clone(),
            columns,
            outcomes: Outcomes::new(self.slow_threshold(), selection.outcome),
            tallies: vec![Tally::default(); columns.count()],
        };
        let span = (columns.range, columns.width);
        let folded = self.fold_rollups(selection, span, families, grain, tallies);
        let (Tallies { tallies, .. }, lost) = folded.await?;
        Ok((tallies, lost))
    }
}

struct Tallies {
    counted: Counted,
    columns: Columns,
    outcomes: Outcomes,
    tallies: Vec<Tally>,
}

impl RollupFold for Tallies {
    type Place = ();

    fn place(&mut self, key: &RollupKey) -> Option<()> {
        let wanted = match (&self.counted, key) {
            (Counted::Transactions, RollupKey::Transaction { .. }) => true,
            (Counted::Calls(calls), RollupKey::Call { target, detail, .. }) => {
                calls.has(target, detail)
            }
            _ => false,
        };
        wanted.then_some(())
    }

    fn add(&mut self, (): (), bucket: UnixNanos, rollup: RollupRef<'_>) {
        let Some(tally) = self.tallies.get_mut(self.columns.index(bucket)) else {
            return;
        };
        match self.counted {
            Counted::Transactions => tally.add(rollup, &self.outcomes),
            Counted::Calls(_) => tally.add_calls(rollup),
        }
    }
}

/// The points of the answer, one a column.
pub(crate) fn points(columns: &Columns, tallies: Vec<Tally>) -> Vec<TimelinePoint> {
    tallies
        .into_iter()
        .enumerate()
        .map(|(index, tally)| TimelinePoint {
            start: columns.start(index),
            counts: tally.counts,
            latency: tally.quantiles(),
        })
        .collect()
}
