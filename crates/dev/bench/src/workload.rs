//! The loads: an hour of the payments workload generated beforehand, and live stretches stamped
//! while they are sent.
//!
//! Promises that every trace of an hour is different, and that the facts about it are counted from
//! the spans that are sent. Holds all bodies of an hour: about 0.9 GB for 2.4 million spans.

use crate::{clock::unix_nanos, template::Template};
use anyhow::{Context, Result};
use bytes::Bytes;
use hinomi_sim::{SimSpan, SpanKind, Stretch, StretchConfig, Value};
use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

/// Seed of the traces.
const SEED: u64 = 7;
/// Mean number of spans of an edge request or job. It gives the number of these that is needed.
const SPANS_PER_REQUEST: f64 = 17.55;
/// Length of the hour.
const HOUR: Duration = Duration::from_secs(3_600);
/// Transactions over this duration are slow for the queries.
pub const SLOW: Duration = Duration::from_secs(1);
/// Number of trace ids that are kept.
const SAMPLES: usize = 8;

/// One request to send.
#[derive(Clone)]
pub struct Due {
    /// The encoded request.
    pub body: Bytes,
    /// Number of spans in it.
    pub spans: u64,
    /// When to send it; `None` means at once.
    pub at: Option<Instant>,
}

/// A source of requests. Several connections may take requests from it.
pub trait Source: Send + Sync + 'static {
    /// The next request; `None` at the end.
    fn next(&self) -> Option<Due>;
}

/// Facts about the spans of one service.
#[derive(Debug, Default, Clone)]
pub struct ServiceFacts {
    /// Number of entry spans. Hinomi counts these as transactions.
    pub transactions: u64,
    /// Number of transactions over [`SLOW`].
    pub slow: u64,
}

/// Facts about the spans of an hour.
#[derive(Debug, Default, Clone)]
pub struct Facts {
    /// Number of spans.
    pub spans: u64,
    /// Number of traces, by id.
    pub traces: u64,
    /// Median number of spans in a trace.
    pub median_spans: u64,
    /// Number of entry spans.
    pub transactions: u64,
    /// Number of transactions with status 500.
    pub status_500: u64,
    /// Number of requests.
    pub requests: u64,
    /// Sum of the lengths of all requests, in bytes.
    pub bytes: u64,
    /// Mean number of requests that the spans of one trace arrive in.
    pub requests_per_trace: f64,
    /// Facts by service name.
    pub services: BTreeMap<String, ServiceFacts>,
    /// Number of spans whose SQL contains [`SQL_PART`].
    pub sql: u64,
    /// A value of [`ORDER_KEY`] that exactly one span has.
    pub single_order: Option<String>,
    /// Some trace ids, in hexadecimal.
    pub trace_ids: Vec<String>,
    /// An instant before the end of the first span, in Unix milliseconds.
    pub from_ms: u64,
    /// An instant after the end of the last span, in Unix milliseconds.
    pub to_ms: u64,
}

/// The attribute that orders are searched by.
pub const ORDER_KEY: &str = "app.order.id";
/// A text that occurs in some statements.
pub const SQL_PART: &str = "INSERT INTO";

/// The last complete hour of the clock, so that its segments are in one bucket that is over.
pub struct Hour {
    bodies: Vec<Due>,
    next: AtomicUsize,
    /// Facts about the hour.
    pub facts: Facts,
}

impl Hour {
    /// Generates about `spans` spans; takes a moment.
    pub fn make(spans: u64) -> Result<Self> {
        let traces = spans as f64 / SPANS_PER_REQUEST;
        let hour = u64::try_from(HOUR.as_nanos())?;
        let began = (unix_nanos() / hour - 1) * hour;
        let stretch = Stretch::new(StretchConfig {
            seed: SEED,
            traces: traces as usize,
            traces_per_second: traces / HOUR.as_secs_f64(),
            starts_unix_ns: began.cast_signed(),
        });
        let mut counting = Counting::default();
        let mut bodies = Vec::new();
        for batch in stretch {
            let body = Bytes::from(batch.encode());
            counting.add(batch.service().unwrap_or_default(), batch.spans());
            counting.facts.bytes += body.len() as u64;
            let spans = batch.spans().len() as u64;
            bodies.push(Due {
                body,
                spans,
                at: None,
            });
        }
        let facts = counting.finish().context("the workload made no span")?;
        let next = AtomicUsize::new(0);
        Ok(Self {
            bodies,
            next,
            facts,
        })
    }

    /// The facts of an hour, without its requests.
    pub fn about(facts: Facts) -> Self {
        Self {
            bodies: Vec::new(),
            next: AtomicUsize::new(0),
            facts,
        }
    }

    /// Time since the end of the hour.
    pub fn age(&self) -> Duration {
        let hour = HOUR.as_millis() as u64;
        let end_ms = self.facts.from_ms / hour * hour + hour;
        Duration::from_millis((unix_nanos() / 1_000_000).saturating_sub(end_ms))
    }

    /// Starts again from the first request, for another server.
    pub fn rewind(&self) {
        self.next.store(0, Ordering::SeqCst);
    }
}

impl Source for Hour {
    fn next(&self) -> Option<Due> {
        let place = self.next.fetch_add(1, Ordering::SeqCst);
        self.bodies.get(place).cloned()
    }
}

/// Counts the facts while spans are generated.
#[derive(Default)]
struct Counting {
    facts: Facts,
    /// For each trace: its spans, the requests with some of them, and the last of these requests.
    traces: HashMap<[u8; 16], (u32, u32, u64)>,
    orders: HashMap<String, u32>,
    first_end: Option<i64>,
    last_end: i64,
}

impl Counting {
    fn add(&mut self, service: &str, spans: &[SimSpan]) {
        self.facts.requests += 1;
        let request = self.facts.requests;
        for span in spans {
            self.facts.spans += 1;
            let trace = self.traces.entry(span.trace_id).or_default();
            trace.0 += 1;
            if trace.2 != request {
                trace.1 += 1;
                trace.2 = request;
            }
            let first = self.first_end.get_or_insert(span.end_unix_ns);
            *first = span.end_unix_ns.min(*first);
            self.last_end = self.last_end.max(span.end_unix_ns);
            self.count(service, span);
        }
    }

    fn count(&mut self, service: &str, span: &SimSpan) {
        if let Some(Value::Shared(order)) = span.attribute(ORDER_KEY) {
            *self.orders.entry(order.to_string()).or_default() += 1;
        }
        let sql = ["db.query.text", "db.statement"];
        let statement = sql.into_iter().find_map(|key| span.attribute(key));
        self.facts.sql += u64::from(statement.is_some_and(|sql| text(sql).contains(SQL_PART)));
        let entry = matches!(span.kind, SpanKind::Server | SpanKind::Consumer);
        if !entry && span.parent_span_id.is_some() {
            return;
        }
        let of_service = self.facts.services.entry(service.to_owned()).or_default();
        of_service.transactions += 1;
        let slow = span.duration_ns() >= SLOW.as_nanos().cast_signed() as i64;
        of_service.slow += u64::from(slow);
        self.facts.transactions += 1;
        let status = ["http.response.status_code", "http.status_code"];
        let status = status.into_iter().find_map(|key| span.attribute(key));
        self.facts.status_500 += u64::from(status == Some(&Value::Int(500)));
    }

    fn finish(mut self) -> Option<Facts> {
        let facts = &mut self.facts;
        facts.from_ms = u64::try_from(self.first_end? / 1_000_000).ok()?;
        facts.to_ms = u64::try_from(self.last_end / 1_000_000).ok()? + 1;
        facts.traces = self.traces.len() as u64;
        let mut sizes: Vec<u32> = self.traces.values().map(|trace| trace.0).collect();
        sizes.sort_unstable();
        facts.median_spans = sizes[sizes.len() / 2].into();
        let parts: u64 = self.traces.values().map(|trace| u64::from(trace.1)).sum();
        facts.requests_per_trace = parts as f64 / facts.traces as f64;
        // The smallest ids, so that every run uses the same ones.
        let mut ids: Vec<_> = self.traces.iter().filter(|trace| trace.1.0 > 10).collect();
        ids.sort_unstable_by_key(|trace| trace.0);
        facts.trace_ids = ids.iter().take(SAMPLES).map(|trace| hex(trace.0)).collect();
        let single = self.orders.into_iter().filter(|order| order.1 == 1);
        facts.single_order = single.map(|order| order.0).min();
        Some(self.facts)
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Static(text) => text,
        Value::Shared(text) => text,
        Value::Owned(text) => text,
        Value::Int(_) => "",
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A stretch that takes place while it is sent, at a steady rate.
pub struct Live {
    templates: Vec<(Template, Duration)>,
    next: AtomicUsize,
    began: Instant,
    /// Difference between the stretch's own time and the real time.
    shift: i64,
}

impl Live {
    /// A load of `spans_per_second` for `length`.
    pub fn make(spans_per_second: f64, length: Duration) -> Result<Self> {
        let traces_per_second = spans_per_second / SPANS_PER_REQUEST;
        let starts = 1_795_154_400_000_000_000;
        let stretch = Stretch::new(StretchConfig {
            seed: SEED + 1,
            traces: (traces_per_second * length.as_secs_f64()) as usize,
            traces_per_second,
            starts_unix_ns: starts,
        });
        let mut templates = Vec::new();
        for batch in stretch {
            let due = u64::try_from(batch.last_end_unix_ns() - starts)?;
            let due = Duration::from_nanos(due);
            // The last traces would end after `length`, at a very low rate.
            if due <= length {
                templates.push((Template::new(batch.encode())?, due));
            }
        }
        Ok(Self {
            templates,
            next: AtomicUsize::new(0),
            began: Instant::now(),
            shift: unix_nanos().cast_signed() - starts,
        })
    }

    /// Starts the load now.
    pub fn begin(mut self) -> Self {
        let late = self.began.elapsed();
        self.began += late;
        self.shift += i64::try_from(late.as_nanos()).unwrap_or(0);
        self
    }
}

impl Source for Live {
    fn next(&self) -> Option<Due> {
        let place = self.next.fetch_add(1, Ordering::SeqCst);
        let (template, due) = self.templates.get(place)?;
        Some(Due {
            body: template.stamp(0, self.shift).into(),
            spans: template.spans,
            at: Some(self.began + *due),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_the_figures_that_the_table_names() {
        let hour = Hour::make(60_000).unwrap();
        let facts = &hour.facts;
        assert!((54_000..66_000).contains(&facts.spans), "{}", facts.spans);
        assert!((14..=20).contains(&facts.median_spans), "{facts:?}");
        assert_eq!(facts.services.len(), 12);
        assert!(facts.requests_per_trace > 3.0, "{facts:?}");
        assert!(facts.single_order.is_some());
        let sent: u64 = std::iter::from_fn(|| hour.next())
            .map(|due| due.spans)
            .sum();
        assert_eq!(sent, facts.spans);
    }

    #[test]
    fn a_live_stretch_is_due_in_order_and_takes_its_time() {
        let live = Live::make(2_000.0, Duration::from_secs(10))
            .unwrap()
            .begin();
        let dues: Vec<Due> = std::iter::from_fn(|| live.next()).collect();
        let spans: u64 = dues.iter().map(|due| due.spans).sum();
        assert!((17_000..23_000).contains(&spans), "{spans}");
        assert!(dues.iter().all(|due| due.at.is_some()));
    }
}
