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
use std::{cmp::Reverse, ops::ControlFlow};

/// Hands the ids of all spans in memory and in segments written at `since` or later to `each`: at
/// least those that came in since. The newest segments come first, and it ends when `each` says that it
/// has enough.
pub(crate) fn since(
    shared: &Shared,
    since: UnixNanos,
    cancel: &Cancel,
    mut each: impl FnMut(TraceId, SpanId) -> ControlFlow<()>,
) -> Result<(), LakeError> {
    let state = shared.read();
    let chunks: Vec<_> = state.chunks().cloned().collect();
    let tables = state
        .segments
        .values()
        .flat_map(|tables| &tables[Table::Spans as usize]);
    let mut segments: Vec<_> = tables
        .filter(|segment| segment.written >= since)
        .cloned()
        .collect();
    drop(state);
    for chunk in chunks.iter().rev() {
        cancel.check()?;
        let mut rows = chunk.spans.rows.iter();
        if rows
            .try_for_each(|row| each(row.trace_id, row.span_id))
            .is_break()
        {
            return Ok(());
        }
    }
    segments.sort_unstable_by_key(|segment| Reverse((segment.written, segment.id)));
    for segment in segments {
        let mut enough = false;
        let add = |batch: &RecordBatch| {
            if !enough {
                enough = add(batch, &mut each)?.is_break();
            }
            Ok(())
        };
        let projection = Projection::First(s::SPAN_ID + 1);
        scan_segment(shared, &segment, &[], projection, cancel, add)?;
        if enough {
            break;
        }
    }
    Ok(())
}

fn add(
    batch: &RecordBatch,
    mut each: impl FnMut(TraceId, SpanId) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, LakeError> {
    let columns = Columns(batch);
    let (trace_ids, span_ids) = (columns.binary(s::TRACE_ID)?, columns.binary(s::SPAN_ID)?);
    for row in 0..batch.num_rows() {
        if each(trace_id(trace_ids, row)?, span_id(span_ids, row)?).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
