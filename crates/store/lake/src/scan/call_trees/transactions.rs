//! The transactions of a search.

use super::words::Words;
use crate::{
    LakeError, TransactionSearch,
    data::Data,
    memtable::Chunk,
    query::cancel::Cancel,
    scan::{
        filter::{PageFilter, TransactionFilter},
        scan_open,
    },
    segment::{OpenSegment, Segment},
    tables::spans::decode,
    tables::transactions::columns as t,
};
use arrow_array::{FixedSizeBinaryArray, Int64Array, TimestampNanosecondArray, UInt8Array};
use hinomi_columnar::{ColumnReader, Condition, WordColumn};
use hinomi_io::HeldMemory;
use hinomi_model::{Cursor, DurationRange, Outcome, SpanBatch, UnixNanos};
use hinomi_store::{CallTreeSearch, TreeTransaction};
use std::{sync::Arc, time::Duration};

/// Size of a transaction, with the time that is added up for it and its entry in a table of ids, in
/// bytes.
pub(super) const TRANSACTION_BYTES: usize = 192;

/// Collects the transactions.
pub(super) struct Transactions<'a> {
    limit: usize,
    found: Vec<TreeTransaction>,
    /// The words of the answer, if it names operations, instances and versions.
    words: Option<&'a mut Words>,
}

impl<'a> Transactions<'a> {
    /// At most `limit`. `named` also collects operation, instance and version.
    pub fn new(limit: usize, named: bool, words: &'a mut Words) -> Self {
        Self {
            limit,
            found: Vec::new(),
            words: named.then_some(words),
        }
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        let words = self.words.as_ref().map_or(0, |words| words.bytes());
        self.found.len() * TRANSACTION_BYTES + words
    }

    /// Adds all transactions of the search. Returns false if a segment turned out to be damaged.
    pub fn add_all(
        &mut self,
        data: &Data,
        search: &CallTreeSearch,
        (chunks, segments): (&[Arc<Chunk<SpanBatch>>], &[Arc<Segment>]),
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
        for chunk in chunks {
            cancel.check()?;
            self.add_chunk(&filter, chunk)?;
            cancel.resize(held, self.bytes())?;
        }
        for segment in segments {
            let whole = scan_open(data, segment, cancel, |open| {
                self.add_segment(&filter, &open, (cancel, held))
            })?;
            if !whole {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn finish(self) -> Vec<TreeTransaction> {
        self.found
    }

    fn add_chunk(
        &mut self,
        filter: &TransactionFilter,
        chunk: &Chunk<SpanBatch>,
    ) -> Result<(), LakeError> {
        for row in filter.select_spans(&chunk.batch) {
            let span = &chunk.batch.rows[row];
            let Some(transaction) = chunk.batch.shape(span).transaction else {
                continue;
            };
            let mut names = [0; 3];
            if let Some(words) = &mut self.words {
                let resource = chunk.batch.resource(span);
                let operation = chunk.batch.words.get(transaction.operation);
                names = [operation, &resource.instance, &resource.version]
                    .map(|word| words.number(word));
            }
            let cursor = Cursor {
                end: span.end,
                trace_id: span.trace_id,
                span_id: span.span_id,
            };
            self.push(
                cursor,
                span.end.since(span.start),
                transaction.outcome,
                names,
            )?;
        }
        Ok(())
    }

    fn add_segment(
        &mut self,
        filter: &TransactionFilter,
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
                self.add_rows(open, group, &rows)?;
                cancel.resize(held, self.bytes())?;
            }
        }
        Ok(())
    }

    fn add_rows(
        &mut self,
        open: &OpenSegment,
        group: usize,
        rows: &[usize],
    ) -> Result<(), LakeError> {
        let take = |column| ColumnReader::new(open, group, column)?.take(rows);
        let (ends, durations, outcomes) = (take(t::END)?, take(t::DURATION)?, take(t::OUTCOME)?);
        let (traces, spans) = (take(t::TRACE_ID)?, take(t::SPAN_ID)?);
        let ends: &TimestampNanosecondArray = super::spans::typed(&ends)?;
        let durations: &Int64Array = super::spans::typed(&durations)?;
        let outcomes: &UInt8Array = super::spans::typed(&outcomes)?;
        let traces: &FixedSizeBinaryArray = super::spans::typed(&traces)?;
        let spans: &FixedSizeBinaryArray = super::spans::typed(&spans)?;
        let names = match &mut self.words {
            Some(words) => {
                let mut numbers =
                    |column| Ok::<_, LakeError>(words.numbers(WordColumn::of(&take(column)?)?));
                Some((
                    numbers(t::OPERATION)?,
                    numbers(t::INSTANCE)?,
                    numbers(t::VERSION)?,
                ))
            }
            None => None,
        };
        for at in 0..rows.len() {
            let cursor = Cursor {
                end: UnixNanos(ends.value(at)),
                trace_id: decode::trace_id(traces, at)?,
                span_id: decode::span_id(spans, at)?,
            };
            let duration = Duration::from_nanos(durations.value(at).max(0).cast_unsigned());
            let names = names
                .as_ref()
                .map_or([0; 3], |(operations, instances, versions)| {
                    [operations[at], instances[at], versions[at]]
                });
            self.push(
                cursor,
                duration,
                decode::outcome(outcomes.value(at))?,
                names,
            )?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        cursor: Cursor,
        duration: Duration,
        outcome: Outcome,
        [operation, instance, version]: [u32; 3],
    ) -> Result<(), LakeError> {
        if self.found.len() >= self.limit {
            return Err(LakeError::TooManySpans { limit: self.limit });
        }
        self.found.push(TreeTransaction {
            cursor,
            duration,
            outcome,
            operation,
            instance,
            version,
        });
        Ok(())
    }
}
