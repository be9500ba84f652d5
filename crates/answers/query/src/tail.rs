//! Transactions as they come.

use crate::{Query, QueryError, answer::Arrivals, terms, transactions::item};
use hinomi_live::LIVE_WINDOW;
use hinomi_model::{DurationRange, Selection, TimeRange, UnixNanos};
use hinomi_store::{ArrivalPlace, TransactionSearch};

/// Transactions of a selection, followed from the moment it was made.
#[derive(Debug)]
pub struct Tail {
    search: TransactionSearch,
    place: ArrivalPlace,
}

impl Query {
    /// Follows the transactions that [`Query::transactions`] would list; each time at most `limit`
    /// are told.
    pub fn tail(
        &self,
        selection: &Selection,
        duration: DurationRange,
        text: Option<&str>,
        limit: usize,
    ) -> Result<Tail, QueryError> {
        let (terms, text) = terms::split(text.unwrap_or_default())?;
        let search = TransactionSearch {
            selection: selection.clone(),
            range: self.recently_ended(),
            duration,
            slow_threshold: self.slow_threshold(),
            text,
            terms,
            after: None,
            limit,
        };
        Ok(Tail {
            search,
            place: self.store.newest_place(),
        })
    }

    /// What has come since this was last asked. An error leaves the place as it is: asked again, the
    /// same are told. What ended before the live window began is old and not told.
    pub async fn arrivals(&self, tail: &mut Tail) -> Result<Arrivals, QueryError> {
        tail.search.range = self.recently_ended();
        let found = self.store.arrived(tail.search.clone(), tail.place).await?;
        tail.place = found.place;
        let slow = self.slow_threshold();
        let rows = found.rows.into_iter();
        Ok(Arrivals {
            total: found.total,
            items: rows.map(|row| item(row, slow)).collect(),
            missed: found.missed,
        })
    }

    /// From the live window on; clocks of agents may be ahead.
    fn recently_ended(&self) -> TimeRange {
        TimeRange::new(self.now().minus(LIVE_WINDOW), UnixNanos(i64::MAX))
    }
}
