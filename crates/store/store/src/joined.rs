//! A store made of two parts.

use crate::{
    AppendError, ArrivalPlace, ArrivedRows, AttributeRows, AttributeSearch, Batch, CallTreeSearch,
    CallTrees, Deployed, LogRows, LogSearch, Lost, Peer, PromoteError, Registry, Reply, Resolution,
    RollupAnswer, RollupQuestion, SeeSpan, SeenVersion, ServiceLabels, ServiceSettings,
    TelemetryRead, TelemetryWrite, TellSearchNews, TraceRows, TraceStart, TransactionRow,
    TransactionRows, TransactionSearch, TransactionTimes,
};
use hinomi_io::TrustedClock;
use hinomi_model::{
    Cursor, LogBatch, Span, Text, TimeRange, TraceId, UnixNanos, rollup::ServiceKey,
};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// An engine for telemetry and a registry, as one [`crate::Store`].
pub struct Joined<T, R> {
    /// Writes and answers what is telemetry.
    pub telemetry: T,
    /// Knows everything else. The engine was opened with it.
    pub registry: Arc<R>,
}

impl<T: TelemetryWrite, R: Send + Sync> TelemetryWrite for Joined<T, R> {
    fn append(&self, batch: Batch) -> Reply<'_, (), AppendError> {
        self.telemetry.append(batch)
    }

    fn append_logs(&self, project: Text, logs: LogBatch) -> Reply<'_, (), AppendError> {
        self.telemetry.append_logs(project, logs)
    }

    fn spans_since(&self, project: Text, since: UnixNanos, see: SeeSpan) -> Reply<'_, ()> {
        self.telemetry.spans_since(project, since, see)
    }

    fn clock(&self) -> Arc<TrustedClock> {
        self.telemetry.clock()
    }
}

impl<T: TelemetryRead, R: Send + Sync> TelemetryRead for Joined<T, R> {
    fn rollups(&self, question: RollupQuestion) -> Reply<'_, RollupAnswer> {
        self.telemetry.rollups(question)
    }

    fn rollups_kept_from(&self, project: &str, resolution: Resolution) -> UnixNanos {
        self.telemetry.rollups_kept_from(project, resolution)
    }

    fn transactions(&self, search: TransactionSearch) -> Reply<'_, TransactionRows> {
        self.telemetry.transactions(search)
    }

    fn transaction_times(&self, search: TransactionSearch) -> Reply<'_, Option<TransactionTimes>> {
        self.telemetry.transaction_times(search)
    }

    fn transactions_kept_from(&self, project: &Text) -> Option<UnixNanos> {
        self.telemetry.transactions_kept_from(project)
    }

    fn lost_transactions(&self, project: &str, range: TimeRange) -> Vec<Lost> {
        self.telemetry.lost_transactions(project, range)
    }

    fn newest_place(&self) -> ArrivalPlace {
        self.telemetry.newest_place()
    }

    fn arrived(&self, search: TransactionSearch, since: ArrivalPlace) -> Reply<'_, ArrivedRows> {
        self.telemetry.arrived(search, since)
    }

    fn trace_page(
        &self,
        project: Text,
        id: TraceId,
        start: TraceStart,
        max_spans: usize,
    ) -> Reply<'_, TraceRows> {
        self.telemetry.trace_page(project, id, start, max_spans)
    }

    fn traces(
        &self,
        project: Text,
        ids: Vec<TraceId>,
        range: TimeRange,
        max_spans: usize,
        time: Duration,
    ) -> Reply<'_, Vec<(TraceId, Vec<Span>)>> {
        self.telemetry.traces(project, ids, range, max_spans, time)
    }

    fn search(&self, search: AttributeSearch, tell: TellSearchNews) -> Reply<'_, AttributeRows> {
        self.telemetry.search(search, tell)
    }

    fn call_trees(&self, search: CallTreeSearch) -> Reply<'_, CallTrees> {
        self.telemetry.call_trees(search)
    }

    fn transactions_at(
        &self,
        project: Text,
        cursors: Vec<Cursor>,
    ) -> Reply<'_, Vec<TransactionRow>> {
        self.telemetry.transactions_at(project, cursors)
    }

    fn logs(&self, search: LogSearch) -> Reply<'_, LogRows> {
        self.telemetry.logs(search)
    }

    fn projects(&self) -> Vec<Text> {
        self.telemetry.projects()
    }
}

impl<T: Send + Sync, R: Registry> Registry for Joined<T, R> {
    fn services(&self, project: Text) -> Reply<'_, Vec<(ServiceKey, UnixNanos)>> {
        self.registry.services(project)
    }

    fn peers(&self, project: Text) -> Reply<'_, Vec<(Text, Text)>> {
        self.registry.peers(project)
    }

    fn learn_peer(&self, project: Text, peer: Peer) -> Reply<'_, ()> {
        self.registry.learn_peer(project, peer)
    }

    fn labels(&self, project: &str) -> HashMap<ServiceKey, ServiceLabels> {
        self.registry.labels(project)
    }

    fn versions(&self, project: &str) -> Vec<SeenVersion> {
        self.registry.versions(project)
    }

    fn deployments(&self, project: &str) -> Vec<Deployed> {
        self.registry.deployments(project)
    }

    fn add_deployment(&self, project: Text, deployed: Deployed) -> Reply<'_, ()> {
        self.registry.add_deployment(project, deployed)
    }

    fn promoted_attributes(&self, project: &str) -> Vec<(Text, UnixNanos)> {
        self.registry.promoted_attributes(project)
    }

    fn promote_attribute(
        &self,
        project: Text,
        key: Text,
        now: UnixNanos,
    ) -> Reply<'_, (), PromoteError> {
        self.registry.promote_attribute(project, key, now)
    }

    fn demote_attribute(&self, project: Text, key: Text) -> Reply<'_, ()> {
        self.registry.demote_attribute(project, key)
    }

    fn service_settings(&self, project: &str) -> HashMap<ServiceKey, ServiceSettings> {
        self.registry.service_settings(project)
    }

    fn set_service_settings(
        &self,
        project: Text,
        service: ServiceKey,
        settings: ServiceSettings,
    ) -> Reply<'_, ()> {
        self.registry
            .set_service_settings(project, service, settings)
    }
}
