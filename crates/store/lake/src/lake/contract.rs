//! The lake as an engine: what the contract asks, by the lake's own methods.

use super::Lake;
use crate::{LakeError, scan};
use hinomi_io::TrustedClock;
use hinomi_model::{Cursor, LogBatch, Span, Text, TimeRange, TraceId, UnixNanos};
use hinomi_store::{
    AppendError, ArrivalPlace, ArrivedRows, AttributeRows, AttributeSearch, Batch, CallTreeSearch,
    CallTrees, LogRows, LogSearch, Lost, Reply, Resolution, RollupAnswer, RollupQuestion, SeeSpan,
    StoreError, TelemetryRead, TelemetryWrite, TellSearchNews, TraceRows, TraceStart,
    TransactionRow, TransactionRows, TransactionSearch, TransactionTimes,
};
use std::{sync::Arc, time::Duration};

/// The reply of one of the lake's own methods.
fn reply<'a, T: 'a>(
    answer: impl Future<Output = Result<T, LakeError>> + Send + 'a,
) -> Reply<'a, T> {
    Box::pin(async move { answer.await.map_err(StoreError::from) })
}

impl TelemetryWrite for Lake {
    fn append(&self, batch: Batch) -> Reply<'_, (), AppendError> {
        Box::pin(self.append(batch))
    }

    fn append_logs(&self, project: Text, logs: LogBatch) -> Reply<'_, (), AppendError> {
        Box::pin(self.append_logs(project, logs))
    }

    fn spans_since(&self, project: Text, since: UnixNanos, see: SeeSpan) -> Reply<'_, ()> {
        reply(async move {
            let folded = self.fold_spans_since(project, since, see, |see, span| see(span));
            folded.await.map(drop)
        })
    }

    fn clock(&self) -> Arc<TrustedClock> {
        self.clock()
    }
}

impl TelemetryRead for Lake {
    fn rollups(&self, question: RollupQuestion) -> Reply<'_, RollupAnswer> {
        let shared = self.inner.shared.clone();
        let job = move |cancel: &_| scan::rollups::grouped(&shared.data, question, cancel);
        reply(self.inner.shared.pool.run(job))
    }

    fn rollups_kept_from(&self, project: &str, resolution: Resolution) -> UnixNanos {
        self.horizon(project, resolution)
    }

    fn transactions(&self, search: TransactionSearch) -> Reply<'_, TransactionRows> {
        reply(self.transactions(search))
    }

    fn transaction_times(&self, search: TransactionSearch) -> Reply<'_, Option<TransactionTimes>> {
        reply(self.transaction_times(search))
    }

    fn transactions_kept_from(&self, project: &Text) -> Option<UnixNanos> {
        self.transactions_horizon(project)
    }

    fn lost_transactions(&self, project: &str, range: TimeRange) -> Vec<Lost> {
        self.lost_transactions(project, range)
    }

    fn newest_place(&self) -> ArrivalPlace {
        self.newest_place()
    }

    fn arrived(&self, search: TransactionSearch, since: ArrivalPlace) -> Reply<'_, ArrivedRows> {
        reply(self.arrived(search, since))
    }

    fn trace_page(
        &self,
        project: Text,
        id: TraceId,
        start: TraceStart,
        max_spans: usize,
    ) -> Reply<'_, TraceRows> {
        reply(self.trace_page(project, id, start, max_spans))
    }

    fn traces(
        &self,
        project: Text,
        ids: Vec<TraceId>,
        range: TimeRange,
        max_spans: usize,
        time: Duration,
    ) -> Reply<'_, Vec<(TraceId, Vec<Span>)>> {
        reply(self.traces(project, ids, range, max_spans, time))
    }

    fn search(&self, search: AttributeSearch, tell: TellSearchNews) -> Reply<'_, AttributeRows> {
        reply(self.search_telling(search, tell))
    }

    fn call_trees(&self, search: CallTreeSearch) -> Reply<'_, CallTrees> {
        reply(self.call_trees(search))
    }

    fn transactions_at(
        &self,
        project: Text,
        cursors: Vec<Cursor>,
    ) -> Reply<'_, Vec<TransactionRow>> {
        reply(self.transactions_at(project, cursors))
    }

    fn logs(&self, search: LogSearch) -> Reply<'_, LogRows> {
        reply(self.logs(search))
    }

    fn projects(&self) -> Vec<Text> {
        self.projects()
    }
}
