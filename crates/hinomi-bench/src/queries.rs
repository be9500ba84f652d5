//! Query latencies, by HTTP as a browser asks, one after the other.

use crate::{http, load::unix_nanos, server::Server};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// One kind of question and how long each answer took.
pub struct Query {
    /// What was asked, for the table.
    pub name: &'static str,
    /// Every answer's time.
    pub took: Vec<Duration>,
}

/// Asks each kind `runs` times, of the services in turn.
pub async fn run(server: &Server, runs: usize) -> Result<Vec<Query>> {
    let address = server.http;
    let now = unix_nanos() / 1_000_000;
    let minutes = |minutes: u64| now - minutes * 60_000;
    let services = services(address, minutes(24 * 60), now).await?;
    let traces = traces(address, &services, minutes(24 * 60), now, runs).await?;

    let mut queries = Vec::new();
    queries.push(Query {
        name: "trace by id",
        took: measure(address, runs, |run| {
            format!("api/v1/traces/{}", traces[run % traces.len()])
        })
        .await?,
    });
    for (name, from) in [
        ("hitmap, 10 minutes", minutes(10)),
        ("hitmap, 24 hours", minutes(24 * 60)),
    ] {
        let path = |run: usize| {
            format!(
                "api/v1/hitmap?service={}&from={from}&to={now}",
                services[run % services.len()]
            )
        };
        queries.push(Query {
            name,
            took: measure(address, runs, path).await?,
        });
    }
    for (name, length) in [("drag list, 1 minute", 1), ("drag list, 1 hour", 60)] {
        // Slow ones of a stretch that is further back with every run.
        let path = |run: usize| {
            let to = minutes(10 + (run as u64 % 20) * 60);
            let (from, service) = (to - length * 60_000, &services[run % services.len()]);
            format!("api/v1/transactions?service={service}&from={from}&to={to}&min_ms=100&limit=50")
        };
        queries.push(Query {
            name,
            took: measure(address, runs, path).await?,
        });
    }
    queries.push(Query {
        name: "page: the board",
        took: measure(address, runs, |_| String::new()).await?,
    });
    let dashboard = |run: usize| format!("services/{}", services[run % services.len()]);
    queries.push(Query {
        name: "page: a service",
        took: measure(address, runs, dashboard).await?,
    });
    Ok(queries)
}

async fn measure(
    address: SocketAddr,
    runs: usize,
    path: impl Fn(usize) -> String,
) -> Result<Vec<Duration>> {
    let mut took = Vec::new();
    for run in 0..runs {
        let path = format!("/{}", path(run));
        let began = Instant::now();
        http::get(address, &path).await?;
        took.push(began.elapsed());
    }
    Ok(took)
}

async fn ask(address: SocketAddr, path: &str) -> Result<Value> {
    let body = http::get(address, &format!("/api/v1/{path}")).await?;
    serde_json::from_slice(&body).with_context(|| format!("{path} is no JSON"))
}

/// The names of all services that had transactions, busiest first.
async fn services(address: SocketAddr, from: u64, to: u64) -> Result<Vec<String>> {
    let answer = ask(address, &format!("services?from={from}&to={to}")).await?;
    let items = answer["items"]
        .as_array()
        .context("services has no items")?;
    let mut counted: Vec<_> = items
        .iter()
        .filter_map(|item| {
            Some((
                item["count"].as_u64()?,
                item["service"].as_str()?.to_owned(),
            ))
        })
        .filter(|(count, _)| *count > 1_000)
        .collect();
    ensure!(
        !counted.is_empty(),
        "no service has transactions to ask for"
    );
    counted.sort_by(|one, other| other.cmp(one));
    Ok(counted.into_iter().map(|(_, service)| service).collect())
}

/// Trace ids from all over the range: some of each hour.
async fn traces(
    address: SocketAddr,
    services: &[String],
    from: u64,
    to: u64,
    wanted: usize,
) -> Result<Vec<String>> {
    let mut traces = Vec::new();
    let step = (to - from) / wanted.max(1) as u64;
    for run in 0..wanted {
        let (begin, service) = (from + run as u64 * step, &services[run % services.len()]);
        let end = begin + step;
        let path = format!("transactions?service={service}&from={begin}&to={end}&limit=1");
        let answer = ask(address, &path).await?;
        traces.extend(answer["items"][0]["trace_id"].as_str().map(str::to_owned));
    }
    ensure!(
        !traces.is_empty(),
        "no transaction was found to ask a trace for"
    );
    Ok(traces)
}
