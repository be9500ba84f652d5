//! `GET /csv/…`: whole lists and tables as comma-separated values.

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
        lost::merged,
        statistics::{filtered, sort_of, sorted},
    },
};
use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use hinomi_analysis::Partners;
use hinomi_model::{Cursor, DurationRange, Selection, TimeRange};
use hinomi_query::{
    QueryError, StatisticQuestion,
    answer::{Compared, ComparedRow, Lost, SpentIn, StatisticRow, TransactionItem},
};
use http::{HeaderName, HeaderValue, header};
use std::time::Duration;

/// Rows that are read with one query.
const CHUNK: usize = 1_000;
/// The same for lists with time in calls. Each page of these is computed anew, so a chunk is as
/// large as the store allows.
const SPENT_CHUNK: usize = 10_000;

/// `GET /csv/transactions`: streams every transaction that the list's filters select. With `y`, the
/// duration filters apply to the time in those calls, as in the API, and each row has that time.
/// The first rows are read before the answer begins, so that an error can still be reported.
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
    let lost = app.web.query.lost_transactions(&selection.scope, range);
    let mut walk = Walk {
        lost,
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
            let known = walk.lost.clone();
            let lines = first.chain(stream::unfold(walk, Walk::next));
            // The compression layer polls again after the end.
            download("transactions", &known, Body::from_stream(lines.fuse()))
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
    let asked = StatisticQuestion {
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
            let mut text = statistics_csv(&compared, &rows);
            text.push_str(&missing(&page, &compared.lost));
            download(&kind, &compared.lost, Body::from(text))
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

/// `GET /csv/partners`: one line for each host and calling service, meant to be sent to the
/// partner.
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
    let mut text = partners_csv(&page, &partners);
    text.push_str(&missing(&page, &partners.lost));
    download(name, &partners.lost, Body::from(text))
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

/// Position of a walk through a list.
enum At {
    Start,
    After(Cursor),
    End,
}

struct Walk {
    /// Damaged data that is missing: known from the start, and found on the way.
    lost: Vec<Lost>,
    app: App,
    page: Page,
    selection: Selection,
    range: TimeRange,
    durations: DurationRange,
    text: Option<String>,
    /// The calls whose time `durations` filters and one column shows.
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
            // The connection is cut, so that nobody takes half a list for a whole one.
            Err(error) => {
                tracing::error!(%error, "a download ended early");
                self.at = At::End;
                Some((Err(std::io::Error::other(error.to_string())), self))
            }
        }
    }

    /// Reads the next lines.
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
                self.lost.extend(list.lost);
                list.next
            }
            Some(calls) => {
                // The listed part of the range is not computed again.
                let listed = after.map(|cursor| cursor.end.plus(Duration::from_nanos(1)));
                let to = listed.map_or(self.range.to, |end| end.min(self.range.to));
                let region = (TimeRange::new(self.range.from, to), self.durations);
                let list =
                    query.spent_transactions(calls, &self.selection, region, after, SPENT_CHUNK);
                let list = list.await?;
                for (item, spent) in list.page.items.iter().zip(&list.spent) {
                    text.push_str(&self.line(item, Some(*spent)));
                }
                self.lost.extend(list.page.lost);
                list.page.next
            }
        };
        self.at = next.map_or(At::End, At::After);
        // Each page reports the damaged data again; it is kept once.
        self.lost
            .sort_by_key(|lost| (lost.range.from, lost.range.to, lost.table));
        self.lost.dedup();
        if matches!(self.at, At::End) {
            text.push_str(&missing(&self.page, &self.lost));
        }
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

/// Name of the column for the time in calls.
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

/// Most damaged stretches of time that a file lists at its end. Further ones are only counted.
const NAMED: usize = 20;

/// The last lines of a file that misses rows. They are in the file because a spreadsheet does not
/// show HTTP headers.
fn missing(page: &Page, lost: &[Lost]) -> String {
    let ranges = merged(lost.iter().map(|lost| lost.range));
    let mut text = String::new();
    for range in ranges.iter().take(NAMED) {
        let [from, to] = [range.from, range.to].map(|at| page.when(at, Clock::DateMillis).utc);
        let line = [
            PARTIAL,
            "stored data of this time cannot be read",
            &from,
            &to,
        ];
        text.push_str(&csv::line(line));
    }
    let more = ranges.len().saturating_sub(NAMED);
    if more > 0 {
        text.push_str(&csv::line([PARTIAL, &format!("and {more} more")]));
    }
    text
}

/// First field of a line that is not a row.
const PARTIAL: &str = "# partial";
/// Header that is `true` when rows are known to be missing before the answer begins.
const PARTIAL_HEADER: &str = "x-hinomi-partial";

fn download(name: &str, lost: &[Lost], body: Body) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    if let Ok(value) = format!("attachment; filename=\"{name}.csv\"").parse() {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if !lost.is_empty() {
        headers.insert(
            HeaderName::from_static(PARTIAL_HEADER),
            HeaderValue::from_static("true"),
        );
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use hinomi_model::UnixNanos;

    #[test]
    fn a_file_that_misses_rows_ends_in_saying_so_and_a_whole_one_does_not() {
        let page = Page::sample(Language::Japanese);
        assert_eq!(missing(&page, &[]), "");
        let lost = |minute: i64| Lost {
            table: "transactions",
            range: TimeRange::new(
                UnixNanos::from_millis(minute * 120_000),
                UnixNanos::from_millis(minute * 120_000 + 60_000),
            ),
        };
        let said = missing(&page, &[lost(0), lost(0)]);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.starts_with("# partial,") && said.ends_with("\r\n"),
            "{said}"
        );
        assert!(said.contains("1970-01-01"), "{said}");
        let many: Vec<_> = (0..50).map(lost).collect();
        let said = missing(&page, &many);
        assert!(said.ends_with("# partial,and 30 more\r\n"), "{said}");
        let answer = download("a", &many, Body::empty());
        assert_eq!(answer.headers()["x-hinomi-partial"], "true");
        let whole = download("a", &[], Body::empty());
        assert!(!whole.headers().contains_key("x-hinomi-partial"));
    }
}
