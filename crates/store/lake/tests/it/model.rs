//! A model of the store: a list of spans of project `default`, with which every answer is compared.

use hinomi_lake::{Families, RollupSearch, TransactionRow, TransactionSearch};
use hinomi_model::{OutcomeFilter, RollupKey, RollupSet, Span, rollup::ServiceKey};

#[derive(Debug, Default)]
pub struct Model {
    pub spans: Vec<Span>,
}

impl Model {
    /// The selected transactions, newest first, regardless of cursor and limit.
    pub fn transactions(&self, search: &TransactionSearch) -> Vec<TransactionRow> {
        let mut rows: Vec<TransactionRow> = self
            .spans
            .iter()
            .filter(|span| selects(search, span))
            .filter_map(row)
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.cursor()));
        rows
    }

    pub fn rollups(&self, search: &RollupSearch) -> RollupSet {
        let width = search.resolution.width();
        let mut all = RollupSet::new();
        self.spans.iter().for_each(|span| all.observe(span));
        let mut selected = RollupSet::new();
        for (bucket, key, rollup) in all.widened(width).range(search.range.widened(width)) {
            let family = match key {
                RollupKey::Transaction { .. } => Families::TRANSACTIONS,
                RollupKey::Call { .. } => Families::CALLS,
                RollupKey::Error { .. } => Families::ERRORS,
                RollupKey::FailedCall { .. } => Families::FAILED_CALLS,
            };
            if search.families.has(family) && search.selection.has_key(key) {
                selected.add(bucket, key, rollup);
            }
        }
        selected
    }
}

fn selects(search: &TransactionSearch, span: &Span) -> bool {
    let Some(transaction) = &span.transaction else {
        return false;
    };
    let selection = &search.selection;
    let is = |wanted: &Option<hinomi_model::Text>, have: &str| {
        wanted.as_deref().is_none_or(|wanted| wanted == have)
    };
    let outcome = OutcomeFilter::of(transaction.outcome, span.duration(), search.slow_threshold);
    let text = search.text.as_deref().unwrap_or("").to_lowercase();
    *selection.scope.project == *"default"
        && selection.has_service(&ServiceKey::of(&span.resource))
        && is(&selection.operation, &transaction.operation)
        && is(&selection.instance, &span.resource.instance)
        && is(&selection.version, &span.resource.version)
        && selection.outcome.is_none_or(|wanted| wanted == outcome)
        && search.range.contains(span.end)
        && search.duration.contains(span.duration())
        && [
            span.trace_id.to_string(),
            span.span_id.to_string(),
            transaction.operation.to_lowercase(),
            span.error_type.as_deref().unwrap_or("").to_lowercase(),
            span.resource.instance.to_lowercase(),
            span.resource.version.to_lowercase(),
        ]
        .iter()
        .any(|have| have.contains(&text))
}

fn row(span: &Span) -> Option<TransactionRow> {
    let transaction = span.transaction.as_ref()?;
    let resource = &span.resource;
    Some(TransactionRow {
        trace_id: span.trace_id,
        span_id: span.span_id,
        service: resource.service.clone(),
        namespace: resource.namespace.clone(),
        environment: resource.environment.clone(),
        operation: transaction.operation.clone(),
        instance: resource.instance.clone(),
        version: resource.version.clone(),
        end: span.end,
        duration: span.duration(),
        outcome: transaction.outcome,
        http_status: span.http_status,
        error_type: span.error_type.clone(),
    })
}
