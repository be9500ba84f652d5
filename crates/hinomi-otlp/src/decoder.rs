//! The decoder: one request in, spans of the model and an account of the rest out.

use crate::{
    Limits, Received, Refusal, call, error, json, resource, sent::Sent, texts::Texts, transaction,
};
use hinomi_model::{
    Outcome, Resource, Span, SpanId, SpanStatus, Text, TraceId, UnixNanos, id::InvalidId,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, trace::v1 as otlp,
};
use std::sync::Arc;

/// The attribute added to a span whose sender's clock is ahead: how far it was shifted back.
pub const CLOCK_SKEW: &str = "hinomi.clock_skew_ms";

/// Turns requests into spans. Holds nothing but its limits: share it by reference.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    limits: Limits,
}

impl Decoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits }
    }

    /// The spans of `request`, received at `now`. Never fails as a whole: what is bad is refused
    /// span by span, what is too much is cut, and both are counted.
    pub fn spans(&self, request: ExportTraceServiceRequest, now: UnixNanos) -> Received {
        let mut received = Received::default();
        let mut texts = Texts::new(&self.limits);
        for group in &request.resource_spans {
            let attributes = group
                .resource
                .as_ref()
                .map_or(&[][..], |sent| &sent.attributes);
            let resource = resource::normalise(attributes, &mut texts);
            for group in &group.scope_spans {
                let scope = group.scope.as_ref().map_or("", |scope| &scope.name);
                let scope = texts.name(scope);
                received.spans.reserve(group.spans.len());
                for sent in &group.spans {
                    match self.span(sent, &resource, &scope, now, &mut texts) {
                        Ok((span, shift_ns)) => {
                            received.skewed += u64::from(shift_ns > 0);
                            received.spans.push(span);
                        }
                        Err(refusal) => received.rejected.add(refusal),
                    }
                }
            }
        }
        received.truncated = texts.truncated;
        received
    }

    /// One span, and by how much it was shifted.
    fn span<'r>(
        &self,
        span: &'r otlp::Span,
        resource: &Arc<Resource>,
        scope: &Text,
        now: UnixNanos,
        texts: &mut Texts<'r>,
    ) -> Result<(Span, i64), Refusal> {
        let limits = &self.limits;
        let trace_id = TraceId::from_slice(&span.trace_id).map_err(|invalid| match invalid {
            InvalidId::Zero => Refusal::TraceIdZero,
            _ => Refusal::TraceIdLength,
        })?;
        let span_id = SpanId::from_slice(&span.span_id).map_err(|invalid| match invalid {
            InvalidId::Zero => Refusal::SpanIdZero,
            _ => Refusal::SpanIdLength,
        })?;
        let (start, end, shift_ns) = self.times(span, now)?;
        let parent_span_id = SpanId::from_slice(&span.parent_span_id).ok();
        let parent = &span.parent_span_id;
        let odd_parent = !parent.is_empty() && parent.len() != SpanId::LEN;
        texts.truncated += u64::from(odd_parent);

        let sent = Sent::new(span, parent_span_id.is_none(), limits);
        let transaction = transaction::of(&sent, texts);
        let call = call::of(&sent, texts);
        let failed = sent.status == SpanStatus::Error
            || transaction
                .as_ref()
                .is_some_and(|entry| entry.outcome == Outcome::Error)
            || call.as_ref().is_some_and(|call| call.failed);
        let error_type = failed.then(|| texts.name(&error::type_of(&sent)));

        let skew = (shift_ns > 0).then_some((CLOCK_SKEW, shift_ns / 1_000_000));
        let (attributes, cut) = json::attributes(&span.attributes, skew, limits);
        let (events, cut_in_events) = json::events(&span.events, shift_ns, limits);
        let (links, cut_in_links) = json::links(&span.links, limits);
        texts.truncated += cut + cut_in_events + cut_in_links;

        let message = span.status.as_ref().map_or("", |status| &status.message);
        let span = Span {
            trace_id,
            span_id,
            parent_span_id,
            start,
            end,
            kind: sent.kind,
            status: sent.status,
            status_message: texts.message(message),
            name: texts.name(&span.name),
            resource: resource.clone(),
            scope: scope.clone(),
            http_status: sent.http_status,
            error_type,
            transaction,
            call,
            attributes,
            events,
            links,
        };
        Ok((span, shift_ns))
    }

    /// Start and end, and the shift that brought a span from the future back to `now`. Beyond
    /// `max_future` a span would land in buckets that no screen shows for hours; its duration is
    /// still good, only the sender's clock is not.
    fn times(
        &self,
        span: &otlp::Span,
        now: UnixNanos,
    ) -> Result<(UnixNanos, UnixNanos, i64), Refusal> {
        let instant = |nanos: u64, unset| match i64::try_from(nanos) {
            Ok(0) => Err(unset),
            Ok(nanos) => Ok(UnixNanos(nanos)),
            Err(_) => Err(Refusal::TimeOutOfRange),
        };
        let start = instant(span.start_time_unix_nano, Refusal::NoStart)?;
        let end = instant(span.end_time_unix_nano, Refusal::NoEnd)?;
        if end < start {
            return Err(Refusal::EndsBeforeStart);
        }
        let shift_ns = if end > now.plus(self.limits.max_future) {
            end.0.saturating_sub(now.0)
        } else {
            0
        };
        let start = UnixNanos(start.0.saturating_sub(shift_ns));
        let end = UnixNanos(end.0.saturating_sub(shift_ns));
        // The start and not the end, so that this also bounds how long a span can be.
        if start < now.minus(self.limits.max_age) {
            return Err(Refusal::TooOld);
        }
        Ok((start, end, shift_ns))
    }
}
