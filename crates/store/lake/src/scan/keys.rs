//! The identities of recently received spans, by which retries are recognised after a restart.

use crate::{
    LakeError,
    data::Data,
    query::cancel::Cancel,
    scan::{call_trees::typed, scan_open},
    segment::OpenSegment,
    tables::{TableId, spans::columns as s},
};
use arrow_array::{TimestampNanosecondArray, UInt8Array};
use hinomi_columnar::ColumnReader;
use hinomi_model::{SpanBatch, SpanId, SpanIdentity, SpanKind, TraceId, UnixNanos};
use std::{cmp::Reverse, ops::ControlFlow};

/// Calls `see` with the identities of all spans of a project in memory and in segments written at `since`
/// or later. This includes every span received since, and possibly older ones. Newest segments come first;
/// stops when `see` breaks.
pub(crate) fn since(
    data: &Data,
    project: &str,
    since: UnixNanos,
    cancel: &Cancel,
    see: &mut impl FnMut(SpanIdentity) -> ControlFlow<()>,
) -> Result<(), LakeError> {
    let state = data.read();
    let snapshot = state.snapshot::<SpanBatch>(project, TableId::SPANS, None);
    let (chunks, mut segments) = (snapshot.chunks, snapshot.segments);
    segments.retain(|segment| segment.written >= since);
    drop(state);
    segments.sort_unstable_by_key(|segment| Reverse((segment.written, segment.id)));
    for chunk in chunks.iter().rev() {
        cancel.check()?;
        for row in &chunk.batch.rows {
            let span = SpanIdentity {
                trace_id: row.trace_id,
                span_id: row.span_id,
                kind: chunk.batch.shape(row).kind,
                start: row.start,
            };
            if see(span).is_break() {
                return Ok(());
            }
        }
    }
    for segment in segments {
        let mut ended = false;
        // Spans of an unreadable segment cannot be shown, so a retry of them is no duplicate.
        scan_open(data, &segment, cancel, |open| {
            for group in 0..open.metadata.metadata().num_row_groups() {
                cancel.check()?;
                ended = ended || each_of_group(&open, group, see)?.is_break();
            }
            Ok(())
        })?;
        if ended {
            break;
        }
    }
    Ok(())
}

fn each_of_group(
    open: &OpenSegment,
    group: usize,
    see: &mut impl FnMut(SpanIdentity) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, LakeError> {
    let traces = ColumnReader::new(open, group, s::TRACE_ID)?.once();
    let spans = ColumnReader::new(open, group, s::SPAN_ID)?.once();
    let trace_id = |bytes: &[u8]| {
        TraceId::from_slice(bytes).map_err(|error| LakeError::Columns(error.to_string()))
    };
    let dictionary = traces.dictionary()?;
    let words = dictionary.iter().flat_map(|dictionary| dictionary.iter());
    let words = words.map(trace_id).collect::<Result<Vec<TraceId>, _>>()?;
    let kinds = ColumnReader::new(open, group, s::KIND)?.once();
    let starts = ColumnReader::new(open, group, s::START)?.once();
    for page in 0..spans.page_count() {
        let mut of_rows = Vec::with_capacity(spans.rows_of(page).len());
        if dictionary.is_some() {
            let is = |_| true;
            traces.find(page, is, |_, position| {
                of_rows.extend(words.get(position as usize))
            })?;
        } else {
            let ids = traces.fixed(page)?;
            for id in ids.chunks_exact(size_of::<TraceId>()) {
                of_rows.push(trace_id(id)?);
            }
        }
        let ids = spans.fixed(page)?;
        let ids = ids.chunks_exact(size_of::<SpanId>());
        let rows: Vec<usize> = spans.rows_of(page).collect();
        let (kinds, starts) = (kinds.take(&rows)?, starts.take(&rows)?);
        let kinds: &UInt8Array = typed(&kinds)?;
        let starts: &TimestampNanosecondArray = typed(&starts)?;
        let told = kinds.values().iter().zip(starts.values());
        for ((trace_id, span_id), (kind, start)) in of_rows.into_iter().zip(ids).zip(told) {
            let span_id = SpanId::from_slice(span_id);
            let span = SpanIdentity {
                trace_id,
                span_id: span_id.map_err(|error| LakeError::Columns(error.to_string()))?,
                kind: SpanKind::from_otlp(i32::from(*kind)),
                start: UnixNanos(*start),
            };
            if see(span).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    Ok(ControlFlow::Continue(()))
}
