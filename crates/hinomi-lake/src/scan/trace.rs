//! One trace: found by its id in memory and segments, put together, each span once.

use crate::{
    LakeError, Lost, TraceRows,
    cancel::Cancel,
    columns::Columns,
    decode::{SpanReader, span_id},
    memtable::Chunk,
    parents::Unfold,
    scan::{self, Projection, prune::Condition, scan_segment},
    schema::{Table, spans as s},
    state::Shared,
};
use arrow_array::RecordBatch;
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
    let conditions = [Condition::Equals(s::TRACE_ID, id.as_bytes().to_vec())];
    let mut lost = std::mem::take(&mut snapshot.lost);
    for segment in &snapshot.segments {
        let mut parents = Unfold::of_trace(id);
        let each = |batch: &RecordBatch| {
            found.add(id, &parents.unfold(batch)?)?;
            cancel.resize(&mut held, found.bytes())
        };
        if !scan_segment(shared, segment, &conditions, Projection::All, cancel, each)? {
            lost.push(scan::lost(segment));
        }
    }
    Ok(found.finish(lost))
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

    fn add(&mut self, id: TraceId, batch: &RecordBatch) -> Result<(), LakeError> {
        let columns = Columns(batch);
        let trace_ids = columns.binary(s::TRACE_ID)?;
        let rows: Vec<usize> = (0..batch.num_rows())
            .filter(|row| trace_ids.value(*row) == id.as_bytes())
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let (starts, durations) = (columns.instants(s::START)?, columns.i64s(s::DURATION)?);
        let span_ids = columns.binary(s::SPAN_ID)?;
        let mut reader = SpanReader::new(batch)?;
        for row in rows {
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
