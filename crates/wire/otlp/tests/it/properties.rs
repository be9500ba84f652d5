//! Properties that hold for every input.

use crate::support::{NOW, Taken, from_json, from_protobuf, pair, parsed, request, take, text};
use hinomi_model::Span;
use hinomi_otlp::{Decoder, path};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1 as otlp,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use prost::Message;

fn known_key() -> impl Strategy<Value = String> {
    let keys = &[
        "http.request.method",
        "http.method",
        "http.route",
        "http.response.status_code",
        "url.full",
        "http.url",
        "url.path",
        "http.target",
        "http.host",
        "server.address",
        "server.port",
        "net.peer.name",
        "db.system",
        "db.statement",
        "db.namespace",
        "db.operation",
        "rpc.system",
        "rpc.service",
        "rpc.method",
        "rpc.grpc.status_code",
        "messaging.system",
        "messaging.destination.name",
        "messaging.operation",
        "peer.service",
        "error.type",
        "exception.type",
        "hinomi.clock_skew_ms",
        "service.name",
    ];
    prop_oneof![6 => select(&keys[..]).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn attribute() -> impl Strategy<Value = KeyValue> {
    let words = &[
        "redis",
        "mysql",
        "mongodb",
        "grpc",
        "kafka",
        "GET",
        "https://a:b@[::1]:x/1?2",
        "/u/42",
    ];
    let statements = &[
        "SELECT * FROM t WHERE a IN (1, 2) AND b = 'it''s'",
        "insert into t values (?, $1), (:a, @p) -- %s",
        "exec [a]]b] 'never closed",
        "HGET {a} \"b\" 火",
    ];
    let value = prop_oneof![
        ".{0,20}".prop_map(|value| text(&value)),
        select(&words[..]).prop_map(text),
        select(&statements[..]).prop_map(text),
        any::<i64>().prop_map(Value::IntValue),
        any::<f64>().prop_map(Value::DoubleValue),
        any::<bool>().prop_map(Value::BoolValue),
        vec(any::<u8>(), 0..5).prop_map(Value::BytesValue),
    ];
    (known_key(), option::weighted(0.95, value)).prop_map(|(key, value)| match value {
        Some(value) => pair(&key, value),
        None => KeyValue {
            key,
            ..KeyValue::default()
        },
    })
}

fn sent_span() -> impl Strategy<Value = otlp::Span> {
    let now = NOW.0 as u64;
    let time = prop_oneof![6 => now - 1_000_000..now + 1_000_000, 1 => any::<u64>(), 1 => Just(0)];
    let id = |length| prop_oneof![8 => vec(any::<u8>(), length), 1 => vec(any::<u8>(), 0..20), 1 => Just(vec![0; length])];
    (
        (id(16), id(8), id(8), ".{0,12}", -1..8i32, -1..4i32),
        (time.clone(), time),
        vec(attribute(), 0..12),
        vec(vec(attribute(), 0..4), 0..3),
    )
        .prop_map(
            |((trace_id, span_id, parent_span_id, name, kind, code), times, attributes, events)| {
                let event = |attributes| otlp::span::Event {
                    attributes,
                    ..Default::default()
                };
                otlp::Span {
                    trace_id,
                    span_id: span_id.clone(),
                    parent_span_id,
                    name: name.clone(),
                    kind,
                    start_time_unix_nano: times.0,
                    end_time_unix_nano: times.1,
                    attributes,
                    events: events.into_iter().map(event).collect(),
                    links: vec![otlp::span::Link {
                        span_id,
                        trace_id: vec![1; 16],
                        ..Default::default()
                    }],
                    status: Some(otlp::Status {
                        message: name,
                        code,
                    }),
                    ..Default::default()
                }
            },
        )
}

fn check_received(request: ExportTraceServiceRequest) {
    let sent: usize = request
        .resource_spans
        .iter()
        .flat_map(|group| &group.scope_spans)
        .map(|group| group.spans.len())
        .sum();
    let received = take(&Decoder::default(), &request);
    assert_eq!(
        received.spans.len() as u64 + received.rejected.count,
        sent as u64
    );
    check_spans(&received);
}

fn check_spans(received: &Taken) {
    for span in &received.spans {
        assert!(span.start <= span.end);
        assert!(
            parsed(&span.attributes).is_object() && parsed(&span.resource.attributes).is_object()
        );
        for list in [&span.events, &span.links] {
            assert!(list.is_empty() || parsed(list).is_array());
        }
        assert!(!span.resource.service.is_empty());
        if let Some(call) = &span.call {
            assert!(!call.target.is_empty() && !call.detail.is_empty());
        }
        if let Some(transaction) = &span.transaction {
            assert!(!transaction.operation.is_empty());
        }
    }
}

/// A span with its attributes as values, because own attributes come after shared ones in the text.
fn comparable(span: &Span) -> (Span, serde_json::Value) {
    let attributes = parsed(&span.attributes);
    let span = Span {
        attributes: String::new(),
        ..span.clone()
    };
    (span, attributes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What a decoder has learned does not change results: many spans of few names, with some
    /// attributes that repeat and some that do not, decoded by one decoder and each by a new one.
    #[test]
    fn what_was_learned_changes_nothing(
        kinds in vec((sent_span(), vec(attribute(), 0..6)), 1..4),
        repeats in 1..60_usize,
        numbers in vec(any::<u16>(), 60),
    ) {
        let spans: Vec<otlp::Span> = (0..repeats)
            .map(|at| {
                let (base, more) = &kinds[at % kinds.len()];
                let mut span = base.clone();
                span.name = format!("name{}", at % kinds.len());
                span.attributes.push(pair("order.id", text(&numbers[at].to_string())));
                span.attributes.push(pair("thread.id", Value::IntValue(i64::from(numbers[at] % 20))));
                let shown = more.len().min(usize::from(numbers[at]) % 7);
                span.attributes.extend_from_slice(&more[..shown]);
                if numbers[at] % 3 == 0 {
                    let path = text(&format!("/users/{}", numbers[at]));
                    span.attributes.push(pair("url.path", path));
                }
                span
            })
            .collect();
        let decoder = Decoder::default();
        for _ in 0..2 {
            let together = take(&decoder, &request("service.name=a", spans.clone()));
            let alone: Vec<Taken> = spans
                .iter()
                .map(|span| take(&Decoder::default(), &request("service.name=a", vec![span.clone()])))
                .collect();
            let expected: Vec<_> = alone.iter().flat_map(|taken| &taken.spans).map(comparable).collect();
            let got: Vec<_> = together.spans.iter().map(comparable).collect();
            prop_assert_eq!(got, expected);
            prop_assert_eq!(together.truncated, alone.iter().map(|taken| taken.truncated).sum::<u64>());
            prop_assert_eq!(together.skewed, alone.iter().map(|taken| taken.skewed).sum::<u64>());
        }
    }
}

proptest! {
    #[test]
    fn any_request_is_received_or_refused_span_by_span(spans in vec(sent_span(), 0..4)) {
        check_received(request("service.name=a", spans));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        for taken in [from_protobuf(&bytes), from_json(&bytes)].into_iter().flatten() {
            check_spans(&taken);
        }
    }

    #[test]
    fn mutated_requests_never_panic(
        spans in vec(sent_span(), 1..3),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = request("service.name=a", spans).encode_to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(taken) = from_protobuf(&bytes) {
            check_spans(&taken);
        }
    }

    #[test]
    fn mutated_json_never_panics(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = include_bytes!("../fixtures/collector_lenient.json").to_vec();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(taken) = from_json(&bytes) {
            check_spans(&taken);
        }
    }

    #[test]
    fn a_path_template_is_its_own_template(path in prop_oneof!["/.{0,60}", "(/[a-z0-9A-F._%@:-]{0,20}){0,15}"]) {
        let once = path::template(&path);
        prop_assert_eq!(path::template(&once), once);
    }
}
