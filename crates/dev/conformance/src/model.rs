//! A model of the store: a list of spans of project `default`, with which every answer is compared.

use hinomi_model::{
    OutcomeFilter, RollupKey, RollupSet, Selection, Span, TimeRange, TransactionKind,
    hitmap::{first_row_from, row_edge},
    rollup::{Cell, ServiceKey},
};
use hinomi_store::{
    Dimensions, Families, Family, GroupKey, Measures, Resolution, RollupQuestion, Steps,
    TransactionRow, TransactionSearch,
};
use std::{collections::BTreeMap, time::Duration};

/// Spans, and the answers of a store that holds exactly these.
#[derive(Debug, Default)]
pub struct Model {
    /// All spans, in any order.
    pub spans: Vec<Span>,
}

impl Model {
    /// The selected transactions, newest first, regardless of cursor and limit.
    pub fn transactions(&self, search: &TransactionSearch) -> Vec<TransactionRow> {
        let mut rows: Vec<TransactionRow> = self
            .spans
            .iter()
            .filter(|span| selects(search, span))
            .filter_map(TransactionRow::of)
            .collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.cursor()));
        rows
    }

    /// The rollups of a resolution, by their keys.
    pub fn rollups(
        &self,
        selection: &Selection,
        range: TimeRange,
        resolution: Resolution,
        families: Families,
    ) -> RollupSet {
        let width = resolution.width();
        let mut all = RollupSet::new();
        self.spans.iter().for_each(|span| all.observe(span));
        let mut selected = RollupSet::new();
        for (bucket, key, rollup) in all.widened(width).range(range.widened(width)) {
            if families.has(Families::from(family(key))) && selection.has_key(key) {
                selected.add(bucket, key, rollup);
            }
        }
        selected
    }

    /// The answer to a question for rollups.
    pub fn groups(&self, question: &RollupQuestion) -> BTreeMap<(GroupKey, u32), Sum> {
        let rollups = self.rollups(
            &question.selection,
            question.range,
            question.resolution,
            question.families,
        );
        let is_of_operations =
            question.by.has(Dimensions::OPERATION) || question.selection.operation.is_some();
        let is_slow = |key: &RollupKey, row: u8| {
            if is_stream(key) {
                return false;
            }
            let thresholds = question.slow_thresholds.as_ref();
            let from = thresholds.map(|thresholds| first_row_from(thresholds.of(key.service())));
            from.is_some_and(|from| row_edge(row.into()) >= row_edge(from))
        };
        let mut groups: BTreeMap<(GroupKey, u32), Sum> = BTreeMap::new();
        for (bucket, key, rollup) in rollups.iter() {
            if !has_call(question, key) {
                continue;
            }
            let step = match question.steps {
                Steps::Whole => 0,
                Steps::Of { from, width } => {
                    (bucket.since(from).as_nanos() / width.as_nanos()) as u32
                }
            };
            let sum = groups
                .entry((group_key(key, question.by), step))
                .or_default();
            sum.count += rollup.count;
            sum.errors += rollup.errors;
            sum.total += Duration::from_nanos(rollup.total_ns);
            if question.measures.has(Measures::LATENCY) && (is_of_operations || !is_stream(key)) {
                sum.latencies += rollup.latency.count();
            }
            for cell in &rollup.cells {
                if is_slow(key, cell.row) {
                    sum.slow += u64::from(cell.ok);
                }
                let (ok, error) = sum.cells.entry(cell.row).or_default();
                *ok += cell.ok;
                *error += cell.error;
            }
        }
        groups
    }
}

/// What the rollups of a group and step add up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sum {
    /// Number of transactions, calls or errors.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// How many of them were slow.
    pub slow: u64,
    /// Sum of their durations.
    pub total: Duration,
    /// How many of them have a latency.
    pub latencies: u64,
    /// Successes and failures by row of the hitmap.
    pub cells: BTreeMap<u8, (u32, u32)>,
}

impl Sum {
    /// The sum that an engine gave.
    pub fn of(given: &hinomi_store::RollupSum) -> Self {
        let cells = given.cells.cells().into_iter();
        Self {
            count: given.count,
            errors: given.errors,
            slow: given.slow,
            total: given.total(),
            latencies: given.latency.clone().finish().count(),
            cells: cells
                .map(|Cell { row, ok, error }| (row, (ok, error)))
                .collect(),
        }
    }
}

fn family(key: &RollupKey) -> Family {
    match key {
        RollupKey::Transaction { .. } => Family::Transactions,
        RollupKey::Call { .. } => Family::Calls,
        RollupKey::Error { .. } => Family::Errors,
        RollupKey::FailedCall { .. } => Family::FailedCalls,
    }
}

/// Whether a key's durations tell how long somebody listened, and not how fast anybody answered.
fn is_stream(key: &RollupKey) -> bool {
    matches!(
        key,
        RollupKey::Transaction {
            kind: TransactionKind::Stream,
            ..
        }
    )
}

fn has_call(question: &RollupQuestion, key: &RollupKey) -> bool {
    if let RollupKey::Transaction { kind, .. } = key {
        return question.kinds.is_empty() || question.kinds.contains(kind);
    }
    if let RollupKey::Call { category, .. } | RollupKey::FailedCall { category, .. } = key
        && !question.categories.is_empty()
        && !question.categories.contains(category)
    {
        return false;
    }
    let Some(calls) = &question.calls else {
        return true;
    };
    match key {
        RollupKey::Call { target, detail, .. } => {
            *target == calls.target && calls.detail.as_ref().is_none_or(|wanted| wanted == detail)
        }
        RollupKey::FailedCall { target, .. } => *target == calls.target && calls.detail.is_none(),
        _ => true,
    }
}

/// The key with only these dimensions. Written apart from the contract's own grouping, which engines
/// use: an oracle must not share their mistakes.
fn group_key(key: &RollupKey, by: Dimensions) -> GroupKey {
    let kept = |dimension, word: &hinomi_model::Text| match by.has(dimension) {
        true => word.clone(),
        false => "".into(),
    };
    let empty = ServiceKey {
        service: "".into(),
        namespace: "".into(),
        environment: "".into(),
    };
    let mut group = GroupKey {
        family: family(key),
        service: match by.has(Dimensions::SERVICE) {
            true => key.service().clone(),
            false => empty,
        },
        operation: "".into(),
        instance: "".into(),
        version: "".into(),
        category: None,
        target: "".into(),
        detail: "".into(),
        error_type: "".into(),
        failure: None,
        kind: None,
    };
    match key {
        RollupKey::Transaction {
            operation,
            instance,
            version,
            kind,
            ..
        } => {
            group.kind = by.has(Dimensions::KIND).then_some(*kind);
            group.operation = kept(Dimensions::OPERATION, operation);
            group.instance = kept(Dimensions::INSTANCE, instance);
            group.version = kept(Dimensions::VERSION, version);
        }
        RollupKey::Call {
            category,
            target,
            detail,
            ..
        } => {
            group.category = by.has(Dimensions::TARGET).then_some(*category);
            group.target = kept(Dimensions::TARGET, target);
            group.detail = kept(Dimensions::DETAIL, detail);
        }
        RollupKey::Error {
            error_type,
            operation,
            ..
        } => {
            group.error_type = kept(Dimensions::ERROR_TYPE, error_type);
            group.operation = kept(Dimensions::OPERATION, operation);
        }
        RollupKey::FailedCall {
            category,
            target,
            failure,
            instance,
            ..
        } => {
            group.category = by.has(Dimensions::TARGET).then_some(*category);
            group.target = kept(Dimensions::TARGET, target);
            group.instance = kept(Dimensions::INSTANCE, instance);
            group.failure = by.has(Dimensions::FAILURE).then_some(*failure);
        }
    }
    group
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
