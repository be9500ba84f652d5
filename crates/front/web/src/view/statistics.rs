//! The page of a statistic, compared with another time: sorted, filtered, each number with its
//! change.

use super::{change::ChangeText, service_head::ServiceHead, spark::Spark, versus::VersusChoice};
use crate::{
    api::statistics::KINDS,
    format,
    page::{InPage, Page},
    url,
    versus::Versus,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::{Changes, Compared, ComparedRow, Statistic};
use std::{cmp::Ordering, time::Duration};

/// Most rows on the page. The download has all rows.
const ROWS_MAX: usize = 200;
/// A failed share is red from `ERRORS_NOTABLE` on, a latency amber from `SLOW` on.
const ERRORS_NOTABLE: f64 = 0.01;
const SLOW: Duration = Duration::from_secs(1);

/// The page.
#[derive(Template)]
#[template(path = "pages/statistics.html")]
pub(crate) struct StatisticsPage {
    page: Page,
    head: Option<ServiceHead>,
    versus: VersusChoice,
    view: TableView,
}

impl StatisticsPage {
    /// The page of a comparison. Without a summary: of all services.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        kind: &'static str,
        versus: &Versus,
        compared: &Compared,
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "statistics"));
        let choice = VersusChoice::new(&page, versus);
        let view = TableView::new(&page, kind, versus, compared);
        Self {
            head,
            versus: choice,
            view,
            page,
        }
    }
}

impl InPage for StatisticsPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The columns that a table can be sorted by, as words in the URL. The first is the default.
pub(crate) const SORTS: [&str; 14] = [
    "total",
    "name",
    "count",
    "rate",
    "rate_change",
    "errors",
    "errors_change",
    "total_change",
    "p50",
    "p50_change",
    "p95",
    "p95_change",
    "p99",
    "p99_change",
];

struct TableView {
    kind: &'static str,
    kinds: Vec<(String, String, bool)>,
    name_label: String,
    detail_label: Option<String>,
    apart: bool,
    compares: bool,
    heads: Vec<Head>,
    name_head: Head,
    rows: Vec<Row>,
    gone: Option<String>,
    more: Option<String>,
    place: String,
    q: String,
    csv: String,
    kept: Vec<(String, String)>,
    unfiltered: Option<String>,
}

/// The header of a column: a link that sorts by the column, and one that sorts by its change.
struct Head {
    /// CSS class, and the word that sorts by the column.
    key: &'static str,
    label: String,
    unit: &'static str,
    /// Links that sort by the value and by its change.
    sort: SortLink,
    change: Option<SortLink>,
}

/// A link that sorts.
struct SortLink {
    href: String,
    /// `ascending`, `descending`, or empty when the table is not sorted by it.
    direction: &'static str,
}

struct Row {
    name: String,
    href: String,
    service: Option<(String, String)>,
    detail: String,
    trend: Spark,
    share: f64,
    share_text: String,
    cells: Vec<Cell>,
}

struct Cell {
    text: String,
    class: &'static str,
    change: Option<ChangeText>,
}

impl TableView {
    fn new(page: &Page, kind: &'static str, versus: &Versus, compared: &Compared) -> Self {
        let statistic = crate::api::statistics::statistic_of(kind).unwrap_or(Statistic::Operations);
        let apart = page.service.is_none();
        let compares = compared.against.is_some();
        let spec = labels(statistic);
        let q = page.param("q").unwrap_or_default().to_owned();
        let filtered = filtered(compared, &q);
        let total = filtered.len();
        let (sort, up) = sort_of(page);
        let sorted = sorted(filtered, compared, sort, up);
        let busy: f64 = compared
            .rows
            .iter()
            .map(|row| row.now.total.as_secs_f64())
            .sum();
        let rows = sorted
            .iter()
            .take(ROWS_MAX)
            .map(|row| Row::new(page, statistic, row, compared, busy, apart))
            .collect();
        let head = |label: String, unit, name: &'static str, change: Option<&'static str>| Head {
            key: name,
            label,
            unit,
            sort: SortLink::new(page, name, sort, up),
            change: change
                .filter(|_| compares)
                .map(|name| SortLink::new(page, name, sort, up)),
        };
        let kept = page
            .query
            .iter()
            .filter(|(name, value)| !matches!(name.as_str(), "q" | "lang") && !value.is_empty());
        let service = page.service.as_deref().unwrap_or_default();
        let mut csv: Vec<(&str, &str)> = vec![
            ("service", service),
            ("vs", versus.other.as_str()),
            ("q", &q),
        ];
        for name in ["operation", "instance", "version"] {
            csv.push((name, page.param(name).unwrap_or_default()));
        }
        let gone = compared.gone.len();
        Self {
            kind,
            kinds: kinds(page, kind),
            name_label: page.t(spec.0),
            detail_label: spec.1.map(|key| page.t(key)),
            apart,
            compares,
            name_head: head(page.t(spec.0), "", "name", None),
            heads: vec![
                head(page.t("column-count"), "", "count", None),
                head(page.t("column-rate"), "/s", "rate", Some("rate_change")),
                head(
                    page.t("column-errors"),
                    "%",
                    "errors",
                    Some("errors_change"),
                ),
                head(page.t("column-total"), "s", "total", Some("total_change")),
                head("p50".into(), "ms", "p50", Some("p50_change")),
                head("p95".into(), "ms", "p95", Some("p95_change")),
                head("p99".into(), "ms", "p99", Some("p99_change")),
            ],
            rows,
            gone: (gone > 0 && q.is_empty()).then(|| {
                page.words()
                    .say_with("stats-gone", &[("count", gone.into())])
            }),
            more: (total > ROWS_MAX).then(|| {
                let left = format::count((total - ROWS_MAX) as u64);
                page.t1("stats-more", "count", &left)
            }),
            place: page.t1("stats-rows", "count", &format::count(total as u64)),
            csv: page.link(&format!("/csv/statistics/{kind}"), &csv),
            unfiltered: (!q.is_empty()).then(|| page.this_with(&[("q", "")])),
            q,
            kept: kept.cloned().collect(),
        }
    }
}

/// The rows whose key, detail or service contains the text.
pub(crate) fn filtered<'a>(compared: &'a Compared, q: &str) -> Vec<&'a ComparedRow> {
    let part = q.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&part);
    let rows = compared.rows.iter();
    rows.filter(|row| {
        part.is_empty() || has(&row.now.key) || has(&row.now.detail) || has(&row.service)
    })
    .collect()
}

/// The sort column in the URL, and whether it sorts upwards.
pub(crate) fn sort_of(page: &Page) -> (&'static str, bool) {
    let asked = page.param("sort").unwrap_or_default();
    let known = SORTS.into_iter().find(|sort| *sort == asked);
    let sort = known.unwrap_or(SORTS[0]);
    let up = match page.param("order") {
        Some("asc") => true,
        Some("desc") => false,
        _ => sort == "name",
    };
    (sort, up)
}

/// The rows in order. Rows without a value come last in both directions.
pub(crate) fn sorted<'a>(
    mut rows: Vec<&'a ComparedRow>,
    compared: &Compared,
    sort: &str,
    up: bool,
) -> Vec<&'a ComparedRow> {
    if sort == "name" {
        rows.sort_by(|a, b| {
            let order = (&a.now.key, &a.service).cmp(&(&b.now.key, &b.service));
            if up { order } else { order.reverse() }
        });
        return rows;
    }
    let mut valued: Vec<(Option<f64>, &ComparedRow)> = rows
        .into_iter()
        .map(|row| (value(row, compared, sort), row))
        .collect();
    valued.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) => {
            let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
            if up { order } else { order.reverse() }
        }
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
    valued.into_iter().map(|(_, row)| row).collect()
}

fn value(row: &ComparedRow, compared: &Compared, sort: &str) -> Option<f64> {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let latency = &row.now.latency;
    match sort {
        "count" | "rate" => Some(row.now.count as f64),
        "errors" => Some(format::share(row.now.errors, row.now.count)),
        "total" => Some(row.now.total.as_secs_f64()),
        "p50" => seconds(latency.p50),
        "p95" => seconds(latency.p95),
        "p99" => seconds(latency.p99),
        changed => {
            let changes = changes(row, compared)?;
            match changed {
                "rate_change" => changes.rate,
                "errors_change" => Some(changes.errors),
                "total_change" => changes.total,
                "p50_change" => changes.p50,
                "p95_change" => changes.p95,
                _ => changes.p99,
            }
        }
    }
}

fn changes(row: &ComparedRow, compared: &Compared) -> Option<Changes> {
    row.changes(compared.range.length(), compared.against?.length())
}

impl SortLink {
    fn new(page: &Page, name: &'static str, sort: &str, up: bool) -> Self {
        let here = name == sort;
        let natural = name == "name";
        // A second click reverses the direction. The default direction is left out of the URL.
        let next = if here { !up } else { natural };
        let order = match (next == natural, next) {
            (true, _) => "",
            (false, true) => "asc",
            (false, false) => "desc",
        };
        let word = if name == SORTS[0] { "" } else { name };
        Self {
            href: page.this_with(&[("sort", word), ("order", order)]),
            direction: match (here, up) {
                (false, _) => "",
                (true, true) => "ascending",
                (true, false) => "descending",
            },
        }
    }
}

impl Row {
    fn new(
        page: &Page,
        statistic: Statistic,
        row: &ComparedRow,
        compared: &Compared,
        busy: f64,
        apart: bool,
    ) -> Self {
        let now = &row.now;
        let length = compared.range.length();
        let seconds = length.as_secs_f64().max(f64::MIN_POSITIVE);
        let changes = changes(row, compared);
        let errors = format::share(now.errors, now.count);
        let cell = |text: String, class, change: Option<ChangeText>| Cell {
            text,
            class,
            change,
        };
        let changed = |of: &dyn Fn(Changes) -> ChangeText| changes.map(of);
        let latency = |time: Option<Duration>, change: Option<ChangeText>| {
            let slow = time.is_some_and(|time| time >= SLOW);
            cell(
                format::millis(time),
                if slow { "is-slow" } else { "" },
                change,
            )
        };
        let share = if busy > 0.0 {
            now.total.as_secs_f64() / busy * 100.0
        } else {
            0.0
        };
        let service = page
            .service
            .clone()
            .unwrap_or_else(|| row.service.to_string());
        Self {
            name: format::name(&now.key),
            href: link(page, statistic, row, &service),
            service: apart.then(|| {
                let path = format!(
                    "{}/statistics/{}",
                    url::service(&service),
                    kind_of(statistic)
                );
                (format::name(&service), page.link(&path, &[]))
            }),
            detail: format::name(&now.detail),
            trend: Spark::of(&row.trend),
            share,
            share_text: format::number(share),
            cells: vec![
                cell(format::count(now.count), "", None),
                cell(
                    format::number(now.count as f64 / seconds),
                    "",
                    changed(&|changes| ChangeText::neutral(changes.rate)),
                ),
                cell(
                    format::percent(errors).number,
                    if errors >= ERRORS_NOTABLE {
                        "is-error"
                    } else {
                        ""
                    },
                    changed(&|changes| ChangeText::errors(changes.errors)),
                ),
                cell(
                    format::number(now.total.as_secs_f64()),
                    "",
                    changed(&|changes| ChangeText::neutral(changes.total)),
                ),
                latency(
                    now.latency.p50,
                    changed(&|changes| ChangeText::latency(changes.p50)),
                ),
                latency(
                    now.latency.p95,
                    changed(&|changes| ChangeText::latency(changes.p95)),
                ),
                latency(
                    now.latency.p99,
                    changed(&|changes| ChangeText::latency(changes.p99)),
                ),
            ],
        }
    }
}

/// The URL of a row's own page.
fn link(page: &Page, statistic: Statistic, row: &ComparedRow, service: &str) -> String {
    let base = url::service(service);
    let key = &*row.now.key;
    match statistic {
        Statistic::Operations => page.link(&format!("{base}/operation"), &[("operation", key)]),
        Statistic::Instances => page.link(&format!("{base}/instance"), &[("instance", key)]),
        Statistic::Errors => page.link(
            &format!("{base}/transactions"),
            &[("q", key), ("outcome", "error")],
        ),
        Statistic::Externals => page.link(&url::partner(key), &[]),
        Statistic::Statements => page.link(
            &format!("{base}/statement"),
            &[("statement", key), ("database", &row.now.detail)],
        ),
    }
}

fn kind_of(statistic: Statistic) -> &'static str {
    let known = KINDS.iter().find(|(_, have)| *have == statistic);
    known.map_or("operations", |(word, _)| word)
}

/// Catalogue keys of the headers of key and detail.
fn labels(statistic: Statistic) -> (&'static str, Option<&'static str>) {
    match statistic {
        Statistic::Operations => ("column-operation", None),
        Statistic::Statements => ("column-statement", Some("column-database")),
        Statistic::Externals => ("column-host", None),
        Statistic::Errors => ("column-error", None),
        Statistic::Instances => ("column-instance", Some("column-version")),
    }
}

fn kinds(page: &Page, current: &str) -> Vec<(String, String, bool)> {
    let base = page
        .service
        .as_deref()
        .map(url::service)
        .unwrap_or_default();
    let mut kept: Vec<(&str, &str)> = Vec::new();
    for name in ["sort", "order"] {
        kept.push((name, page.param(name).unwrap_or_default()));
    }
    KINDS
        .iter()
        .map(|(word, statistic)| {
            let key = match statistic {
                Statistic::Operations => "stats-operations",
                Statistic::Statements => "stats-statements",
                Statistic::Externals => "stats-externals",
                Statistic::Errors => "stats-errors",
                Statistic::Instances => "stats-instances",
            };
            let href = page.link(&format!("{base}/statistics/{word}"), &kept);
            (page.t(key), href, *word == current)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, versus::Other, view::sample};

    fn page(query: &[(&str, &str)]) -> Page {
        let mut page = Page::sample(Language::English);
        let owned = query.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        page.query = owned.collect();
        page
    }

    fn table(query: &[(&str, &str)]) -> TableView {
        let page = page(query);
        let versus = Versus::parse(&page, sample::RANGE, Other::Yesterday).unwrap();
        let compared = sample::compared(Statistic::Operations, 6);
        TableView::new(&page, "operations", &versus, &compared)
    }

    fn names(table: &TableView) -> Vec<&str> {
        table.rows.iter().map(|row| row.name.as_str()).collect()
    }

    #[test]
    fn most_total_time_comes_first_unless_the_address_says_otherwise() {
        assert_eq!(names(&table(&[]))[0], "POST /v1/checkout");
        let up = table(&[("order", "asc")]);
        assert_eq!(names(&up)[5], "POST /v1/checkout");
        let named = table(&[("sort", "name")]);
        assert!(names(&named).is_sorted());
        let nonsense = table(&[("sort", "evil"), ("order", "sideways")]);
        assert_eq!(names(&nonsense), names(&table(&[])));
    }

    #[test]
    fn a_row_without_the_other_time_is_last_when_sorted_by_change() {
        for order in ["asc", "desc"] {
            let table = table(&[("sort", "p95_change"), ("order", order)]);
            let last = table.rows.last().unwrap();
            assert!(last.cells.iter().all(|cell| cell.change.is_none()));
        }
    }

    #[test]
    fn the_filter_keeps_rows_with_the_text_in_any_case() {
        let table = table(&[("q", "CART")]);
        assert_eq!(table.rows.len(), 3);
        assert!(table.unfiltered.is_some());
    }

    #[test]
    fn a_second_click_on_a_header_turns_the_order_round() {
        let sorted = table(&[("sort", "p95")]);
        let p95 = sorted
            .heads
            .iter()
            .find(|head| head.label == "p95")
            .unwrap();
        assert_eq!(p95.sort.direction, "descending");
        assert!(p95.sort.href.contains("order=asc"), "{}", p95.sort.href);
    }
}
