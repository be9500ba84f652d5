//! Lists of transactions.

use crate::{
    project::{Project, Stored},
    search::matches_all,
};
use hinomi_model::{Cursor, OutcomeFilter, Span, rollup::ServiceKey};
use hinomi_store::{ArrivalPlace, ArrivedRows, TransactionRow, TransactionRows, TransactionSearch};
use std::cmp::Reverse;

/// A page of the transactions that a search finds.
pub(crate) fn page(project: &Project, search: &TransactionSearch) -> TransactionRows {
    let found = of_selection(project, search);
    let found = found.filter(|stored| matches_all(&search.terms, &stored.span));
    let mut rows: Vec<TransactionRow> = found
        .filter_map(|stored| TransactionRow::of(&stored.span))
        .collect();
    let total = rows.len() as u64;
    rows.retain(|row| search.after.is_none_or(|after| row.cursor() < after));
    rows.sort_by_key(|row| Reverse(row.cursor()));
    let more = rows.len() > search.limit;
    rows.truncate(search.limit);
    TransactionRows {
        total,
        rows,
        more,
        ..TransactionRows::default()
    }
}

/// The transactions that a search finds among those that came in since a place.
pub(crate) fn arrived(
    project: &Project,
    search: &TransactionSearch,
    since: ArrivalPlace,
    place: ArrivalPlace,
) -> ArrivedRows {
    let found = of_selection(project, search).filter(|stored| stored.place > since.0);
    let found = found.filter(|stored| matches_all(&search.terms, &stored.span));
    let mut rows: Vec<TransactionRow> = found
        .filter_map(|stored| TransactionRow::of(&stored.span))
        .collect();
    let total = rows.len() as u64;
    rows.sort_by_key(|row| Reverse(row.cursor()));
    rows.truncate(search.limit);
    ArrivedRows {
        total,
        rows,
        place,
        missed: false,
    }
}

/// The transactions at these places of a list.
pub(crate) fn at(project: &Project, cursors: &[Cursor]) -> Vec<TransactionRow> {
    let rows = project
        .spans
        .iter()
        .filter_map(|stored| TransactionRow::of(&stored.span));
    rows.filter(|row| cursors.contains(&row.cursor())).collect()
}

/// The transactions of a search; its terms, cursor and limit are not applied.
pub(crate) fn of_selection<'a>(
    project: &'a Project,
    search: &'a TransactionSearch,
) -> impl Iterator<Item = &'a Stored> {
    project
        .spans
        .iter()
        .filter(|stored| selects(search, &stored.span))
}

fn selects(search: &TransactionSearch, span: &Span) -> bool {
    let Some(transaction) = &span.transaction else {
        return false;
    };
    let (selection, resource) = (&search.selection, &span.resource);
    let is = |wanted: &Option<hinomi_model::Text>, have: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == have)
    };
    let outcome = OutcomeFilter::of(transaction.outcome, span.duration(), search.slow_threshold);
    selection.has_service(&ServiceKey::of(resource))
        && is(&selection.operation, &transaction.operation)
        && is(&selection.instance, &resource.instance)
        && is(&selection.version, &resource.version)
        && selection.outcome.is_none_or(|wanted| wanted == outcome)
        && search.range.contains(span.end)
        && search.duration.contains(span.duration())
        && search
            .text
            .as_deref()
            .is_none_or(|text| has_text(span, text))
}

/// Whether a text is in the words of a transaction, in whatever case.
fn has_text(span: &Span, text: &str) -> bool {
    let text = text.to_lowercase();
    let operation = span
        .transaction
        .as_ref()
        .map(|transaction| &*transaction.operation);
    let words = [
        &*span.trace_id.to_string(),
        &*span.span_id.to_string(),
        operation.unwrap_or_default(),
        span.error_type.as_deref().unwrap_or_default(),
        &*span.resource.instance,
        &*span.resource.version,
    ];
    words.iter().any(|word| word.to_lowercase().contains(&text))
}
