//! Builds requests from short texts: attributes are written `key=text; key=#7`.

use hinomi_model::{Span, SpanKind, UnixNanos};
use hinomi_otlp::{DecodeError, Decoder, Limits, Received, Rejected};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{self as otlp, ResourceSpans, ScopeSpans, span::Event},
};
use prost::Message;

/// 2026-01-02T03:04:05Z.
pub const NOW: UnixNanos = UnixNanos(1_767_323_045_000_000_000);

pub fn pair(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue {
        key: key.into(),
        value,
        ..KeyValue::default()
    }
}

pub fn text(value: &str) -> Value {
    Value::StringValue(value.into())
}

/// Attributes written `key=text; key=#7`.
pub fn attributes(line: &str) -> Vec<KeyValue> {
    let parse = |part: &str| {
        let (key, value) = part.split_once('=').expect("key=value");
        match value.strip_prefix('#') {
            Some(number) => pair(key, Value::IntValue(number.parse().expect("a number"))),
            None => pair(key, text(value)),
        }
    };
    line.split("; ")
        .filter(|part| !part.is_empty())
        .map(parse)
        .collect()
}

pub fn span(kind: SpanKind, name: &str, line: &str) -> otlp::Span {
    otlp::Span {
        trace_id: vec![7; 16],
        span_id: vec![8; 8],
        parent_span_id: vec![9; 8],
        name: name.into(),
        kind: kind as i32,
        start_time_unix_nano: NOW.0 as u64 - 2_000_000_000,
        end_time_unix_nano: NOW.0 as u64 - 1_000_000_000,
        attributes: attributes(line),
        ..otlp::Span::default()
    }
}

pub fn with_status(mut span: otlp::Span, code: i32, message: &str) -> otlp::Span {
    span.status = Some(otlp::Status {
        code,
        message: message.into(),
    });
    span
}

pub fn event(name: &str, line: &str) -> Event {
    let time_unix_nano = NOW.0 as u64 - 1_500_000_000;
    Event {
        name: name.into(),
        time_unix_nano,
        attributes: attributes(line),
        ..Event::default()
    }
}

pub fn request(resource: &str, spans: Vec<otlp::Span>) -> ExportTraceServiceRequest {
    let scope = InstrumentationScope {
        name: "test.scope".into(),
        ..InstrumentationScope::default()
    };
    let scope_spans = vec![ScopeSpans {
        scope: Some(scope),
        spans,
        ..ScopeSpans::default()
    }];
    let resource = Resource {
        attributes: attributes(resource),
        ..Resource::default()
    };
    let group = ResourceSpans {
        resource: Some(resource),
        scope_spans,
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![group],
    }
}

/// The result of decoding a request, with its spans assembled.
#[derive(Debug)]
pub struct Taken {
    pub spans: Vec<Span>,
    pub rejected: Rejected,
    pub truncated: u64,
    pub skewed: u64,
}

impl From<Received> for Taken {
    fn from(received: Received) -> Self {
        Self {
            spans: received.spans.spans().collect(),
            rejected: received.rejected,
            truncated: received.truncated,
            skewed: received.skewed,
        }
    }
}

pub fn take(decoder: &Decoder, request: &ExportTraceServiceRequest) -> Taken {
    let received = decoder.protobuf(&request.encode_to_vec(), NOW);
    received.expect("a request").into()
}

pub fn from_protobuf(body: &[u8]) -> Result<Taken, DecodeError> {
    Decoder::default().protobuf(body, NOW).map(Taken::from)
}

pub fn from_json(body: &[u8]) -> Result<Taken, DecodeError> {
    Decoder::default().json(body, NOW).map(Taken::from)
}

pub fn receive(spans: Vec<otlp::Span>) -> Taken {
    take(
        &Decoder::new(Limits::default()),
        &request("service.name=shop", spans),
    )
}

/// Decodes one span. It must be accepted.
pub fn decode(span: otlp::Span) -> Span {
    let mut received = receive(vec![span]);
    assert!(received.rejected.is_empty(), "{}", received.rejected);
    received.spans.remove(0)
}

pub fn parsed(json: &str) -> serde_json::Value {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}
