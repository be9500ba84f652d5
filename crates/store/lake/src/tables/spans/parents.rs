//! Stores most parents as a row offset. Rows are sorted by trace and start, so most parents are a
//! few rows above their children. An offset takes one byte instead of eight random ones.
//!
//! In memory a batch of table `spans` has the id of every parent. [`fold`] converts on write,
//! [`Unfold`] on read.

use crate::{
    LakeError,
    tables::spans::columns::{PARENT_OFFSET, PARENT_SPAN_ID, SPAN_ID, TRACE_ID},
};
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, RecordBatch, UInt8Array};
use arrow_buffer::NullBuffer;
use hinomi_columnar::{BatchColumns, RowGroup, binary};
use std::sync::Arc;

/// Maximum distance in rows between a child and a parent that is stored as an offset.
const REACH: usize = u8::MAX as usize;
const ID: usize = 8;

/// Replaces the id of every parent that is within reach in the same group by a row offset.
pub(crate) fn fold(group: &mut RowGroup) -> Result<(), LakeError> {
    let arrays = [TRACE_ID, SPAN_ID, PARENT_SPAN_ID].map(|at| group.column(at));
    let [traces, ids, parents] = arrays;
    let (traces, ids, parents) = (traces?, ids?, parents?);
    let (traces, ids, parents) = (id_column(&traces)?, id_column(&ids)?, id_column(&parents)?);
    let rows = traces.len();
    let mut offsets: Vec<Option<u8>> = Vec::with_capacity(rows);
    let mut kept = Vec::with_capacity(rows);
    let mut trace_begins = 0;
    for row in 0..rows {
        if row > 0 && traces.value(row) != traces.value(row - 1) {
            trace_begins = row;
        }
        let parent = parents.is_valid(row).then(|| parents.value(row));
        let offset = parent.and_then(|parent| {
            let above = trace_begins.max(row.saturating_sub(REACH))..row;
            let place = above.rev().find(|place| ids.value(*place) == parent)?;
            u8::try_from(row - place).ok()
        });
        kept.push(parent.is_some() && offset.is_none());
        offsets.push(offset);
    }
    let bytes = parents.value_data().to_vec();
    let left = binary(ID as i32, bytes, Some(NullBuffer::from(kept)))?;
    group.put(PARENT_SPAN_ID, left);
    group.put(PARENT_OFFSET, Arc::new(UInt8Array::from(offsets)));
    Ok(())
}

fn id_column(array: &ArrayRef) -> Result<&FixedSizeBinaryArray, LakeError> {
    let ids = array.as_any().downcast_ref();
    ids.ok_or_else(|| LakeError::Internal("a column of ids has another type".into()))
}

/// Restores parent ids, batch by batch of one file. A parent may be in the previous batch.
#[derive(Debug, Default)]
pub(crate) struct Unfold {
    /// The last span ids of the previous batches.
    above: Vec<u8>,
}

impl Unfold {
    /// Returns the batch with the id of every parent. Batches must be consecutive, at least within
    /// a trace.
    pub fn unfold(&mut self, batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
        let columns = BatchColumns(batch);
        let ids = columns.binary(SPAN_ID)?;
        let parents = columns.binary(PARENT_SPAN_ID)?;
        let offsets = columns.u8s(PARENT_OFFSET)?;
        let rows = batch.num_rows();
        let before = self.above.len() / ID;
        self.above.extend_from_slice(id_bytes(ids));
        let mut bytes = Vec::with_capacity(rows * ID);
        let mut valid = Vec::with_capacity(rows);
        for row in 0..rows {
            if offsets.is_valid(row) {
                let place = (before + row).checked_sub(usize::from(offsets.value(row)));
                let place = place.ok_or_else(|| {
                    LakeError::Columns("a parent lies above the first row".into())
                })?;
                bytes.extend_from_slice(&self.above[place * ID..(place + 1) * ID]);
                valid.push(true);
            } else {
                bytes.extend_from_slice(parents.value(row));
                valid.push(parents.is_valid(row));
            }
        }
        let keep = self.above.len().saturating_sub(REACH * ID);
        self.above.drain(..keep);
        let parents = binary(ID as i32, bytes, Some(NullBuffer::from(valid)))?;
        with(batch, parents, batch.column(PARENT_OFFSET).clone())
    }
}

/// Same as [`Unfold::unfold`], for a batch of selected rows of a row group. `rows` are their row
/// numbers, ascending. `ids` reads the span ids of other rows of the group.
pub(crate) fn unfold_rows(
    batch: &RecordBatch,
    rows: &[usize],
    ids: impl Fn(&[usize]) -> Result<ArrayRef, LakeError>,
) -> Result<RecordBatch, LakeError> {
    let columns = BatchColumns(batch);
    let parents = columns.binary(PARENT_SPAN_ID)?;
    let offsets = columns.u8s(PARENT_OFFSET)?;
    let above = |at: usize| {
        let offset = offsets.is_valid(at).then(|| usize::from(offsets.value(at)));
        offset.map(|offset| {
            let above = rows[at].checked_sub(offset);
            above.ok_or_else(|| LakeError::Columns("a parent lies above the first row".into()))
        })
    };
    let wanted = (0..rows.len()).filter_map(above);
    let mut wanted: Vec<usize> = wanted.collect::<Result<_, _>>()?;
    wanted.sort_unstable();
    wanted.dedup();
    let found = ids(&wanted)?;
    let found = id_column(&found)?;
    let mut bytes = Vec::with_capacity(rows.len() * ID);
    let mut valid = Vec::with_capacity(rows.len());
    for at in 0..rows.len() {
        let place = above(at).transpose()?;
        match place.map(|place| wanted.binary_search(&place)) {
            Some(Ok(place)) => {
                bytes.extend_from_slice(found.value(place));
                valid.push(true);
            }
            _ => {
                bytes.extend_from_slice(parents.value(at));
                valid.push(parents.is_valid(at));
            }
        }
    }
    let parents = binary(ID as i32, bytes, Some(NullBuffer::from(valid)))?;
    with(batch, parents, batch.column(PARENT_OFFSET).clone())
}

fn id_bytes(ids: &FixedSizeBinaryArray) -> &[u8] {
    &ids.value_data()[..ids.len() * ID]
}

fn with(
    batch: &RecordBatch,
    parents: ArrayRef,
    offsets: ArrayRef,
) -> Result<RecordBatch, LakeError> {
    let mut columns = batch.columns().to_vec();
    columns[PARENT_SPAN_ID] = parents;
    columns[PARENT_OFFSET] = offsets;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
