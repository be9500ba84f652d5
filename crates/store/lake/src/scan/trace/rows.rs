//! The rows of a trace in a segment: found by trace id, then read column by column, only the wanted
//! rows.

use super::place::At;
use crate::{
    LakeError, TracePlace,
    query::cancel::Cancel,
    scan::SCAN_ROWS,
    segment::OpenSegment,
    tables::spans::columns as s,
    tables::spans::{
        decode::{SpanReader, span_id},
        parents,
    },
};
use arrow_array::{Array, FixedSizeBinaryArray, RecordBatch};
use hinomi_columnar::{BatchColumns, ColumnReader, ColumnarError, Condition, bloom_allows};
use hinomi_model::{Span, SpanId, SpanKind, TraceId, UnixNanos};
use std::{ops::Range, sync::Arc};

/// Bytes of rows that are decoded together, estimated from the average row size of their group.
const DECODED_BYTES: usize = 4 << 20;

/// Rows of one trace, by row group. The rows of a trace are adjacent, so few ranges suffice.
pub(super) struct FileRows {
    groups: Vec<(usize, Vec<Range<usize>>)>,
}

impl FileRows {
    /// Finds the rows in a file.
    pub fn of(open: &OpenSegment, id: TraceId) -> Result<Self, LakeError> {
        let condition = Condition::Equals(s::TRACE_ID, id.as_bytes().to_vec());
        let metadata = open.metadata.metadata();
        let mut groups = Vec::new();
        for (group, of) in metadata.row_groups().iter().enumerate() {
            if !condition.allows_group(of) || !bloom_allows(open, group, &condition)? {
                continue;
            }
            let mut ranges: Vec<Range<usize>> = Vec::new();
            for row in rows_of(open, group, id, &condition)? {
                match ranges.last_mut() {
                    Some(last) if last.end == row => last.end += 1,
                    _ => ranges.push(row..row + 1),
                }
            }
            if !ranges.is_empty() {
                groups.push((group, ranges));
            }
        }
        Ok(Self { groups })
    }

    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Calls `each` with every span id, its row group and its row.
    pub fn each_id(
        &self,
        open: &OpenSegment,
        cancel: &Cancel,
        mut each: impl FnMut(SpanId, (usize, usize)),
    ) -> Result<(), LakeError> {
        self.each_part(cancel, |group, rows| {
            let ids = ColumnReader::new(open, group, s::SPAN_ID)?
                .once()
                .take(rows)?;
            let ids = bytes(&ids)?;
            for (at, row) in rows.iter().enumerate() {
                each(span_id(ids, at)?, (group, *row));
            }
            Ok(())
        })
    }

    /// Calls `each` with the place and location of every span.
    pub fn each_place(
        &self,
        open: &OpenSegment,
        source: usize,
        cancel: &Cancel,
        mut each: impl FnMut(TracePlace, At),
    ) -> Result<(), LakeError> {
        self.each_part(cancel, |group, rows| {
            each_place(open, source, group, rows, &mut each)
        })
    }

    /// Calls `part` with successive parts of the rows of each group.
    fn each_part(
        &self,
        cancel: &Cancel,
        mut part: impl FnMut(usize, &[usize]) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        for (group, ranges) in &self.groups {
            let rows: Vec<usize> = ranges.iter().cloned().flatten().collect();
            for rows in rows.chunks(SCAN_ROWS) {
                cancel.check()?;
                part(*group, rows)?;
            }
        }
        Ok(())
    }
}

/// Calls `each` with the places of some rows of a group.
pub(super) fn each_place(
    open: &OpenSegment,
    source: usize,
    group: usize,
    rows: &[usize],
    each: &mut dyn FnMut(TracePlace, At),
) -> Result<(), LakeError> {
    let wanted = [s::SPAN_ID, s::START, s::DURATION, s::KIND];
    let columns = wanted.map(|column| ColumnReader::new(open, group, column)?.once().take(rows));
    let schema = open.metadata.schema().project(&wanted)?;
    let columns = columns.into_iter().collect::<Result<_, ColumnarError>>()?;
    let batch = RecordBatch::try_new(Arc::new(schema), columns)?;
    let columns = BatchColumns(&batch);
    let ids = columns.binary(0)?;
    let (starts, durations) = (columns.instants(1)?, columns.i64s(2)?);
    let kinds = columns.u8s(3)?;
    for (at, row) in rows.iter().enumerate() {
        let place = TracePlace {
            start: UnixNanos(starts[at]),
            end: UnixNanos(starts[at].saturating_add(durations[at])),
            span_id: span_id(ids, at)?,
            kind: SpanKind::from_otlp(i32::from(kinds.value(at))),
        };
        each(place, At::new(source, group, *row));
    }
    Ok(())
}

/// Calls `each` with the place of each row of one group, ascending, and a function that decodes its
/// span.
pub(super) fn each_span(
    open: &OpenSegment,
    places: &[(TracePlace, At)],
    cancel: &Cancel,
    mut each: impl FnMut(
        &TracePlace,
        &mut dyn FnMut() -> Result<Span, LakeError>,
    ) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let Some((_, first)) = places.first() else {
        return Ok(());
    };
    let group = first.group as usize;
    for places in places.chunks(rows_at_once(open, group)) {
        cancel.check()?;
        let rows: Vec<usize> = places.iter().map(|(_, at)| at.row).collect();
        let schema = open.metadata.schema();
        let columns = (0..schema.fields().len())
            .map(|column| ColumnReader::new(open, group, column)?.take(&rows))
            .collect::<Result<_, _>>()?;
        let batch = RecordBatch::try_new(schema.clone(), columns)?;
        let batch = parents::unfold_rows(&batch, &rows, |rows| {
            Ok(ColumnReader::new(open, group, s::SPAN_ID)?.take(rows)?)
        })?;
        let mut reader = SpanReader::new(&batch)?;
        for (at, (place, _)) in places.iter().enumerate() {
            each(place, &mut || reader.span(at))?;
        }
    }
    Ok(())
}

/// Number of rows of a group to decode together; fewer if rows are large.
fn rows_at_once(open: &OpenSegment, group: usize) -> usize {
    let group = open.metadata.metadata().row_group(group);
    let bytes = usize::try_from(group.total_byte_size()).unwrap_or(0);
    let rows = usize::try_from(group.num_rows()).unwrap_or(0).max(1);
    (DECODED_BYTES / (bytes / rows).max(1)).clamp(1, SCAN_ROWS)
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
        // No dictionary: nearly every span has its own trace id. The ids of all candidate rows are
        // compared.
        None => {
            let all: Vec<usize> = pages.flat_map(|page| ids.rows_of(page)).collect();
            let array = ids.take(&all)?;
            let array = bytes(&array)?;
            let found = all.iter().enumerate();
            let found = found.filter(|(at, _)| array.value(*at) == id.as_bytes());
            rows.extend(found.map(|(_, row)| *row));
        }
    }
    Ok(rows)
}

fn bytes(array: &dyn Array) -> Result<&FixedSizeBinaryArray, LakeError> {
    let array = array.as_any().downcast_ref();
    array.ok_or_else(|| LakeError::Columns("ids are no bytes".into()))
}
