//! Searches transactions by attribute. The entry spans that match all terms are converted to rows
//! of table `transactions`, so that the same filter and list code handles both tables.

use super::{
    file::{FileSearch, FoundRow},
    filter::{Projected, SpanFilter},
};
use crate::{
    LakeError, Term, TransactionSearch,
    query::cancel::Cancel,
    scan::matcher::Matcher,
    segment::OpenSegment,
    tables::spans::resource_text,
    tables::{TableId, spans::columns as s},
};
use arrow_array::{Array, ArrayRef, RecordBatch, UInt8Array, UInt64Array};
use arrow_select::take::take;
use hinomi_columnar::{WordBuilder, instants};
use hinomi_model::Text;
use std::sync::Arc;

/// Columns of table `spans` from which a transaction row is built.
const COLUMNS: [usize; 12] = [
    s::TRACE_ID,
    s::SPAN_ID,
    s::START,
    s::DURATION,
    s::SERVICE,
    s::NAMESPACE,
    s::ENVIRONMENT,
    s::RESOURCE,
    s::HTTP_STATUS,
    s::ERROR_TYPE,
    s::OPERATION,
    s::OUTCOME,
];

/// The attribute conditions of a search; `None` if it has none, so that table `transactions` is
/// sufficient.
pub(crate) fn span_filter(search: &TransactionSearch) -> Option<SpanFilter> {
    let terms = search.terms.iter();
    let of_attributes = terms.filter(|term| !matches!(term, Term::HttpStatus(_)));
    let matchers: Vec<Matcher> = of_attributes.map(Matcher::new).collect();
    let selection = &search.selection;
    let words = [
        (s::SERVICE, &selection.service),
        (s::NAMESPACE, &selection.scope.namespace),
        (s::ENVIRONMENT, &selection.scope.environment),
    ];
    let words = words
        .into_iter()
        .filter_map(|(column, word)| Some((column, word.clone()?)));
    (!matchers.is_empty()).then(|| SpanFilter {
        end: (search.range.from.0, search.range.to.0),
        words: words.collect(),
        matchers,
    })
}

/// Calls `each` with batches of the file's entry spans that match all terms.
pub(crate) fn scan(
    open: &OpenSegment,
    filter: &SpanFilter,
    cancel: &Cancel,
    mut each: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let search = FileSearch {
        open,
        filter,
        columns: &COLUMNS,
        cancel,
    };
    search.run(
        |_, batch, found| match transactions(batch, &found)? {
            Some(batch) => each(&batch),
            None => Ok(()),
        },
        |_| false,
    )
}

/// The matching rows that are entry spans, as a batch of table `transactions`.
fn transactions(
    batch: Projected<'_>,
    found: &[FoundRow],
) -> Result<Option<RecordBatch>, LakeError> {
    let outcomes = batch.batch.column(batch.at(s::OUTCOME)?);
    let entries: Vec<&FoundRow> = found
        .iter()
        .filter(|row| outcomes.is_valid(row.row))
        .collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let rows = UInt64Array::from_iter_values(entries.iter().map(|row| row.row as u64));
    let column = |column: usize| -> Result<ArrayRef, LakeError> {
        Ok(take(batch.batch.column(batch.at(column)?), &rows, None)?)
    };
    let senders = Senders::of(batch, &entries)?;
    let mut instances = WordBuilder::with_capacity(entries.len());
    let mut versions = WordBuilder::with_capacity(entries.len());
    for (instance, version) in &senders.0 {
        instances.push(instance);
        versions.push(version);
    }
    let columns = vec![
        column(s::TRACE_ID)?,
        column(s::SPAN_ID)?,
        instants(entries.iter().map(|row| row.end)),
        column(s::DURATION)?,
        outcomes_alone(&column(s::OUTCOME)?)?,
        column(s::HTTP_STATUS)?,
        column(s::SERVICE)?,
        column(s::NAMESPACE)?,
        column(s::ENVIRONMENT)?,
        column(s::OPERATION)?,
        instances.finish()?,
        versions.finish()?,
        column(s::ERROR_TYPE)?,
    ];
    let schema = TableId::TRANSACTIONS.kind().schema().clone();
    Ok(Some(RecordBatch::try_new(schema, columns)?))
}

/// Outcomes as table `transactions` has them: in table `spans` they stand beside what began the transaction.
fn outcomes_alone(outcomes: &ArrayRef) -> Result<ArrayRef, LakeError> {
    let outcomes: &UInt8Array = outcomes
        .as_any()
        .downcast_ref()
        .ok_or_else(|| LakeError::Columns("outcomes are no bytes".into()))?;
    let alone = outcomes
        .iter()
        .map(|outcome| Some(outcome? & s::OUTCOME_MASK));
    Ok(Arc::new(alone.collect::<UInt8Array>()))
}

/// Service instance and version of each row.
struct Senders(Vec<(Text, Text)>);

impl Senders {
    fn of(batch: Projected<'_>, rows: &[&FoundRow]) -> Result<Self, LakeError> {
        let words = batch.words(s::RESOURCE)?;
        let mut known: Vec<Option<(Text, Text)>> = vec![None; words.dictionary_len()];
        let mut senders = Vec::with_capacity(rows.len());
        for row in rows {
            let key = words
                .key(row.row)
                .ok_or_else(|| LakeError::Columns("a span has no resource".into()))?;
            let sender = match &known[key] {
                Some(sender) => sender.clone(),
                None => {
                    let resource = resource_text::read("", "", "", words.value(key))?;
                    known[key]
                        .insert((resource.instance, resource.version))
                        .clone()
                }
            };
            senders.push(sender);
        }
        Ok(Self(senders))
    }
}
