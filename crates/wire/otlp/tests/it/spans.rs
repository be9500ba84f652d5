//! Tests of spans, resources, and their JSON texts.

use crate::support::{
    NOW, decode, event, pair, parsed, receive, request, span, take, text, with_status,
};
use hinomi_model::{SpanKind, SpanStatus, UnixNanos};
use hinomi_otlp::{Decoder, Limits, Refusal};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, ArrayValue, KeyValueList, any_value::Value},
    trace::v1::{self as otlp, span::Link},
};
use prost::Message;
use std::{sync::Arc, time::Duration};

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_plain_span_keeps_what_was_sent() {
    let sent = with_status(span(SpanKind::Server, "GET /a", "a=b; n=#7"), 1, "");
    let decoded = decode(sent);
    assert_eq!(decoded.trace_id.to_string(), "07".repeat(16));
    assert_eq!(decoded.parent_span_id.unwrap().to_string(), "09".repeat(8));
    assert_eq!(decoded.duration(), Duration::from_secs(1));
    assert_eq!(
        (decoded.kind, decoded.status),
        (SpanKind::Server, SpanStatus::Ok)
    );
    assert_eq!((&*decoded.name, &*decoded.scope), ("GET /a", "test.scope"));
    assert_eq!(decoded.attributes, r#"{"a":"b","n":7}"#);
    assert_eq!((&*decoded.events, &*decoded.links), ("", ""));
    assert_eq!(decode(span(SpanKind::Server, "x", "")).attributes, "{}");
}

#[test]
fn a_resource_is_read_in_both_conventions_and_shared() {
    #[track_caller]
    fn check(attributes: &str, expected: [&str; 6]) {
        let spans = vec![
            span(SpanKind::Server, "a", ""),
            span(SpanKind::Server, "b", ""),
        ];
        let received = take(&Decoder::default(), &request(attributes, spans));
        let resource = &received.spans[0].resource;
        assert!(Arc::ptr_eq(resource, &received.spans[1].resource));
        let Resource {
            service,
            namespace,
            environment,
            instance,
            version,
            host,
            ..
        } = &**resource;
        let got: Vec<&str> = [service, namespace, environment, instance, version, host]
            .map(|text| &**text)
            .into();
        assert_eq!(got, expected, "{attributes}");
    }
    use hinomi_model::Resource;
    check("", ["unknown_service", "", "", "", "", ""]);
    check("service.name=", ["unknown_service", "", "", "", "", ""]);
    check(
        "service.name=cart; service.namespace=shop; deployment.environment.name=prod; service.instance.id=i-1; service.version=1.2; host.name=h1",
        ["cart", "shop", "prod", "i-1", "1.2", "h1"],
    );
    check(
        "service.name=cart; deployment.environment=prod",
        ["cart", "", "prod", "", "", ""],
    );
    check(
        "k8s.pod.name=pod-1; container.id=c; host.name=h",
        ["unknown_service", "", "", "pod-1", "", "h"],
    );
    check(
        "container.id=c; host.name=h",
        ["unknown_service", "", "", "c", "", "h"],
    );
    check("host.name=h", ["unknown_service", "", "", "h", "", "h"]);
    check(
        "service.name=cart; service.version=#7",
        ["cart", "", "", "", "7", ""],
    );
}

#[test]
fn a_request_without_resource_or_scope_is_of_an_unknown_service() {
    let mut sent = request("", vec![span(SpanKind::Server, "a", "")]);
    sent.resource_spans[0].resource = None;
    sent.resource_spans[0].scope_spans[0].scope = None;
    let received = take(&Decoder::default(), &sent);
    assert_eq!(&*received.spans[0].resource.service, "unknown_service");
    assert_eq!(&*received.spans[0].scope, "");
}

#[test]
fn bad_spans_are_refused_one_by_one_and_the_others_kept() {
    fn bad(change: impl Fn(&mut otlp::Span)) -> otlp::Span {
        let mut sent = span(SpanKind::Server, "x", "");
        change(&mut sent);
        sent
    }
    let month = 31 * 24 * 60 * 60 * SECOND;
    let cases = [
        (Refusal::TraceIdLength, bad(|s| s.trace_id = vec![1; 8])),
        (Refusal::TraceIdLength, bad(|s| s.trace_id.clear())),
        (Refusal::TraceIdZero, bad(|s| s.trace_id = vec![0; 16])),
        (Refusal::SpanIdLength, bad(|s| s.span_id = vec![1; 16])),
        (Refusal::SpanIdZero, bad(|s| s.span_id = vec![0; 8])),
        (Refusal::NoStart, bad(|s| s.start_time_unix_nano = 0)),
        (Refusal::NoEnd, bad(|s| s.end_time_unix_nano = 0)),
        (
            Refusal::EndsBeforeStart,
            bad(|s| s.end_time_unix_nano = s.start_time_unix_nano - 1),
        ),
        (
            Refusal::TimeOutOfRange,
            bad(|s| s.end_time_unix_nano = u64::MAX),
        ),
        (
            Refusal::TimeOutOfRange,
            bad(|s| s.start_time_unix_nano = i64::MAX as u64 + 1),
        ),
        (Refusal::TooOld, bad(|s| s.start_time_unix_nano -= month)),
        (Refusal::TooOld, bad(|s| s.start_time_unix_nano = 1)),
    ];
    for (refusal, sent) in cases {
        let received = receive(vec![sent, span(SpanKind::Server, "good", "")]);
        assert_eq!(received.rejected.first_reasons, [(refusal, 1)]);
        assert_eq!(received.rejected.count, 1);
        assert_eq!(&*received.spans[0].name, "good");
    }
}

#[test]
fn the_error_message_counts_by_reason() {
    let mut zero = span(SpanKind::Server, "x", "");
    zero.trace_id = vec![0; 16];
    let mut backwards = span(SpanKind::Server, "x", "");
    backwards.end_time_unix_nano = 1;
    assert_eq!(
        receive(vec![zero, backwards]).rejected.to_string(),
        "2 spans refused: 1 has a trace id of zeros; 1 ends before it starts"
    );
}

#[test]
fn a_parent_id_of_zeros_is_none_and_one_of_odd_length_is_counted() {
    for (parent, truncated) in [
        (vec![], 0),
        (vec![0; 8], 0),
        (vec![1; 4], 1),
        (vec![1; 16], 1),
    ] {
        let mut sent = span(SpanKind::Internal, "x", "");
        sent.parent_span_id = parent;
        let received = receive(vec![sent]);
        assert_eq!(received.spans[0].parent_span_id, None);
        assert!(received.spans[0].transaction.is_some());
        assert_eq!(received.truncated, truncated);
    }
}

#[test]
fn a_span_from_the_future_is_shifted_to_end_now() {
    let mut sent = span(SpanKind::Server, "x", "hinomi.clock_skew_ms=#1; a=b");
    sent.start_time_unix_nano = NOW.0 as u64 + 3600 * SECOND;
    sent.end_time_unix_nano = sent.start_time_unix_nano + 2 * SECOND;
    sent.events = vec![event("log", "")];
    sent.events[0].time_unix_nano = sent.start_time_unix_nano + SECOND;
    let received = receive(vec![sent]);
    let shifted = &received.spans[0];
    assert_eq!(received.skewed, 1);
    assert_eq!(shifted.end, NOW);
    assert_eq!(shifted.duration(), Duration::from_secs(2));
    assert_eq!(
        shifted.attributes,
        r#"{"a":"b","hinomi.clock_skew_ms":3602000}"#
    );
    assert_eq!(
        parsed(&shifted.events)[0]["time_unix_ns"],
        NOW.0 - SECOND as i64
    );
}

#[test]
fn a_span_a_little_ahead_is_left_where_it_is() {
    let mut sent = span(SpanKind::Server, "x", "");
    sent.end_time_unix_nano = NOW.0 as u64 + 300 * SECOND;
    let received = receive(vec![sent]);
    assert_eq!(received.skewed, 0);
    assert_eq!(received.spans[0].end, NOW.plus(Duration::from_secs(300)));
    assert_eq!(received.spans[0].attributes, "{}");
}

#[test]
fn a_clock_at_the_beginning_of_time_refuses_nothing_for_its_age() {
    let mut sent = span(SpanKind::Server, "x", "");
    (sent.start_time_unix_nano, sent.end_time_unix_nano) = (1, 2);
    let received = Decoder::default()
        .protobuf(&request("", vec![sent]).encode_to_vec(), UnixNanos(5))
        .map(crate::support::Taken::from)
        .unwrap();
    assert_eq!(received.spans.len(), 1);
}

#[test]
fn attributes_of_every_type_are_json() {
    let array = |values: Vec<Value>| {
        let values = values
            .into_iter()
            .map(|value| AnyValue { value: Some(value) })
            .collect();
        Value::ArrayValue(ArrayValue { values })
    };
    let mut sent = span(SpanKind::Internal, "x", "");
    sent.attributes = vec![
        pair("text", text("a\"\\\n\u{0}\u{1f}한\u{202e}")),
        pair("truth", Value::BoolValue(true)),
        pair("int", Value::IntValue(i64::MIN)),
        pair("double", Value::DoubleValue(1.5e300)),
        pair("whole", Value::DoubleValue(2.0)),
        pair("nan", Value::DoubleValue(f64::NAN)),
        pair("inf", Value::DoubleValue(f64::INFINITY)),
        pair("neg", Value::DoubleValue(f64::NEG_INFINITY)),
        pair("bytes", Value::BytesValue(b"foob".to_vec())),
        pair(
            "array",
            array(vec![text("a"), Value::IntValue(1), array(vec![])]),
        ),
        pair(
            "map",
            Value::KvlistValue(KeyValueList {
                values: vec![pair("k", text("v"))],
            }),
        ),
        pair("text", text("the first of equal keys wins")),
        pair("", text("no key")),
    ];
    sent.attributes.push(Default::default());
    let mut none = pair("none", text(""));
    none.value = None;
    sent.attributes.push(none);
    let received = receive(vec![sent]);
    assert_eq!(
        received.spans[0].attributes,
        concat!(
            r#"{"text":"a\"\\\n\u0000\u001f한"#,
            "\u{202e}",
            r#"","truth":true,"int":-9223372036854775808,"double":1.5e300,"whole":2.0,"nan":"NaN","#,
            r#""inf":"Infinity","neg":"-Infinity","bytes":"Zm9vYg==","array":["a",1,[]],"#,
            r#""map":{"k":"v"},"none":null}"#
        )
    );
    parsed(&received.spans[0].attributes);
    assert_eq!(received.truncated, 3);
}

#[test]
fn events_and_links_are_json_arrays() {
    let mut sent = span(SpanKind::Internal, "x", "");
    sent.events = vec![event("exception", "exception.type=E"), event("log", "")];
    let link = |trace: u8| Link {
        trace_id: vec![trace; 16],
        span_id: vec![5; 8],
        attributes: crate::support::attributes("a=#1"),
        ..Link::default()
    };
    sent.links = vec![link(0), link(4)];
    let received = receive(vec![sent]);
    let time = NOW.0 - 1_500_000_000;
    assert_eq!(
        received.spans[0].events,
        format!(
            r#"[{{"name":"exception","time_unix_ns":{time},"attributes":{{"exception.type":"E"}}}},{{"name":"log","time_unix_ns":{time},"attributes":{{}}}}]"#
        )
    );
    assert_eq!(
        received.spans[0].links,
        format!(
            r#"[{{"trace_id":"{}","span_id":"{}","attributes":{{"a":1}}}}]"#,
            "04".repeat(16),
            "05".repeat(8)
        )
    );
    assert_eq!(received.truncated, 1);
}

#[test]
fn limits_cut_and_count() {
    let limits = Limits {
        max_attributes: 2,
        max_value_bytes: 4,
        max_key_bytes: 3,
        max_events: 1,
        max_name_bytes: 8,
        ..Limits::default()
    };
    let mut sent = span(SpanKind::Internal, "a long name", "a=火の見; long=x; c=d");
    sent.events = vec![event("one", ""), event("two", "")];
    let received = take(&Decoder::new(limits), &request("", vec![sent]));
    let kept = &received.spans[0];
    assert_eq!(kept.attributes, r#"{"a":"火"}"#);
    assert_eq!(&*kept.name, "a long n");
    assert_eq!(parsed(&kept.events).as_array().unwrap().len(), 1);
    // Cut: "unknown_service", "test.scope", the name, one value, one key, one attribute, one event.
    assert_eq!(received.truncated, 7);
}

#[test]
fn spans_alike_share_one_shape_and_values_that_change_are_their_own() {
    let decoder = Decoder::default();
    let spans = |from: i64| {
        let line = |n| format!("http.route=/a; order.id=#{n}");
        (from..from + 40).map(move |n| span(SpanKind::Server, "GET /a", &line(n)))
    };
    let decode = |from| {
        let body = request("service.name=a", spans(from).collect()).encode_to_vec();
        decoder.protobuf(&body, NOW).unwrap().spans
    };
    decode(0);
    let batch = decode(40);
    assert_eq!(
        (batch.len(), batch.shapes.len(), batch.resources.len()),
        (40, 1, 1)
    );
    assert_eq!(batch.keys.len(), 1);
    for (at, span) in batch.spans().enumerate() {
        assert_eq!(parsed(&span.attributes)["order.id"], 40 + at);
        assert_eq!(parsed(&span.attributes)["http.route"], "/a");
    }
    assert!(Arc::ptr_eq(
        &batch.span(0).resource,
        &decode(80).span(0).resource
    ));
}
