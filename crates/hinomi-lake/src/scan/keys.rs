//! The ids of spans that came in lately: what retries are recognised by after a restart.

use crate::{
    LakeError,
    cancel::Cancel,
    columns::Columns,
    decode::{span_id, trace_id},
    scan::{Projection, scan_segment},
    schema::{Table, spans as s},
    state::Shared,
};
use arrow_array::RecordBatch;
use hinomi_model::{SpanId, TraceId, UnixNanos};

/// Ids of all spans in memory and in segments written at `since` or later: at least those that
/// came in since.
pub(crate) fn since(
    shared: &Shared,
    since: UnixNanos,
    cancel: &Cancel,
) -> Result<Vec<(TraceId, SpanId)>, LakeError> {
    let state = shared.read();
    let chunks: Vec<_> = state.chunks().cloned().collect();
    let tables = state
        .segments
        .values()
        .flat_map(|tables| &tables[Table::Spans as usize]);
    let segments: Vec<_> = tables
        .filter(|segment| segment.written >= since)
        .cloned()
        .collect();
    drop(state);
    let mut keys = Vec::new();
    for chunk in chunks {
        cancel.check()?;
        let rows = &chunk.spans.rows;
        keys.extend(rows.iter().map(|row| (row.trace_id, row.span_id)));
    }
    for segment in segments {
        let each = |batch: &RecordBatch| add(&mut keys, batch);
        let projection = Projection::First(s::SPAN_ID + 1);
        scan_segment(shared, &segment, &[], projection, cancel, each)?;
    }
    Ok(keys)
}

fn add(keys: &mut Vec<(TraceId, SpanId)>, batch: &RecordBatch) -> Result<(), LakeError> {
    let columns = Columns(batch);
    let (trace_ids, span_ids) = (columns.binary(s::TRACE_ID)?, columns.binary(s::SPAN_ID)?);
    for row in 0..batch.num_rows() {
        keys.push((trace_id(trace_ids, row)?, span_id(span_ids, row)?));
    }
    Ok(())
}
