//! Measures a running server from outside; `cargo xtask bench` builds both and runs this.
//!
//! Promises that every figure is taken from a real server over its real protocols, with all of what
//! it does switched on, and that CPU is the server's alone by the operating system's account. Refuses
//! addresses that are not its own server's.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement is of the real clock and the real disk; it is no part of the product"
)]

mod clock;
mod disk;
mod freshness;
mod http;
mod load;
mod machine;
mod memory;
mod phases;
mod queries;
mod report;
mod rows;
mod server;
mod template;
mod wide;
mod wire;
mod workload;

use anyhow::Result;
use clap::Parser;
use phases::Bench;
use std::{path::PathBuf, time::Duration};

/// All phases, in their order.
const PHASES: [&str; 9] = [
    "hour", "http", "tenth", "steady", "live", "idle", "memory", "history", "merged",
];
/// Spans of the hour that the table is of.
const SPANS: u64 = 2_400_000;

/// What and how long to measure.
#[derive(Parser)]
pub struct Options {
    /// The server to measure
    #[arg(long, overrides_with = "binary")]
    binary: PathBuf,
    /// Where the figures go as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// The document whose table is rewritten, after all phases at full size
    #[arg(long)]
    table: Option<PathBuf>,
    /// Only these phases: hour (gRPC), http (with hour), tenth, steady, live, idle, memory (merges of
    /// wide spans, many senders and idle connections under the least limit), history, merged (with hour or tenth: disk, starts and
    /// queries after all merges)
    #[arg(long, value_parser = PHASES)]
    phase: Vec<String>,
    /// A tenth of everything, in about a minute
    #[arg(long)]
    quick: bool,
    /// Spans of the hour
    #[arg(long, default_value_t = SPANS)]
    spans: u64,
    /// Seconds of the steady load
    #[arg(long, default_value_t = 60)]
    steady_seconds: u64,
    /// Seconds of the load beside the live stream
    #[arg(long, default_value_t = 20)]
    live_seconds: u64,
    /// Spans of each load of the phase `memory`
    #[arg(long, default_value_t = 400_000)]
    wide_spans: u64,
    /// Edge requests a second of the history's last day; a twentieth on the days before
    #[arg(long, default_value_t = 0.8)]
    history_rate: f64,
    /// Connections that send
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// How often each query is asked
    #[arg(long, default_value_t = 20)]
    runs: usize,
}

impl Options {
    /// Whether a phase is to run.
    fn wants(&self, phase: &str) -> bool {
        self.phase.is_empty() || self.phase.iter().any(|wanted| wanted == phase)
    }

    /// How long a server has had nothing to do when it is settled: longer than its maintenance waits.
    fn quiet(&self) -> Duration {
        Duration::from_secs(if self.quick { 2 } else { 7 })
    }

    fn shrunk(mut self) -> Self {
        if self.quick {
            self.spans /= 10;
            self.steady_seconds /= 6;
            self.live_seconds /= 4;
            self.wide_spans /= 2;
            self.history_rate /= 8.0;
        }
        self
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse().shrunk();
    phases::exists(&options.binary)?;
    let complete = options.phase.is_empty() && options.spans == SPANS;
    let before = machine::load_average();
    let mut bench = Bench::new(options);
    let outcome = run(&mut bench).await;
    let Bench {
        options,
        mut report,
        ..
    } = bench;
    report.head = head(&options, &before);
    println!("\n{}", report.table());
    if let Some(path) = &options.json {
        report.write_json(path)?;
    }
    outcome?;
    if let Some(path) = options.table.filter(|_| complete) {
        report.write_table(&path)?;
    }
    Ok(())
}

async fn run(bench: &mut Bench) -> Result<()> {
    for phase in PHASES {
        if !bench.options.wants(phase) {
            continue;
        }
        println!("{phase}, load average {}", machine::load_average());
        match phase {
            "hour" => bench.hour().await?,
            "tenth" => bench.tenth().await?,
            "steady" => bench.steady().await?,
            "live" => bench.live().await?,
            "idle" => bench.idle()?,
            "memory" => bench.memory().await?,
            "history" => bench.history().await?,
            "merged" => bench.merged().await?,
            // Sent by the hour's phase, which has made the requests.
            _ => {}
        }
    }
    Ok(())
}

/// Where, when and how.
fn head(options: &Options, load_before: &str) -> Vec<String> {
    let machine = machine::describe();
    let text = |key: &str| machine[key].as_str().unwrap_or("unknown").to_owned();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Paths are the machine's own affair.
    let own: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|word| !word.contains('/') && !["--binary", "--json", "--table"].contains(word))
        .collect();
    let command = ["cargo xtask bench", "--"];
    let command = if own.is_empty() {
        &command[..1]
    } else {
        &command
    };
    vec![
        format!(
            "Machine: {}, {} cores, {} of memory, Linux {}; {}. Load average {load_before} when it \
             began, {} when it ended: above the number of cores, rates and latencies are what others \
             left, and CPU-seconds and bytes are what to compare.",
            text("cpu"),
            machine["cores"],
            text("memory"),
            text("kernel"),
            text("date"),
            machine::load_average()
        ),
        format!("Command: `{}`.", [command, &own].concat().join(" ")),
        format!(
            "Load: {} spans over the last whole hour by the clock, requests of up to 512 spans of one \
             instance each, made beforehand; the log is synced before each acknowledgement. CPU is \
             the server's, by the operating system, from ready to its end with all flushed and merged. \
             Queries: {} runs after 3 warm-ups, p50, over loopback HTTP with the client's share in it.",
            options.spans, options.runs
        ),
    ]
}
