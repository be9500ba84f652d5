//! Lists of transactions, and single traces.

use crate::{
    Query, QueryError,
    answers::{Lost, Trace, TransactionItem, TransactionPage},
    terms,
    trace::{Clocks, assemble_page},
};
use hinomi_model::{Cursor, DurationRange, OutcomeFilter, Scope, Selection, TimeRange, TraceId};
use hinomi_store::{TraceStart, TransactionRow, TransactionSearch};
use std::time::Duration;

/// Most spans on a page of a trace. The store's own limit may be lower.
pub const MOST_TRACE_SPANS: usize = 20_000;

impl Query {
    /// A page of transactions, newest first. `text` may contain terms (see [`terms`]) that the
    /// entry span must fulfil. The remaining words are searched in trace id, operation, error type,
    /// instance and version.
    pub async fn transactions(
        &self,
        selection: &Selection,
        range: TimeRange,
        duration: DurationRange,
        text: Option<&str>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<TransactionPage, QueryError> {
        let slow_threshold = self.slow_threshold_of_selection(selection);
        let (terms, text) = terms::split(text.unwrap_or_default())?;
        let search = TransactionSearch {
            selection: selection.clone(),
            range,
            duration,
            slow_threshold,
            text,
            terms,
            after,
            limit,
        };
        let found = self.store.transactions(search).await?;
        // Asked for afterwards: what goes meanwhile is said rather than missed.
        let horizon = self.store.transactions_kept_from(&selection.scope.project);
        let expired_before = horizon.filter(|horizon| range.from < *horizon);
        let next = found
            .rows
            .last()
            .filter(|_| found.more)
            .map(TransactionRow::cursor);
        let items = found
            .rows
            .into_iter()
            .map(|row| item(row, slow_threshold))
            .collect();
        Ok(TransactionPage {
            total: found.total,
            items,
            next,
            lost: found.lost,
            expired_before,
        })
    }

    /// Damaged data of a range because of which lists miss transactions.
    pub fn lost_transactions(&self, scope: &Scope, range: TimeRange) -> Vec<Lost> {
        self.store.lost_transactions(&scope.project, range)
    }

    /// The first page of a trace; `None` when no span of it is known and none is known to be
    /// damaged.
    pub async fn trace(
        &self,
        scope: &Scope,
        id: TraceId,
        clocks: Clocks,
    ) -> Result<Option<Trace>, QueryError> {
        self.trace_page(scope, id, clocks, TraceStart::First, MOST_TRACE_SPANS)
            .await
    }

    /// A page of a trace, of at most `limit` spans. It is empty when `start` is behind the last
    /// span.
    pub async fn trace_page(
        &self,
        scope: &Scope,
        id: TraceId,
        clocks: Clocks,
        start: TraceStart,
        limit: usize,
    ) -> Result<Option<Trace>, QueryError> {
        let project = scope.project.clone();
        let rows = self.store.trace_page(project, id, start, limit).await?;
        if rows.spans.is_empty() && rows.before == 0 && !rows.partial {
            return Ok(None);
        }
        Ok(Some(assemble_page(id, rows, clocks)))
    }
}

pub(crate) fn item(row: TransactionRow, slow_threshold: Duration) -> TransactionItem {
    TransactionItem {
        outcome: OutcomeFilter::of(row.outcome, row.duration, slow_threshold),
        trace_id: row.trace_id,
        span_id: row.span_id,
        service: row.service,
        namespace: row.namespace,
        environment: row.environment,
        operation: row.operation,
        instance: row.instance,
        version: row.version,
        end: row.end,
        duration: row.duration,
        http_status: row.http_status,
        error_type: row.error_type,
    }
}
