//! `GET /csv/…`: lists and tables as comma-separated values, whole.

use super::{failure, ranged, selection, statistics::versus, transactions::filters};
use crate::{
    App,
    api::{
        params::{q_with_spent, spent},
        partners::blame_word,
        statistics::statistic_of,
    },
    format::Clock,
    page::Page,
    problem::Problem,
    versus::Other,
    view::{
        csv,
        statistics::{filtered, sort_of, sorted},
    },
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use hinomi_model::{Cursor, DurationRange, Selection, TimeRange};
use hinomi_query::{
    Comparison, QueryError,
    answer::{Compared, ComparedRow, Partners, SpentIn, StatisticRow, TransactionItem},
};
use http::{HeaderValue, header};
use std::time::Duration;

/// Rows asked for at once.
const CHUNK: usize = 1_000;
/// The same of the time in calls, which is added up anew for each page: most that the store gives.
const SPENT_CHUNK: usize = 10_000;

/// `GET /csv/transactions`: every one that the list's filters select, as it is read. With `y` the
/// durations asked for are those of its calls, as in the API, and each row has its own. The first rows
/// are read before the answer begins, so that what cannot be answered is said.
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
    let calls = spent(page.param("y")).and_then(|calls| match (calls, &text) {
        (Some(_), Some(_)) => Err(q_with_spent()),
        _ => Ok(calls),
    });
    let calls = match calls {
        Ok(calls) => calls,
        Err(problem) => return failure::page(page, &problem),
    };
    let mut walk = Walk {
        app,
        page,
        selection,
        range,
        durations,
        text,
        calls,
        at: At::Start,
    };
    match walk.read().await {
        Ok(first) => {
            let first = stream::once(async { Ok(Bytes::from(first)) });
            let lines = first.chain(stream::unfold(walk, Walk::next));
            // What compresses it asks again after the end.
            download("transactions", Body::from_stream(lines.fuse()))
        }
        Err(error) => failure::page(walk.page, &Problem::from(error)),
    }
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
    let versus = match versus(&page, range, Other::Nothing) {
        Ok(versus) => versus,
        Err(problem) => return failure::page(page, &problem),
    };
    let selection = selection(&page, page.param("service"));
    let asked = Comparison {
        statistic,
        range,
        against: versus.range,
        apart: selection.service.is_none(),
    };
    match app.web.query.compared(asked, &selection).await {
        Ok(compared) => {
            let q = page.param("q").unwrap_or_default();
            let rows = filtered(&compared, q);
            let (sort, up) = sort_of(&page);
            let rows = sorted(rows, &compared, sort, up);
            download(&kind, Body::from(statistics_csv(&compared, &rows)))
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

const STATISTICS_HEADER: [&str; 12] = [
    "key",
    "detail",
    "count",
    "errors",
    "total_ms",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "service",
    "rate_per_s",
    "error_share",
    "time_share",
];
const COMPARED_HEADER: [&str; 12] = [
    "compare_count",
    "compare_errors",
    "compare_total_ms",
    "compare_p50_ms",
    "compare_p95_ms",
    "compare_p99_ms",
    "rate_change",
    "error_share_change",
    "total_change",
    "p50_change",
    "p95_change",
    "p99_change",
];

fn statistics_csv(compared: &Compared, rows: &[&ComparedRow]) -> String {
    let against = compared.against;
    let others = COMPARED_HEADER.iter().filter(|_| against.is_some());
    let mut text = csv::line(STATISTICS_HEADER.iter().chain(others).copied());
    let whole: f64 = compared
        .rows
        .iter()
        .map(|row| row.now.total.as_secs_f64())
        .sum();
    let length = compared.range.length();
    let share = |part: f64, of: f64| if of > 0.0 { part / of } else { 0.0 };
    for row in rows {
        let now = &row.now;
        let mut fields = vec![now.key.to_string(), now.detail.to_string()];
        fields.extend(numbers(now));
        fields.push(row.service.to_string());
        fields.push(share(now.count as f64, length.as_secs_f64()).to_string());
        fields.push(share(now.errors as f64, now.count as f64).to_string());
        fields.push(share(now.total.as_secs_f64(), whole).to_string());
        if let Some(against) = against {
            let some =
                |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            match (&row.before, row.changes(length, against.length())) {
                (Some(before), Some(changes)) => {
                    fields.extend(numbers(before));
                    fields.extend([
                        some(changes.rate),
                        changes.errors.to_string(),
                        some(changes.total),
                        some(changes.p50),
                        some(changes.p95),
                        some(changes.p99),
                    ]);
                }
                _ => fields.extend(std::iter::repeat_n(String::new(), COMPARED_HEADER.len())),
            }
        }
        text.push_str(&csv::line(fields.iter().map(String::as_str)));
    }
    text
}

fn numbers(row: &StatisticRow) -> [String; 6] {
    let some = |time: Option<Duration>| time.map(millis).unwrap_or_default();
    [
        row.count.to_string(),
        row.errors.to_string(),
        millis(row.total),
        some(row.latency.p50),
        some(row.latency.p95),
        some(row.latency.p99),
    ]
}

fn millis(time: Duration) -> String {
    format!("{}", time.as_nanos() as f64 / 1e6)
}

/// `GET /csv/partners`: one line a host and calling service, to be sent to the partner.
pub(crate) async fn partners(State(app): State<App>, page: Page) -> Response {
    let (page, range) = match ranged(page) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let selection = selection(&page, page.param("service"));
    let (_, mut partners) = match super::partners::ask(&app, &page, &selection, range).await {
        Ok(found) => found,
        Err(problem) => return failure::page(page, &problem),
    };
    if let Some(host) = page.param("host") {
        partners.hosts.retain(|partner| *partner.host == *host);
    }
    let name = page.param("host").map_or("partners", |_| "partner");
    download(name, Body::from(partners_csv(&page, &partners)))
}

const PARTNERS_HEADER: [&str; 24] = [
    "host",
    "service",
    "from",
    "to",
    "count",
    "errors",
    "connect",
    "tls",
    "timeout",
    "4xx",
    "5xx",
    "other",
    "total_ms",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "compare_from",
    "compare_to",
    "compare_count",
    "compare_errors",
    "compare_p50_ms",
    "compare_p95_ms",
    "compare_p99_ms",
    "verdict",
];

fn partners_csv(page: &Page, partners: &Partners) -> String {
    let mut text = csv::line(PARTNERS_HEADER);
    let at = |at| page.when(at, Clock::DateMillis).utc;
    let some = |time: Option<Duration>| time.map(millis).unwrap_or_default();
    for partner in &partners.hosts {
        for caller in &partner.callers {
            let calls = &caller.calls;
            let mut fields = vec![
                partner.host.to_string(),
                caller.service.to_string(),
                at(partners.range.from),
                at(partners.range.to),
                calls.count.to_string(),
                calls.errors.to_string(),
            ];
            fields.extend(calls.failures.iter().map(u64::to_string));
            fields.push(millis(calls.total));
            let latency = calls.latency;
            fields.extend([latency.p50, latency.p95, latency.p99].map(some));
            match (&caller.before, partners.against) {
                (Some(before), Some(against)) => {
                    fields.extend([at(against.from), at(against.to)]);
                    fields.extend([before.count.to_string(), before.errors.to_string()]);
                    let latency = before.latency;
                    fields.extend([latency.p50, latency.p95, latency.p99].map(some));
                }
                _ => fields.extend(std::iter::repeat_n(String::new(), 7)),
            }
            fields.push(blame_word(&partner.blame).to_owned());
            text.push_str(&csv::line(fields.iter().map(String::as_str)));
        }
    }
    text
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
    /// Those whose time `durations` are of, and a column is.
    calls: Option<SpentIn>,
    at: At,
}

impl Walk {
    async fn next(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        if matches!(self.at, At::End) {
            return None;
        }
        match self.read().await {
            Ok(text) => Some((Ok(text.into()), self)),
            // The connection is cut, so that half a list is not taken for a whole one.
            Err(error) => {
                tracing::error!(%error, "a download ended early");
                self.at = At::End;
                Some((Err(std::io::Error::other(error.to_string())), self))
            }
        }
    }

    /// The next lines.
    async fn read(&mut self) -> Result<String, QueryError> {
        let (mut text, after) = match self.at {
            At::Start => (self.header(), None),
            At::After(cursor) => (String::new(), Some(cursor)),
            At::End => return Ok(String::new()),
        };
        let query = &self.app.web.query;
        let next = match self.calls {
            None => {
                let (asked, q) = (&self.selection, self.text.as_deref());
                let list = query.transactions(asked, self.range, self.durations, q, after, CHUNK);
                let list = list.await?;
                for item in &list.items {
                    text.push_str(&self.line(item, None));
                }
                list.next
            }
            Some(calls) => {
                // What has been listed is not added up again.
                let listed = after.map(|cursor| cursor.end.plus(Duration::from_nanos(1)));
                let to = listed.map_or(self.range.to, |end| end.min(self.range.to));
                let region = (TimeRange::new(self.range.from, to), self.durations);
                let list =
                    query.spent_transactions(calls, &self.selection, region, after, SPENT_CHUNK);
                let list = list.await?;
                for (item, spent) in list.page.items.iter().zip(&list.spent) {
                    text.push_str(&self.line(item, Some(*spent)));
                }
                list.page.next
            }
        };
        self.at = next.map_or(At::End, At::After);
        Ok(text)
    }

    fn header(&self) -> String {
        let names = HEADER.iter().copied();
        csv::line(names.filter(|name| self.calls.is_some() || *name != SPENT))
    }

    fn line(&self, item: &TransactionItem, spent: Option<Duration>) -> String {
        let mut fields = vec![
            self.page.when(item.end, Clock::DateMillis).utc,
            millis(item.duration),
        ];
        fields.extend(spent.map(millis));
        let status = item.http_status.map(|status| status.to_string());
        fields.extend([
            item.outcome.as_str().to_owned(),
            item.service.to_string(),
            item.operation.to_string(),
            item.instance.to_string(),
            item.version.to_string(),
            status.unwrap_or_default(),
            item.error_type.as_deref().unwrap_or_default().to_owned(),
            item.trace_id.to_string(),
            item.span_id.to_string(),
        ]);
        csv::line(fields.iter().map(String::as_str))
    }
}

/// The column of the time in calls.
const SPENT: &str = "spent_ms";
const HEADER: [&str; 12] = [
    "end",
    "duration_ms",
    SPENT,
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
