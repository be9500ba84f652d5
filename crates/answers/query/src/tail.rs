//! The live tail: transactions as they arrive.

use crate::{Query, QueryError, answers::Arrivals, terms, transactions::item};
use hinomi_live::LIVE_WINDOW;
use hinomi_model::{DurationRange, Selection, TimeRange, UnixNanos};
use hinomi_store::{ArrivalPlace, TransactionSearch};

/// A live tail of a selection. It begins at the moment it was made.
#[derive(Debug)]
pub struct Tail {
    search: TransactionSearch,
    place: ArrivalPlace,
}

impl Query {
    /// Follows the transactions that [`Query::transactions`] would list. Each call of
    /// [`Query::arrivals`] returns at most `limit` of them.
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
            slow_threshold: self.slow_threshold_of_selection(selection),
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

    /// The transactions that arrived since the last call. After an error the position stays, so the
    /// next call returns the same transactions. Transactions that ended before the live window
    /// began are left out.
    pub async fn arrivals(&self, tail: &mut Tail) -> Result<Arrivals, QueryError> {
        tail.search.range = self.recently_ended();
        let found = self.store.arrived(tail.search.clone(), tail.place).await?;
        tail.place = found.place;
        let slow = tail.search.slow_threshold;
        let rows = found.rows.into_iter();
        Ok(Arrivals {
            total: found.total,
            items: rows.map(|row| item(row, slow)).collect(),
            missed: found.missed,
        })
    }

    /// The time from the start of the live window on. It has no end because clocks of agents may be
    /// ahead.
    fn recently_ended(&self) -> TimeRange {
        TimeRange::new(self.now().minus(LIVE_WINDOW), UnixNanos(i64::MAX))
    }
}
