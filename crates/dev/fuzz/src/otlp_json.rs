//! Target: OTLP as JSON. The input is a request body, and also one span between two valid ones.

use crate::{
    budget,
    requests::{NOW, from_json, good, has_good_ones, json_of, learned, outcome, request},
};
use hinomi_otlp::Decoder;
use serde_json::Value;

pub(crate) fn run(input: &[u8]) {
    let decoder = Decoder::default();
    let received = budget::within(input.len(), learned(input), || decoder.json(input, NOW));
    let _taken = outcome(received);
    let _read = budget::within(input.len(), learned(input), || decoder.metrics_json(input));
    let _records = budget::within(input.len(), 0, || decoder.logs_json(input));
    a_span_costs_no_other(input);
}

fn a_span_costs_no_other(text: &[u8]) {
    let Ok(Value::Object(_) | Value::Null | Value::String(_)) = serde_json::from_slice(text) else {
        return;
    };
    let body = json_of(&request(vec![good(1), good(3), good(2)])).to_string();
    let middle = json_of(&request(vec![good(3)]));
    let middle = middle["resourceSpans"][0]["scopeSpans"][0]["spans"][0].to_string();
    let (before, after) = body.split_once(&middle).unwrap();
    let body = [before.as_bytes(), text, after.as_bytes()].concat();
    if serde_json::from_slice::<Value>(&body).is_err() {
        // Nested more deeply than a body may be.
        return;
    }
    let taken = from_json(&body).unwrap();
    assert_eq!(taken.spans.len() as u64 + taken.rejected, 3);
    assert!(has_good_ones(&taken));
}

/// Bytes that decoding holds at once, and the maximum allowed.
pub fn cost(body: &[u8]) -> (u64, u64) {
    let decoder = Decoder::default();
    let (_, held) = budget::held(|| decoder.json(body, NOW).is_ok());
    (held, budget::allowed(body.len(), 0))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let whole = json_of(&request(vec![good(1)]));
    let span = whole["resourceSpans"][0]["scopeSpans"][0]["spans"][0].to_string();
    let fixtures = [
        include_str!("../../../wire/otlp/tests/fixtures/collector_lenient.json"),
        include_str!("../../../wire/otlp/tests/fixtures/node_http.json"),
        include_str!("../../../wire/otlp/tests/fixtures/python_fastapi.json"),
    ];
    let mut seeds: Vec<Vec<u8>> = fixtures.map(|text| text.as_bytes().to_vec()).into();
    seeds.push(whole.to_string().into_bytes());
    seeds.push(span.replace("good 1", r"half \ud83d").into_bytes());
    seeds.push(span.replace("12345", "\\u0001\\\\ud800").into_bytes());
    seeds.push(br#"{"startTimeUnixNano":"soon","kind":"SPAN_KIND_SERVER","status":[]}"#.into());
    for list in [
        "resourceSpans",
        "scopeSpans",
        "spans",
        "attributes",
        "events",
    ] {
        let many = "{},".repeat(4_000);
        let many = format!("{{\"{list}\":[{many}{{}}]}}");
        let body = match list {
            "scopeSpans" => format!("{{\"resourceSpans\":[{many}]}}"),
            "spans" => format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{many}]}}]}}"),
            _ => many,
        };
        seeds.push(body.into_bytes());
    }
    seeds
}
