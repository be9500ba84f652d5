//! What screens and rules ask; one answer type a question.
//!
//! Merges the live rollups of the last minutes, the memtable and the stored segments, so that
//! nobody above knows where an answer came from. Promises that the count of any hitmap region
//! equals the number of transactions that `transactions` lists for it.
//!
//! Refuses: HTML, JSON, HTTP.

pub mod answer;

use answer::*;
use hinomi_live::Tick;
use hinomi_model::{Cursor, DurationRange, Scope, Selection, TimeRange, TraceId, UnixNanos};
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Too many questions at once; ask again.
    #[error("too many queries are running; try again in a moment")]
    Busy,
    /// It took longer than the limit.
    #[error("the query took longer than {0:?}; ask for a shorter range")]
    Timeout(Duration),
    /// The store could not be read.
    #[error("the store could not be read: {0}")]
    Store(String),
}

/// Answers questions.
pub struct Query {}

impl Query {
    /// The server's time.
    pub fn now(&self) -> UnixNanos {
        unimplemented!()
    }
    /// At or over this a success is slow; a hitmap row edge.
    pub fn slow_threshold(&self) -> Duration {
        unimplemented!()
    }
    /// Every service known, also those silent in the range.
    pub async fn services(&self, _scope: &Scope, _range: TimeRange) -> Result<Vec<ServiceSummary>, QueryError> {
        unimplemented!()
    }
    /// The hitmap; column width follows from the range's length.
    pub async fn hitmap(&self, _selection: &Selection, _range: TimeRange) -> Result<Hitmap, QueryError> {
        unimplemented!()
    }
    /// Throughput, latency and errors over time, in the hitmap's columns.
    pub async fn timeline(&self, _selection: &Selection, _range: TimeRange) -> Result<Timeline, QueryError> {
        unimplemented!()
    }
    /// A page of transactions, newest first. `text` is looked for in trace id, operation, error
    /// type and instance.
    pub async fn transactions(
        &self,
        _selection: &Selection,
        _range: TimeRange,
        _duration: DurationRange,
        _text: Option<&str>,
        _after: Option<Cursor>,
        _limit: usize,
    ) -> Result<TransactionPage, QueryError> {
        unimplemented!()
    }
    /// A trace; `None` when no span of it is known.
    pub async fn trace(&self, _scope: &Scope, _id: TraceId) -> Result<Option<Trace>, QueryError> {
        unimplemented!()
    }
    /// A statistic, most total time first.
    pub async fn statistics(
        &self,
        _statistic: Statistic,
        _selection: &Selection,
        _range: TimeRange,
    ) -> Result<Vec<StatisticRow>, QueryError> {
        unimplemented!()
    }
    /// The values filters can take.
    pub async fn facets(&self, _selection: &Selection, _range: TimeRange) -> Result<Facets, QueryError> {
        unimplemented!()
    }
    /// Ticks of the live bus, one a second.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Tick>> {
        unimplemented!()
    }
    /// All non-empty live columns of the last 10 minutes.
    pub fn live_snapshot(&self, _selection: &Selection) -> Vec<LiveColumn> {
        unimplemented!()
    }
    /// The columns of the selection that changed since the tick before.
    pub fn live_delta(&self, _selection: &Selection, _tick: &Tick) -> Vec<LiveColumn> {
        unimplemented!()
    }
    /// The same for every service: the changed columns of `tick`, or all when there is none.
    pub fn live_services(&self, _scope: &Scope, _tick: Option<&Tick>) -> Vec<LiveService> {
        unimplemented!()
    }
}
