//! Batches: spans joined into requests of at most 512, as SDKs and collectors send them.

use std::{collections::BTreeMap, sync::Arc};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use crate::{otlp, release::ReleasePlan, span::SimSpan, wire, workload::Workload};

/// The most spans in a request: the batch span processor's default.
pub const MAX_SPANS: usize = 512;

/// Who puts requests together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Each instance's SDK for itself: requests of one resource.
    Instance,
    /// A collector in between: requests of all resources, filled to the brim.
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

    /// The service that made them, of the first where a collector joined several.
    pub fn service(&self) -> Option<&'static str> {
        let instance = self.spans.first()?.instance as usize;
        Some(self.plan.instances()[instance].service.name)
    }

    /// When the last of them ended.
    pub fn last_end_unix_ns(&self) -> i64 {
        self.spans.last().map_or(0, |span| span.end_unix_ns)
    }

    /// The request as a message, by resource and scope.
    pub fn to_request(&self) -> ExportTraceServiceRequest {
        otlp::request(&self.plan, &otlp::groups(&self.spans))
    }

    /// The request as bytes; the same as encoding [`Self::to_request`], several times faster.
    pub fn encode(&self) -> Vec<u8> {
        wire::request(&self.plan, &otlp::groups(&self.spans))
    }
}

/// Collects spans, in the order in which they end, into requests. Spans of one trace land in several
/// requests, as they do in life. Holds under [`MAX_SPANS`] an instance.
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

    /// Takes the span that ended next; gives a request when that fills one.
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

    /// The timer's tick: what is left, as requests.
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
