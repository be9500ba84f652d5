//! The list of transactions: filters, paging, and the switch of the live tail.

use crate::parts::{
    filter_bar::{FilterBar, PARAMETERS},
    list::{Line, first_columns},
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::{answer::TransactionPage, terms::Pieces};
use hinomi_webkit::{
    cursor,
    format::{self, ClockStyle},
    page::{InPage, Page, json_block},
    script_words::script_words,
    table::{Table, TableCell, TableColumn},
    url,
};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// Rows on a page.
pub(crate) const PAGE_ROWS: usize = 50;

/// The page.
#[derive(Template)]
#[template(path = "transactions/page.html")]
pub(crate) struct TransactionsPage {
    page: Page,
    head: Option<ServiceHead>,
    view: ListView,
}

struct ListView {
    bar: FilterBar,
    table: Table,
    /// Position of the page in the list, such as "1–50 of 184".
    place: String,
    first: Option<String>,
    next: Option<String>,
    csv: String,
    /// Set when transactions before some time are no longer listed.
    expired: Option<String>,
    /// Set when filters hide every transaction.
    unfiltered: Option<String>,
    /// Link to the search over all spans with the same text.
    spans: Option<String>,
    of_service: bool,
    tail: TailView,
}

/// The switch of the live tail.
struct TailView {
    on: bool,
    /// The URL with the switch turned.
    href: String,
    /// Data for the script; set while the switch is on.
    data: Option<String>,
}

#[derive(Serialize)]
struct TailData {
    /// URL of the stream of transactions.
    live: String,
    words: BTreeMap<&'static str, String>,
}

/// Texts that the script shows, with the names of their placeholders.
const WORDS: [(&str, &[&str]); 6] = [
    ("tail-count", &["count", "time"]),
    ("tail-hidden", &["count"]),
    ("tail-held", &["count"]),
    ("map-mark-ok", &[]),
    ("map-mark-slow", &[]),
    ("map-mark-error", &[]),
];

impl TransactionsPage {
    /// The page of a list. Without a summary: of all services.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        bar: FilterBar,
        list: &TransactionPage,
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "transactions"));
        let view = ListView::new(&page, bar, list);
        Self { head, view, page }
    }
}

impl InPage for TransactionsPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

impl ListView {
    fn new(page: &Page, bar: FilterBar, list: &TransactionPage) -> Self {
        let range = page.range.as_ref().map(|range| range.range);
        let long = range.is_some_and(|range| range.length() > Duration::from_secs(43_200));
        let clock = if long {
            ClockStyle::DateMillis
        } else {
            ClockStyle::Millis
        };
        // Pages are found by their last row (keyset pagination). The number of rows before is
        // passed along for display only.
        let before: u64 = page.param("n").and_then(|n| n.parse().ok()).unwrap_or(0);
        let shown = list.items.len() as u64;
        let place = [
            (
                "first",
                format::count((before + 1).min(list.total.max(1))).into(),
            ),
            ("last", format::count(before + shown).into()),
            ("total", format::count(list.total).into()),
        ];
        let next = list.next.as_ref().map(|next| {
            page.this_with(&[
                ("cursor", &cursor::encode(next)),
                ("n", &(before + shown).to_string()),
            ])
        });
        let turned = ["cursor", "n"];
        let filters = || PARAMETERS.iter().chain(&turned);
        let filtered = filters().any(|name| page.param(name).is_some());
        let none: Vec<(&str, &str)> = filters().map(|name| (*name, "")).collect();
        let service = page.service.as_deref().unwrap_or_default();
        let mut csv: Vec<(&str, &str)> = vec![("service", service)];
        for name in PARAMETERS {
            csv.push((name, page.param(name).unwrap_or_default()));
        }
        let terms = Pieces::of(page.param("q").unwrap_or_default()).unwrap_or_default();
        let spans = (!terms.terms.is_empty())
            .then(|| page.link("/search", &[("q", &terms.terms.join(" "))]));
        Self {
            bar,
            table: table(page, list, clock),
            place: page.words().say_with("map-page", &place),
            first: (before > 0).then(|| page.this_with(&[("cursor", ""), ("n", "")])),
            next,
            csv: page.link("/csv/transactions", &csv),
            expired: list.expired_before.map(|before| {
                let before = page.when(before, ClockStyle::Date).text;
                page.t1("list-expired", "time", &before)
            }),
            unfiltered: (filtered && list.items.is_empty()).then(|| page.this_with(&none)),
            spans,
            of_service: page.service.is_some(),
            tail: TailView::new(page),
        }
    }
}

/// The table of a page of the list.
fn table(page: &Page, list: &TransactionPage, clock: ClockStyle) -> Table {
    let lines: Vec<_> = list
        .items
        .iter()
        .map(|item| Line::new(page, item, clock))
        .collect();
    let columns = columns(page);
    Table {
        is_list: true,
        ..Table::of(&columns, &lines)
    }
}

/// The columns. The service has one on the page of all services.
fn columns(page: &Page) -> Vec<TableColumn<Line>> {
    // The space keeps the time zone apart from the label.
    let end = format!("{} ", page.t("column-end"));
    let end = TableColumn::new("list-end", end, Line::end_cell)
        .unit(page.clock().zone)
        .cells("");
    let rest = [
        TableColumn::new("list-service", page.t("column-service"), |line: &Line| {
            TableCell::text(line.service.clone())
        })
        .cells("")
        .shown_if(page.service.is_none()),
        TableColumn::new("", page.t("column-operation"), |line: &Line| {
            let (href, text) = (line.href.clone(), line.operation.clone());
            TableCell::link("line-link", href, text.clone()).title(text)
        }),
        TableColumn::new("list-result", page.t("column-result"), |line: &Line| {
            let class = if line.outcome == "error" {
                "is-error"
            } else {
                ""
            };
            TableCell::text(line.result.clone())
                .class(class)
                .title(line.result.clone())
        })
        .cells(""),
        TableColumn::new("list-instance", page.t("column-instance"), |line: &Line| {
            TableCell::text(line.instance.clone()).title(line.instance.clone())
        })
        .cells(""),
        TableColumn::new("list-version", page.t("column-version"), |line: &Line| {
            TableCell::text(line.version.clone())
        })
        .cells(""),
    ];
    first_columns(page, end).into_iter().chain(rest).collect()
}

impl TailView {
    fn new(page: &Page) -> Self {
        let on = follows(page);
        let fresh = [("cursor", ""), ("n", "")];
        let turned = match on {
            true => vec![("tail", "")],
            // The live tail needs a range that ends now.
            false => vec![("tail", "1"), ("from", ""), ("to", "")],
        };
        let turned: Vec<_> = fresh.into_iter().chain(turned).collect();
        let data = on.then(|| {
            let mut pairs = vec![
                ("service", page.service.as_deref().unwrap_or_default()),
                ("environment", page.environment.as_str()),
                ("namespace", page.param("namespace").unwrap_or_default()),
            ];
            for name in PARAMETERS {
                pairs.push((name, page.param(name).unwrap_or_default()));
            }
            json_block(&TailData {
                live: url::with_query("/api/v1/transactions/live", pairs),
                words: script_words(page, &WORDS),
            })
        });
        Self {
            on,
            href: page.this_with(&turned),
            data,
        }
    }
}

/// Whether the live tail is on for the page's URL.
pub(crate) fn follows(page: &Page) -> bool {
    let live = page.range.as_ref().is_some_and(|range| range.live);
    live && page.param("tail") == Some("1") && page.param("cursor").is_none()
}
