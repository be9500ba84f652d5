//! The list of transactions with its filters and pages.

use super::{list::Line, service_head::ServiceHead};
use crate::{
    api::cursor,
    format::{self, Clock},
    page::{InPage, Page},
};
use askama::Template;
use hinomi_query::answer::{ServiceSummary, TransactionPage};
use std::time::Duration;

/// Rows of a page.
pub(crate) const PAGE_ROWS: usize = 50;

/// The page.
#[derive(Template)]
#[template(path = "pages/transactions.html")]
pub(crate) struct TransactionsPage {
    page: Page,
    head: Option<ServiceHead>,
    view: ListView,
}

struct ListView {
    lines: Vec<Line>,
    zone: String,
    /// "1–50 of 184".
    place: String,
    first: Option<String>,
    next: Option<String>,
    csv: String,
    q: String,
    min: String,
    max: String,
    outcomes: Vec<(&'static str, String, bool)>,
    /// Parameters that the form passes on.
    kept: Vec<(String, String)>,
    /// Set when older ones than some time are no longer listed.
    expired: Option<String>,
    /// Set when filters hide everything.
    unfiltered: Option<String>,
    of_service: bool,
}

impl TransactionsPage {
    /// The page of a list; of all services when there is no summary.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        list: &TransactionPage,
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "transactions"));
        let view = ListView::new(&page, list);
        Self { head, view, page }
    }
}

impl InPage for TransactionsPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

const FILTERS: [&str; 8] = [
    "q",
    "outcome",
    "min_ms",
    "max_ms",
    "operation",
    "instance",
    "version",
    "cursor",
];

impl ListView {
    fn new(page: &Page, list: &TransactionPage) -> Self {
        let range = page.range.as_ref().map(|range| range.range);
        let long = range.is_some_and(|range| range.length() > Duration::from_secs(43_200));
        let clock = if long {
            Clock::DateMillis
        } else {
            Clock::Millis
        };
        let param = |name: &str| page.param(name).unwrap_or_default().to_owned();
        // Pages are keyed by their last row; how many came before travels along for the reader.
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
        let filtered = FILTERS.iter().any(|name| page.param(name).is_some());
        let none: Vec<(&str, &str)> = FILTERS.iter().map(|name| (*name, "")).collect();
        let service = page.service.as_deref().unwrap_or_default();
        let mut csv: Vec<(&str, &str)> = vec![("service", service)];
        for name in [
            "operation",
            "instance",
            "version",
            "q",
            "outcome",
            "min_ms",
            "max_ms",
        ] {
            csv.push((name, page.param(name).unwrap_or_default()));
        }
        let outcome = page.param("outcome").unwrap_or_default();
        let outcomes = [
            ("", "list-any-outcome"),
            ("error", "map-mark-error"),
            ("slow", "map-mark-slow"),
            ("ok", "map-mark-ok"),
        ];
        let kept = page.query.iter().filter(|(name, value)| {
            matches!(
                name.as_str(),
                "from" | "to" | "env" | "operation" | "instance" | "version"
            ) && !value.is_empty()
        });
        Self {
            lines: list
                .items
                .iter()
                .map(|item| Line::new(page, item, clock))
                .collect(),
            zone: page.clock().zone,
            place: page.words().say_with("map-page", &place),
            first: (before > 0).then(|| page.this_with(&[("cursor", ""), ("n", "")])),
            next,
            csv: page.link("/csv/transactions", &csv),
            q: param("q"),
            min: param("min_ms"),
            max: param("max_ms"),
            outcomes: outcomes
                .into_iter()
                .map(|(value, key)| (value, page.t(key), value == outcome))
                .collect(),
            kept: kept.cloned().collect(),
            expired: list.expired_before.map(|before| {
                let before = page.when(before, Clock::Date).text;
                page.t1("list-expired", "time", &before)
            }),
            unfiltered: (filtered && list.items.is_empty()).then(|| page.this_with(&none)),
            of_service: page.service.is_some(),
        }
    }
}
