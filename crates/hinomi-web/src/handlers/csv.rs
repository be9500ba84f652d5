//! `GET /csv/…`: lists and tables as comma-separated values, whole.

use super::{failure, ranged, selection, transactions::filters};
use crate::{
    App, api::statistics::statistic_of, format::Clock, page::Page, problem::Problem, view::csv,
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use hinomi_model::{Cursor, DurationRange, Selection, TimeRange};
use hinomi_query::answer::TransactionItem;
use http::{HeaderValue, header};

/// Rows asked for at once.
const CHUNK: usize = 1_000;

/// `GET /csv/transactions`: every one that the list's filters select, as it is read.
pub(crate) async fn transactions(State(app): State<App>, page: Page) -> Response {
    let (page, range) = match ranged(page) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let (selection, durations) = match filters(&page, page.param("service")) {
        Ok(filters) => filters,
        Err(problem) => return failure::page(page, &problem),
    };
    let text = page.param("q").map(str::to_owned);
    let walk = Walk {
        app,
        page,
        selection,
        range,
        durations,
        text,
        at: At::Start,
    };
    download(
        "transactions",
        Body::from_stream(stream::unfold(walk, Walk::next)),
    )
}

/// `GET /csv/statistics/{kind}`: the whole table.
pub(crate) async fn statistics(
    State(app): State<App>,
    Path(kind): Path<String>,
    page: Page,
) -> Response {
    let Some(statistic) = statistic_of(&kind) else {
        return failure::page(page, &Problem::not_found("there is no such statistic"));
    };
    let (page, range) = match ranged(page) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let selection = selection(&page, page.param("service"));
    let rows = match app.web.query.statistics(statistic, &selection, range).await {
        Ok(rows) => rows,
        Err(error) => return failure::page(page, &Problem::from(error)),
    };
    let header = [
        "key", "detail", "count", "errors", "total_ms", "p50_ms", "p95_ms", "p99_ms",
    ];
    let mut text = csv::line(header);
    for row in rows.items {
        let millis = |time: std::time::Duration| format!("{}", time.as_nanos() as f64 / 1e6);
        let some = |time: Option<std::time::Duration>| time.map(millis).unwrap_or_default();
        let numbers = [
            row.count.to_string(),
            row.errors.to_string(),
            millis(row.total),
            some(row.latency.p50),
            some(row.latency.p95),
            some(row.latency.p99),
        ];
        let names = [&*row.key, &*row.detail];
        text.push_str(&csv::line(
            names.into_iter().chain(numbers.iter().map(String::as_str)),
        ));
    }
    download(&kind, Body::from(text))
}

/// Where a walk through a list is.
enum At {
    Start,
    After(Cursor),
    End,
}

struct Walk {
    app: App,
    page: Page,
    selection: Selection,
    range: TimeRange,
    durations: DurationRange,
    text: Option<String>,
    at: At,
}

impl Walk {
    async fn next(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        let (mut text, after) = match self.at {
            At::Start => (csv::line(HEADER), None),
            At::After(cursor) => (String::new(), Some(cursor)),
            At::End => return None,
        };
        let query = self.app.web.query.clone();
        let list = query
            .transactions(
                &self.selection,
                self.range,
                self.durations,
                self.text.as_deref(),
                after,
                CHUNK,
            )
            .await;
        match list {
            Ok(list) => {
                for item in &list.items {
                    text.push_str(&self.line(item));
                }
                self.at = list.next.map_or(At::End, At::After);
                Some((Ok(text.into()), self))
            }
            // The connection is cut, so that half a list is not taken for a whole one.
            Err(error) => {
                tracing::error!(%error, "a download ended early");
                self.at = At::End;
                Some((Err(std::io::Error::other(error.to_string())), self))
            }
        }
    }

    fn line(&self, item: &TransactionItem) -> String {
        let end = self.page.when(item.end, Clock::DateMillis);
        let took = format!("{}", item.duration.as_nanos() as f64 / 1e6);
        let ids = (item.trace_id.to_string(), item.span_id.to_string());
        let status = item
            .http_status
            .map(|status| status.to_string())
            .unwrap_or_default();
        csv::line([
            end.utc.as_str(),
            &took,
            item.outcome.as_str(),
            &item.service,
            &item.operation,
            &item.instance,
            &item.version,
            &status,
            item.error_type.as_deref().unwrap_or_default(),
            &ids.0,
            &ids.1,
        ])
    }
}

const HEADER: [&str; 11] = [
    "end",
    "duration_ms",
    "outcome",
    "service",
    "operation",
    "instance",
    "version",
    "http_status",
    "error_type",
    "trace_id",
    "span_id",
];

fn download(name: &str, body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    if let Ok(value) = format!("attachment; filename=\"{name}.csv\"").parse() {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
