//! Measures a running server from outside; `cargo xtask bench` builds both and runs this.
//!
//! Promises that every figure is taken from a real server over its real protocols, with all of what
//! it does switched on, and that the load's spans are new and of now. Refuses addresses that are not
//! its own server's.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement is of the real clock and the real disk; it is no part of the product"
)]

mod freshness;
mod http;
mod load;
mod machine;
mod queries;
mod report;
mod server;
mod template;
mod wire;

use anyhow::{Context, Result};
use clap::Parser;
use hinomi_sim::{Workload, WorkloadConfig};
use load::Requests;
use report::Report;
use server::Server;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// What and how long to measure.
#[derive(Parser)]
struct Options {
    /// The server to measure
    #[arg(long)]
    server: PathBuf,
    /// Where the figures go as JSON
    #[arg(long)]
    json: PathBuf,
    /// The document whose table is rewritten
    #[arg(long)]
    table: PathBuf,
    /// Seconds to send as fast as the server takes it
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Seconds to send at a steady rate, for freshness
    #[arg(long, default_value_t = 60)]
    steady_seconds: u64,
    /// The steady rate, in spans a second
    #[arg(long, default_value_t = 5_000.0)]
    steady_rate: f64,
    /// Connections that send
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Hours of history to fill in first
    #[arg(long, default_value_t = 24)]
    history_hours: u64,
    /// How often each query is asked
    #[arg(long, default_value_t = 100)]
    runs: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let requests = Requests::make()?;
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let server = Server::start(&options.server, folder)?;
    let history = fill(&server, options.history_hours).await?;
    println!("history: {} spans in {:.1} s", history.0, history.1);

    // The size is that of history alone, after a stop has written all of it: the loads below repeat
    // themselves, which compresses too well. What follows asks a server that was started anew.
    let peak_before = server.peak_memory_bytes()?;
    let (folder, stored_bytes) = server.stop()?;
    let began = Instant::now();
    let server = Server::start(&options.server, folder)?;
    let restart_seconds = began.elapsed().as_secs_f64();

    let length = Duration::from_secs(options.steady_seconds);
    let steady = load::run(
        &server,
        &requests,
        options.connections,
        length,
        Some(options.steady_rate),
    );
    let (steady, freshness) = tokio::try_join!(steady, freshness::run(&server, length))?;
    println!(
        "steady: {:.0} spans/s, {} markers",
        steady.rate(),
        freshness.len()
    );

    let length = Duration::from_secs(options.seconds);
    let fastest = load::run(&server, &requests, options.connections, length, None).await?;
    println!("fastest: {:.0} spans/s", fastest.rate());

    let queries = queries::run(&server, options.runs).await?;
    let peak_memory_bytes = server.peak_memory_bytes()?.max(peak_before);
    let report = Report {
        machine: machine::describe(),
        history,
        fastest,
        steady,
        freshness,
        queries,
        stored_bytes,
        restart_seconds,
        peak_memory_bytes,
    };
    server.stop()?;
    report.write(&options.json, &options.table)?;
    println!(
        "\n{}\n\nwritten to {}",
        report.table(),
        options.json.display()
    );
    Ok(())
}

/// Fills in history as the demo does; spans and seconds.
async fn fill(server: &Server, hours: u64) -> Result<(u64, f64)> {
    let now = i64::try_from(load::unix_nanos()).context("the clock is past 2262")?;
    let from = now - i64::try_from(hours)? * 3_600_000_000_000;
    let workload = Workload::new(WorkloadConfig::new(now));
    let began = Instant::now();
    let target = format!("http://{}", server.otlp_grpc);
    let sent = hinomi_sim::backfill(target.as_str(), &workload, from, now, |_| {}).await?;
    Ok((sent.spans, began.elapsed().as_secs_f64()))
}
