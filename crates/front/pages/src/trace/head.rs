//! The header and the summary of a trace: what it is, how it ended, and where its time went.

use super::{
    clean::{self, NAME_MAX},
    draw::scaled,
    numbers::percent,
    rows::{self, Colours, failed},
    summary,
};
use hinomi_query::answer::{SelfTimeCategory, Trace, TraceSpan};
use hinomi_webkit::{
    format::{Measure, duration},
    i18n::Translations,
};
use std::time::Duration;

/// A part of the bar of categories.
pub(crate) struct PartView {
    pub(crate) class: &'static str,
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) name: String,
    pub(crate) amount: Measure,
    pub(crate) share: String,
}

/// The texts of the header.
pub(super) struct Main {
    pub(super) operation: String,
    /// `ok`, `slow` or `error`.
    pub(super) outcome: &'static str,
    pub(super) outcome_key: &'static str,
    pub(super) pill: String,
}

impl Main {
    pub(super) fn of(trace: &Trace, slow: Duration, words: &Translations) -> Self {
        let Some(root) = trace.main_root() else {
            return Self {
                operation: trace.trace_id.to_string(),
                outcome: "ok",
                outcome_key: "trace-mark-ok",
                pill: String::new(),
            };
        };
        let operation = root.operation.as_ref().unwrap_or(&root.name);
        let outcome = match (failed(root), root.duration >= slow) {
            (true, _) => "error",
            (false, true) => "slow",
            (false, false) => "ok",
        };
        Self {
            operation: clean::line(operation, NAME_MAX),
            outcome,
            outcome_key: match outcome {
                "error" => "trace-mark-error",
                "slow" => "trace-mark-slow",
                _ => "trace-mark-ok",
            },
            pill: pill(root, outcome, words),
        }
    }
}

fn pill(root: &TraceSpan, outcome: &str, words: &Translations) -> String {
    let duration = ("duration", duration(root.duration).to_string().into());
    match (outcome, root.http_status) {
        ("error", Some(status)) => words.say_with(
            "trace-took-error",
            &[("status", status.to_string().into()), duration],
        ),
        ("error", None) => words.say_with("trace-failed-after", &[duration]),
        (_, Some(status)) => words.say_with(
            "trace-took-ok",
            &[("status", status.to_string().into()), duration],
        ),
        (_, None) => words.say_with("trace-took", &[duration]),
    }
}

pub(super) fn counts(trace: &Trace, colours: &Colours, words: &Translations) -> String {
    let count = |key, number: usize| words.say_with(key, &[("count", number.into())]);
    let errors = trace.spans.iter().filter(|span| failed(span)).count();
    let parts = [
        ("spans", count("trace-spans", trace.total()).into()),
        (
            "services",
            count("trace-services", colours.services()).into(),
        ),
        ("errors", count("trace-errors", errors).into()),
    ];
    words.say_with("trace-summary-counts", &parts)
}

pub(super) fn parts(trace: &Trace, words: &Translations) -> Vec<PartView> {
    summary::parts(trace)
        .into_iter()
        .map(|part| PartView {
            class: rows::category_class(part.category),
            x: scaled(part.offset),
            width: scaled(part.share),
            name: words.say(&format!("trace-category-{}", word(part.category))),
            amount: duration(part.time),
            share: percent(part.share, 1),
        })
        .collect()
}

pub(super) fn sentence(trace: &Trace, words: &Translations) -> Vec<(String, bool)> {
    let mut sentence = String::new();
    for (rank, place) in summary::places(trace).into_iter().enumerate() {
        let verb = if rank == 0 { "spent" } else { "also" };
        let key = format!("trace-{verb}-{}", word(place.category));
        let share = format!("\u{1}{}\u{1}", percent(place.share, 0));
        let args = [
            ("sentence", sentence.into()),
            ("service", place.service.into()),
            ("target", place.target.into()),
            ("share", share.into()),
        ];
        sentence = words.say_with(&key, &args);
    }
    // Names have no control characters, so the marks around the numbers cannot come from outside.
    sentence
        .split('\u{1}')
        .enumerate()
        .map(|(at, text)| (text.to_owned(), at % 2 == 1))
        .filter(|(text, _)| !text.is_empty())
        .collect()
}

pub(super) fn word(category: SelfTimeCategory) -> &'static str {
    match category {
        SelfTimeCategory::Code => "code",
        SelfTimeCategory::Database => "database",
        SelfTimeCategory::Cache => "cache",
        SelfTimeCategory::External => "external",
        SelfTimeCategory::Internal => "internal",
        SelfTimeCategory::Messaging => "messaging",
    }
}
