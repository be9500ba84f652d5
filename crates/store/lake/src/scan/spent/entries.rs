//! The transactions of a search, with ids and locations. Their words (operation, instance, version)
//! are kept as numbers.

use super::names::Names;
use crate::{
    LakeError, SpentSearch, TransactionSearch,
    memtable::Chunk,
    query::cancel::Cancel,
    scan::{
        filter::{PageFilter, TransactionFilter},
        late, scan_open,
    },
    schema::transactions as t,
    segment::{OpenSegment, Segment},
    spans::decode,
    state::Shared,
};
use arrow_array::{FixedSizeBinaryArray, Int64Array, TimestampNanosecondArray, UInt8Array};
use hinomi_columnar::{ColumnReader, Condition, WordColumn};
use hinomi_io::HeldMemory;
use hinomi_model::{Cursor, DurationRange, Outcome, UnixNanos};
use std::{sync::Arc, time::Duration};

/// Size of a transaction, including its entry in a table of ids, in bytes.
const ENTRY_BYTES: usize = 192;

/// Location of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// In a chunk in memory; both are indexes.
    Memory { chunk: usize, row: usize },
    /// In a segment.
    Stored(late::Place),
}

/// A transaction.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub cursor: Cursor,
    pub duration: Duration,
    pub outcome: Outcome,
    pub place: Place,
    /// Time in its client calls.
    pub spent: Duration,
}

/// Collects the transactions.
pub(super) struct Entries {
    limit: usize,
    entries: Vec<Entry>,
    names: Option<Names>,
}

impl Entries {
    /// `named` also collects operation, instance and version.
    pub fn new(limit: usize, named: bool) -> Self {
        Self {
            limit,
            entries: Vec::new(),
            names: named.then(Names::default),
        }
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        let names = self.names.as_ref().map_or(0, Names::bytes);
        self.entries.len() * ENTRY_BYTES + names
    }

    /// Adds all transactions of the search. Returns false if a segment turned out to be damaged.
    pub fn add_all(
        &mut self,
        shared: &Shared,
        search: &SpentSearch,
        (chunks, segments): (&[Arc<Chunk>], &[Arc<Segment>]),
        (cancel, held): (&Cancel, &mut HeldMemory),
    ) -> Result<bool, LakeError> {
        let filter = TransactionFilter::new(&TransactionSearch {
            selection: search.selection.clone(),
            range: search.range,
            duration: DurationRange::default(),
            slow_threshold: search.slow_threshold,
            text: None,
            terms: Vec::new(),
            after: None,
            limit: 0,
        });
        for (at, chunk) in chunks.iter().enumerate() {
            cancel.check()?;
            self.add_chunk(&filter, at, chunk)?;
            cancel.resize(held, self.bytes())?;
        }
        for (at, segment) in segments.iter().enumerate() {
            let whole = scan_open(shared, segment, cancel, |open| {
                self.add_segment(&filter, at, &open, (cancel, held))
            })?;
            if !whole {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The entries, and their words in the same order.
    pub fn finish(self) -> (Vec<Entry>, Option<Names>) {
        (self.entries, self.names)
    }

    fn add_chunk(
        &mut self,
        filter: &TransactionFilter,
        chunk: usize,
        of: &Chunk,
    ) -> Result<(), LakeError> {
        for row in filter.select_spans(&of.spans) {
            let span = &of.spans.rows[row];
            let Some(transaction) = of.spans.shape(span).transaction else {
                continue;
            };
            self.push(Entry {
                cursor: Cursor {
                    end: span.end,
                    trace_id: span.trace_id,
                    span_id: span.span_id,
                },
                duration: span.end.since(span.start),
                outcome: transaction.outcome,
                place: Place::Memory { chunk, row },
                spent: Duration::ZERO,
            })?;
            if let Some(names) = &mut self.names {
                let resource = of.spans.resource(span);
                let operation = of.spans.words.get(transaction.operation);
                names.push([operation, &resource.instance, &resource.version]);
            }
        }
        Ok(())
    }

    fn add_segment(
        &mut self,
        filter: &TransactionFilter,
        segment: usize,
        open: &OpenSegment,
        (cancel, held): (&Cancel, &mut HeldMemory),
    ) -> Result<(), LakeError> {
        let conditions = filter.conditions();
        for (group, metadata) in open.metadata.metadata().row_groups().iter().enumerate() {
            let mut conditions = conditions.iter();
            if !conditions.all(|condition: &Condition| condition.allows_group(metadata)) {
                continue;
            }
            let Some(mut pages) = PageFilter::new(filter, open, group)? else {
                continue;
            };
            for page in 0..pages.page_count() {
                cancel.check()?;
                let first = pages.first_row(page);
                let rows = pages.select(page)?.into_iter().map(|row| first + row);
                let rows: Vec<usize> = rows.collect();
                if rows.is_empty() {
                    continue;
                }
                self.add_rows(open, (segment, group), &rows)?;
                cancel.resize(held, self.bytes())?;
            }
        }
        Ok(())
    }

    fn add_rows(
        &mut self,
        open: &OpenSegment,
        (segment, group): (usize, usize),
        rows: &[usize],
    ) -> Result<(), LakeError> {
        let take = |column| ColumnReader::new(open, group, column)?.take(rows);
        let (ends, durations, outcomes) = (take(t::END)?, take(t::DURATION)?, take(t::OUTCOME)?);
        let (traces, spans) = (take(t::TRACE_ID)?, take(t::SPAN_ID)?);
        let ends: &TimestampNanosecondArray = super::calls::typed(&ends)?;
        let durations: &Int64Array = super::calls::typed(&durations)?;
        let outcomes: &UInt8Array = super::calls::typed(&outcomes)?;
        let traces: &FixedSizeBinaryArray = super::calls::typed(&traces)?;
        let spans: &FixedSizeBinaryArray = super::calls::typed(&spans)?;
        for (at, row) in rows.iter().enumerate() {
            self.push(Entry {
                cursor: Cursor {
                    end: UnixNanos(ends.value(at)),
                    trace_id: decode::trace_id(traces, at)?,
                    span_id: decode::span_id(spans, at)?,
                },
                duration: Duration::from_nanos(durations.value(at).max(0).cast_unsigned()),
                outcome: decode::outcome(outcomes.value(at))?,
                place: Place::Stored(late::Place {
                    segment,
                    group,
                    row: *row,
                }),
                spent: Duration::ZERO,
            })?;
        }
        if let Some(names) = &mut self.names {
            let (operations, instances) = (take(t::OPERATION)?, take(t::INSTANCE)?);
            let versions = take(t::VERSION)?;
            names.push_all([
                WordColumn::of(&operations)?,
                WordColumn::of(&instances)?,
                WordColumn::of(&versions)?,
            ]);
        }
        Ok(())
    }

    fn push(&mut self, entry: Entry) -> Result<(), LakeError> {
        if self.entries.len() >= self.limit {
            return Err(LakeError::TooManySpans { limit: self.limit });
        }
        self.entries.push(entry);
        Ok(())
    }
}
