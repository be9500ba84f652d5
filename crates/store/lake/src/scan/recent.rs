//! Streams the rollups of a segment within a time range, row by row. Bypasses the caches, because
//! the caller reads each segment once.

use crate::{
    LakeError,
    data::Data,
    query::cancel::Cancel,
    scan::{SCAN_ROWS, scan_open},
    segment::{OpenSegment, Segment},
    tables::rollups::columns::BUCKET,
    tables::rollups::rows::decode,
};
use hinomi_columnar::BatchColumns;
use hinomi_io::MemoryShare;
use hinomi_model::{RollupKey, RollupRef, TimeRange, UnixNanos};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
};
use std::{collections::HashSet, ops::Range};

/// Calls `see` with the rollups whose buckets start in the range. Returns false if the segment is
/// damaged; `see` may have been called with a part of it by then.
pub(crate) fn each(
    data: &Data,
    segment: &Segment,
    range: TimeRange,
    is_stopping: &dyn Fn() -> bool,
    see: &mut dyn FnMut(UnixNanos, &RollupKey, RollupRef<'_>),
) -> Result<bool, LakeError> {
    let mut known = HashSet::new();
    // Not charged to the queries' memory share, so that running queries cannot make it fail. It
    // needs memory for one batch of rows only.
    let cancel = Cancel::new(MemoryShare::new(usize::MAX));
    scan_open(data, segment, &cancel, |open| {
        let OpenSegment { file, metadata, .. } = open;
        let buckets = ProjectionMask::roots(metadata.parquet_schema(), [BUCKET]);
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone())
                .with_batch_size(SCAN_ROWS)
                .with_projection(buckets)
                .build()?;
        let (mut rows, mut row): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
        for batch in reader {
            let batch = batch?;
            for bucket in BatchColumns(&batch).instants(0)?.iter() {
                if range.contains(UnixNanos(*bucket)) {
                    match rows.last_mut() {
                        Some(last) if last.end == row => last.end = row + 1,
                        _ => rows.push(row..row + 1),
                    }
                }
                row += 1;
            }
        }
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_batch_size(SCAN_ROWS)
            .with_row_selection(RowSelection::from_consecutive_ranges(rows.into_iter(), row))
            .build()?;
        for batch in reader {
            if is_stopping() {
                return Err(LakeError::Cancelled);
            }
            for (bucket, key, rollup) in decode(&batch?, &mut known)? {
                see(bucket, &key, (&rollup).into());
            }
        }
        Ok(())
    })
}
