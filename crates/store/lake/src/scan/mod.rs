//! The fixed set of queries. Each reads both memory and segments.
//!
//! A segment that is missing or does not decode is left out, marked as damaged and reported as
//! `partial`. A temporary disk failure is an error instead, because the same query may succeed
//! later.

pub(crate) mod attributes;
pub(crate) mod call_trees;
pub(crate) mod filter;
pub(crate) mod keys;
pub(crate) mod late;
pub(crate) mod matcher;
pub(crate) mod page;
pub(crate) mod recent;
pub(crate) mod rollups;
pub(crate) mod row;
pub(crate) mod rows_at;
pub(crate) mod times;
pub(crate) mod trace;
pub(crate) mod transactions;

use crate::{
    LakeError, Lost,
    data::Data,
    query::cancel::Cancel,
    segment::{OpenSegment, Segment},
};
use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows per decoded batch.
const SCAN_ROWS: usize = 16 << 10;

/// Calls `each` with all rows of a segment, batch by batch. Returns false if the segment is
/// damaged.
pub(crate) fn scan_segment(
    data: &Data,
    segment: &Segment,
    cancel: &Cancel,
    mut each: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<bool, LakeError> {
    scan_open(data, segment, cancel, |open| {
        let OpenSegment { file, metadata, .. } = open;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_batch_size(SCAN_ROWS)
            .build()?;
        for batch in reader {
            cancel.check()?;
            each(&batch?)?;
        }
        Ok(())
    })
}

/// Opens a segment and passes it to `scan`. Returns false if the segment is damaged.
pub(crate) fn scan_open(
    data: &Data,
    segment: &Segment,
    cancel: &Cancel,
    scan: impl FnOnce(OpenSegment) -> Result<(), LakeError>,
) -> Result<bool, LakeError> {
    if segment.is_damaged() {
        return Ok(false);
    }
    cancel.check()?;
    // Parquet's readers trust data whose checksum matches, and some panic on invalid values. A
    // panic is treated like an error: what the scan gathered from this segment is discarded.
    let scanned = catch_unwind(AssertUnwindSafe(|| {
        data.footers.open(segment).and_then(|open| {
            let file = open.file.clone();
            // Errors of Parquet and Arrow do not tell damage from a temporary read failure; `blame`
            // does.
            scan(open).map_err(|error| error.blame(&file))
        })
    }));
    let panicked = |_| Err(LakeError::Columns("a reader panicked".into()));
    match scanned.unwrap_or_else(panicked) {
        Ok(()) => Ok(true),
        Err(error) if data.leave_out(segment, &error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The data that an answer lacks without this segment.
pub(crate) fn lost(segment: &Segment) -> Lost {
    Lost {
        table: segment.table.name(),
        range: segment.covers(),
    }
}
