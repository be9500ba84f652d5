//! The fixed set of scans, over memory and segments alike.
//!
//! A segment that is missing or does not decode is left out, marked as damaged and reported as
//! `partial`; a disk that fails for the moment is an error, the same question may succeed later.

pub(crate) mod attributes;
pub(crate) mod keys;
pub(crate) mod late;
pub(crate) mod prune;
pub(crate) mod rollups;
pub(crate) mod trace;
pub(crate) mod transactions;

use crate::{
    LakeError, Lost,
    cancel::Cancel,
    segment::{OpenSegment, Segment},
    state::Shared,
};
use arrow_array::RecordBatch;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use prune::Condition;

/// Rows decoded at once.
const SCAN_ROWS: usize = 16 << 10;

/// Which columns a scan reads.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Projection {
    All,
    /// The first so many.
    First(usize),
}

/// Calls `each` with the batches of a segment that may hold rows of the conditions. Answers false
/// when the segment turned out to be damaged.
pub(crate) fn scan_segment(
    shared: &Shared,
    segment: &Segment,
    conditions: &[Condition],
    projection: Projection,
    cancel: &Cancel,
    each: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<bool, LakeError> {
    scan_open(shared, segment, cancel, |open| {
        scan_file(open, conditions, projection, cancel, each)
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
    let scanned = shared.footers.open(segment).and_then(|open| {
        let file = open.file.clone();
        // What Parquet and Arrow say of a failed read does not tell damage from a passing failure.
        scan(open).map_err(|error| file.blame(error))
    });
    match scanned {
        Ok(()) => Ok(true),
        Err(error) if shared.leave_out(segment, &error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn scan_file(
    open: OpenSegment,
    conditions: &[Condition],
    projection: Projection,
    cancel: &Cancel,
    mut each: impl FnMut(&RecordBatch) -> Result<(), LakeError>,
) -> Result<(), LakeError> {
    let OpenSegment { file, metadata } = open;
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata.clone());
    let (groups, selection) = prune::prune(&builder, metadata.metadata(), conditions)?;
    if groups.is_empty() {
        return Ok(());
    }
    if let Projection::First(columns) = projection {
        let mask = ProjectionMask::leaves(builder.parquet_schema(), 0..columns);
        builder = builder.with_projection(mask);
    }
    if let Some(selection) = selection {
        builder = builder.with_row_selection(selection);
    }
    let reader = builder
        .with_row_groups(groups)
        .with_batch_size(SCAN_ROWS)
        .build()?;
    for batch in reader {
        cancel.check()?;
        let batch = batch?;
        let _decoded = cancel.hold(batch.get_array_memory_size())?;
        each(&batch)?;
    }
    Ok(())
}

/// What an answer misses without this segment.
pub(crate) fn lost(segment: &Segment) -> Lost {
    Lost {
        table: segment.table.as_str(),
        range: segment.covers(),
    }
}
