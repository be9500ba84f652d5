//! Live: sends spans as they end, until it is cancelled.

use std::time::Duration;

use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    backfill::Encoded,
    batch::{Batch, Batcher, Grouping},
    feed::SpanFeed,
    send::{Sender, Sent, SimError, Target},
    workload::Workload,
};

/// Longest delay from the end of a span until it is sent.
const TICK: Duration = Duration::from_millis(250);
/// Number of requests in flight.
const IN_FLIGHT: usize = 8;
/// Step of catching up after a long pause (the machine was asleep), so that memory stays bounded.
const STRIDE_NS: i64 = 10_000_000_000;
/// Time limit for the last flush.
const FAREWELL: Duration = Duration::from_secs(2);

/// From `from` on, sends each span shortly after it ends by the clock `now` (nanoseconds since the
/// Unix epoch), one request for each instance as SDKs do. When `cancel` fires, it flushes the spans
/// that have ended and returns. If the clock goes back, it only waits.
///
/// A request that the server does not accept is dropped after the retries and counted, as an SDK
/// would do. Only an answer that no retry can fix (a wrong key) is an error.
pub async fn live(
    target: impl Into<Target>,
    workload: &Workload,
    from_unix_ns: i64,
    cancel: CancellationToken,
    now: impl Fn() -> i64,
) -> Result<Sent, SimError> {
    let sender = Sender::new(&target.into())?;
    let mut stream = Stream::new(workload, from_unix_ns);
    let mut sent = Sent::default();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            _ = ticks.tick() => {}
        }
        let present = now();
        while stream.at < present && !cancel.is_cancelled() {
            let batches = stream.advance(present.min(stream.at + STRIDE_NS));
            let lost: u64 = batches.iter().map(|batch| batch.spans().len() as u64).sum();
            let delivery = deliver(&sender, batches);
            tokio::pin!(delivery);
            tokio::select! {
                biased;
                delivered = &mut delivery => sent.add(delivered?),
                () = cancel.cancelled() => match tokio::time::timeout(FAREWELL, delivery).await {
                    Ok(delivered) => sent.add(delivered?),
                    Err(_) => sent.dropped_spans += lost,
                },
            }
        }
    }
    let farewell = deliver(&sender, stream.advance(now().min(stream.at + STRIDE_NS)));
    if let Ok(delivered) = tokio::time::timeout(FAREWELL, farewell).await {
        sent.add(delivered?);
    }
    Ok(sent)
}

/// The feed with its batcher, and the instant that both have reached.
struct Stream {
    feed: SpanFeed,
    batcher: Batcher,
    at: i64,
}

impl Stream {
    fn new(workload: &Workload, from: i64) -> Self {
        Self {
            feed: SpanFeed::new(workload.clone(), from),
            batcher: Batcher::new(workload.clone(), Grouping::Instance),
            at: from,
        }
    }

    /// All spans that end before `to` and were not returned before, as requests.
    fn advance(&mut self, to: i64) -> Vec<Batch> {
        let mut batches = Vec::new();
        while let Some(span) = self.feed.next_before(to) {
            batches.extend(self.batcher.push(span));
        }
        batches.extend(self.batcher.flush());
        self.at = self.at.max(to);
        batches
    }
}

async fn deliver(sender: &Sender, batches: Vec<Batch>) -> Result<Sent, SimError> {
    let mut sent = Sent::default();
    let mut flying = JoinSet::new();
    let mut batches = batches.into_iter();
    loop {
        while flying.len() < IN_FLIGHT
            && let Some(batch) = batches.next()
        {
            let sender = sender.clone();
            let Encoded { body, spans, .. } = batch.into();
            flying.spawn(async move { (sender.send(body, spans).await, spans) });
        }
        let Some(landed) = flying.join_next().await else {
            return Ok(sent);
        };
        match landed.map_err(|error| SimError::Generator(error.to_string()))? {
            (Ok(delivered), _) => sent.add(delivered),
            (Err(SimError::GaveUp { attempts, last }), spans) => {
                tracing::warn!(spans, attempts, status = %last, "dropped spans");
                sent.dropped_spans += spans as u64;
            }
            (Err(error), _) => return Err(error),
        }
    }
}
