//! Hand-written requests, and their conversion to OTLP/JSON.

use hinomi_model::UnixNanos;
use hinomi_otlp::{DecodeError, Decoder, Received};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span},
};
use serde_json::{Map, Value as Json, json};

/// Time at which requests are received: 2026-01-02T03:04:05Z.
pub(crate) const NOW: UnixNanos = UnixNanos(1_767_323_045_000_000_000);

/// Bytes that a decoder may keep of a request (shapes, names, resources and statements), up to a
/// limit.
pub(crate) fn learned(body: &[u8]) -> u64 {
    (body.len() as u64 * 64).min(LEARNED_BYTES)
}

/// Maximum bytes that a decoder keeps.
const LEARNED_BYTES: u64 = 16 << 20;

/// Result of a request, in a form that can be compared.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub spans: Vec<hinomi_model::Span>,
    /// Attributes as parsed values, because in the text own attributes follow shared ones.
    attributes: Vec<Json>,
    pub rejected: u64,
    truncated: u64,
    skewed: u64,
}

/// Checks everything that was received: every span must be valid for the store and for the pages.
pub(crate) fn outcome(received: Result<Received, DecodeError>) -> Option<Outcome> {
    let received = received.ok()?;
    let mut attributes = Vec::new();
    let spans = received.spans.spans().map(|mut span| {
        assert!(span.start <= span.end && !span.resource.service.is_empty());
        assert!(parsed(&span.resource.attributes).is_object());
        for list in [&span.events, &span.links] {
            assert!(list.is_empty() || parsed(list).is_array());
        }
        if let Some(call) = &span.call {
            assert!(!call.target.is_empty() && !call.detail.is_empty());
        }
        if let Some(transaction) = &span.transaction {
            assert!(!transaction.operation.is_empty());
        }
        attributes.push(parsed(&std::mem::take(&mut span.attributes)));
        span
    });
    let spans = spans.collect();
    assert!(attributes.iter().all(Json::is_object));
    Some(Outcome {
        spans,
        attributes,
        rejected: received.rejected.count,
        truncated: received.truncated,
        skewed: received.skewed,
    })
}

/// Decodes protobuf with a new decoder.
pub(crate) fn from_protobuf(body: &[u8]) -> Option<Outcome> {
    outcome(Decoder::default().protobuf(body, NOW))
}

/// Decodes JSON with a new decoder.
pub(crate) fn from_json(body: &[u8]) -> Option<Outcome> {
    outcome(Decoder::default().json(body, NOW))
}

fn parsed(json: &str) -> Json {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

/// Whether two spans with the ids of [`good`] ones are present and unchanged.
pub(crate) fn has_good_ones(outcome: &Outcome) -> bool {
    let expected = from_protobuf(&prost::Message::encode_to_vec(&request(vec![
        good(1),
        good(2),
    ])));
    let expected = expected.unwrap().spans;
    expected.iter().all(|good| {
        let found = outcome.spans.iter();
        let mut found = found.filter(|span| span.span_id == good.span_id && span.name == good.name);
        found.any(|span| span.start == good.start && span.call == good.call)
    })
}

/// A call to a database.
pub(crate) fn good(number: u8) -> Span {
    let attribute = |key: &str, value| KeyValue {
        key: key.into(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    };
    let text = |text: &str| Value::StringValue(text.into());
    let exception = span::Event {
        time_unix_nano: NOW.0 as u64 - 1_500_000_000,
        name: "exception".into(),
        attributes: vec![attribute("exception.type", text("TimeoutException"))],
        ..span::Event::default()
    };
    Span {
        trace_id: vec![7; 16],
        span_id: vec![number; 8],
        parent_span_id: vec![9; 8],
        name: format!("good {number}"),
        kind: 3,
        start_time_unix_nano: NOW.0 as u64 - 2_000_000_000,
        end_time_unix_nano: NOW.0 as u64 - 1_000_000_000,
        attributes: vec![
            attribute("db.system", text("postgresql")),
            attribute(
                "db.statement",
                text("SELECT * FROM orders WHERE id = 12345"),
            ),
            attribute("server.address", text("db-1")),
            attribute("order.id", text("12345")),
            attribute("order.items", Value::IntValue(-3)),
            attribute("order.total", Value::DoubleValue(1e300)),
            attribute("paid", Value::BoolValue(true)),
            attribute("raw", Value::BytesValue(vec![0, 255, 7])),
        ],
        events: vec![exception],
        links: vec![span::Link {
            trace_id: vec![3; 16],
            span_id: vec![4; 8],
            ..span::Link::default()
        }],
        status: Some(Status {
            message: "it broke\n".into(),
            code: 2,
        }),
        ..Span::default()
    }
}

/// A request of one service.
pub(crate) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let name = KeyValue {
        key: "service.name".into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue("shop".into())),
        }),
        ..KeyValue::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![name],
                ..Resource::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "scope".into(),
                    ..InstrumentationScope::default()
                }),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    }
}

/// The request as an agent that sends JSON would write it.
pub(crate) fn json_of(request: &ExportTraceServiceRequest) -> Json {
    let groups = request.resource_spans.iter().map(|group| {
        let scopes = group.scope_spans.iter().map(|scope| {
            let mut written = Map::new();
            if let Some(sent) = &scope.scope {
                written.insert("scope".into(), json!({"name": sent.name}));
            }
            written.insert("spans".into(), scope.spans.iter().map(span_json).collect());
            Json::Object(written)
        });
        let mut written = Map::new();
        if let Some(resource) = &group.resource {
            written.insert(
                "resource".into(),
                json!({"attributes": pairs(&resource.attributes)}),
            );
        }
        written.insert("scopeSpans".into(), scopes.collect());
        Json::Object(written)
    });
    json!({"resourceSpans": groups.collect::<Vec<_>>()})
}

fn span_json(span: &Span) -> Json {
    let events = span.events.iter().map(|event| {
        json!({
            "timeUnixNano": event.time_unix_nano.to_string(), "name": event.name,
            "attributes": pairs(&event.attributes),
        })
    });
    let links = span.links.iter().map(|link| {
        json!({
            "traceId": hex(&link.trace_id), "spanId": hex(&link.span_id),
            "attributes": pairs(&link.attributes),
        })
    });
    let mut written = json!({
        "traceId": hex(&span.trace_id), "spanId": hex(&span.span_id),
        "parentSpanId": hex(&span.parent_span_id), "name": span.name, "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano.to_string(),
        "endTimeUnixNano": span.end_time_unix_nano,
        "attributes": pairs(&span.attributes),
        "events": events.collect::<Vec<_>>(), "links": links.collect::<Vec<_>>(),
    });
    if let Some(status) = &span.status {
        written["status"] = json!({"code": status.code, "message": status.message});
    }
    written
}

fn pairs(pairs: &[KeyValue]) -> Json {
    let pair = |pair: &KeyValue| match &pair.value {
        Some(value) => json!({"key": pair.key, "value": any(value)}),
        None => json!({"key": pair.key}),
    };
    pairs.iter().map(pair).collect()
}

fn any(value: &AnyValue) -> Json {
    match &value.value {
        Some(Value::StringValue(text)) => json!({"stringValue": text}),
        Some(Value::BoolValue(truth)) => json!({"boolValue": truth}),
        Some(Value::IntValue(number)) => json!({"intValue": number.to_string()}),
        Some(Value::DoubleValue(number)) if number.is_finite() => json!({"doubleValue": number}),
        Some(Value::DoubleValue(number)) => json!({"doubleValue": number.to_string()}),
        Some(Value::BytesValue(bytes)) => json!({"bytesValue": base64(bytes)}),
        Some(Value::ArrayValue(list)) => {
            json!({"arrayValue": {"values": list.values.iter().map(any).collect::<Vec<_>>()}})
        }
        Some(Value::KvlistValue(list)) => json!({"kvlistValue": {"values": pairs(&list.values)}}),
        Some(_) | None => json!({}),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let three = |three: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(three.get(at).copied().unwrap_or(0))
        });
        let digits = (0..=three.len()).map(move |at| DIGITS[(bits >> (18 - 6 * at)) as usize & 63]);
        digits.map(char::from).collect::<String>()
    };
    bytes.chunks(3).map(three).collect()
}
