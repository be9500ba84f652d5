//! Backfill: sends a range of history as fast as the server accepts it.

use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    batch::{Batch, Batcher, Grouping},
    feed::SpanFeed,
    send::{Sender, Sent, SimError, Target},
    workload::Workload,
};

/// Number of requests in flight.
const IN_FLIGHT: usize = 4;
/// Most encoded requests that wait to be sent (about 250 kB each). The generator pauses when the
/// queue is full.
const READY: usize = 8;

/// Progress of a backfill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The counts of what was sent so far.
    pub sent: Sent,
    /// Start of the range.
    pub from_unix_ns: i64,
    /// Spans that ended before this instant have been sent, except for a few requests in flight.
    pub at_unix_ns: i64,
    /// End of the range.
    pub to_unix_ns: i64,
}

/// Sends all spans that end in `[from, to)`, in that order except for four requests in flight,
/// joined over instances as a collector does. [`crate::live`] from the same `to` continues without
/// a gap. Calls `progress` after each request.
pub async fn backfill(
    target: impl Into<Target>,
    workload: &Workload,
    from_unix_ns: i64,
    to_unix_ns: i64,
    progress: impl Fn(Progress),
) -> Result<Sent, SimError> {
    let sender = Sender::new(&target.into())?;
    let (ready, mut requests) = mpsc::channel(READY);
    let workload = workload.clone();
    let generator =
        tokio::task::spawn_blocking(move || generate(workload, from_unix_ns, to_unix_ns, &ready));
    let mut flying: JoinSet<Result<(Sent, i64), SimError>> = JoinSet::new();
    let mut at = Progress {
        sent: Sent::default(),
        from_unix_ns,
        at_unix_ns: from_unix_ns,
        to_unix_ns,
    };
    let mut land = |landed: Result<Result<(Sent, i64), SimError>, tokio::task::JoinError>| {
        let (sent, last_end) = landed.map_err(|error| SimError::Generator(error.to_string()))??;
        at.sent.add(sent);
        at.at_unix_ns = at.at_unix_ns.max(last_end);
        progress(at);
        Ok::<Sent, SimError>(at.sent)
    };
    let mut sent = Sent::default();
    while let Some(Encoded {
        body,
        spans,
        last_end_unix_ns,
    }) = requests.recv().await
    {
        if flying.len() >= IN_FLIGHT
            && let Some(landed) = flying.join_next().await
        {
            sent = land(landed)?;
        }
        let sender = sender.clone();
        flying.spawn(async move { Ok((sender.send(body, spans).await?, last_end_unix_ns)) });
    }
    while let Some(landed) = flying.join_next().await {
        sent = land(landed)?;
    }
    generator
        .await
        .map_err(|error| SimError::Generator(error.to_string()))?;
    Ok(sent)
}

/// An encoded request.
pub(crate) struct Encoded {
    pub(crate) body: Bytes,
    pub(crate) spans: usize,
    pub(crate) last_end_unix_ns: i64,
}

impl From<Batch> for Encoded {
    fn from(batch: Batch) -> Self {
        Self {
            body: batch.encode().into(),
            spans: batch.spans().len(),
            last_end_unix_ns: batch.last_end_unix_ns(),
        }
    }
}

/// Ends early when the receiver is gone.
fn generate(workload: Workload, from: i64, to: i64, ready: &mpsc::Sender<Encoded>) {
    let mut feed = SpanFeed::new(workload.clone(), from);
    let mut batcher = Batcher::new(workload, Grouping::Collector);
    while let Some(span) = feed.next_before(to) {
        if let Some(batch) = batcher.push(span)
            && ready.blocking_send(batch.into()).is_err()
        {
            return;
        }
    }
    for batch in batcher.flush() {
        if ready.blocking_send(batch.into()).is_err() {
            return;
        }
    }
}
