//! `GET /api/v1/search` finds spans by the values of their attributes. `GET /api/v1/search/live`
//! does the same and streams its progress.

use crate::{
    events,
    params::Params,
    wire::{LossWire, millis},
};
use axum::{
    Json,
    extract::State,
    response::{Response, sse::Event},
};
use futures_util::{StreamExt, stream};
use hinomi_model::UnixNanos;
use hinomi_query::{
    QueryError, SearchQuestion,
    answer::{Scanned, SearchAnswer, SearchItem, SearchProgress, Stopped},
    terms,
};
use hinomi_webkit::{App, cursor, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use std::{pin::Pin, time::Duration};
use tokio::sync::mpsc;
use utoipa::ToSchema;

/// Range when the request names none: one day, enough to find an order of today.
pub(crate) const RANGE_SEARCH: Duration = Duration::from_secs(24 * 3_600);

/// Result of a search.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchWire {
    /// Newest first.
    items: Vec<SearchItemWire>,
    /// Whether `items` are all matches in the range.
    complete: bool,
    /// Why the search is not complete: `limit` or `time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'static str>,
    /// Value of `before` for a request that continues from here; null when complete.
    next_before: Option<String>,
    scanned: ScannedWire,
    /// In Unix milliseconds. From this instant on only matches after the last item are missing.
    covered_from_ms: f64,
    #[serde(flatten)]
    loss: LossWire,
}

/// How much data the search has read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScannedWire {
    segments: usize,
    of_segments: usize,
    rows: u64,
}

/// A span that matched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SearchItemWire {
    trace_id: String,
    span_id: String,
    service: String,
    /// Name of the span.
    name: String,
    /// End of the span, in Unix milliseconds with decimals.
    end_ms: f64,
    duration_ms: f64,
    matched: MatchedWire,
    /// Set when the span is itself an entry span.
    transaction: Option<FoundTransactionWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
}

/// The attribute that matched the first term.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MatchedWire {
    key: String,
    /// A text as it is, anything else as JSON.
    value: String,
}

/// The transaction of an entry span that matched.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundTransactionWire {
    operation: String,
    /// `ok`, `slow` or `error`.
    outcome: &'static str,
}

/// Data of the event `progress`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgressWire {
    #[serde(flatten)]
    scanned: ScannedWire,
    covered_from_ms: f64,
}

impl SearchWire {
    pub(crate) fn of(answer: &SearchAnswer) -> Self {
        Self {
            items: items(&answer.items),
            complete: answer.stopped.is_none(),
            stopped: answer.stopped.map(|stopped| match stopped {
                Stopped::Limit => "limit",
                Stopped::Time => "time",
            }),
            next_before: answer.next.as_ref().map(cursor::encode),
            scanned: ScannedWire::of(answer.scanned),
            covered_from_ms: instant(answer.covered_from),
            loss: LossWire::of(&answer.lost),
        }
    }
}

impl ScannedWire {
    fn of(scanned: Scanned) -> Self {
        Self {
            segments: scanned.parts,
            of_segments: scanned.of_parts,
            rows: scanned.rows,
        }
    }
}

fn items(items: &[SearchItem]) -> Vec<SearchItemWire> {
    let item = |item: &SearchItem| SearchItemWire {
        trace_id: item.trace_id.to_string(),
        span_id: item.span_id.to_string(),
        service: item.service.to_string(),
        name: item.name.to_string(),
        end_ms: instant(item.end),
        duration_ms: millis(item.duration),
        matched: MatchedWire {
            key: item.key.to_string(),
            value: item.value.to_string(),
        },
        transaction: item
            .transaction
            .as_ref()
            .map(|(operation, outcome)| FoundTransactionWire {
                operation: operation.to_string(),
                outcome: outcome.as_str(),
            }),
        http_status: item.http_status,
    };
    items.iter().map(item).collect()
}

/// Rounded to whole microseconds, as in lists of transactions.
fn instant(at: UnixNanos) -> f64 {
    at.0.div_euclid(1_000) as f64 / 1e3
}

const PARAMETERS: [&str; 8] = [
    "q",
    "from",
    "to",
    "service",
    "environment",
    "namespace",
    "limit",
    "before",
];

fn question(app: &App, reader: &Reader, uri: &Uri) -> Result<SearchQuestion, Problem> {
    let params = Params::parse(reader, uri, &[&PARAMETERS])?;
    let terms = terms::parse(params.get("q").unwrap_or_default())
        .map_err(|error| Problem::parameter("q", error.to_string()))?;
    let before = match params.get("before").map(cursor::decode) {
        Some(None) => {
            let detail = "`before` is the `next_before` of the search to continue";
            return Err(Problem::parameter("before", detail));
        }
        before => before.flatten(),
    };
    Ok(SearchQuestion {
        scope: params.scope(),
        service: params.get("service").map(Into::into),
        range: params.range(app.web.query.now(), RANGE_SEARCH)?,
        terms,
        before,
        limit: params.limit()?,
    })
}

#[utoipa::path(get, path = "/api/v1/search", tag = "search",
    params(
        ("q" = String, Query, description = "terms: `key=value`, `key=\"some value\"`, `key=*`, `status=500`, or a bare value that any attribute has; all must hold of one span"),
        ("from" = Option<String>, Query, description = "first end time inside; default a day before `to`"),
        ("to" = Option<String>, Query, description = "first end time after; default now"),
        ("service" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("limit" = Option<usize>, Query, description = "1 to 1000; default 50"),
        ("before" = Option<String>, Query, description = "`next_before` of the search to go on with"),
    ),
    responses((status = 200, body = SearchWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Spans by the values of their attributes, newest first. A search that reaches its time limit
/// answers with what it has found.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<SearchWire>, Problem> {
    let question = question(&app, &reader, &uri)?;
    let answer = app.web.query.search(question, |_| ()).await?;
    Ok(Json(SearchWire::of(&answer)))
}

#[utoipa::path(get, path = "/api/v1/search/live", tag = "search",
    params(
        ("q" = String, Query, description = "as in /api/v1/search"),
        ("from" = Option<String>, Query), ("to" = Option<String>, Query),
        ("service" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
        ("limit" = Option<usize>, Query), ("before" = Option<String>, Query),
    ),
    responses((status = 200, content_type = "text/event-stream", body = SearchWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// The same search as a stream of events: `progress`, `match` with some `items`, `partial` with
/// damaged data met since the last one (`lost`), then `end` with the whole answer, or `problem`.
/// Closing the stream ends the search.
pub(crate) async fn live(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Response, Problem> {
    let question = question(&app, &reader, &uri)?;
    let events = stream::unfold(Search::new(app, question), Search::next).flat_map(stream::iter);
    Ok(events::answer(events))
}

type Answering = Pin<Box<dyn Future<Output = Result<SearchAnswer, QueryError>> + Send>>;

/// A running search. Dropping it ends the search.
struct Search {
    app: App,
    answering: Answering,
    answer: Option<Result<SearchAnswer, QueryError>>,
    /// At most one message per segment, so the channel needs no bound. A bounded channel would
    /// block a thread of the store when the reader is slow.
    news: mpsc::UnboundedReceiver<SearchProgress>,
    /// Whether the channel is still open.
    has_news: bool,
    ended: bool,
}

impl Search {
    fn new(app: App, question: SearchQuestion) -> Self {
        let (told, news) = mpsc::unbounded_channel();
        let query = app.web.query.clone();
        let tell = move |news| {
            // The receiver is gone: the search is about to be cancelled.
            let _ = told.send(news);
        };
        Self {
            app,
            answering: Box::pin(async move { query.search(question, tell).await }),
            answer: None,
            news,
            has_news: true,
            ended: false,
        }
    }

    async fn next(mut self) -> Option<(Vec<Event>, Self)> {
        if self.ended {
            return None;
        }
        loop {
            tokio::select! {
                biased;
                () = self.app.web.shutdown.cancelled() => return None,
                news = self.news.recv(), if self.has_news => match news {
                    Some(news) => return Some((told(&news), self)),
                    None => self.has_news = false,
                },
                answer = &mut self.answering, if self.answer.is_none() => {
                    self.answer = Some(answer);
                }
            }
            if !self.has_news
                && let Some(answer) = self.answer.take()
            {
                self.ended = true;
                return Some((vec![end(answer)], self));
            }
        }
    }
}

fn told(news: &SearchProgress) -> Vec<Event> {
    let progress = ProgressWire {
        scanned: ScannedWire::of(news.scanned),
        covered_from_ms: instant(news.covered_from),
    };
    let mut events = vec![event("progress", &progress)];
    if !news.lost.is_empty() {
        events.push(event("partial", &LossWire::of(&news.lost)));
    }
    if !news.found.is_empty() {
        let found = serde_json::json!({ "items": items(&news.found) });
        events.push(event("match", &found));
    }
    events
}

fn end(answer: Result<SearchAnswer, QueryError>) -> Event {
    match answer {
        Ok(answer) => event("end", &SearchWire::of(&answer)),
        Err(error) => event("problem", &Problem::from(error)),
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".into());
    Event::default().event(name).data(data)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Cursor, OutcomeFilter, TimeRange};
    use hinomi_query::answer::Lost;

    #[test]
    fn an_answer_has_the_shape_of_the_contract() {
        let item = SearchItem {
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
            span_id: "00f067aa0ba902b7".parse().unwrap(),
            service: "checkout".into(),
            name: "POST /orders".into(),
            end: UnixNanos::from_millis(9_000),
            duration: Duration::from_millis(12),
            key: "order.id".into(),
            value: "12345".into(),
            transaction: Some(("POST /orders".into(), OutcomeFilter::Slow)),
            http_status: Some(201),
        };
        let answer = SearchAnswer {
            next: Some(Cursor {
                end: item.end,
                trace_id: item.trace_id,
                span_id: item.span_id,
            }),
            items: vec![item],
            stopped: Some(Stopped::Time),
            covered_from: UnixNanos::from_millis(8_000),
            scanned: Scanned {
                parts: 1,
                of_parts: 3,
                rows: 70,
            },
            lost: vec![Lost {
                table: "spans",
                range: TimeRange::new(UnixNanos::from_millis(1_000), UnixNanos(2_000_000_001)),
            }],
        };
        let wire = serde_json::to_value(SearchWire::of(&answer)).unwrap();
        assert_eq!(wire["next_before"].as_str().unwrap().len(), 64);
        let item = serde_json::json!({
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
            "service": "checkout", "name": "POST /orders", "end_ms": 9_000.0, "duration_ms": 12.0,
            "matched": {"key": "order.id", "value": "12345"},
            "transaction": {"operation": "POST /orders", "outcome": "slow"}, "http_status": 201,
        });
        assert_eq!(wire["items"], serde_json::json!([item]));
        assert_eq!(wire["complete"], false);
        assert_eq!(wire["partial"], true);
        let lost = serde_json::json!([{"from_ms": 1_000, "to_ms": 2_001, "table": "spans"}]);
        assert_eq!(wire["lost"], lost);
        assert_eq!(wire["stopped"], "time");
        assert_eq!(wire["covered_from_ms"], 8_000.0);
        let scanned = serde_json::json!({"segments": 1, "of_segments": 3, "rows": 70});
        assert_eq!(wire["scanned"], scanned);
    }
}
