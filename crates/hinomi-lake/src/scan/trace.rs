//! One trace: found by its id in memory and segments, put together, each span once.

use crate::{
    LakeError, Lost, TraceRows,
    cancel::Cancel,
    column_reader::ColumnReader,
    columns::Columns,
    decode::{SpanReader, span_id},
    memtable::Chunk,
    parents::Unfold,
    scan::{
        self, SCAN_ROWS,
        prune::{self, Condition},
        scan_open,
    },
    schema::{Table, spans as s},
    segment::OpenSegment,
    state::Shared,
};
use arrow_array::{FixedSizeBinaryArray, RecordBatch};
use hinomi_model::{Span, SpanId, TimeRange, TraceId, UnixNanos};
use std::{cmp::Reverse, collections::HashMap, time::Duration};

/// Spans of one trace end within this of each other, as far as damage is concerned.
const NEAR: Duration = Duration::from_secs(3_600);

/// Bytes that a span takes in memory, roughly, its attributes, events and links aside.
const SPAN_BYTES: usize = 512;
/// Bytes that a span id with its place takes.
const PLACE_BYTES: usize = 48;

pub(crate) fn trace(
    shared: &Shared,
    project: &str,
    id: TraceId,
    max_spans: usize,
    cancel: &Cancel,
) -> Result<TraceRows, LakeError> {
    let mut snapshot = shared.read().snapshot(project, Table::Spans, None);
    let mut found = Found {
        max_spans: max_spans.min(shared.limits.trace_spans),
        ..Found::default()
    };
    let mut held = cancel.hold(0)?;
    for chunk in &snapshot.chunks {
        cancel.check()?;
        found.add_chunk(id, chunk);
        cancel.resize(&mut held, found.bytes())?;
    }
    snapshot
        .segments
        .sort_by_key(|segment| Reverse(segment.range.to));
    let mut lost = std::mem::take(&mut snapshot.lost);
    for segment in &snapshot.segments {
        let whole = scan_open(shared, segment, cancel, |open| {
            each_batch(&open, id, cancel, |batch| {
                found.add(batch)?;
                cancel.resize(&mut held, found.bytes())
            })
        })?;
        if !whole {
            lost.push(scan::lost(segment));
        }
    }
    Ok(found.finish(lost))
}

/// Calls `each` with the rows of a trace in a file.
fn each_batch(
    open: &OpenSegment,
    id: TraceId,
    cancel: &Cancel,
    mut each: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let condition = Condition::Equals(s::TRACE_ID, id.as_bytes().to_vec());
    let metadata = open.metadata.metadata();
    for (group, of) in metadata.row_groups().iter().enumerate() {
        if !condition.allows_group(of) || !prune::bloom_allows(open, group, &condition)? {
            continue;
        }
        let rows = rows_of(open, group, id, &condition)?;
        // A trace's rows follow each other.
        let mut parents = Unfold::default();
        for rows in rows.chunks(SCAN_ROWS) {
            cancel.check()?;
            let schema = open.metadata.schema();
            let columns = (0..schema.fields().len())
                .map(|column| ColumnReader::new(open, group, column)?.take(rows))
                .collect::<Result<_, _>>()?;
            let batch = RecordBatch::try_new(schema.clone(), columns)?;
            each(&parents.unfold(&batch)?)?;
        }
    }
    Ok(())
}

/// The rows of a trace in a row group.
fn rows_of(
    open: &OpenSegment,
    group: usize,
    id: TraceId,
    condition: &Condition,
) -> Result<Vec<usize>, LakeError> {
    let ids = ColumnReader::new(open, group, s::TRACE_ID)?;
    let index = open.metadata.metadata().page_index();
    let index = index.and_then(|index| index.column_index(group, s::TRACE_ID));
    let pages = (0..ids.page_count())
        .filter(|page| index.is_none_or(|index| condition.allows_page(index, *page)));
    let mut rows = Vec::new();
    match ids.dictionary()? {
        Some(dictionary) => {
            let position = dictionary.iter().position(|have| have == id.as_bytes());
            let Some(position) = position else {
                return Ok(rows);
            };
            for page in pages {
                let first = ids.rows_of(page).start;
                let is = |have: u32| have as usize == position;
                ids.find(page, is, |row, _| rows.push(first + row))?;
            }
        }
        // Nearly every span is a trace of its own.
        None => {
            let all: Vec<usize> = pages.flat_map(|page| ids.rows_of(page)).collect();
            let array = ids.take(&all)?;
            let array = array.as_any().downcast_ref::<FixedSizeBinaryArray>();
            let array = array.ok_or_else(|| LakeError::Columns("ids are no bytes".into()))?;
            let found = all.iter().enumerate();
            let found = found.filter(|(at, _)| array.value(*at) == id.as_bytes());
            rows.extend(found.map(|(_, row)| *row));
        }
    }
    Ok(rows)
}

/// What orders the spans of a trace, and decides between two of one id: the earlier one.
type Place = (UnixNanos, UnixNanos, SpanId);

#[derive(Default)]
struct Found {
    max_spans: usize,
    /// Every span id seen, with the place of the copy that counts.
    places: HashMap<SpanId, Place>,
    /// Decoded copies, at most about twice as many as are wanted.
    spans: Vec<Span>,
    /// Bytes of their attributes, events and links.
    text_bytes: usize,
}

impl Found {
    /// Bytes it holds, roughly.
    fn bytes(&self) -> usize {
        self.places.len() * PLACE_BYTES + self.spans.len() * SPAN_BYTES + self.text_bytes
    }

    fn add_chunk(&mut self, id: TraceId, chunk: &Chunk) {
        let rows = chunk.spans.rows.iter().enumerate();
        for (at, row) in rows.filter(|(_, row)| row.trace_id == id) {
            if self.is_wanted((row.start, row.end, row.span_id)) {
                self.keep(chunk.spans.span(at));
            }
        }
    }

    /// Adds all spans of a batch.
    fn add(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let columns = Columns(batch);
        let (starts, durations) = (columns.instants(s::START)?, columns.i64s(s::DURATION)?);
        let span_ids = columns.binary(s::SPAN_ID)?;
        let mut reader = SpanReader::new(batch)?;
        for row in 0..batch.num_rows() {
            let span_id = span_id(span_ids, row)?;
            let end = UnixNanos(starts[row].saturating_add(durations[row]));
            let place = (UnixNanos(starts[row]), end, span_id);
            if self.is_wanted(place) {
                self.keep(reader.span(row)?);
            }
        }
        Ok(())
    }

    /// Whether no copy that counts more is known.
    fn is_wanted(&mut self, place: Place) -> bool {
        match self.places.get_mut(&place.2) {
            Some(have) if *have <= place => return false,
            Some(have) => *have = place,
            None => {
                self.places.insert(place.2, place);
            }
        }
        true
    }

    fn keep(&mut self, span: Span) {
        self.text_bytes += text_bytes(&span);
        self.spans.push(span);
        if self.spans.len() > 2 * self.max_spans {
            self.settle();
        }
    }

    /// Sorts, drops copies that do not count and those beyond the limit.
    fn settle(&mut self) {
        let places = &self.places;
        self.spans
            .retain(|span| places.get(&span.span_id) == Some(&place(span)));
        self.spans.sort_unstable_by_key(place);
        self.spans.truncate(self.max_spans);
        self.text_bytes = self.spans.iter().map(text_bytes).sum();
    }

    fn finish(mut self, mut lost: Vec<Lost>) -> TraceRows {
        self.settle();
        // A trace says nothing of when its other spans were; those of another hour are not its.
        let first = self.spans.iter().map(|span| span.end).min();
        let last = self.spans.iter().map(|span| span.end).max();
        if let (Some(first), Some(last)) = (first, last) {
            let around = TimeRange::new(first.minus(NEAR), last.plus(NEAR));
            lost.retain(|lost| lost.range.overlaps(&around));
        }
        let omitted = self.places.len() - self.spans.len();
        TraceRows {
            spans: self.spans,
            omitted,
            partial: !lost.is_empty(),
            lost,
        }
    }
}

fn text_bytes(span: &Span) -> usize {
    span.attributes.len() + span.events.len() + span.links.len()
}

fn place(span: &Span) -> Place {
    (span.start, span.end, span.span_id)
}

/// The spans of some traces that end in the range, at most so many of each; as many traces as the
/// time allows, in the order asked for.
pub(crate) fn traces(
    shared: &Shared,
    project: &str,
    ids: &[TraceId],
    range: TimeRange,
    max_spans: usize,
    deadline: Duration,
    cancel: &Cancel,
) -> Result<Vec<(TraceId, Vec<Span>)>, LakeError> {
    let mut snapshot = shared.read().snapshot(project, Table::Spans, Some(range));
    let new = || Found {
        max_spans: max_spans.min(shared.limits.trace_spans),
        ..Found::default()
    };
    let mut found: HashMap<TraceId, Found> = ids.iter().map(|id| (*id, new())).collect();
    for chunk in &snapshot.chunks {
        cancel.check()?;
        for (at, row) in chunk.spans.rows.iter().enumerate() {
            if let Some(found) = found.get_mut(&row.trace_id)
                && found.is_wanted((row.start, row.end, row.span_id))
            {
                found.keep(chunk.spans.span(at));
            }
        }
    }
    snapshot
        .segments
        .sort_by_key(|segment| Reverse(segment.range.to));
    let mut answers = Vec::new();
    for id in ids {
        // Asked for twice, it is answered once.
        let Some(mut found) = found.remove(id) else {
            continue;
        };
        if shared.clock.monotonic() > deadline {
            break;
        }
        for segment in &snapshot.segments {
            scan_open(shared, segment, cancel, |open| {
                each_batch(&open, *id, cancel, |batch| found.add(batch))
            })?;
        }
        answers.push((*id, found.finish(Vec::new()).spans));
    }
    Ok(answers)
}
