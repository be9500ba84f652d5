//! Sends a load over several connections. Each waits for its acknowledgements.

use crate::{
    server::Server,
    wire::{Connection, Protocol},
    workload::Source,
};
use anyhow::Result;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// The result of a load.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Spans that were acknowledged.
    pub spans: u64,
    /// How often the server refused a request temporarily.
    pub refusals: u64,
    /// Duration of the load, in seconds.
    pub seconds: f64,
    /// For each request, the time from its first byte to its acknowledgement, refusals and waits
    /// included.
    pub took: Vec<Duration>,
}

impl Outcome {
    /// Spans a second.
    pub fn rate(&self) -> f64 {
        self.spans as f64 / self.seconds
    }
}

/// Sends all of `source`, or the part of it that is due within `length`.
pub async fn run(
    server: &Server,
    source: Arc<dyn Source>,
    protocol: Protocol,
    connections: usize,
    length: Duration,
) -> Result<Outcome> {
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for _ in 0..connections {
        let mut connection = Connection::open(server, protocol).await?;
        let source = source.clone();
        tasks.spawn(async move {
            let mut done = Outcome::default();
            while began.elapsed() < length
                && let Some(due) = source.next()
            {
                if let Some(at) = due.at {
                    tokio::time::sleep_until(at.into()).await;
                }
                let asked = Instant::now();
                done.refusals += connection.send(due.body).await?;
                done.took.push(asked.elapsed());
                done.spans += due.spans;
            }
            anyhow::Ok(done)
        });
    }
    let mut total = Outcome::default();
    while let Some(done) = tasks.join_next().await {
        let done = done??;
        total.spans += done.spans;
        total.refusals += done.refusals;
        total.took.extend(done.took);
    }
    total.seconds = began.elapsed().as_secs_f64();
    Ok(total)
}
