//! The fixed set of scans, over memory and segments alike.
//!
//! A segment that is missing or does not decode is left out, marked as damaged and reported as
//! `partial`; a disk that fails for the moment is an error, the same question may succeed later.

pub(crate) mod attributes;
pub(crate) mod keys;
pub(crate) mod late;
pub(crate) mod prune;
pub(crate) mod recent;
pub(crate) mod rollups;
pub(crate) mod spent;
pub(crate) mod times;
pub(crate) mod trace;
pub(crate) mod transactions;

use crate::{
    LakeError, Lost,
    cancel::Cancel,
    segment::{OpenSegment, Segment},
    state::Shared,
};
use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Rows decoded at once.
const SCAN_ROWS: usize = 16 << 10;

/// Calls `each` with all rows of a segment, batch by batch. Answers false when the segment turned out
/// to be damaged.
pub(crate) fn scan_segment(
    shared: &Shared,
    segment: &Segment,
    cancel: &Cancel,
    mut each: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<bool, LakeError> {
    scan_open(shared, segment, cancel, |open| {
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

/// Opens a segment and lets `scan` read it. Answers false when it turned out to be damaged.
pub(crate) fn scan_open(
    shared: &Shared,
    segment: &Segment,
    cancel: &Cancel,
    scan: impl FnOnce(OpenSegment) -> Result<(), LakeError>,
) -> Result<bool, LakeError> {
    if segment.is_damaged() {
        return Ok(false);
    }
    cancel.check()?;
    // Parquet's readers trust what is under good checksums, and some panic where it makes no sense.
    // What a scan had gathered by then is as after an error: of a segment that is left out.
    let scanned = catch_unwind(AssertUnwindSafe(|| {
        shared.footers.open(segment).and_then(|open| {
            let file = open.file.clone();
            // What Parquet and Arrow say of a failed read does not tell damage from a passing failure.
            scan(open).map_err(|error| file.blame(error))
        })
    }));
    let panicked = |_| Err(LakeError::Columns("a reader panicked".into()));
    match scanned.unwrap_or_else(panicked) {
        Ok(()) => Ok(true),
        Err(error) if shared.leave_out(segment, &error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What an answer misses without this segment.
pub(crate) fn lost(segment: &Segment) -> Lost {
    Lost {
        table: segment.table.as_str(),
        range: segment.covers(),
    }
}
