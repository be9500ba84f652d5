//! `GET /api/v1/transactions/live`: the live tail. First a `snapshot` with the newest transactions,
//! then a `delta` each second.

use crate::{
    events::{self, RETRY},
    params::{Params, SELECTION},
    transactions::TransactionWire,
};
use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use futures_util::stream;
use hinomi_live::Tick;
use hinomi_model::{Cursor, DurationRange, Selection, TimeRange, UnixNanos};
use hinomi_query::{QueryError, Tail, answer::TransactionItem};
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use utoipa::ToSchema;

/// Most transactions that are listed per second: nobody can read more.
const MOST: usize = 20;
/// Ticks of the live bus per event. The bus ticks twice a second; a list that moves more often than
/// once a second cannot be read.
const TICKS: u64 = 2;
/// Most transactions of the snapshot: as many as fit on a screen.
const SNAPSHOT: usize = 50;
/// How far back the snapshot reaches.
const WINDOW: Duration = Duration::from_secs(10 * 60);

/// Transactions that arrived.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TailWire {
    now_ms: i64,
    /// How many arrived since the last event. In a snapshot: how many it lists.
    count: u64,
    /// The newest of them, newest first: at most 20, in a snapshot 50.
    items: Vec<TransactionWire>,
}

impl TailWire {
    fn of(now: UnixNanos, count: u64, items: &[TransactionItem]) -> Self {
        Self {
            now_ms: now.millis(),
            count,
            items: items.iter().map(TransactionWire::of).collect(),
        }
    }
}

/// One reader of the stream.
struct Follower {
    app: App,
    ticks: Receiver<Arc<Tick>>,
    selection: Selection,
    durations: DurationRange,
    text: Option<String>,
    tail: Tail,
    /// Number of ticks seen so far.
    seen: u64,
    /// Transactions of the snapshot. Those that arrived while it was made would otherwise be sent
    /// twice.
    told: Vec<Cursor>,
    started: bool,
}

impl Follower {
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            let told = if self.started {
                let now = tokio::select! {
                    () = self.app.web.shutdown.cancelled() => return None,
                    tick = self.ticks.recv() => match tick {
                        Ok(tick) => {
                            self.seen += 1;
                            if !self.seen.is_multiple_of(TICKS) {
                                continue;
                            }
                            tick.now
                        }
                        // Missed ticks do not matter: the tail knows its position.
                        Err(RecvError::Lagged(_)) => self.app.web.query.now(),
                        Err(RecvError::Closed) => return None,
                    },
                };
                self.delta(now).await
            } else {
                self.snapshot().await
            };
            // Without an event the page shows that it is stale; the next second tries again.
            // Lasting failures are logged where they are turned into a problem.
            match told {
                Ok(event) => return Some((event, self)),
                Err(error) => drop(Problem::from(error)),
            }
            if !self.started {
                tokio::select! {
                    () = self.app.web.shutdown.cancelled() => return None,
                    _ = self.ticks.recv() => {}
                }
            }
        }
    }

    async fn snapshot(&mut self) -> Result<Event, QueryError> {
        let query = &self.app.web.query;
        let text = self.text.as_deref();
        self.tail = query.tail(&self.selection, self.durations, text, MOST)?;
        let now = query.now();
        let range = TimeRange::new(now.minus(WINDOW), UnixNanos(i64::MAX));
        let page = query
            .transactions(&self.selection, range, self.durations, text, None, SNAPSHOT)
            .await?;
        self.told = page.items.iter().map(place).collect();
        self.started = true;
        let wire = TailWire::of(now, page.items.len() as u64, &page.items);
        Ok(event("snapshot", &wire).retry(RETRY))
    }

    async fn delta(&mut self, now: UnixNanos) -> Result<Event, QueryError> {
        let mut arrived = self.app.web.query.arrivals(&mut self.tail).await?;
        if arrived.missed {
            return self.snapshot().await;
        }
        let told = std::mem::take(&mut self.told);
        let all = arrived.items.len();
        arrived.items.retain(|item| !told.contains(&place(item)));
        let again = (all - arrived.items.len()) as u64;
        let count = arrived.total.saturating_sub(again);
        Ok(event("delta", &TailWire::of(now, count, &arrived.items)))
    }
}

fn place(item: &TransactionItem) -> Cursor {
    Cursor {
        end: item.end,
        trace_id: item.trace_id,
        span_id: item.span_id,
    }
}

fn event(name: &str, wire: &TailWire) -> Event {
    let data = serde_json::to_string(wire).unwrap_or_else(|_| "{}".into());
    Event::default().event(name).data(data)
}

#[utoipa::path(get, path = "/api/v1/transactions/live", tag = "transactions",
    params(
        ("min_ms" = Option<f64>, Query), ("max_ms" = Option<f64>, Query),
        ("service" = Option<String>, Query), ("operation" = Option<String>, Query),
        ("instance" = Option<String>, Query), ("version" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "ok, slow or error"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("q" = Option<String>, Query, description = "as in /api/v1/transactions"),
    ),
    responses((status = 200, content_type = "text/event-stream", body = TailWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Transactions as they arrive: an event `snapshot`, then an event `delta` each second.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = Params::parse(&reader, &uri, &[&SELECTION, &["min_ms", "max_ms", "q"]])?;
    let (selection, durations) = (params.selection()?, params.durations()?);
    let text = params.get("q").map(str::to_owned);
    let query = &app.web.query;
    let follower = Follower {
        ticks: query.subscribe(),
        tail: query.tail(&selection, durations, text.as_deref(), MOST)?,
        selection,
        durations,
        text,
        seen: 0,
        told: Vec::new(),
        started: false,
        app,
    };
    let events = stream::unfold(follower, Follower::next);
    Ok(events::answer(events))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::sample;

    #[test]
    fn an_event_has_the_shape_of_the_contract() {
        let items = sample::transactions(2, 2).items;
        let wire = TailWire::of(UnixNanos::from_millis(9_000), 7, &items);
        let wire = serde_json::to_value(&wire).unwrap();
        assert_eq!(wire["now_ms"], 9_000);
        assert_eq!(wire["count"], 7);
        assert_eq!(wire["items"][1]["operation"], "POST /v1/checkout");
    }
}
