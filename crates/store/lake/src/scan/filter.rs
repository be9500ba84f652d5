//! Selects the rows of table `transactions` that match a search. Memory and segments share this
//! code.
//!
//! A condition on a text is evaluated once per dictionary entry that occurs.

mod pages;

pub(crate) use pages::PageFilter;

use crate::{
    LakeError, Term, TransactionSearch,
    tables::transactions::columns::{self as t, OUTCOME_ERROR, OUTCOME_OK},
};
use arrow_array::{FixedSizeBinaryArray, RecordBatch, UInt8Array};
use hinomi_columnar::{BatchColumns, Condition, WordColumn, optional_u16};
use hinomi_model::{
    Outcome, OutcomeFilter, Resource, SpanBatch, Text,
    batch::Row,
    hitmap::{first_row_from, row_edge},
    time::nanos,
};

/// A search's conditions on one row.
pub(crate) struct TransactionFilter {
    /// Bounds of the end time, in Unix nanoseconds: `from ≤ end < to`.
    end: (i64, i64),
    min_duration: i64,
    /// Exclusive upper bound, in nanoseconds.
    max_duration: Option<i64>,
    outcome: Option<u8>,
    /// Columns that must equal a word, as (column, word).
    words: Vec<(usize, Text)>,
    text: Option<Needle>,
    /// A row must have all of these at once, so more than one distinct status matches nothing.
    http_statuses: Vec<u16>,
}

impl TransactionFilter {
    pub fn new(search: &TransactionSearch) -> Self {
        let selection = &search.selection;
        let mut min_duration = search.duration.min.map_or(0, nanos);
        let mut max_duration = search.duration.max.map(nanos);
        // Slow is a condition on the duration: at least the hitmap row edge to which the threshold
        // is rounded up.
        let slow_from = nanos(row_edge(first_row_from(search.slow_threshold)));
        let outcome = selection.outcome.map(|outcome| match outcome {
            OutcomeFilter::Error => OUTCOME_ERROR,
            OutcomeFilter::Ok => {
                max_duration = Some(max_duration.map_or(slow_from, |max| max.min(slow_from)));
                OUTCOME_OK
            }
            OutcomeFilter::Slow => {
                min_duration = min_duration.max(slow_from);
                OUTCOME_OK
            }
        });
        let words = [
            (t::SERVICE, &selection.service),
            (t::NAMESPACE, &selection.scope.namespace),
            (t::ENVIRONMENT, &selection.scope.environment),
            (t::OPERATION, &selection.operation),
            (t::INSTANCE, &selection.instance),
            (t::VERSION, &selection.version),
        ];
        Self {
            end: (search.range.from.0, search.range.to.0),
            min_duration,
            max_duration,
            outcome,
            words: words
                .into_iter()
                .filter_map(|(at, word)| Some((at, word.clone()?)))
                .collect(),
            text: search
                .text
                .as_deref()
                .filter(|text| !text.is_empty())
                .map(Needle::new),
            http_statuses: search
                .terms
                .iter()
                .filter_map(|term| match term {
                    Term::HttpStatus(status) => Some(*status),
                    _ => None,
                })
                .collect(),
        }
    }

    fn has_status(&self, have: impl FnOnce() -> Option<u16>) -> bool {
        self.http_statuses.is_empty() || {
            let have = have();
            self.http_statuses
                .iter()
                .all(|wanted| have == Some(*wanted))
        }
    }

    /// The conditions that footers and page indexes can refute.
    pub fn conditions(&self) -> Vec<Condition> {
        let mut conditions = vec![
            Condition::Between(t::END, self.end.0, self.end.1.saturating_sub(1)),
            Condition::Between(
                t::DURATION,
                self.min_duration,
                self.max_duration
                    .map_or(i64::MAX, |max| max.saturating_sub(1)),
            ),
        ];
        let service = self.words.iter().find(|(at, _)| *at == t::SERVICE);
        conditions
            .extend(service.map(|(at, word)| Condition::Equals(*at, word.as_bytes().to_vec())));
        conditions
    }

    /// The selected rows of a batch, ascending.
    pub fn select(&self, batch: &RecordBatch) -> Result<Vec<usize>, LakeError> {
        let columns = BatchColumns(batch);
        let (ends, durations) = (columns.instants(t::END)?, columns.i64s(t::DURATION)?);
        let outcomes = columns.u8s(t::OUTCOME)?;
        let statuses = columns.u16s(t::HTTP_STATUS)?;
        let mut words = self
            .words
            .iter()
            .map(|(at, word)| Ok((Memo::new(columns.words(*at)?), &**word)))
            .collect::<Result<Vec<_>, LakeError>>()?;
        let mut text = self
            .text
            .as_ref()
            .map(|needle| needle.bind(columns))
            .transpose()?;
        let mut rows = Vec::new();
        for row in 0..batch.num_rows() {
            let selected = self.has_numbers(ends[row], durations[row], outcomes, row)
                && self.has_status(|| optional_u16(statuses, row))
                && words
                    .iter_mut()
                    .all(|(memo, word)| memo.is(row, |have| have == *word))
                && text.as_mut().is_none_or(|text| text.matches(row));
            if selected {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// The selected rows of a batch in memory, ascending.
    pub fn select_spans(&self, spans: &SpanBatch) -> Vec<usize> {
        let mut shapes = vec![None; spans.shapes.len()];
        let mut resources = vec![None; spans.resources.len()];
        let mut rows = Vec::new();
        for (at, row) in spans.rows.iter().enumerate() {
            let (shape, resource) = (row.shape as usize, row.resource as usize);
            let has_shape = *shapes[shape].get_or_insert_with(|| {
                let shape = &spans.shapes[shape];
                shape.transaction.is_some_and(|transaction| {
                    let outcome = match transaction.outcome {
                        Outcome::Ok => OUTCOME_OK,
                        Outcome::Error => OUTCOME_ERROR,
                    };
                    self.outcome.is_none_or(|wanted| wanted == outcome)
                        && self.has_status(|| shape.http_status)
                        && self.has_word(t::OPERATION, spans.words.get(transaction.operation))
                })
            });
            let selected = has_shape
                && self.has_times(row.end.0, row.end.since(row.start).as_nanos() as i64)
                && *resources[resource]
                    .get_or_insert_with(|| self.has_resource(&spans.resources[resource]))
                && self
                    .text
                    .as_ref()
                    .is_none_or(|needle| needle.is_in(spans, row));
            if selected {
                rows.push(at);
            }
        }
        rows
    }

    fn has_resource(&self, resource: &Resource) -> bool {
        [
            (t::SERVICE, &resource.service),
            (t::NAMESPACE, &resource.namespace),
            (t::ENVIRONMENT, &resource.environment),
            (t::INSTANCE, &resource.instance),
            (t::VERSION, &resource.version),
        ]
        .into_iter()
        .all(|(column, word)| self.has_word(column, word))
    }

    fn has_word(&self, column: usize, have: &str) -> bool {
        self.words
            .iter()
            .all(|(at, wanted)| *at != column || **wanted == *have)
    }

    fn has_times(&self, end: i64, duration: i64) -> bool {
        self.end.0 <= end
            && end < self.end.1
            && self.min_duration <= duration
            && self.max_duration.is_none_or(|max| duration < max)
    }

    fn has_numbers(&self, end: i64, duration: i64, outcomes: &UInt8Array, row: usize) -> bool {
        self.has_times(end, duration)
            && self
                .outcome
                .is_none_or(|outcome| outcomes.value(row) == outcome)
    }
}

/// A condition on a text column, with its results cached per dictionary position.
struct Memo<'a> {
    column: WordColumn<'a>,
    verdicts: Vec<Option<bool>>,
}

impl<'a> Memo<'a> {
    fn new(column: WordColumn<'a>) -> Self {
        Self {
            column,
            verdicts: vec![None; column.dictionary_len()],
        }
    }

    /// Whether the row is not null and its word passes the test.
    fn is(&mut self, row: usize, test: impl Fn(&str) -> bool) -> bool {
        let Some(key) = self.column.key(row) else {
            return false;
        };
        *self.verdicts[key].get_or_insert_with(|| test(self.column.value(key)))
    }
}

/// A text to search for, ignoring case.
struct Needle {
    lower: String,
    is_hex: bool,
}

impl Needle {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let is_hex = lower.len() <= 32 && lower.bytes().all(|byte| byte.is_ascii_hexdigit());
        Self { lower, is_hex }
    }

    fn is_in(&self, spans: &SpanBatch, row: &Row) -> bool {
        let (shape, resource) = (spans.shape(row), spans.resource(row));
        let operation = shape.transaction.map(|transaction| transaction.operation);
        let words = [
            spans.words.get(operation.unwrap_or_default()),
            spans.words.get(shape.error_type),
            &resource.instance,
            &resource.version,
        ];
        words
            .iter()
            .any(|word| word.to_lowercase().contains(&self.lower))
            || self.has_id(row.trace_id.as_bytes())
            || self.has_id(row.span_id.as_bytes())
    }

    fn has_id(&self, id: &[u8]) -> bool {
        let mut digits = [0; 32];
        self.is_hex
            && hex(id, &mut digits)
                .windows(self.lower.len())
                .any(|digits| digits == self.lower.as_bytes())
    }

    fn bind<'a>(&'a self, columns: BatchColumns<'a>) -> Result<TextSearch<'a>, LakeError> {
        let memo = |at| columns.words(at).map(Memo::new);
        Ok(TextSearch {
            needle: self,
            ids: [columns.binary(t::TRACE_ID)?, columns.binary(t::SPAN_ID)?],
            words: [
                memo(t::OPERATION)?,
                memo(t::ERROR_TYPE)?,
                memo(t::INSTANCE)?,
                memo(t::VERSION)?,
            ],
        })
    }
}

struct TextSearch<'a> {
    needle: &'a Needle,
    ids: [&'a FixedSizeBinaryArray; 2],
    words: [Memo<'a>; 4],
}

impl TextSearch<'_> {
    fn matches(&mut self, row: usize) -> bool {
        let lower = self.needle.lower.as_str();
        self.words
            .iter_mut()
            .any(|memo| memo.is(row, |word| word.to_lowercase().contains(lower)))
            || self
                .ids
                .iter()
                .any(|ids| self.needle.has_id(ids.value(row)))
    }
}

fn hex<'a>(bytes: &[u8], digits: &'a mut [u8; 32]) -> &'a [u8] {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    &digits[..bytes.len() * 2]
}
