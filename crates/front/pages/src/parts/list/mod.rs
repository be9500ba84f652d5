//! Rows of lists of transactions: mark, end, duration, operation, and a link to the trace.

use hinomi_query::answer::TransactionItem;
use hinomi_webkit::{
    format::{self, ClockStyle, Measure, When},
    page::Page,
};

/// One row of a list.
pub(crate) struct Line {
    pub(crate) href: String,
    /// `ok`, `slow` or `error`: CSS class of the mark.
    pub(crate) outcome: &'static str,
    pub(crate) outcome_word: String,
    pub(crate) end: When,
    pub(crate) took: Measure,
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) instance: String,
    pub(crate) version: String,
    /// HTTP status or error type.
    pub(crate) result: String,
}

impl Line {
    /// The row of a transaction.
    pub(crate) fn new(page: &Page, item: &TransactionItem, clock: ClockStyle) -> Self {
        let outcome = item.outcome.as_str();
        let status = item.http_status.map(|status| status.to_string());
        let failure = item.error_type.as_deref().map(format::name);
        let failure = failure.filter(|failure| status.as_ref() != Some(failure));
        Self {
            href: format!("/traces/{}?span={}", item.trace_id, item.span_id),
            outcome,
            outcome_word: page.t(match outcome {
                "ok" => "map-mark-ok",
                "slow" => "map-mark-slow",
                _ => "map-mark-error",
            }),
            end: page.when(item.end, clock),
            took: format::duration(item.duration),
            service: format::name(&item.service),
            operation: format::name(&item.operation),
            instance: format::name(&item.instance),
            version: format::name(&item.version),
            result: [status, failure]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
        }
    }
}
