//! `hinomi demo`: the server, with the payments workload sent to its OTLP port.

mod narration;

use crate::{
    cli::DemoFlags,
    config::{Config, Profile},
    server::{self, RunningServer},
};
use anyhow::Context;
use hinomi_sim::{Progress, Workload, WorkloadConfig};
use hinomi_web::DemoHistory;
use narration::Narrator;
use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

/// How long after an event begins its line may be printed.
const NARRATED_EVERY: Duration = Duration::from_millis(500);

/// Runs the demo until it is stopped.
pub fn run(flags: DemoFlags) -> anyhow::Result<()> {
    let config = Config::resolve(flags.server.clone(), Profile::Demo)?;
    crate::log_to_stderr(&config);
    server::run(&config, move |running| send(running, flags))
}

/// Prints the URL of the pages, sends the history, then live traffic.
async fn send(running: RunningServer, flags: DemoFlags) -> anyhow::Result<()> {
    let RunningServer {
        http,
        otlp_grpc,
        otlp_http,
        newest,
        history: filling,
        clock,
        stop,
    } = running;
    say(&format!("Hinomi is at http://{http}/"))?;
    say(&format!(
        "It takes OTLP at {otlp_grpc} (gRPC) and {otlp_http} (HTTP)."
    ))?;
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
    let narrator = flags.narrate.then(|| Narrator::new(workload.clone()));
    if let Some(narrator) = &narrator {
        narrator
            .of_history(from, now)
            .iter()
            .try_for_each(|line| say(line))?;
    }
    let started = clock.monotonic();
    let sending = hinomi_sim::backfill(target.as_str(), &workload, from, now, |progress| {
        show(progress, &filling);
    });
    let Some(filled) = stop.run_until_cancelled(sending).await else {
        return Ok(());
    };
    let filled = filled.context("the history could not be sent")?;
    filling.finish();
    let took = clock.monotonic() - started;
    if std::io::stderr().is_terminal() {
        eprint!("\r");
    }
    say(&format!(
        "The history is filled in: {} spans in {:.1} s.",
        filled.spans,
        took.as_secs_f64()
    ))?;
    if let Some(narrator) = narrator {
        let (clock, stop) = (clock.clone(), stop.clone());
        tokio::spawn(async move {
            let mut told = now;
            let mut ticks = tokio::time::interval(NARRATED_EVERY);
            while stop.run_until_cancelled(ticks.tick()).await.is_some() {
                let at = clock.unix_nanos();
                let lines = narrator.between(told, at);
                told = told.max(at);
                // Whoever closed standard output does not want to hear more.
                if lines.iter().try_for_each(|line| say(line)).is_err() {
                    break;
                }
            }
        });
    }
    let ticking = clock.clone();
    hinomi_sim::live(target.as_str(), &workload, now, stop, move || {
        ticking.unix_nanos()
    })
    .await
    .context("live traffic could not be sent")?;
    Ok(())
}

/// Prints a line at once, also into a pipe.
fn say(line: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .context("standard output is closed")
}

fn show(progress: Progress, filling: &DemoHistory) {
    let whole = (progress.to_unix_ns - progress.from_unix_ns).max(1) as f64;
    let done = (progress.at_unix_ns - progress.from_unix_ns) as f64 / whole;
    filling.reach(done);
    // In a log file, each step of the progress would be a line.
    if std::io::stderr().is_terminal() {
        eprint!("\rfilling in history: {:3.0} %", done * 100.0);
    }
}
