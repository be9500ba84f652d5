//! The search page: what its script asks, or what is wrong with the question.

use super::script_words;
use crate::{
    format,
    page::{InPage, Page, json_block},
    url,
};
use askama::Template;
use serde::Serialize;
use std::collections::BTreeMap;

/// The page.
#[derive(Template)]
#[template(path = "pages/search.html")]
pub(crate) struct SearchPage {
    page: Page,
    view: SearchView,
}

struct SearchView {
    zone: String,
    /// Parameters that the form passes on.
    kept: Vec<(String, String)>,
    /// The same question to the list of transactions.
    transactions: String,
    /// Services that may be meant: name and dashboard.
    services: Vec<(String, String)>,
    problem: Option<String>,
    data: String,
}

#[derive(Serialize)]
struct PageData {
    /// Where the answer streams from; nothing is asked without.
    live: Option<String>,
    words: BTreeMap<&'static str, String>,
}

/// What the script says, with the names of its holes.
const WORDS: [(&str, &[&str]); 14] = [
    ("find-begins", &[]),
    ("find-running", &["rows", "found"]),
    ("find-done", &["rows", "found"]),
    ("find-so-far", &["rows", "found"]),
    ("find-cancelled", &[]),
    ("find-failed", &[]),
    ("find-lost", &[]),
    ("find-partial", &["times"]),
    ("lost-more", &["count"]),
    ("find-older", &["time"]),
    ("find-out-of-time", &["time"]),
    ("map-mark-ok", &[]),
    ("map-mark-slow", &[]),
    ("map-mark-error", &[]),
];

impl SearchPage {
    /// The page of a question; `services` have its text in their names, and `problem` says what is
    /// wrong with it.
    pub(crate) fn new(page: Page, services: &[String], problem: Option<String>) -> Self {
        let range = page.range.as_ref().map(|range| range.range);
        let live = range.filter(|_| problem.is_none()).map(|range| {
            let (from, to) = (range.from.millis(), range.to.millis());
            let pairs = [
                ("q", page.searched.clone()),
                ("from", from.to_string()),
                ("to", to.to_string()),
                ("environment", page.environment.clone()),
            ];
            let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
            url::with_query("/api/v1/search/live", pairs)
        });
        let kept = page.query.iter().filter(|(name, value)| {
            matches!(name.as_str(), "from" | "to" | "env") && !value.is_empty()
        });
        let view = SearchView {
            zone: page.clock().zone,
            kept: kept.cloned().collect(),
            transactions: page.link("/transactions", &[("q", &page.searched)]),
            services: services
                .iter()
                .map(|name| (format::name(name), url::service(name)))
                .collect(),
            problem,
            data: json_block(&PageData {
                live,
                words: script_words(&page, &WORDS),
            }),
        };
        Self { page, view }
    }
}

impl InPage for SearchPage {
    fn page(&self) -> &Page {
        &self.page
    }
}
