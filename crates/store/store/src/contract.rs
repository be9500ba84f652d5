//! What an engine implements: three traits, all of them object-safe.

use crate::{
    AppendError, ArrivalPlace, ArrivedRows, AttributeRows, AttributeSearch, Batch, CallTreeSearch,
    CallTrees, Deployed, LogRows, LogSearch, Lost, Peer, PromoteError, Resolution, RollupAnswer,
    RollupQuestion, SearchNews, SeenVersion, ServiceLabels, ServiceSettings, StoreError, TraceRows,
    TraceStart, TransactionRow, TransactionRows, TransactionSearch, TransactionTimes,
};
use hinomi_io::TrustedClock;
use hinomi_model::{
    Cursor, LogBatch, Span, SpanIdentity, Text, TimeRange, TraceId, UnixNanos, rollup::ServiceKey,
};
use std::{collections::HashMap, ops::ControlFlow, pin::Pin, sync::Arc, time::Duration};

/// An answer that is waited for. Dropping it ends the work on it.
pub type Reply<'a, T, E = StoreError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// Sees identities of spans until it breaks off.
pub type SeeSpan = Box<dyn FnMut(SpanIdentity) -> ControlFlow<()> + Send>;

/// Hears how a search goes on, on another thread.
pub type TellSearchNews = Box<dyn FnMut(SearchNews) + Send>;

/// Takes telemetry in.
pub trait TelemetryWrite: Send + Sync {
    /// Takes a batch. `Ok` means that it is durable and visible to every later question. An empty batch
    /// is a barrier: `Ok` when everything before it is durable.
    fn append(&self, batch: Batch) -> Reply<'_, (), AppendError>;

    /// Takes log records of a project in. `Ok` means that they are durable and visible to every later
    /// question.
    fn append_logs(&self, project: Text, logs: LogBatch) -> Reply<'_, (), AppendError>;

    /// Shows the identities of a project's spans that were taken in at `since` or later, and of some taken
    /// in before; those that were written last come first.
    fn spans_since(&self, project: Text, since: UnixNanos, see: SeeSpan) -> Reply<'_, ()>;

    /// The time that the store trusts: whoever stores, deletes or shows by time reads this clock.
    fn clock(&self) -> Arc<TrustedClock>;
}

/// Answers questions.
pub trait TelemetryRead: Send + Sync {
    /// Rollups, added up.
    fn rollups(&self, question: RollupQuestion) -> Reply<'_, RollupAnswer>;

    /// The instant from which rollups of a resolution are kept: earlier ones are there in coarser
    /// resolutions only, or not at all.
    fn rollups_kept_from(&self, project: &str, resolution: Resolution) -> UnixNanos;

    /// The transactions of a selection: how many, and the newest of them after the cursor.
    fn transactions(&self, search: TransactionSearch) -> Reply<'_, TransactionRows>;

    /// When the transactions of a search ran, whatever its page; `None` when they are more than the
    /// engine lists. Terms are not looked at.
    fn transaction_times(&self, search: TransactionSearch) -> Reply<'_, Option<TransactionTimes>>;

    /// The instant before which transactions of a project have been deleted by age or budget; `None`
    /// when none have.
    fn transactions_kept_from(&self, project: &Text) -> Option<UnixNanos>;

    /// The transactions of a range that are known to be lost.
    fn lost_transactions(&self, project: &str, range: TimeRange) -> Vec<Lost>;

    /// The place behind all transactions that have come in: where [`Self::arrived`] begins.
    fn newest_place(&self) -> ArrivalPlace;

    /// The transactions of a selection that came in since a place, whenever they ended within the
    /// search's range. `after` is not looked at.
    fn arrived(&self, search: TransactionSearch, since: ArrivalPlace) -> Reply<'_, ArrivedRows>;

    /// A page of the spans of a trace.
    fn trace_page(
        &self,
        project: Text,
        id: TraceId,
        start: TraceStart,
        max_spans: usize,
    ) -> Reply<'_, TraceRows>;

    /// Those of the traces that are found within `time`, in the order of `ids`, with at most
    /// `max_spans` spans each. `range` says when their spans ended: spans outside it may be missing,
    /// and a trace of which none is found is absent.
    fn traces(
        &self,
        project: Text,
        ids: Vec<TraceId>,
        range: TimeRange,
        max_spans: usize,
        time: Duration,
    ) -> Reply<'_, Vec<(TraceId, Vec<Span>)>>;

    /// The newest spans whose attributes fulfil all terms. `tell` hears how the search goes on.
    fn search(&self, search: AttributeSearch, tell: TellSearchNews) -> Reply<'_, AttributeRows>;

    /// The transactions of a selection, with the spans of their traces reduced to what it takes to
    /// follow client calls. Both are of one moment.
    fn call_trees(&self, search: CallTreeSearch) -> Reply<'_, CallTrees>;

    /// The transactions at these places of a list, in no particular order. Those that are no longer
    /// there are absent.
    fn transactions_at(
        &self,
        project: Text,
        cursors: Vec<Cursor>,
    ) -> Reply<'_, Vec<TransactionRow>>;

    /// The log records of a search: how many, and the newest of them behind the cursor.
    fn logs(&self, search: LogSearch) -> Reply<'_, LogRows>;

    /// The projects that have any data.
    fn projects(&self) -> Vec<Text>;
}

/// Knows what is not telemetry: names, deployments, settings.
pub trait Registry: Send + Sync {
    /// Every service of a project that ever had a transaction or call, in order, with the start of
    /// the newest 5 s that have one.
    fn services(&self, project: Text) -> Reply<'_, Vec<(ServiceKey, UnixNanos)>>;

    /// Hosts of a project that are known to be services, as (target, service); in order.
    fn peers(&self, project: Text) -> Reply<'_, Vec<(Text, Text)>>;

    /// Remembers that a host is a service, and when it was seen. Cheap when it is known already.
    fn learn_peer(&self, project: Text, peer: Peer) -> Reply<'_, ()>;

    /// Labels of the services of a project.
    fn labels(&self, project: &str) -> HashMap<ServiceKey, ServiceLabels>;

    /// Versions of a project's services with when each was first seen.
    fn versions(&self, project: &str) -> Vec<SeenVersion>;

    /// Deployments of a project that were reported.
    fn deployments(&self, project: &str) -> Vec<Deployed>;

    /// Remembers a deployment that is reported.
    fn add_deployment(&self, project: Text, deployed: Deployed) -> Reply<'_, ()>;

    /// Promoted attributes of a project in order of their keys, with since when.
    fn promoted_attributes(&self, project: &str) -> Vec<(Text, UnixNanos)>;

    /// Promotes an attribute, now: searches for its values are faster in what is written from then
    /// on. One that is promoted already keeps its time.
    fn promote_attribute(
        &self,
        project: Text,
        key: Text,
        now: UnixNanos,
    ) -> Reply<'_, (), PromoteError>;

    /// Takes a promotion back.
    fn demote_attribute(&self, project: Text, key: Text) -> Reply<'_, ()>;

    /// Settings of the services of a project that have some.
    fn service_settings(&self, project: &str) -> HashMap<ServiceKey, ServiceSettings>;

    /// Replaces all settings of a service.
    fn set_service_settings(
        &self,
        project: Text,
        service: ServiceKey,
        settings: ServiceSettings,
    ) -> Reply<'_, ()>;
}

/// A whole store: an engine for telemetry and a registry.
pub trait Store: TelemetryWrite + TelemetryRead + Registry {}

impl<T: TelemetryWrite + TelemetryRead + Registry> Store for T {}
