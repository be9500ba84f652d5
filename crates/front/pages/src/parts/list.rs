//! Lists of transactions: mark, end, duration, operation, and a link to the trace.

use hinomi_query::answer::TransactionItem;
use hinomi_webkit::{
    format::{self, ClockStyle, Measure, When},
    page::Page,
    table::{Body, Link, Table, TableCell, TableColumn},
};

/// One row of a list.
pub(crate) struct Line {
    pub(crate) href: String,
    /// `ok`, `slow` or `error`: CSS class of the mark.
    pub(crate) outcome: &'static str,
    pub(crate) outcome_word: String,
    pub(crate) end: When,
    clock: ClockStyle,
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
            clock,
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

/// The columns that all lists of transactions begin with: mark, end and duration.
pub(crate) fn first_columns(page: &Page, end: TableColumn<Line>) -> [TableColumn<Line>; 3] {
    [
        TableColumn::new("line-mark", page.t("column-outcome"), |line: &Line| {
            let (outcome, word) = (line.outcome, line.outcome_word.clone());
            Body::Mark { outcome, word }.into()
        })
        .unlabelled(),
        end,
        TableColumn::new("line-took number", page.t("column-took"), |line: &Line| {
            Body::Measure(line.took.clone()).into()
        }),
    ]
}

impl Line {
    /// The cell with its end.
    pub(crate) fn end_cell(&self) -> TableCell {
        Body::Time(self.end.clone(), self.clock).into()
    }
}

/// A short list, beside a map or below it. `None` when it is empty.
pub(crate) fn short(page: &Page, items: &[TransactionItem]) -> Option<Table> {
    let lines: Vec<_> = items
        .iter()
        .map(|item| Line::new(page, item, ClockStyle::Seconds))
        .collect();
    let end = TableColumn::new("line-end", page.t("column-end"), Line::end_cell);
    let operation = TableColumn::new("", page.t("column-operation"), |line: &Line| {
        let title = match line.result.as_str() {
            "" => line.operation.clone(),
            result => format!("{} · {result}", line.operation),
        };
        let link = Link {
            class: "line-link",
            href: line.href.clone(),
            text: line.operation.clone(),
            note: line.result.clone(),
            ..Link::default()
        };
        TableCell::from(Body::Link(link)).title(title)
    });
    let columns: Vec<_> = first_columns(page, end)
        .into_iter()
        .chain([operation])
        .collect();
    (!lines.is_empty()).then(|| Table {
        class: "lines".into(),
        ..Table::of(&columns, &lines)
    })
}
