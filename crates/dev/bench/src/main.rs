//! Measures a running server from outside; `cargo xtask bench` builds both and runs this.
//!
//! Promises that every number is measured on a real server over its real protocols, with everything
//! switched on, and that CPU time is the server's alone, as the operating system counts it.
//! Measures only servers that it has started itself.
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

/// All phases, in order.
const PHASES: [&str; 9] = [
    "hour", "http", "tenth", "steady", "live", "idle", "memory", "history", "merged",
];
/// Spans of the hour that the table is about.
const SPANS: u64 = 2_400_000;

/// What to measure, and for how long.
#[derive(Parser)]
pub struct Options {
    /// The server to measure
    #[arg(long, overrides_with = "binary")]
    binary: PathBuf,
    /// File for the results as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// The document whose table is rewritten, after all phases at full size
    #[arg(long)]
    table: Option<PathBuf>,
    /// Run only these phases: hour (gRPC), http (with hour), tenth, steady, live, idle, memory
    /// (merges of wide spans, many senders and idle connections at the smallest memory limit),
    /// history, merged (with hour or tenth: disk, starts and queries after all merges)
    #[arg(long, value_parser = PHASES)]
    phase: Vec<String>,
    /// Reduce everything to a tenth; takes about a minute
    #[arg(long)]
    quick: bool,
    /// Spans of the hour
    #[arg(long, default_value_t = SPANS)]
    spans: u64,
    /// Duration of the steady load, in seconds
    #[arg(long, default_value_t = 60)]
    steady_seconds: u64,
    /// Duration of the load beside the live stream, in seconds
    #[arg(long, default_value_t = 20)]
    live_seconds: u64,
    /// Number of spans in each load of the phase `memory`
    #[arg(long, default_value_t = 400_000)]
    wide_spans: u64,
    /// Edge requests a second on the last day of the history; a twentieth of it on the days before
    #[arg(long, default_value_t = 0.8)]
    history_rate: f64,
    /// Number of connections that send
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// How often each query is run
    #[arg(long, default_value_t = 20)]
    runs: usize,
}

impl Options {
    /// Whether a phase is wanted.
    fn wants(&self, phase: &str) -> bool {
        self.phase.is_empty() || self.phase.iter().any(|wanted| wanted == phase)
    }

    /// A server is settled when it has had nothing to do for this long, which is longer than the
    /// pauses of its maintenance.
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
            // Sent in the phase `hour`, which has made the requests.
            _ => {}
        }
    }
    Ok(())
}

/// Paragraphs on machine, time and command.
fn head(options: &Options, load_before: &str) -> Vec<String> {
    let machine = machine::describe();
    let text = |key: &str| machine[key].as_str().unwrap_or("unknown").to_owned();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Paths differ from machine to machine and are left out.
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
