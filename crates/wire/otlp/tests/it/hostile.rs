//! Tests of invalid and hostile input: it is cut, counted or refused, and nothing panics.

use crate::support::{
    NOW, attributes, event, from_json, from_protobuf, pair, parsed, receive, request, span, text,
};
use hinomi_model::SpanKind;
use hinomi_otlp::{Decoder, Limits};
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, any_value::Value};
use prost::Message;

fn nested(depth: usize) -> Value {
    (0..depth).fold(text("core"), |inner, _| {
        Value::ArrayValue(ArrayValue {
            values: vec![AnyValue { value: Some(inner) }],
        })
    })
}

#[test]
fn a_name_of_a_megabyte_is_cut_everywhere_it_shows() {
    let huge = "가".repeat(350_000);
    let mut sent = span(SpanKind::Client, &huge, "");
    sent.parent_span_id.clear();
    sent.attributes = vec![
        pair("peer.service", text(&huge)),
        pair("error.type", text(&huge)),
        pair("blob", text(&huge)),
    ];
    sent.status = Some(opentelemetry_proto::tonic::trace::v1::Status {
        message: huge,
        code: 2,
    });
    let limits = Limits::default();
    let received = receive(vec![sent]);
    let kept = &received.spans[0];
    let call = kept.call.clone().unwrap();
    for name in [
        &kept.name,
        &kept.transaction.clone().unwrap().operation,
        &call.target,
        &call.detail,
        &kept.error_type.clone().unwrap(),
    ] {
        assert!(
            name.len() <= limits.max_name_bytes && name.starts_with('가'),
            "{}",
            name.len()
        );
    }
    assert!(kept.status_message.len() <= limits.max_message_bytes);
    assert!(kept.attributes.len() < 3 * limits.max_value_bytes + 100);
    parsed(&kept.attributes);
    assert!(received.truncated >= 8);
}

#[test]
fn names_that_hide_or_reorder_are_made_visible_and_values_kept() {
    let received = receive(vec![span(
        SpanKind::Server,
        "a\0b\u{202e}c",
        "k=a\0b\u{202e}c",
    )]);
    assert_eq!(&*received.spans[0].name, "a\u{fffd}b\u{fffd}c");
    assert_eq!(parsed(&received.spans[0].attributes)["k"], "a\0b\u{202e}c");
}

#[test]
fn a_hundred_thousand_attributes_events_and_links_are_dropped_and_counted() {
    let mut sent = span(SpanKind::Server, "x", "");
    sent.attributes = (0..100_000)
        .map(|n| pair(&format!("k{n}"), Value::IntValue(n)))
        .collect();
    sent.events = vec![event("e", ""); 1000];
    sent.links = vec![Default::default(); 1000];
    let received = receive(vec![sent]);
    let kept = &received.spans[0];
    assert_eq!(parsed(&kept.attributes).as_object().unwrap().len(), 128);
    assert_eq!(parsed(&kept.events).as_array().unwrap().len(), 128);
    assert_eq!(received.truncated, 100_000 - 128 + 1000 - 128 + 1000);
}

#[test]
fn one_span_cannot_fill_the_memory_with_json() {
    let mut sent = span(SpanKind::Server, "x", "");
    let control = "\u{1}".repeat(60_000);
    sent.attributes = (0..100)
        .map(|n| pair(&format!("k{n}"), text(&control)))
        .collect();
    sent.events = vec![event("e", "")];
    sent.events[0].attributes = sent.attributes.clone();
    let received = receive(vec![sent]);
    let kept = &received.spans[0];
    let most = Limits::default().max_json_bytes + 6 * 64 * 1024 + 1024;
    assert!(kept.attributes.len() <= most && kept.events.len() <= most);
    parsed(&kept.attributes);
    parsed(&kept.events);
}

#[test]
fn values_nested_too_deeply_become_null() {
    let mut sent = span(SpanKind::Server, "x", "");
    sent.attributes = vec![pair("deep", nested(200)), pair("flat", nested(15))];
    let received = receive(vec![sent]);
    let json = &received.spans[0].attributes;
    assert_eq!(received.truncated, 1);
    assert!(
        json.contains(&format!(
            "\"deep\":{}null{}",
            "[".repeat(15),
            "]".repeat(15)
        )),
        "{json}"
    );
    assert!(json.contains("\"core\""), "{json}");
}

#[test]
fn a_protobuf_bomb_of_nested_values_is_read_as_deep_as_is_kept() {
    let mut sent = span(SpanKind::Server, "x", "");
    sent.attributes = vec![pair("deep", nested(400))];
    let received = receive(vec![sent]);
    assert_eq!((received.spans.len(), received.truncated), (1, 1));
}

#[test]
fn a_span_that_is_no_span_is_refused_and_its_neighbours_are_kept() {
    let good = span(SpanKind::Server, "x", "k=v");
    let body = request("service.name=a", vec![good.clone(), good.clone(), good]).encode_to_vec();
    // The name of the middle span, then the text of its attribute, are not UTF-8.
    for needle in [&b"*\x01x"[..], b"\x0a\x01k\x12\x03\x0a\x01v"] {
        let second = body
            .windows(needle.len())
            .enumerate()
            .filter(|(_, found)| *found == needle);
        let at = second.map(|(at, _)| at).nth(1).expect("three of them");
        let mut broken = body.clone();
        broken[at + needle.len() - 1] = 0xff;
        let received = from_protobuf(&broken).unwrap();
        assert_eq!((received.spans.len(), received.rejected.count), (2, 1));
        assert_eq!(
            received.rejected.to_string(),
            "1 span refused: 1 can not be decoded"
        );
        for span in &received.spans {
            assert_eq!(parsed(&span.attributes)["k"], "v");
        }
    }
}

#[test]
fn a_value_nested_too_deeply_is_cut_and_all_else_kept() {
    let value = |depth: usize| {
        format!(
            r#"{}{{"stringValue":"in"}}{}"#,
            r#"{"arrayValue":{"values":["#.repeat(depth),
            "]}}".repeat(depth)
        )
    };
    for depth in [20, 42, 100, 100_000] {
        let value = value(depth);
        let body = format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"deep","value":{value}}},
            {{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},"scopeSpans":[{{"spans":[
            {{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"deep",
            "startTimeUnixNano":"1767323043000000000","endTimeUnixNano":"1767323043100000000",
            "attributes":[{{"key":"before","value":{{"intValue":1}}}},{{"key":"deep","value":{value}}},
            {{"key":"behind","value":{{"intValue":2}}}}]}},
            {{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203332","name":"next",
            "startTimeUnixNano":"1767323043000000000","endTimeUnixNano":"1767323043100000000"}}]}}]}}]}}"#
        );
        let received = from_json(body.as_bytes()).unwrap();
        assert!(
            received.rejected.is_empty() && received.truncated > 0,
            "{depth}"
        );
        let spans: Vec<_> = received.spans.iter().collect();
        assert_eq!(spans.len(), 2, "{depth}");
        assert_eq!(&*spans[0].resource.service, "shop");
        let attributes = parsed(&spans[0].attributes);
        assert_eq!(
            (&attributes["before"], &attributes["behind"]),
            (&1.into(), &2.into())
        );
        assert!(attributes["deep"].is_array());
    }
    // The nesting is in an unknown field.
    let unknown = format!(
        r#"{{"resourceSpans":[],"future":{}{}}}"#,
        "[".repeat(500_000),
        "]".repeat(500_000)
    );
    assert!(from_json(unknown.as_bytes()).is_ok_and(|taken| taken.spans.is_empty()));
}

#[test]
fn a_request_of_nothing_is_refused_after_so_many_messages() {
    let most = Limits::default().max_empty_messages;
    let few = Limits {
        max_empty_messages: 5,
        ..Limits::default()
    };
    let wrapped = |tag: u8, inner: &[u8]| {
        let mut message = vec![tag];
        prost::encoding::encode_varint(inner.len() as u64, &mut message);
        [&message[..], inner].concat()
    };
    let decoder = Decoder::new(few);
    for (count, is_taken) in [(5, true), (6, false)] {
        let (groups, inner) = ([0x0a, 0].repeat(count), [0x12, 0].repeat(count));
        let scopes = wrapped(0x0a, &inner);
        let spans = wrapped(0x0a, &wrapped(0x12, &inner));
        for body in [&groups, &scopes, &spans] {
            assert_eq!(decoder.protobuf(body, NOW).is_ok(), is_taken, "{body:?}");
            assert_eq!(decoder.metrics_protobuf(body).is_ok(), is_taken, "{body:?}");
            assert_eq!(decoder.logs_protobuf(body).is_ok(), is_taken, "{body:?}");
        }
        let list = vec!["{}"; count].join(",");
        for json in [
            format!(r#"{{"resourceSpans":[{list}]}}"#),
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{list}]}}]}}]}}"#),
        ] {
            let json = decoder.json(json.as_bytes(), NOW);
            assert_eq!(json.is_ok(), is_taken);
            if let Err(error) = json {
                assert!(error.to_string().contains("messages are empty"), "{error}");
            }
        }
    }
    // The purpose of the limit: most of this body is never read.
    let body = [0x0a, 0].repeat(31_000_000);
    assert!(Decoder::default().protobuf(&body, NOW).is_err());
    let body = [0x0a, 0].repeat(most);
    assert!(Decoder::default().protobuf(&body, NOW).is_ok());
}

#[test]
fn broken_protobuf_is_an_error() {
    let body = request("service.name=a", vec![span(SpanKind::Server, "x", "k=v")]).encode_to_vec();
    for length in 1..body.len() {
        // A prefix can be a valid message by accident, but never has a span with an end.
        if let Ok(taken) = from_protobuf(&body[..length]) {
            assert_eq!(taken.spans.len(), 0);
        }
    }
    assert!(from_protobuf(&[0xff; 12]).is_err(), "a varint without end");
    assert!(
        from_protobuf(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err(),
        "a length beyond the body"
    );
    // The scope's name is 0xff, which is not UTF-8.
    assert!(from_protobuf(&[0x0a, 0x07, 0x12, 0x05, 0x0a, 0x03, 0x0a, 0x01, 0xff]).is_err());
}

#[test]
fn the_largest_times_are_refused_and_those_of_events_capped() {
    let mut sent = span(SpanKind::Server, "x", "");
    sent.events = vec![event("e", "")];
    sent.events[0].time_unix_nano = u64::MAX;
    let received = receive(vec![sent.clone()]);
    assert_eq!(
        parsed(&received.spans[0].events)[0]["time_unix_ns"],
        i64::MAX
    );
    sent.start_time_unix_nano = u64::MAX;
    sent.end_time_unix_nano = u64::MAX;
    assert_eq!(receive(vec![sent.clone()]).rejected.count, 1);
    sent.start_time_unix_nano = i64::MAX as u64;
    sent.end_time_unix_nano = i64::MAX as u64;
    assert_eq!(receive(vec![sent]).skewed, 1);
}

#[test]
fn odd_statuses_ports_and_types_are_ignored() {
    let sent = span(
        SpanKind::Client,
        "x",
        "http.response.status_code=#99999; http.request.method=#7; server.address=a; server.port=#-1; rpc.grpc.status_code=#-5",
    );
    let kept = receive(vec![sent]).spans.remove(0);
    assert_eq!(kept.http_status, None);
    assert_eq!(&*kept.call.unwrap().target, "a");
    let mut sent = span(SpanKind::Server, "x", "");
    sent.kind = 99;
    sent.attributes = attributes("db.statement=#5");
    assert_eq!(receive(vec![sent]).spans[0].kind, SpanKind::Internal);
}
