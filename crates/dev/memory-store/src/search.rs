//! The search for spans by attribute.

use crate::project::Project;
use hinomi_model::{Span, rollup::ServiceKey};
use hinomi_store::{
    AttributeRow, AttributeRows, AttributeSearch, Matched, Scanned, SearchNews, Stopped,
    TellSearchNews, Term,
};
use serde_json::{Map, Value};
use std::cmp::Reverse;

/// The newest spans that match all terms of a search.
pub(crate) fn search(
    project: &Project,
    search: &AttributeSearch,
    mut tell: TellSearchNews,
) -> AttributeRows {
    let spans = project.spans.iter().map(|stored| &stored.span);
    let found = spans.filter(|span| selects(search, span));
    let mut rows: Vec<AttributeRow> = found.filter_map(|span| row(search, span)).collect();
    rows.retain(|row| search.before.is_none_or(|before| row.cursor() < before));
    rows.sort_by_key(|row| Reverse(row.cursor()));
    let is_cut = rows.len() > search.limit;
    rows.truncate(search.limit);
    let next = rows.last().filter(|_| is_cut).map(AttributeRow::cursor);
    let scanned = Scanned {
        parts: 0,
        of_parts: 0,
        rows: project.spans.len() as u64,
    };
    let covered_from = next.map_or(search.range.from, |next| next.end);
    tell(SearchNews {
        scanned,
        covered_from,
        found: rows.clone(),
        lost: Vec::new(),
    });
    AttributeRows {
        rows,
        stopped: is_cut.then_some(Stopped::Limit),
        covered_from,
        next,
        scanned,
        partial: false,
        lost: Vec::new(),
    }
}

/// Whether a span matches all terms.
pub(crate) fn matches_all(terms: &[Term], span: &Span) -> bool {
    terms.iter().all(|term| matched(term, span).is_some())
}

fn selects(search: &AttributeSearch, span: &Span) -> bool {
    let service = ServiceKey::of(&span.resource);
    let is = |wanted: &Option<hinomi_model::Text>, have: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == have)
    };
    is(&search.service, &service.service)
        && is(&search.scope.namespace, &service.namespace)
        && is(&search.scope.environment, &service.environment)
        && search.range.contains(span.end)
        && matches_all(&search.terms, span)
}

fn row(search: &AttributeSearch, span: &Span) -> Option<AttributeRow> {
    let transaction = span.transaction.as_ref();
    Some(AttributeRow {
        trace_id: span.trace_id,
        span_id: span.span_id,
        service: span.resource.service.clone(),
        name: span.name.clone(),
        start: span.start,
        end: span.end,
        matched: matched(search.terms.first()?, span)?,
        transaction: transaction.map(|one| (one.operation.clone(), one.outcome)),
        http_status: span.http_status,
    })
}

/// The attribute by which a span matches a term; `None` if it does not.
fn matched(term: &Term, span: &Span) -> Option<Matched> {
    if let Term::HttpStatus(status) = term {
        return (span.http_status == Some(*status)).then(|| Matched {
            key: "http.response.status_code".into(),
            value: status.to_string().into(),
        });
    }
    let attributes: Map<String, Value> = serde_json::from_str(&span.attributes).ok()?;
    let found = attributes.into_iter().find_map(|(key, value)| {
        let value = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let matches = match term {
            Term::Is {
                key: wanted_key,
                value: wanted,
            } => **wanted_key == *key && **wanted == *value,
            Term::Has { key: wanted_key } => **wanted_key == *key,
            Term::Any { value: wanted } => **wanted == *value,
            Term::HttpStatus(_) => false,
        };
        matches.then_some((key, value))
    });
    let (key, value) = found?;
    Some(Matched {
        key: key.into(),
        value: value.into(),
    })
}
