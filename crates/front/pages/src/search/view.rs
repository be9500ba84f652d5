//! The search page: the query for its script, or what is wrong with the search text.

use askama::Template;
use hinomi_webkit::{
    page::{InPage, Page, json_block},
    script_words::script_words,
    services::ServiceEntries,
    url,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// Most services that are listed beside a search whose text is part of several names.
const MATCHING: usize = 8;

/// The page.
#[derive(Template)]
#[template(path = "search/page.html")]
pub(crate) struct SearchPage {
    page: Page,
    view: SearchView,
}

struct SearchView {
    zone: String,
    /// Parameters that the form keeps.
    kept: Vec<(String, String)>,
    /// Link to the list of transactions with the same search text.
    transactions: String,
    /// Services whose name matches: name and URL of the dashboard.
    services: Vec<(String, String)>,
    problem: Option<String>,
    data: String,
}

#[derive(Serialize)]
struct PageData {
    /// URL of the stream with the answer; `None` when there is nothing to search.
    live: Option<String>,
    words: BTreeMap<&'static str, String>,
}

/// Texts that the script shows, with the names of their placeholders.
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
    /// The page of a search. `services` are those whose names contain the text; `problem` says what
    /// is wrong with it.
    pub(crate) fn new(page: Page, services: &ServiceEntries, problem: Option<String>) -> Self {
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
            matches!(name.as_str(), "from" | "to" | "environment") && !value.is_empty()
        });
        let view = SearchView {
            zone: page.clock().zone,
            kept: kept.cloned().collect(),
            transactions: page.link("/transactions", &[("q", &page.searched)]),
            services: services
                .iter()
                .take(MATCHING)
                .map(|key| {
                    let address = url::with_query(&url::service(&key.service), services.own(key));
                    (services.label(key), address)
                })
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
