//! A span as it was sent, with the few facts that several normalisers read.

use crate::{Limits, http, lookup::Attributes};
use hinomi_model::{SpanKind, SpanStatus};
use opentelemetry_proto::tonic::trace::v1 as otlp;

/// A sent span whose ids and times have been found good.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'r> {
    pub span: &'r otlp::Span,
    /// The attributes that are kept; those beyond the limit are neither read nor stored.
    pub attributes: Attributes<'r>,
    pub kind: SpanKind,
    pub status: SpanStatus,
    pub http_status: Option<u16>,
    /// Whether it has no parent.
    pub is_root: bool,
}

impl<'r> Sent<'r> {
    pub fn new(span: &'r otlp::Span, is_root: bool, limits: &Limits) -> Self {
        let kept = span.attributes.len().min(limits.max_attributes);
        let attributes = Attributes(&span.attributes[..kept]);
        Self {
            span,
            attributes,
            kind: SpanKind::from_otlp(span.kind),
            status: SpanStatus::from_otlp(span.status.as_ref().map_or(0, |status| status.code)),
            http_status: http::status(attributes),
            is_root,
        }
    }

    /// The span's name, for want of a better word; never empty.
    pub fn name(&self) -> &'r str {
        let name = self.span.name.trim();
        if name.is_empty() { "(unnamed)" } else { name }
    }
}
