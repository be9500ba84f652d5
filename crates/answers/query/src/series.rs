//! Throughput, latency and errors over time: of transactions or of client calls, in the hitmap's
//! columns.

use crate::{
    Query, QueryError,
    answers::{Lost, Timeline, TimelinePoint},
    columns::Columns,
    source::Asked,
    tally::{Outcomes, Tally},
};
use hinomi_model::{Selection, TimeRange};
use hinomi_store::{CallFilter, Dimensions, Families, Measures};

/// What a series counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counted {
    /// The selection's transactions.
    Transactions,
    /// Calls that the selection's services made; slow ones are not told from others.
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
            points: points(&columns, &tallies),
            lost,
        })
    }

    /// A tally a column, and the damaged data that is missing from them.
    pub async fn tallies(
        &self,
        counted: &Counted,
        selection: &Selection,
        columns: Columns,
    ) -> Result<(Vec<Tally>, Vec<Lost>), QueryError> {
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let outcomes = Outcomes::new(slow_threshold, selection.outcome);
        let mut asked = match counted {
            Counted::Transactions => Asked::tallied(selection, Dimensions::NONE, slow_threshold),
            Counted::Calls(_) => Asked::new(
                selection,
                Families::CALLS,
                Dimensions::NONE,
                Measures::LATENCY,
            ),
        };
        if let Counted::Calls(calls) = counted {
            asked.calls = Some(calls.clone());
        }
        let found = self.rollups_by_column(&asked, &columns).await?;
        let mut tallies = vec![Tally::default(); columns.count()];
        for (column, sum) in found.groups.into_iter().flat_map(|group| group.steps) {
            let Some(tally) = tallies.get_mut(column as usize) else {
                continue;
            };
            *tally = match counted {
                Counted::Transactions => Tally::of(sum, &outcomes),
                Counted::Calls(_) => Tally::of_calls(sum),
            };
        }
        Ok((tallies, found.lost))
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
