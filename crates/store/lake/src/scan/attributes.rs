//! Searches spans by attribute. Reads memory, then segments from newest to oldest, until enough is
//! found, everything is read or the time limit is reached.
//!
//! An answer has no gaps: a search that stops early reports the instant since which nothing is
//! missing, and where to continue.

mod file;
mod filter;
mod newest;
pub(crate) mod transactions;

use crate::{
    AttributeRow, AttributeRows, AttributeSearch, LakeError, Lost, Scanned, SearchNews, Stopped,
    data::Data,
    query::cancel::Cancel,
    scan::{matcher::Matcher, scan_open},
    segment::{OpenSegment, Segment},
    stats::add,
    tables::spans::decode,
    tables::{TableId, spans::columns as s},
};
use arrow_array::Array;
use file::{FileSearch, FoundRow};
use filter::Projected;
pub(crate) use filter::SpanFilter;
use hinomi_model::{Cursor, Outcome, SpanBatch, SpanId, Text, TimeRange, TraceId, UnixNanos};
use newest::{Hit, NewestHits};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
};
use std::{cmp::Reverse, time::Duration};

/// Columns from which a result row is built, ascending.
const ROW_COLUMNS: [usize; 9] = [
    s::TRACE_ID,
    s::SPAN_ID,
    s::START,
    s::DURATION,
    s::NAME,
    s::SERVICE,
    s::HTTP_STATUS,
    s::OPERATION,
    s::OUTCOME,
];

/// Searches until `deadline` on the monotonic clock. Calls `tell` after memory and after each
/// segment.
pub(crate) fn search(
    data: &Data,
    search: &AttributeSearch,
    deadline: Duration,
    tell: &mut dyn FnMut(SearchNews),
    cancel: &Cancel,
) -> Result<AttributeRows, LakeError> {
    let range = rest_of(search);
    let mut run = Run::new(data, search, range, cancel);
    let mut snapshot =
        data.read()
            .snapshot::<SpanBatch>(&search.scope.project, TableId::SPANS, Some(range));
    snapshot
        .segments
        .sort_by_key(|segment| Reverse(segment.range.to));
    let segments = snapshot.segments;
    run.lost = snapshot.lost;
    run.scanned.of_parts = segments.len();
    for chunk in &snapshot.chunks {
        cancel.check()?;
        run.scanned.rows += chunk.batch.len() as u64;
        run.add_chunk(&chunk.batch);
    }
    drop(snapshot.chunks);
    let mut stopped = None;
    for (at, segment) in segments.iter().enumerate() {
        // This segment and all later ones end before this instant.
        run.covered_from = segment.range.to.min(range.to);
        run.tell(tell);
        if run.hits.is_full_before(run.covered_from) {
            stopped = Some(Stopped::Limit);
            break;
        }
        // Stops only after the covered range has grown, so that a search that continues from here
        // makes progress.
        let has_come_on = run.covered_from < range.to && at > 0;
        if has_come_on && data.clock.monotonic() >= deadline {
            stopped = Some(Stopped::Time);
            add(&data.counters.searches_out_of_time, 1);
            break;
        }
        run.add_segment(segment)?;
        run.scanned.parts += 1;
        run.scanned.rows += segment.rows;
    }
    if stopped.is_none() {
        run.covered_from = range.from;
        run.tell(tell);
    }
    Ok(run.finish(stopped))
}

struct Run<'a> {
    data: &'a Data,
    filter: SpanFilter,
    hits: NewestHits,
    cancel: &'a Cancel,
    scanned: Scanned,
    covered_from: UnixNanos,
    lost: Vec<Lost>,
    /// Number of `lost` entries that were already reported.
    told: usize,
    /// Rows found since the last report.
    fresh: Vec<AttributeRow>,
}

impl<'a> Run<'a> {
    fn new(data: &'a Data, search: &AttributeSearch, range: TimeRange, cancel: &'a Cancel) -> Self {
        let limit = search.limit.min(data.limits.search_rows);
        Self {
            data,
            filter: span_filter(search, range),
            hits: NewestHits::new(limit, search.before),
            cancel,
            scanned: Scanned::default(),
            covered_from: range.to,
            lost: Vec::new(),
            told: 0,
            fresh: Vec::new(),
        }
    }

    fn tell(&mut self, tell: &mut dyn FnMut(SearchNews)) {
        tell(SearchNews {
            scanned: self.scanned,
            covered_from: self.covered_from,
            found: std::mem::take(&mut self.fresh),
            lost: self.lost[self.told..].to_vec(),
        });
        self.told = self.lost.len();
    }

    fn add_chunk(&mut self, spans: &SpanBatch) {
        for (at, matched) in self.filter.select_spans(spans) {
            let row = &spans.rows[at];
            let place = Cursor {
                end: row.end,
                trace_id: row.trace_id,
                span_id: row.span_id,
            };
            let hits = &mut self.hits;
            if let Some(row) = hits.put(place, || row_of(spans, at, &matched)) {
                self.fresh.push(row);
            }
        }
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<(), LakeError> {
        let mut rows = Vec::new();
        let whole = scan_open(self.data, segment, self.cancel, |open| {
            let hits = self.hits_of(&open)?;
            rows = self.read(&open, hits)?;
            Ok(())
        })?;
        if !whole {
            self.lost.push(super::lost(segment));
        }
        for row in rows {
            let place = row.cursor();
            if let Some(row) = self.hits.put(place, || row) {
                self.fresh.push(row);
            }
        }
        Ok(())
    }

    /// Rows of a file that may belong to the answer, by row group.
    fn hits_of(&mut self, open: &OpenSegment) -> Result<Vec<Hit>, LakeError> {
        let floor = std::cell::RefCell::new(self.hits.floor());
        let mut hits = Vec::new();
        let search = FileSearch {
            open,
            filter: &self.filter,
            columns: &[],
            cancel: self.cancel,
        };
        search.run(
            |group, _, found| {
                floor.borrow_mut().add(&mut hits, group, found);
                Ok(())
            },
            |newest| {
                let mut floor = floor.borrow_mut();
                let is_old = floor.is_above(newest);
                // The row group was not read, so it may hold hits that are dropped.
                floor.dropped |= is_old;
                is_old
            },
        )?;
        let mut floor = floor.into_inner();
        floor.settle(&mut hits);
        self.hits.dropped |= floor.dropped;
        Ok(hits)
    }

    /// Builds the result rows of hits.
    fn read(&self, open: &OpenSegment, mut hits: Vec<Hit>) -> Result<Vec<AttributeRow>, LakeError> {
        hits.sort_unstable_by_key(|hit| (hit.group, hit.at));
        let mut columns = ROW_COLUMNS;
        columns.sort_unstable();
        let mut rows = Vec::with_capacity(hits.len());
        for of_group in hits.chunk_by(|left, right| left.group == right.group) {
            self.cancel.check()?;
            let OpenSegment { file, metadata, .. } = open.clone();
            let group = of_group[0].group;
            let all = metadata.metadata().row_group(group).num_rows();
            let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
            let mask = ProjectionMask::leaves(builder.parquet_schema(), columns);
            let ranges = of_group.iter().map(|hit| hit.at..hit.at + 1);
            let all = usize::try_from(all).unwrap_or(0);
            let reader = builder
                .with_projection(mask)
                .with_row_groups(vec![group])
                .with_row_selection(RowSelection::from_consecutive_ranges(ranges, all))
                .with_batch_size(of_group.len().max(1))
                .build()?;
            let mut next = of_group.iter();
            for batch in reader {
                let batch = batch?;
                let batch = Projected {
                    batch: &batch,
                    columns: &columns,
                };
                read_rows(batch, &mut next, &mut rows)?;
            }
        }
        Ok(rows)
    }

    fn finish(mut self, stopped: Option<Stopped>) -> AttributeRows {
        let mut covered_from = self.covered_from;
        let stopped = stopped.or_else(|| self.hits.dropped.then_some(Stopped::Limit));
        if stopped == Some(Stopped::Time) {
            // A search that continues finds the older hits again, together with all others of their
            // time.
            self.hits.forget_before(covered_from);
        }
        // If the remaining hits fill the limit and others were dropped, the limit is the reason to
        // stop.
        let stopped = stopped.map(|stopped| match self.hits.dropped {
            true if self.hits.is_full() => Stopped::Limit,
            _ => stopped,
        });
        let rows = self.hits.into_rows();
        let next = match stopped {
            None => None,
            Some(Stopped::Limit) => {
                covered_from = rows.last().map_or(covered_from, |last| last.end);
                rows.last().map(AttributeRow::cursor)
            }
            Some(Stopped::Time) => Some(before(covered_from)),
        };
        AttributeRows {
            rows,
            stopped,
            covered_from,
            next,
            scanned: self.scanned,
            partial: !self.lost.is_empty(),
            lost: self.lost,
        }
    }
}

/// The range without the part that the cursor excludes. If the previous search ran out of time, the
/// range ends where that search stopped, so that each search makes progress.
fn rest_of(search: &AttributeSearch) -> TimeRange {
    let Some(cursor) = search.before else {
        return search.range;
    };
    let nothing_at_its_end = cursor == before(cursor.end);
    let after = cursor.end.0.saturating_add(i64::from(!nothing_at_its_end));
    let to = search.range.to.min(UnixNanos(after)).max(search.range.from);
    TimeRange::new(search.range.from, to)
}

/// The conditions of a search on a span.
fn span_filter(search: &AttributeSearch, range: TimeRange) -> SpanFilter {
    let words = [
        (s::SERVICE, &search.service),
        (s::NAMESPACE, &search.scope.namespace),
        (s::ENVIRONMENT, &search.scope.environment),
    ];
    let words = words
        .into_iter()
        .filter_map(|(column, word)| Some((column, word.clone()?)));
    SpanFilter {
        end: (range.from.0, range.to.0),
        words: words.collect(),
        matchers: search.terms.iter().map(Matcher::new).collect(),
    }
}

/// Cursor that sorts directly after everything that ended at `end` or later.
fn before(end: UnixNanos) -> Cursor {
    Cursor {
        end,
        trace_id: TraceId::LEAST,
        span_id: SpanId::LEAST,
    }
}

/// Result row for a span in memory.
fn row_of(spans: &SpanBatch, at: usize, matched: &crate::Matched) -> AttributeRow {
    let row = &spans.rows[at];
    let shape = spans.shape(row);
    AttributeRow {
        trace_id: row.trace_id,
        span_id: row.span_id,
        service: spans.resource(row).service.clone(),
        name: spans.words.get(shape.name).into(),
        start: row.start,
        end: row.end,
        matched: matched.clone(),
        transaction: shape.transaction.map(|transaction| {
            let operation = spans.words.get(transaction.operation);
            (operation.into(), transaction.outcome)
        }),
        http_status: shape.http_status,
    }
}

fn read_rows<'h>(
    batch: Projected<'_>,
    hits: &mut impl Iterator<Item = &'h Hit>,
    rows: &mut Vec<AttributeRow>,
) -> Result<(), LakeError> {
    let columns = hinomi_columnar::BatchColumns(batch.batch);
    let trace_ids = columns.binary(batch.at(s::TRACE_ID)?)?;
    let span_ids = columns.binary(batch.at(s::SPAN_ID)?)?;
    let starts = columns.instants(batch.at(s::START)?)?;
    let outcomes = columns.u8s(batch.at(s::OUTCOME)?)?;
    let statuses = columns.u16s(batch.at(s::HTTP_STATUS)?)?;
    let (names, services) = (batch.words(s::NAME)?, batch.words(s::SERVICE)?);
    let operations = batch.words(s::OPERATION)?;
    let text = |word: Option<&str>| Text::from(word.unwrap_or_default());
    for (row, end) in batch.ends()?.into_iter().enumerate() {
        let Some(hit) = hits.next() else {
            return Err(LakeError::Columns(
                "more rows came than were asked for".into(),
            ));
        };
        let outcome: Option<Outcome> = outcomes
            .is_valid(row)
            .then(|| decode::outcome(outcomes.value(row)))
            .transpose()?;
        rows.push(AttributeRow {
            trace_id: decode::trace_id(trace_ids, row)?,
            span_id: decode::span_id(span_ids, row)?,
            service: text(services.get(row)),
            name: text(names.get(row)),
            start: UnixNanos(starts[row]),
            end: UnixNanos(end),
            matched: crate::Matched::clone(&hit.matched),
            transaction: outcome.map(|outcome| (text(operations.get(row)), outcome)),
            http_status: hinomi_columnar::optional_u16(statuses, row),
        });
    }
    Ok(())
}
