//! Query latencies, by HTTP over one keep-alive connection, one query after the other.
//!
//! A row is measured only when the answer contains what the load has sent. Otherwise the report
//! says why not.

use crate::{
    http::Client,
    server::Server,
    workload::{Facts, ORDER_KEY, SLOW, SQL_PART},
};
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Number of runs before those that count.
const WARM_UPS: usize = 3;
/// A service whose requests call databases.
const SQL_SERVICE: &str = "checkout";
const MINUTE_MS: u64 = 60_000;
/// A day, the length of queries over the history.
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// The data that queries are about.
pub struct Target<'a> {
    /// Facts about the sent spans.
    pub facts: &'a Facts,
    /// End of the queried ranges in Unix milliseconds: the end of the hour; for the history, now.
    pub to_ms: u64,
}

impl Target<'_> {
    /// The service with the most transactions.
    fn busiest(&self) -> &str {
        let services = self.facts.services.iter();
        let busiest = services.max_by_key(|service| service.1.transactions);
        busiest.map_or("", |service| service.0)
    }

    /// The service with the most slow transactions, and their number.
    fn slowest(&self) -> (&str, u64) {
        let services = self.facts.services.iter();
        let slowest = services.max_by_key(|service| service.1.slow);
        slowest.map_or(("", 0), |service| (service.0, service.1.slow))
    }

    fn range(&self, length_ms: u64) -> String {
        format!("from={}&to={}", self.to_ms - length_ms, self.to_ms)
    }

    /// A range with the whole hour and a minute before it.
    fn hour(&self) -> String {
        let from = self.facts.from_ms - MINUTE_MS;
        format!("from={from}&to={}", self.facts.to_ms)
    }
}

/// One query.
pub struct Query {
    /// Name of the result.
    pub key: &'static str,
    /// URL path below `/api/v1/`, by number of the run.
    path: fn(&Target<'_>, usize) -> String,
    /// Why an answer is not correct; `None` when it is.
    flaw: fn(&Target<'_>, &Value) -> Option<String>,
}

/// Queries on the hour.
pub const OF_THE_HOUR: &[Query] = &[
    Query {
        key: "trace_warm",
        path: |target, run| {
            let ids = &target.facts.trace_ids;
            format!("traces/{}", ids[run % ids.len().min(WARM_UPS)])
        },
        flaw: |_, answer| none(&answer["spans"]),
    },
    Query {
        key: "slow_list",
        path: |target, _| {
            let (service, least) = (target.slowest().0, SLOW.as_millis());
            let range = target.hour();
            format!("transactions?service={service}&{range}&min_ms={least}&limit=20")
        },
        flaw: |target, answer| other(&answer["total"], target.slowest().1),
    },
    Query {
        key: "status_list",
        path: |target, _| format!("transactions?q=status%3D500&{}&limit=20", target.hour()),
        flaw: |target, answer| other(&answer["total"], target.facts.status_500),
    },
    Query {
        key: "status_count",
        path: |target, _| format!("transactions?q=status%3D500&{}&limit=1", target.hour()),
        flaw: |target, answer| other(&answer["total"], target.facts.status_500),
    },
    Query {
        key: "sql_count",
        path: |target, _| {
            let part = SQL_PART.replace(' ', "%20");
            format!("statistics/statements?q={part}&{}", target.hour())
        },
        flaw: |target, answer| other(&sum(answer), target.facts.sql),
    },
    Query {
        key: "sql_top",
        path: |target, _| {
            format!(
                "statistics/statements?service={SQL_SERVICE}&{}",
                target.hour()
            )
        },
        flaw: |_, answer| none(&answer["items"]),
    },
    Query {
        key: "attribute",
        path: order,
        flaw: |_, answer| none(&answer["items"]),
    },
    Query {
        key: "hitmap_1h",
        path: |target, _| format!("hitmap?service={}&{}", target.busiest(), target.hour()),
        flaw: |target, answer| {
            let sent = target.facts.services.get(target.busiest());
            let outcomes = answer["total"].as_object().into_iter().flatten();
            let found: u64 = outcomes.filter_map(|outcome| outcome.1.as_u64()).sum();
            other(&found.into(), sent.map_or(0, |sent| sent.transactions))
        },
    },
    Query {
        key: "services_1h",
        path: |target, _| format!("services?{}", target.hour()),
        flaw: |target, answer| other(&sum(answer), target.facts.transactions),
    },
];

/// Queries on an hour that was sent after [`promote`].
pub const OF_THE_PROMOTED: &[Query] = &[Query {
    key: "attribute_promoted",
    path: order,
    flaw: |_, answer| none(&answer["items"]),
}];

fn order(target: &Target<'_>, _: usize) -> String {
    let order = target.facts.single_order.as_deref().unwrap_or_default();
    format!("search?q={ORDER_KEY}%3D{order}&{}", target.hour())
}

/// Promotes the attribute that orders are searched by. Data written from then on has filters for
/// it.
pub async fn promote(server: &Server) -> Result<()> {
    let mut client = Client::open(server.http).await?;
    let body = serde_json::json!({"key": ORDER_KEY}).to_string();
    let (path, kind) = ("/api/v1/attributes/promoted", "application/json");
    let answer = client.put(path, kind, body.as_bytes()).await?;
    anyhow::ensure!(answer.status == 200, "promoting: {}", answer.status);
    Ok(())
}

/// Queries on a month of history.
pub const OF_HISTORY: &[Query] = &[
    Query {
        key: "hitmap_24h",
        path: |target, _| format!("hitmap?service=edge-gateway&{}", target.range(DAY_MS)),
        flaw: |_, answer| none(&answer["cells"]),
    },
    Query {
        key: "hitmap_30d",
        path: |target, _| format!("hitmap?service=edge-gateway&{}", target.range(30 * DAY_MS)),
        flaw: |_, answer| none(&answer["cells"]),
    },
    Query {
        key: "services_24h",
        path: |target, _| format!("services?{}", target.range(DAY_MS)),
        flaw: |_, answer| none(&answer["items"]),
    },
];

/// The result of a query.
pub enum Asked {
    /// Duration of each answer.
    Took(Vec<Duration>),
    /// Why the query cannot be run, or why its answer is not correct.
    Not(String),
}

/// Runs each query `runs` times after the warm-ups.
pub async fn run(
    server: &Server,
    queries: &'static [Query],
    target: &Target<'_>,
    runs: usize,
) -> Result<Vec<(&'static str, Asked)>> {
    let mut client = Client::open(server.http).await?;
    let mut answers = Vec::new();
    for query in queries {
        answers.push((query.key, ask(&mut client, query, target, runs).await?));
    }
    Ok(answers)
}

async fn ask(
    client: &mut Client,
    query: &Query,
    target: &Target<'_>,
    runs: usize,
) -> Result<Asked> {
    let mut took = Vec::new();
    for run in 0..WARM_UPS + runs {
        let path = format!("/api/v1/{}", (query.path)(target, run));
        let began = Instant::now();
        let answer = client.get(&path).await?;
        if run >= WARM_UPS {
            took.push(began.elapsed());
            continue;
        }
        if answer.status != 200 {
            return Ok(Asked::Not(format!("{} for {path}", answer.status)));
        }
        let body = serde_json::from_slice(&answer.body);
        let body: Value = body.with_context(|| format!("{path} is no JSON"))?;
        if let Some(flaw) = (query.flaw)(target, &body) {
            return Ok(Asked::Not(format!("{flaw} for {path}")));
        }
    }
    Ok(Asked::Took(took))
}

/// Duration of the first query for a trace.
pub async fn first_trace(server: &Server, id: &str) -> Result<Duration> {
    let mut client = Client::open(server.http).await?;
    let began = Instant::now();
    let answer = client.get(&format!("/api/v1/traces/{id}")).await?;
    let took = began.elapsed();
    anyhow::ensure!(answer.status == 200, "trace {id}: {}", answer.status);
    Ok(took)
}

/// The sum of the counts of all items.
fn sum(answer: &Value) -> Value {
    let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    let counts = items.iter().filter_map(|item| item["count"].as_u64());
    counts.sum::<u64>().into()
}

fn none(list: &Value) -> Option<String> {
    let empty = list.as_array().is_none_or(Vec::is_empty);
    empty.then(|| "an empty answer".to_owned())
}

fn other(found: &Value, sent: u64) -> Option<String> {
    (found.as_u64() != Some(sent)).then(|| format!("{found} found of {sent} sent"))
}
