//! The questions, each answered from the spans of its project.

use crate::{MemoryStore, call_trees, logs, search, traces, transactions};
use hinomi_model::{Cursor, Span, Text, TimeRange, TraceId, UnixNanos};
use hinomi_store::{
    ArrivalPlace, ArrivedRows, AttributeRows, AttributeSearch, CallTreeSearch, CallTrees, Grouping,
    LogRows, LogSearch, Lost, Reply, Resolution, RollupAnswer, RollupQuestion, TelemetryRead,
    TellSearchNews, TraceRows, TraceStart, TransactionRow, TransactionRows, TransactionSearch,
    TransactionTimes,
};
use std::{future::ready, time::Duration};

/// An answer that is there already.
fn reply<T: Send + 'static>(answer: T) -> Reply<'static, T> {
    Box::pin(ready(Ok(answer)))
}

impl TelemetryRead for MemoryStore {
    fn rollups(&self, question: RollupQuestion) -> Reply<'_, RollupAnswer> {
        let project = question.selection.scope.project.clone();
        let (range, width) = (question.range, question.resolution.width());
        let mut grouping = Grouping::new(question);
        self.of_project(&project, |project| {
            let rollups = project.rollups.widened(width);
            for (bucket, key, rollup) in rollups.range(range.widened(width)) {
                if let Some(place) = grouping.place(key) {
                    grouping.add(place, bucket, rollup.into());
                }
            }
        });
        reply(RollupAnswer {
            groups: grouping.finish(),
            lost: Vec::new(),
        })
    }

    fn rollups_kept_from(&self, _project: &str, _resolution: Resolution) -> UnixNanos {
        UnixNanos(i64::MIN)
    }

    fn transactions(&self, search: TransactionSearch) -> Reply<'_, TransactionRows> {
        let project = search.selection.scope.project.clone();
        reply(self.of_project(&project, |project| transactions::page(project, &search)))
    }

    fn transaction_times(&self, search: TransactionSearch) -> Reply<'_, Option<TransactionTimes>> {
        let project = search.selection.scope.project.clone();
        let times = self.of_project(&project, |project| {
            let found = transactions::of_selection(project, &search);
            found
                .map(|stored| (stored.span.end, stored.span.duration()))
                .collect()
        });
        reply(Some(TransactionTimes {
            times,
            lost: Vec::new(),
        }))
    }

    fn transactions_kept_from(&self, _project: &Text) -> Option<UnixNanos> {
        None
    }

    fn lost_transactions(&self, _project: &str, _range: TimeRange) -> Vec<Lost> {
        Vec::new()
    }

    fn newest_place(&self) -> ArrivalPlace {
        ArrivalPlace(self.state().arrived)
    }

    fn arrived(&self, search: TransactionSearch, since: ArrivalPlace) -> Reply<'_, ArrivedRows> {
        let project = search.selection.scope.project.clone();
        let place = self.newest_place();
        reply(self.of_project(&project, |project| {
            transactions::arrived(project, &search, since, place)
        }))
    }

    fn trace_page(
        &self,
        project: Text,
        id: TraceId,
        start: TraceStart,
        max_spans: usize,
    ) -> Reply<'_, TraceRows> {
        reply(self.of_project(&project, |project| {
            traces::page(project, id, start, max_spans)
        }))
    }

    fn traces(
        &self,
        project: Text,
        ids: Vec<TraceId>,
        range: TimeRange,
        max_spans: usize,
        _time: Duration,
    ) -> Reply<'_, Vec<(TraceId, Vec<Span>)>> {
        reply(self.of_project(&project, |project| {
            traces::first_spans(project, ids, range, max_spans)
        }))
    }

    fn search(&self, search: AttributeSearch, tell: TellSearchNews) -> Reply<'_, AttributeRows> {
        let project = search.scope.project.clone();
        reply(self.of_project(&project, |project| search::search(project, &search, tell)))
    }

    fn call_trees(&self, search: CallTreeSearch) -> Reply<'_, CallTrees> {
        let project = search.selection.scope.project.clone();
        reply(self.of_project(&project, |project| call_trees::call_trees(project, &search)))
    }

    fn transactions_at(
        &self,
        project: Text,
        cursors: Vec<Cursor>,
    ) -> Reply<'_, Vec<TransactionRow>> {
        reply(self.of_project(&project, |project| transactions::at(project, &cursors)))
    }

    fn logs(&self, search: LogSearch) -> Reply<'_, LogRows> {
        let project = search.scope.project.clone();
        reply(self.of_project(&project, |project| logs::page(project, &search)))
    }

    fn projects(&self) -> Vec<Text> {
        self.state().projects.keys().cloned().collect()
    }
}
