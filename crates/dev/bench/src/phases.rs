//! The phases. Each starts its own server, on a new folder or on one that another phase has left.
//!
//! Merges are due only some time after a bucket has ended. So the folders of the hour wait, without
//! a server, while the other phases run; `merged` comes last and measures the settled state. Most
//! of a run is that wait. It cannot be shortened by changing a catalog, because its rows have
//! checksums.

use crate::{
    Options, disk, freshness,
    load::{self, Outcome},
    queries::{self, OF_HISTORY, OF_THE_HOUR, OF_THE_PROMOTED, Target},
    report::{Report, milliseconds, quantile},
    server::{Server, Stopped},
    wire::Protocol,
    workload::{Facts, Hour, Live},
};
use anyhow::{Context, Result};
use hinomi_sim::{Workload, WorkloadConfig};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Time limit for loads without a rate. What is left then is not sent.
const LONGEST: Duration = Duration::from_secs(300);
/// Time limit for flushes and merges after a load.
const PATIENCE: Duration = Duration::from_secs(120);
/// Number of starts with a cold page cache.
const COLD_STARTS: usize = 5;
const STEADY: f64 = 5_000.0;
const LIVELY: f64 = 50_000.0;
const MEGABYTE: f64 = 1e6;
/// This long after a bucket's end and its newest segment, all of it is merged; with a small margin.
const GRACE: Duration = Duration::from_secs(610);
const HOUR_NS: i64 = 3_600_000_000_000;

/// The benchmark run.
pub struct Bench {
    /// Options of the run.
    pub options: Options,
    /// Results of the run.
    pub report: Report,
    waiting: Vec<Waiting>,
}

/// A folder that waits until its merges are due.
struct Waiting {
    folder: TempDir,
    hour: Arc<Hour>,
    since: Instant,
    tenth: bool,
}

/// A load that was sent and fully processed.
struct Settled {
    outcome: Outcome,
    /// Server CPU seconds for a million spans, from ready to the end.
    cpu: f64,
    peak_memory: f64,
    stopped: Stopped,
}

impl Bench {
    /// A run without results.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            report: Report::default(),
            waiting: Vec::new(),
        }
    }

    /// Phase `hour`: an hour of spans at full rate over gRPC, then over HTTP.
    pub async fn hour(&mut self) -> Result<()> {
        let hour = Arc::new(Hour::make(self.options.spans)?);
        self.report.note(describe(&hour.facts));
        let done = self.send_hour(&hour, Protocol::Grpc).await?;
        self.report.number("cpu_grpc", done.cpu, 2);
        self.report.number("rate", done.outcome.rate(), 0);
        for (key, share) in [("request_p50", 0.5), ("request_p99", 0.99)] {
            let took = milliseconds(quantile(&done.outcome.took, share));
            self.report.number(key, took, 1);
        }
        self.report.number("memory_full", done.peak_memory, 0);
        self.report
            .number("stop", milliseconds(done.stopped.took), 0);
        let note = format!(
            "At full rate {} requests were refused for the moment and sent again.",
            done.outcome.refusals
        );
        self.report.note(note);
        self.send_rest(&hour).await?;
        let folder = done.stopped.folder;
        let folder = self
            .ask_hour(
                folder,
                &hour.facts,
                "right after the load",
                Report::unmerged,
            )
            .await?;
        self.wait(folder, hour, false);
        Ok(())
    }

    fn wait(&mut self, folder: TempDir, hour: Arc<Hour>, tenth: bool) {
        let since = Instant::now();
        let hour = Arc::new(Hour::about(hour.facts.clone()));
        self.waiting.push(Waiting {
            folder,
            hour,
            since,
            tenth,
        });
    }

    /// Phase `merged`: CPU, disk, starts and queries after the hour's segments are merged.
    pub async fn merged(&mut self) -> Result<()> {
        for waiting in std::mem::take(&mut self.waiting) {
            let age = waiting.since.elapsed().min(waiting.hour.age());
            tokio::time::sleep(GRACE.saturating_sub(age)).await;
            let facts = &waiting.hour.facts;
            let folder = self.merge(waiting.folder, facts, waiting.tenth)?;
            if waiting.tenth {
                self.ask_hour(folder, facts, "merged", Report::tenth)
                    .await?;
            } else {
                let folder = self.cold(folder, facts).await?;
                self.ask_hour(folder, facts, "merged", Report::answers)
                    .await?;
            }
        }
        Ok(())
    }

    /// Sends the hour over HTTP, if that phase is wanted.
    async fn send_rest(&mut self, hour: &Arc<Hour>) -> Result<()> {
        if self.options.wants("http") {
            println!("http");
            hour.rewind();
            let server = self.start(fresh()?)?;
            queries::promote(&server).await?;
            let done = self.send_to(server, hour, Protocol::Http).await?;
            self.report.number("cpu_http", done.cpu, 2);
            let note = format!(
                "Over HTTP, with an attribute promoted before: {:.0} spans/s, request p99 {:.1} ms, \
                 peak memory {:.0} MB.",
                done.outcome.rate(),
                milliseconds(quantile(&done.outcome.took, 0.99)),
                done.peak_memory
            );
            self.report.note(note);
            let server = self.start(done.stopped.folder)?;
            let (facts, to_ms) = (&hour.facts, hour.facts.to_ms);
            let target = Target { facts, to_ms };
            let runs = self.options.runs;
            let answers = queries::run(&server, OF_THE_PROMOTED, &target, runs).await?;
            self.report.answers(answers);
            server.stop()?;
        }
        Ok(())
    }

    /// Phase `tenth`: a tenth as many spans over the same hour, with the same queries.
    pub async fn tenth(&mut self) -> Result<()> {
        let hour = Arc::new(Hour::make(self.options.spans / 10)?);
        let done = self.send_hour(&hour, Protocol::Grpc).await?;
        self.wait(done.stopped.folder, hour, true);
        Ok(())
    }

    /// Phase `steady`: 5,000 spans a second.
    pub async fn steady(&mut self) -> Result<()> {
        let length = Duration::from_secs(self.options.steady_seconds);
        let live = Live::make(STEADY, length)?;
        let server = self.start(fresh()?)?;
        let before = server.cpu_seconds()?;
        let outcome = load::run(
            &server,
            Arc::new(live.begin()),
            Protocol::Grpc,
            self.options.connections,
            LONGEST,
        )
        .await?;
        let done = self.settle(server, outcome, before)?;
        self.report.number("cpu_steady", done.cpu, 2);
        self.report.number("memory_steady", done.peak_memory, 0);
        let note = format!(
            "The steady load was {:.0} spans/s; its hour is not over, so nothing of it is merged yet.",
            done.outcome.rate()
        );
        self.report.note(note);
        Ok(())
    }

    /// Phase `live`: delay from acknowledgement to the live stream at 50,000 spans a second.
    pub async fn live(&mut self) -> Result<()> {
        let length = Duration::from_secs(self.options.live_seconds);
        let live = Live::make(LIVELY, length)?;
        let server = self.start(fresh()?)?;
        let load = load::run(
            &server,
            Arc::new(live.begin()),
            Protocol::Grpc,
            self.options.connections,
            LONGEST,
        );
        let (load, delays) = tokio::try_join!(load, freshness::run(&server, length))?;
        let [median, high] = [0.5, 0.99].map(|share| quantile(&delays, share).as_secs_f64());
        self.report.number("live", high, 2);
        let note = format!(
            "The live stream: p50 {median:.2} s of {} markers beside {:.0} spans/s on average; \
             request p99 {:.0} ms.",
            delays.len(),
            load.rate(),
            milliseconds(quantile(&load.took, 0.99))
        );
        self.report.note(note);
        server.stop()?;
        Ok(())
    }

    /// Phase `idle`: memory of a server without requests.
    pub fn idle(&mut self) -> Result<()> {
        let server = self.start(fresh()?)?;
        std::thread::sleep(self.options.quiet());
        let memory = server.memory_bytes()? as f64 / MEGABYTE;
        self.report.number("memory_idle", memory, 0);
        server.stop()?;
        Ok(())
    }

    /// Phase `history`: thirty days, the last one with more traffic, and queries over them.
    pub async fn history(&mut self) -> Result<()> {
        let server = self.start(fresh()?)?;
        let now = i64::try_from(crate::clock::unix_nanos()).context("the clock is past 2262")?;
        let (day, month) = (now - 24 * HOUR_NS, now - 30 * 24 * HOUR_NS + HOUR_NS / 6);
        let rate = self.options.history_rate;
        let sparse = fill(&server, rate / 20.0, (month, day)).await?;
        let dense = fill(&server, rate, (day, now)).await?;
        let note = format!(
            "History: {sparse} spans over 29 days, {dense} over the last 24 hours; every hour of all \
             has rollups of all services."
        );
        self.report.note(note);
        server.settle(self.options.quiet(), PATIENCE)?;
        let server = self.start(server.stop()?.folder)?;
        let note = format!(
            "With that history a server starts in {:.0} ms.",
            milliseconds(server.start)
        );
        self.report.note(note);
        let facts = Facts::default();
        let to_ms = u64::try_from(now)? / 1_000_000;
        let target = Target {
            facts: &facts,
            to_ms,
        };
        let runs = self.options.runs;
        let answers = queries::run(&server, OF_HISTORY, &target, runs).await?;
        self.report.answers(answers);
        server.stop()?;
        Ok(())
    }

    fn start(&self, folder: TempDir) -> Result<Server> {
        let server = Server::start(&self.options.binary, folder)?;
        println!("  server {} is ready", server.pid());
        Ok(server)
    }

    async fn send_hour(&mut self, hour: &Arc<Hour>, protocol: Protocol) -> Result<Settled> {
        let server = self.start(fresh()?)?;
        self.send_to(server, hour, protocol).await
    }

    async fn send_to(
        &mut self,
        server: Server,
        hour: &Arc<Hour>,
        protocol: Protocol,
    ) -> Result<Settled> {
        let before = server.cpu_seconds()?;
        let connections = self.options.connections;
        let outcome = load::run(&server, hour.clone(), protocol, connections, LONGEST).await?;
        self.settle(server, outcome, before)
    }

    /// Waits until everything is processed, then stops the server and counts its CPU time up to the
    /// end.
    fn settle(&mut self, server: Server, outcome: Outcome, before: f64) -> Result<Settled> {
        let acknowledged = server.cpu_seconds()?;
        let peak_memory = server.peak_memory_bytes()? as f64 / MEGABYTE;
        if !server.settle(self.options.quiet(), PATIENCE)? {
            let note = format!("A server was still busy {PATIENCE:?} after its load.");
            self.report.note(note);
        }
        let after_peak = server.peak_memory_bytes()? as f64 / MEGABYTE;
        let stopped = server.stop()?;
        let million = outcome.spans as f64 / 1e6;
        println!(
            "  {} spans in {:.1} s; CPU {:.2} s a million when acknowledged, {:.2} settled; \
             peak {peak_memory:.0} MB, settled {after_peak:.0}",
            outcome.spans,
            outcome.seconds,
            (acknowledged - before) / million,
            (stopped.cpu_seconds - before) / million
        );
        Ok(Settled {
            cpu: (stopped.cpu_seconds - before) / million,
            peak_memory: after_peak,
            outcome,
            stopped,
        })
    }

    /// Waits until everything is merged. Reports its cost and the disk usage.
    fn merge(&mut self, folder: TempDir, facts: &Facts, tenth: bool) -> Result<TempDir> {
        let server = self.start(folder)?;
        let before = server.cpu_seconds()?;
        let segments = server.metric("hinomi_store_segments")?;
        if !server.settle(self.options.quiet(), PATIENCE)? {
            let note = format!("A server was still merging after {PATIENCE:?}.");
            self.report.note(note);
        }
        let left = server.metric("hinomi_store_segments")?;
        let peak = server.peak_memory_bytes()? as f64 / MEGABYTE;
        let stopped = server.stop()?;
        let spans = facts.spans as f64;
        let cpu = (stopped.cpu_seconds - before) / spans * 1e6;
        let parts = disk::parts(stopped.folder.path())?;
        let total: u64 = parts.values().sum();
        println!(
            "  {segments} segments became {left}, CPU {cpu:.2} s a million, peak {peak:.0} MB"
        );
        if tenth {
            return Ok(stopped.folder);
        }
        let note = format!(
            "Merging, due ten minutes after the hour: {segments} segments become {left}, CPU \
             {cpu:.2} s a million spans (in the figures of both protocols above), peak memory {peak:.0} MB."
        );
        self.report.note(note);
        self.report.add("cpu_grpc", cpu);
        self.report.add("cpu_http", cpu);
        self.report.number("disk", total as f64 / spans, 1);
        let list: Vec<String> = parts
            .iter()
            .map(|(part, bytes)| format!("{part} {:.2}", *bytes as f64 / spans))
            .collect();
        let note = format!("Disk, bytes a span: {}.", list.join(", "));
        self.report.note(note);
        Ok(stopped.folder)
    }

    /// Starts with a cold page cache. Each time, queries one trace.
    async fn cold(&mut self, mut folder: TempDir, facts: &Facts) -> Result<TempDir> {
        let (mut starts, mut warm, mut took) = (Vec::new(), Vec::new(), Vec::new());
        for id in facts.trace_ids.iter().take(COLD_STARTS) {
            disk::forget(folder.path())?;
            let server = self.start(folder)?;
            starts.push(server.start);
            took.push(queries::first_trace(&server, id).await?);
            let server = self.start(server.stop()?.folder)?;
            warm.push(server.start);
            folder = server.stop()?.folder;
        }
        self.report
            .number("start", milliseconds(quantile(&warm, 0.5)), 0);
        self.report
            .number("trace_cold", milliseconds(quantile(&took, 0.5)), 1);
        let note = format!(
            "Cold: {} starts after the operating system was told to forget the data folder's files \
             (not the server's own); ready after {:.0} ms, the slowest first trace took {:.1} ms.",
            took.len(),
            milliseconds(quantile(&starts, 0.5)),
            milliseconds(quantile(&took, 1.0))
        );
        self.report.note(note);
        Ok(folder)
    }

    async fn ask_hour(
        &mut self,
        folder: TempDir,
        facts: &Facts,
        when: &str,
        tell: fn(&mut Report, Vec<(&'static str, queries::Asked)>),
    ) -> Result<TempDir> {
        let server = self.start(folder)?;
        let start = milliseconds(server.start);
        server.settle(self.options.quiet(), PATIENCE)?;
        let before = server.memory_bytes()? as f64 / MEGABYTE;
        let to_ms = facts.to_ms;
        let target = Target { facts, to_ms };
        let answers = queries::run(&server, OF_THE_HOUR, &target, self.options.runs).await?;
        tell(&mut self.report, answers);
        let after = server.memory_bytes()? as f64 / MEGABYTE;
        let spans = facts.spans;
        let note = format!(
            "On {spans} spans, {when}: start {start:.0} ms, idle at {before:.0} MB, after the \
             questions at {after:.0} MB."
        );
        self.report.note(note);
        Ok(server.stop()?.folder)
    }
}

/// Describes the load in numbers, so that it can be compared.
fn describe(facts: &Facts) -> String {
    let spans = facts.spans as f64;
    format!(
        "The hour: {} traces with {} spans, {} services, p50 {} spans a trace, {:.0} bytes a span \
         as protobuf, {:.0} % of them entry spans; {} requests, a trace comes in {:.1} of them.",
        facts.traces,
        facts.spans,
        facts.services.len(),
        facts.median_spans,
        facts.bytes as f64 / spans,
        facts.transactions as f64 / spans * 100.0,
        facts.requests,
        facts.requests_per_trace
    )
}

/// Backfills history as the demo does. Returns the number of spans.
async fn fill(server: &Server, rate: f64, (from, to): (i64, i64)) -> Result<u64> {
    let workload = Workload::new(WorkloadConfig {
        rate,
        ..WorkloadConfig::new(to)
    });
    let target = format!("http://{}", server.otlp_grpc);
    let sent = hinomi_sim::backfill(target.as_str(), &workload, from, to, |_| {}).await?;
    Ok(sent.spans)
}

/// A new data folder, with a recognisable name.
pub fn fresh() -> Result<TempDir> {
    let named = tempfile::Builder::new().prefix("hinomi-bench-").tempdir();
    named.context("making a temporary folder")
}

/// Fails if the server binary does not exist, before a load is made for it.
pub fn exists(binary: &Path) -> Result<()> {
    anyhow::ensure!(binary.exists(), "there is no {}", binary.display());
    Ok(())
}
