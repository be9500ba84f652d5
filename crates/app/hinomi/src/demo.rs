//! `hinomi demo`: the server, with the payments workload sent to its OTLP port.

use crate::{
    cli::DemoFlags,
    config::{Config, Profile},
    server::{self, RunningServer},
};
use anyhow::Context;
use hinomi_sim::{Progress, Workload, WorkloadConfig};
use std::io::{IsTerminal, Write};

/// Runs the demo until it is stopped.
pub fn run(flags: DemoFlags) -> anyhow::Result<()> {
    let config = Config::resolve(flags.server.clone(), Profile::Demo)?;
    crate::log_to_stderr(&config);
    server::run(&config, move |running| send(running, flags))
}

/// Sends the history, prints the URL of the pages, then sends live traffic.
async fn send(running: RunningServer, flags: DemoFlags) -> anyhow::Result<()> {
    let RunningServer {
        http,
        otlp_grpc,
        newest,
        clock,
        stop,
    } = running;
    let target = format!("http://{otlp_grpc}");
    let now = clock.unix_nanos();
    let workload = Workload::new(WorkloadConfig {
        seed: flags.seed,
        rate: flags.rate,
        ..WorkloadConfig::new(now)
    });
    let history = i64::try_from(flags.history.as_nanos()).unwrap_or(i64::MAX);
    // An existing data folder is only continued: data that it has is not sent again.
    let begin = now.saturating_sub(history);
    let from = newest.map_or(begin, |newest| begin.max(newest.0));
    let started = clock.monotonic();
    let filling = hinomi_sim::backfill(target.as_str(), &workload, from, now, show);
    let Some(filled) = stop.run_until_cancelled(filling).await else {
        return Ok(());
    };
    let filled = filled.context("the history could not be sent")?;
    let took = clock.monotonic() - started;
    eprintln!(
        "\r{} spans of history in {:.1} s",
        filled.spans,
        took.as_secs_f64()
    );
    println!("Hinomi is at http://{http}/");
    std::io::stdout()
        .flush()
        .context("standard output is closed")?;
    let ticking = clock.clone();
    hinomi_sim::live(target.as_str(), &workload, now, stop, move || {
        ticking.unix_nanos()
    })
    .await
    .context("live traffic could not be sent")?;
    Ok(())
}

fn show(progress: Progress) {
    let whole = (progress.to_unix_ns - progress.from_unix_ns).max(1) as f64;
    let done = (progress.at_unix_ns - progress.from_unix_ns) as f64 / whole;
    // In a log file, each step of the progress would be a line.
    if std::io::stderr().is_terminal() {
        eprint!("\rfilling in history: {:3.0} %", done * 100.0);
    }
}
