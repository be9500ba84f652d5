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
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"soon"}]}]}]}"#,
    ] {
        let error = from_json(body.as_bytes()).map(|_| ());
        match body {
            // Serde reads a list as a struct's fields in order; an empty one is an empty request.
            "[]" => assert!(error.is_ok()),
            _ => assert!(
                error.unwrap_err().to_string().contains("Content-Type"),
                "{body}"
            ),
        }
    }
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
