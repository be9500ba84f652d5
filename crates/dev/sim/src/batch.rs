//! Batches: spans joined into requests of at most 512, as SDKs and collectors do.

use std::{collections::BTreeMap, sync::Arc};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use crate::{otlp, release::ReleasePlan, span::SimSpan, wire, workload::Workload};

/// Most spans of a request: the default of the batch span processor.
pub const MAX_SPANS: usize = 512;

/// How spans are joined into requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Each instance's SDK sends separately: a request has one resource.
    Instance,
    /// A collector in between: a request has all resources and is always full.
    Collector,
}

/// The spans of one request.
#[derive(Debug, Clone)]
pub struct Batch {
    plan: Arc<ReleasePlan>,
    spans: Vec<SimSpan>,
}

impl Batch {
    /// The spans, in the order in which they ended.
    pub fn spans(&self) -> &[SimSpan] {
        &self.spans
    }

    /// Service of the first span; a collector joins several services.
    pub fn service(&self) -> Option<&'static str> {
        let instance = self.spans.first()?.instance as usize;
        Some(self.plan.instances()[instance].service.name)
    }

    /// End of the last span.
    pub fn last_end_unix_ns(&self) -> i64 {
        self.spans.last().map_or(0, |span| span.end_unix_ns)
    }

    /// The request as a message, grouped by resource and scope.
    pub fn to_request(&self) -> ExportTraceServiceRequest {
        otlp::request(&self.plan, &otlp::groups(&self.spans))
    }

    /// The encoded request: the same bytes as those of [`Self::to_request`], made several times
    /// faster.
    pub fn encode(&self) -> Vec<u8> {
        wire::request(&self.plan, &otlp::groups(&self.spans))
    }
}

/// Joins spans into requests, in the order in which they end. As in reality, spans of one trace
/// land in several requests. Holds fewer than [`MAX_SPANS`] spans for each instance.
pub struct Batcher {
    workload: Workload,
    grouping: Grouping,
    buffers: BTreeMap<u32, Vec<SimSpan>>,
}

impl Batcher {
    /// An empty batcher for spans of `workload`.
    pub fn new(workload: Workload, grouping: Grouping) -> Self {
        Self {
            workload,
            grouping,
            buffers: BTreeMap::new(),
        }
    }

    /// Adds the span that ended next. Returns a request when that fills one.
    pub fn push(&mut self, span: SimSpan) -> Option<Batch> {
        let key = match self.grouping {
            Grouping::Instance => span.instance,
            Grouping::Collector => 0,
        };
        let buffer = self.buffers.entry(key).or_default();
        buffer.push(span);
        if buffer.len() < MAX_SPANS {
            return None;
        }
        let spans = std::mem::take(buffer);
        Some(self.batch(spans))
    }

    /// Returns the remaining spans as requests, as an SDK does when its timer fires.
    pub fn flush(&mut self) -> Vec<Batch> {
        let buffers = std::mem::take(&mut self.buffers);
        buffers
            .into_values()
            .filter(|spans| !spans.is_empty())
            .map(|spans| self.batch(spans))
            .collect()
    }

    fn batch(&self, spans: Vec<SimSpan>) -> Batch {
        Batch {
            plan: Arc::clone(self.workload.plan()),
            spans,
        }
    }
}
