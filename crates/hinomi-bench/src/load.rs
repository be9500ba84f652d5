//! The load: as fast as the server takes it, or at a steady rate.

use crate::{server::Server, template::Template, wire::Connection};
use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::task::JoinSet;

/// Traces in the set of templates: some hundred requests, so that many traces are open at once.
const TRACES: usize = 3_000;
/// Which traces.
const SEED: u64 = 7;

/// The requests that every load is made of.
pub struct Requests {
    templates: Vec<Template>,
    /// When the last span of all ended in the workload's own time.
    last_end: u64,
    next: AtomicU64,
}

impl Requests {
    /// Makes them; takes a moment.
    pub fn make() -> Result<Arc<Self>> {
        let bodies = hinomi_sim::shapes::encoded_requests(SEED, TRACES).into_iter();
        let templates = bodies.map(Template::new).collect::<Result<Vec<_>>>()?;
        let last_end = templates.iter().map(|template| template.last_end).max();
        let last_end = last_end.context("the workload made no request")?;
        Ok(Arc::new(Self {
            templates,
            last_end,
            next: AtomicU64::new(0),
        }))
    }

    /// The next request, of spans that ended just now, and how many it has.
    ///
    /// All requests of one round keep their distances in time, so that traces stay whole; the round's
    /// last span ends a moment before it was begun.
    fn next(&self, round_began: &mut (u64, u64)) -> (Bytes, u64) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.templates.len() as u64;
        let (generation, index) = (number / count + 1, number % count);
        if round_began.0 != generation {
            *round_began = (generation, unix_nanos());
        }
        let template = &self.templates[usize::try_from(index).unwrap_or(0)];
        let shift = round_began.1.wrapping_sub(self.last_end).cast_signed();
        (template.stamp(generation, shift).into(), template.spans)
    }
}

/// What a load did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Spans that were acknowledged.
    pub spans: u64,
    /// Requests that carried them.
    pub requests: u64,
    /// How often the server refused one for the moment.
    pub refusals: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// CPU time of the server meanwhile, in seconds.
    pub cpu_seconds: f64,
}

impl Outcome {
    /// Spans a second.
    pub fn rate(&self) -> f64 {
        self.spans as f64 / self.seconds
    }

    /// The server's CPU time for a million spans, in seconds.
    pub fn cpu_seconds_per_million(&self) -> f64 {
        self.cpu_seconds / self.spans as f64 * 1e6
    }

    /// For bench.json.
    pub fn json(&self) -> Value {
        json!({
            "spans": self.spans,
            "requests": self.requests,
            "refusals": self.refusals,
            "seconds": self.seconds,
            "spans_per_second": self.rate(),
            "server_cpu_seconds": self.cpu_seconds,
            "server_cpu_seconds_per_million_spans": self.cpu_seconds_per_million(),
        })
    }
}

/// Sends for `length` over `connections` connections, each waiting for its acknowledgements;
/// `spans_per_second` is the rate of all together, or as fast as the server takes it.
pub async fn run(
    server: &Server,
    requests: &Arc<Requests>,
    connections: usize,
    length: Duration,
    spans_per_second: Option<f64>,
) -> Result<Outcome> {
    let cpu_before = server.cpu_seconds()?;
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for index in 0..connections {
        let mut connection = Connection::open(server.otlp_grpc).await?;
        let requests = requests.clone();
        let share = spans_per_second.map(|rate| rate / connections as f64);
        tasks.spawn(async move {
            let mut done = Outcome::default();
            let mut round = (0, 0);
            // Connections take turns within the time that one has for a request.
            let turn = index as f64 / connections as f64;
            while began.elapsed() < length {
                let (body, spans) = requests.next(&mut round);
                if let Some(share) = share {
                    let at = (done.spans as f64 + turn * spans as f64) / share;
                    let at = began + Duration::from_secs_f64(at);
                    tokio::time::sleep_until(at.into()).await;
                }
                done.refusals += connection.send(body).await?;
                done.requests += 1;
                done.spans += spans;
            }
            anyhow::Ok(done)
        });
    }
    let mut total = Outcome::default();
    while let Some(done) = tasks.join_next().await {
        let done = done??;
        total.spans += done.spans;
        total.requests += done.requests;
        total.refusals += done.refusals;
    }
    total.seconds = began.elapsed().as_secs_f64();
    total.cpu_seconds = server.cpu_seconds()? - cpu_before;
    Ok(total)
}

/// The machine's clock.
pub fn unix_nanos() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
