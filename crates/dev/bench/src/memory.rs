//! Peak memory at the smallest memory limit: merges of spans of several widths, many senders, many
//! idle connections.
//!
//! Promises that flushes and merges took place during the measurement: a load whose segments did
//! not merge is an error, not a good result.

use crate::{
    http::Client,
    load,
    phases::{Bench, fresh},
    server::Server,
    wide::Wide,
    wire::Protocol,
    workload::Hour,
};
use anyhow::{Result, ensure};
use std::{sync::Arc, time::Duration};

/// For each load: own attributes of a span, spans a second, and factor on the requested number of
/// spans. Narrow spans need more of them, because they fill few segments.
const LOADS: [(usize, f64, u64); 3] = [(2, 30_000.0, 5), (30, 15_000.0, 1), (64, 10_000.0, 1)];
/// Connections that send as fast as they are acknowledged.
const SENDERS: usize = 800;
/// Connections that have requested a page once and stay open.
const IDLE: usize = 5_000;
const LIMIT: &str = "256MiB";
const MEBIBYTE: f64 = (1 << 20) as f64;
/// Time limit for a load that is generated while it is sent.
const LONGEST: Duration = Duration::from_secs(600);
/// Time limit for flushes and merges after a load.
const PATIENCE: Duration = Duration::from_secs(300);

impl Bench {
    /// Peak memory compared with the limit, for each kind of load.
    pub async fn memory(&mut self) -> Result<()> {
        hinomi_io::raise_descriptors();
        self.memory_of_merges().await?;
        self.memory_of_senders().await?;
        self.memory_of_idle().await
    }

    fn limited(&self) -> Result<Server> {
        let arguments = ["--memory-limit", LIMIT];
        let server = Server::start_with(&self.options.binary, fresh()?, &arguments)?;
        println!("  server {} is ready", server.pid());
        Ok(server)
    }

    /// Peak memory while wide spans are flushed and merged.
    async fn memory_of_merges(&mut self) -> Result<()> {
        for (attributes, rate, times) in LOADS {
            let server = self.limited()?;
            let spans = times * self.options.wide_spans;
            let wide = Arc::new(Wide::new(attributes, spans, rate));
            let connections = self.options.connections.min(4);
            let before = server.cpu_seconds()?;
            let outcome = load::run(&server, wide, Protocol::Grpc, connections, LONGEST).await?;
            let loaded = server.peak_memory_bytes()? as f64 / MEBIBYTE;
            server.settle(self.options.quiet(), PATIENCE)?;
            let merges = server.metric("hinomi_store_compactions_total")?;
            ensure!(
                merges > 0,
                "no segment of {attributes} attributes was merged"
            );
            let peak = server.peak_memory_bytes()? as f64 / MEBIBYTE;
            let rest = server.memory_bytes()? as f64 / MEBIBYTE;
            let flushes = server.metric("hinomi_store_flushes_total")?;
            let segments = server.metric("hinomi_store_segments")?;
            let cpu = (server.cpu_seconds()? - before) / outcome.spans as f64 * 1e6;
            self.report.number(&format!("memory_{attributes}"), peak, 0);
            let note = format!(
                "Within {LIMIT}, {} spans of {attributes} attributes of their own at {:.0} spans/s, {} \
                 refusals: {flushes} flushes and {merges} merges left {segments} segments; the process \
                 held {loaded:.0} MiB at most while they came, {peak:.0} with all merges, {rest:.0} at \
                 rest; CPU {cpu:.1} s a million spans.",
                outcome.spans,
                outcome.rate(),
                outcome.refusals
            );
            self.report.note(note);
            server.stop()?;
        }
        Ok(())
    }

    /// Peak memory while far more connections send than there is memory for their requests.
    async fn memory_of_senders(&mut self) -> Result<()> {
        let hour = Arc::new(Hour::make(self.options.spans / 2)?);
        for (name, protocol) in [("gRPC", Protocol::Grpc), ("HTTP", Protocol::Http)] {
            hour.rewind();
            let server = self.limited()?;
            let outcome = load::run(&server, hour.clone(), protocol, SENDERS, LONGEST).await?;
            server.settle(self.options.quiet(), PATIENCE)?;
            let peak = server.peak_memory_bytes()? as f64 / MEBIBYTE;
            let rest = server.memory_bytes()? as f64 / MEBIBYTE;
            let key = format!("memory_{}", name.to_ascii_lowercase());
            self.report.number(&key, peak, 0);
            let note = format!(
                "Within {LIMIT}, {SENDERS} connections over {name} as fast as acknowledged: {:.0} spans/s, {} \
                 refusals, all taken when sent again; the process held {peak:.0} MiB at most, {rest:.0} at rest.",
                outcome.rate(),
                outcome.refusals
            );
            self.report.note(note);
            server.stop()?;
        }
        Ok(())
    }

    /// Peak memory while connections to the pages stay open without further requests.
    async fn memory_of_idle(&mut self) -> Result<()> {
        let server = self.limited()?;
        let (mut held, mut answered) = (Vec::new(), 0);
        for _ in 0..IDLE {
            let mut client = Client::open(server.http).await?;
            answered += usize::from(client.get("/healthz").await?.status == 200);
            held.push(client);
        }
        ensure!(answered == IDLE, "{answered} of {IDLE} were answered");
        std::thread::sleep(self.options.quiet());
        let peak = server.peak_memory_bytes()? as f64 / MEBIBYTE;
        let open = server.metric("hinomi_connections_open")?;
        drop(held);
        self.report.number("memory_pages", peak, 0);
        let note = format!(
            "Within {LIMIT}, {IDLE} connections to the pages, each answered once and left open: {open} of them are \
             kept; the process held {peak:.0} MiB at most."
        );
        self.report.note(note);
        server.stop()?;
        Ok(())
    }
}
