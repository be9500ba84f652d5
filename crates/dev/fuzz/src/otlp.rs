//! Target: OTLP as protobuf. The input is a request body, and also one span between two valid ones.

use crate::{
    budget,
    requests::{
        NOW, from_json, from_protobuf, good, has_good_ones, json_of, learned, outcome, request,
    },
};
use hinomi_otlp::Decoder;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, any_value::Value},
};
use prost::Message;

pub(crate) fn run(input: &[u8]) {
    let decoder = Decoder::default();
    let received = budget::within(input.len(), learned(input), || decoder.protobuf(input, NOW));
    let taken = outcome(received);
    if let (Some(taken), Ok(sent)) = (taken, ExportTraceServiceRequest::decode(input)) {
        let groups = sent.resource_spans.iter();
        let scopes = groups.flat_map(|group| &group.scope_spans);
        let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
        assert_eq!(taken.spans.len() as u64 + taken.rejected, spans as u64);
        json_says_the_same(&sent);
    }
    a_span_costs_no_other(input);
    let _read = budget::within(input.len(), learned(input), || {
        decoder.metrics_protobuf(input)
    });
    let records = budget::within(input.len(), 0, || decoder.logs_protobuf(input));
    if let Ok(sent) = ExportLogsServiceRequest::decode(input) {
        let scopes = sent
            .resource_logs
            .iter()
            .flat_map(|group| &group.scope_logs);
        let sent: usize = scopes.map(|scope| scope.log_records.len()).sum();
        assert_eq!(records.unwrap(), sent as u64);
    }
}

/// `sent` was decoded by another implementation. Encodes it as protobuf and as JSON, and checks
/// that both decode to the same.
fn json_says_the_same(sent: &ExportTraceServiceRequest) {
    let json = json_of(sent).to_string();
    // Data nested more deeply than JSON allows is truncated in both.
    let by_json = from_json(json.as_bytes());
    assert!(by_json.is_some());
    assert_eq!(by_json, from_protobuf(&sent.encode_to_vec()));
}

fn a_span_costs_no_other(bytes: &[u8]) {
    let mut spans = Vec::new();
    for span in [
        &good(1).encode_to_vec()[..],
        bytes,
        &good(2).encode_to_vec(),
    ] {
        spans.extend(field(2, span));
    }
    let taken = from_protobuf(&field(1, &field(2, &spans))).unwrap();
    assert_eq!(taken.spans.len() as u64 + taken.rejected, 3);
    assert!(has_good_ones(&taken));
}

/// Encodes a field of bytes.
fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    prost::encoding::bytes::encode(number, &bytes.to_vec(), &mut field);
    field
}

/// Bytes that decoding holds at once, and the maximum allowed.
pub fn cost(body: &[u8]) -> (u64, u64) {
    let decoder = Decoder::default();
    let (_, held) = budget::held(|| decoder.protobuf(body, NOW).is_ok());
    (held, budget::allowed(body.len(), learned(body)))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let span = good(1);
    let mut odd = good(2);
    odd.attributes.truncate(1);
    let nested = (0..20).fold(Value::BoolValue(true), |inner, _| {
        Value::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue {
            values: vec![AnyValue { value: Some(inner) }, AnyValue::default()],
        })
    });
    odd.attributes[0].value = Some(AnyValue {
        value: Some(nested),
    });
    odd.events[0].time_unix_nano = u64::MAX;
    odd.end_time_unix_nano = i64::MAX as u64;
    odd.kind = 2;
    vec![
        request(vec![span.clone(), odd.clone()]).encode_to_vec(),
        span.encode_to_vec(),
        odd.encode_to_vec(),
        request(Vec::new()).encode_to_vec(),
        // Two bytes per item: attributes, events, spans, groups.
        [0x4a, 0].repeat(4_000),
        [0x5a, 0].repeat(4_000),
        field(1, &field(2, &[0x12, 0].repeat(4_000))),
        [0x0a, 0].repeat(4_000),
        many_small_spans(),
    ]
}

/// Spans with the required fields only.
fn many_small_spans() -> Vec<u8> {
    let small = |number: u32| {
        let whole = good(1);
        let mut small = opentelemetry_proto::tonic::trace::v1::Span {
            trace_id: whole.trace_id,
            start_time_unix_nano: whole.start_time_unix_nano,
            end_time_unix_nano: whole.end_time_unix_nano,
            ..Default::default()
        };
        small.span_id = u64::from(number + 1).to_be_bytes().to_vec();
        small
    };
    request((0..300).map(small).collect()).encode_to_vec()
}
