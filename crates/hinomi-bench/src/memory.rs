//! Memory under merges: the least limit, spans of several widths, and the most that the process held.
//!
//! Promises that flushes and merges took place while it was measured: a load whose segments did not
//! merge is an error, not a good figure.

use crate::{
    load,
    phases::{Bench, fresh},
    server::Server,
    wide::Wide,
    wire::Protocol,
};
use anyhow::{Result, ensure};
use std::{sync::Arc, time::Duration};

/// Own attributes of a span, and spans a second.
const LOADS: [(usize, f64); 3] = [(2, 30_000.0), (30, 15_000.0), (64, 10_000.0)];
const LIMIT: &str = "256MiB";
const MEBIBYTE: f64 = (1 << 20) as f64;
/// Of a load that is made as it is sent.
const LONGEST: Duration = Duration::from_secs(600);
/// How long flushes and merges may take after a load.
const PATIENCE: Duration = Duration::from_secs(300);

impl Bench {
    /// Peak memory beside the limit while wide spans are flushed and merged.
    pub async fn memory(&mut self) -> Result<()> {
        for (attributes, rate) in LOADS {
            let arguments = ["--memory-limit", LIMIT];
            let server = Server::start_with(&self.options.binary, fresh()?, &arguments)?;
            println!("  server {} is ready", server.pid());
            let wide = Arc::new(Wide::new(attributes, self.options.wide_spans, rate));
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
}
