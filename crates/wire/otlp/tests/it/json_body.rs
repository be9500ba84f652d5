//! OTLP/JSON bodies as Node, Python and collectors write them.

use crate::support::{Taken, from_json, from_protobuf, parsed};
use hinomi_model::{Outcome, SpanStatus};

fn receive(body: &str) -> Taken {
    from_json(body.as_bytes()).expect("a request")
}

#[test]
fn node_sends_integers_as_numbers_and_new_conventions() {
    let received = receive(include_str!("../fixtures/node_http.json"));
    assert!(received.rejected.is_empty() && received.truncated == 0);
    let [server, query] = &*received.spans else {
        panic!("two spans")
    };
    assert_eq!(&*server.resource.service, "shop-node");
    assert_eq!(&*server.resource.instance, "web-1");
    assert_eq!(parsed(&server.resource.attributes)["process.pid"], 4711);
    assert_eq!(
        parsed(&server.resource.attributes)["process.command_args"][1],
        "--require"
    );
    let transaction = server.transaction.clone().unwrap();
    assert_eq!(&*transaction.operation, "GET /orders/:id");
    assert_eq!(transaction.outcome, Outcome::Error);
    assert_eq!(server.http_status, Some(500));
    assert_eq!(server.error_type.as_deref(), Some("TypeError"));
    assert_eq!(&*server.scope, "@opentelemetry/instrumentation-http");
    let call = query.call.clone().unwrap();
    assert_eq!(&*call.target, "127.0.0.1/postgres");
    assert_eq!(&*call.detail, "SELECT * FROM orders WHERE id = ?");
}

#[test]
fn python_sends_integers_as_texts_upper_case_ids_and_old_conventions() {
    let received = receive(include_str!("../fixtures/python_fastapi.json"));
    assert!(received.rejected.is_empty() && received.truncated == 0);
    let [server, client] = &*received.spans else {
        panic!("two spans")
    };
    assert_eq!(
        server.trace_id.to_string(),
        "5b8efff798038103d269b633813fc60c"
    );
    assert_eq!(
        &*server.transaction.clone().unwrap().operation,
        "GET /users/{user_id}"
    );
    assert_eq!(&*server.resource.environment, "test");
    assert_eq!(
        parsed(&server.resource.attributes)["process.runtime.threads"],
        12
    );
    let call = client.call.clone().unwrap();
    assert_eq!(
        (&*call.target, &*call.detail),
        ("partner.example", "GET /v1/cards/{id}")
    );
    assert!(call.failed);
    assert_eq!(client.error_type.as_deref(), Some("503"));
}

#[test]
fn absent_null_empty_and_unknown_fields_are_no_errors_and_a_bad_id_fails_its_span_alone() {
    let received = receive(include_str!("../fixtures/collector_lenient.json"));
    assert_eq!(
        received.rejected.to_string(),
        "1 span refused: 1 has a trace id that is not 16 bytes"
    );
    let [job] = &*received.spans else {
        panic!("one span")
    };
    assert_eq!(job.status, SpanStatus::Error);
    assert_eq!(&*job.transaction.clone().unwrap().operation, "job");
    assert_eq!(
        &*job.resource.attributes,
        r#"{"service.name":"via-collector","empty.array":[],"empty.map":{},"empty":null,"nothing":null,"null":null}"#
    );
    assert_eq!(
        job.attributes,
        r#"{"nan":"NaN","inf":"-Infinity","whole":3.0,"bytes":"/+8=","future":null}"#
    );
    assert_eq!(
        parsed(&job.links)[0]["trace_id"],
        "0af7651916cd43dd8448eb211c80319c"
    );
}

#[test]
fn an_empty_request_is_no_error() {
    assert_eq!(receive("{}").spans, []);
    assert_eq!(receive(r#"{"resourceSpans":[]}"#).spans, []);
    assert_eq!(from_protobuf(b"").unwrap().spans, []);
}

#[test]
fn what_is_no_otlp_is_refused_with_the_next_step() {
    for body in [
        "",
        "[",
        "null",
        "[]",
        "1",
        r#"{"resourceSpans":7}"#,
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}"#,
        r#"{"resourceSpans":[{"resource":{"attributes":[{"key":7}]}}]}"#,
    ] {
        let error = from_json(body.as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains("OTLP JSON") && error.contains("Content-Type"),
            "{body}: {error}"
        );
    }
}

/// A body with a valid span before and after `middle`.
fn between_good_ones(middle: &str) -> Vec<u8> {
    let good = |id: u8| {
        format!(
            r#"{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b716920333{id}","name":"good","startTimeUnixNano":"1767323043000000000","endTimeUnixNano":"1767323043100000000"}}"#
        )
    };
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{},{middle},{}]}}]}}]}}"#,
        good(1),
        good(2)
    );
    body.into_bytes()
}

#[test]
fn a_span_of_wrong_kinds_is_refused_alone() {
    for bad in [
        "7",
        "null",
        "[]",
        "\"x\"",
        r#"{"startTimeUnixNano":"soon"}"#,
        r#"{"kind":"SPAN_KIND_OTHER"}"#,
        r#"{"name":{"a":[1,{"b":2}]}}"#,
        r#"{"attributes":{"a":1}}"#,
        r#"{"attributes":[{"key":"a","value":{"bytesValue":"%"}}]}"#,
        r#"{"events":[7]}"#,
        r#"{"status":"ok"}"#,
    ] {
        let received = from_json(&between_good_ones(bad)).unwrap();
        let names: Vec<&str> = received.spans.iter().map(|span| &*span.name).collect();
        assert_eq!(
            (&names[..], received.rejected.count),
            (&["good", "good"][..], 1),
            "{bad}"
        );
    }
}

#[test]
fn half_a_character_costs_the_character_and_not_the_body() {
    let middle = |name: &str| {
        format!(
            r#"{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203339","name":"{name}","startTimeUnixNano":"1767323043000000000","endTimeUnixNano":"1767323043100000000","attributes":[{{"key":"k{name}","value":{{"stringValue":"v{name}"}}}}],"later\ud800":1}}"#
        )
    };
    let received = from_json(&between_good_ones(&middle("a\\ud83d"))).unwrap();
    assert_eq!(received.spans.len(), 3);
    assert_eq!(&*received.spans[1].name, "a\u{fffd}");
    assert_eq!(
        received.spans[1].attributes,
        "{\"ka\u{fffd}\":\"va\u{fffd}\"}"
    );
    let mut latin = between_good_ones(&middle("caf#"));
    latin
        .iter_mut()
        .filter(|byte| **byte == b'#')
        .for_each(|byte| *byte = 0xe9);
    let received = from_json(&latin).unwrap();
    assert_eq!(
        (received.spans.len(), &*received.spans[1].name),
        (3, "caf?")
    );
}

#[test]
fn integers_at_and_beyond_the_ends_of_their_range_saturate() {
    let value = |int: &str| {
        let body = format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"n","value":{{"intValue":{int}}}}}]}},"scopeSpans":[{{"spans":[{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","startTimeUnixNano":"1767323043000000000","endTimeUnixNano":1767323043100000000}}]}}]}}]}}"#
        );
        parsed(&receive(&body).spans[0].resource.attributes)["n"].clone()
    };
    assert_eq!(value("-9223372036854775808"), i64::MIN);
    assert_eq!(value("\"9223372036854775807\""), i64::MAX);
    assert_eq!(value("\"18446744073709551615\""), i64::MAX);
    assert_eq!(value("18446744073709551615"), i64::MAX);
    assert_eq!(value("1e3"), 1000);
    assert_eq!(value("null"), serde_json::Value::Null);
}

#[test]
fn names_of_the_protocols_definition_are_read_too() {
    let camel = include_str!("../fixtures/node_http.json");
    let expected = receive(camel).spans;
    let mut snake = camel.to_owned();
    for (camel, name) in [
        ("resourceSpans", "resource_spans"),
        ("scopeSpans", "scope_spans"),
        ("traceId", "trace_id"),
        ("parentSpanId", "parent_span_id"),
        ("spanId", "span_id"),
        ("startTimeUnixNano", "start_time_unix_nano"),
        ("endTimeUnixNano", "end_time_unix_nano"),
        ("timeUnixNano", "time_unix_nano"),
        ("stringValue", "string_value"),
        ("intValue", "int_value"),
        ("arrayValue", "array_value"),
        ("kvlistValue", "kvlist_value"),
    ] {
        snake = snake.replace(&format!("\"{camel}\""), &format!("\"{name}\""));
    }
    assert_ne!(snake, camel);
    assert_eq!(receive(&snake).spans, expected);
    let old = camel
        .replace("\"scopeSpans\"", "\"instrumentationLibrarySpans\"")
        .replace("\"scope\"", "\"instrumentationLibrary\"");
    assert_eq!(receive(&old).spans, expected);
}

#[test]
fn a_body_of_which_nothing_would_be_read_is_refused() {
    for (body, named) in [
        (r#"{"resourceSpan": []}"#, "`resourceSpan`"),
        (r#"{"resourceMetrics": []}"#, "`resourceSpans`"),
        (
            r#"{"resourceSpans": [{"resource": {}, "spans": []}]}"#,
            "`scopeSpans`",
        ),
        (
            r#"{"resourceSpans": [{"scopeSpans": [{"span": [{}]}]}]}"#,
            "`spans`",
        ),
    ] {
        let Err(error) = from_json(body.as_bytes()) else {
            panic!("{body} was taken")
        };
        assert!(error.to_string().contains(named), "{error}");
    }
    for body in [
        "{}",
        r#"{"resourceSpans": [], "later": 1}"#,
        r#"{"resourceSpans": [{"schemaUrl": "x"}]}"#,
        r#"{"resourceSpans": [{"scopeSpans": [{"spans": [], "later": {}}], "schema_url": ""}]}"#,
    ] {
        assert!(from_json(body.as_bytes()).is_ok(), "{body}");
    }
}
