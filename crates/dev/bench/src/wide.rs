//! Spans with many attributes that no other span has. They make segments wide and merges expensive.

use crate::{
    clock::unix_nanos,
    workload::{Due, Source},
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span},
};
use prost::Message;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Number of spans in a request.
const SPANS: u64 = 500;
/// Number of services, and of instances of each.
const SERVICES: u64 = 5;
const INSTANCES: u64 = 4;
/// Number of routes. They are span names, and therefore shapes.
const ROUTES: u64 = 20;

/// A number of spans at a steady rate, generated while they are sent.
pub struct Wide {
    attributes: usize,
    requests: u64,
    spans_per_second: f64,
    began: Instant,
    next: AtomicU64,
}

impl Wide {
    /// `spans` spans with `attributes` own attributes each, starting now.
    pub fn new(attributes: usize, spans: u64, spans_per_second: f64) -> Self {
        Self {
            attributes,
            requests: spans / SPANS,
            spans_per_second,
            began: Instant::now(),
            next: AtomicU64::new(0),
        }
    }

    fn request(&self, number: u64) -> ExportTraceServiceRequest {
        let mut random = Random(number << 32 | self.attributes as u64);
        let now = unix_nanos();
        let spans = (0..SPANS).map(|_| self.span(&mut random, now)).collect();
        let resource = Resource {
            attributes: vec![
                text("service.name", format!("wide-{}", number % SERVICES)),
                text("service.instance.id", format!("i-{}", number % INSTANCES)),
            ],
            ..Resource::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(resource),
                scope_spans: vec![ScopeSpans {
                    spans,
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        }
    }

    fn span(&self, random: &mut Random, now: u64) -> Span {
        let end = now - random.next() % 1_000_000_000;
        let route = format!("/r/{}", random.next() % ROUTES);
        let mut attributes = vec![
            text("http.request.method", "GET".into()),
            text("http.route", route.clone()),
        ];
        attributes.extend((0..self.attributes).map(|at| {
            let value = format!("{:016x}", random.next());
            text(&format!("own.{at}"), value)
        }));
        Span {
            trace_id: [random.next().to_le_bytes(), random.next().to_le_bytes()].concat(),
            span_id: random.next().to_le_bytes().to_vec(),
            name: format!("GET {route}"),
            kind: 2,
            start_time_unix_nano: end - 1_000_000 - random.next() % 999_000_000,
            end_time_unix_nano: end,
            attributes,
            ..Span::default()
        }
    }
}

impl Source for Wide {
    fn next(&self) -> Option<Due> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        if number >= self.requests {
            return None;
        }
        let after = (number * SPANS) as f64 / self.spans_per_second;
        Some(Due {
            body: self.request(number).encode_to_vec().into(),
            spans: SPANS,
            at: Some(self.began + Duration::from_secs_f64(after)),
        })
    }
}

fn text(key: &str, value: String) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value)),
        }),
        ..KeyValue::default()
    }
}

/// SplitMix64: values that do not repeat, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_span_has_values_that_no_other_has() {
        let wide = Wide::new(30, 2_000, 1e9);
        let mut values = HashSet::new();
        let mut spans = 0;
        while let Some(due) = wide.next() {
            let request = ExportTraceServiceRequest::decode(due.body).unwrap();
            let resources = request.resource_spans.into_iter();
            for span in resources
                .flat_map(|of| of.scope_spans)
                .flat_map(|of| of.spans)
            {
                spans += 1;
                let own = span.attributes.into_iter().skip(2);
                values.extend(own.map(|own| format!("{own:?}")));
            }
        }
        assert_eq!((spans, values.len()), (2_000, 60_000));
    }
}
