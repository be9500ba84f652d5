//! Estimates the memory of a merge from the footers of its inputs, before the merge starts.
//!
//! The estimate counts the open batch and the dictionaries of each input, the batches that are read
//! but not yet merged, the row group being built, and its column being encoded. Row groups are made
//! small enough to fit. As many inputs as fit are merged; if not even two fit, none are.

use crate::{
    segment::{OpenSegment, Segment},
    tables::{MergeRule, TableId},
};
use hinomi_columnar::{ReadFootprint, WORD_BYTES, row_bytes, uncommon_columns};
use std::{ops::Range, sync::Arc};

/// Bounds on the number of rows that are merged or read at once, whatever the memory.
const ROWS: Range<usize> = 64..8_192;
/// Approximate size of a decoded rollup, in bytes.
const ROLLUP_BYTES: usize = 1_024;

/// How a merge stays within its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Maximum number of completely read batches in memory.
    pub waiting: usize,
    /// Rows per output batch; for rollups also rows per read batch.
    pub rows: usize,
    /// Maximum size of a row group, in bytes.
    pub group_bytes: usize,
    /// Total memory of the merge, in bytes.
    pub bytes: usize,
}

/// The range of inputs to merge, and the plan; `None` if no two of them fit and pay off.
pub(crate) fn plan(
    table: TableId,
    segments: &[Arc<Segment>],
    opened: &[OpenSegment],
    memory: usize,
) -> Option<(Range<usize>, Plan)> {
    let rollups = table.kind().merge_rule() == MergeRule::AddUp;
    let weigh = |open| match rollups {
        true => ReadFootprint::of_parquet_reader(open, ROWS.start * ROLLUP_BYTES),
        false => ReadFootprint::of_page_batches(open),
    };
    let inputs: Vec<ReadFootprint> = opened.iter().map(weigh).collect();
    let range = window(&inputs, segments, memory / 2)?;
    let inputs = &inputs[range.clone()];
    let (open, batch) = weight(inputs);
    let of_input = opened[range.clone()].iter();
    let row = of_input.clone().map(row_bytes).max().unwrap_or(0);
    let missing = uncommon_columns(opened[range.clone()].iter());
    let row = (row + missing * WORD_BYTES).max(64);
    let rows = match rollups {
        // Every input and the output hold a batch of this many decoded rollups.
        true => memory / 4 / (ROLLUP_BYTES * (inputs.len() + 2)),
        false => memory / 16 / row,
    };
    let rows = rows.clamp(ROWS.start, ROWS.end);
    let waiting = (memory / 2).saturating_sub(open) / batch.max(1);
    let waiting = waiting.clamp(2, inputs.len().max(2));
    let plan = Plan {
        waiting,
        rows,
        group_bytes: memory / 4,
        bytes: open + waiting * batch + memory / 2,
    };
    Some((range, plan))
}

/// Memory of the open inputs together, and of the largest batch, in bytes.
fn weight(inputs: &[ReadFootprint]) -> (usize, usize) {
    let open = inputs.iter().map(|input| input.dictionaries + input.batch);
    let batch = inputs.iter().map(|input| input.batch).max().unwrap_or(0);
    (open.sum(), batch)
}

/// The largest number of adjacent inputs that fit the memory and pay off; among equally many, the
/// smallest.
fn window(
    inputs: &[ReadFootprint],
    segments: &[Arc<Segment>],
    memory: usize,
) -> Option<Range<usize>> {
    let fits = |range: &Range<usize>| {
        let (open, batch) = weight(&inputs[range.clone()]);
        open + 2 * batch <= memory
    };
    let bytes = |range: &Range<usize>| -> u64 {
        let bytes = segments[range.clone()].iter().map(|input| input.bytes);
        bytes.sum()
    };
    // Otherwise a large segment would be rewritten for every small one.
    let pays = |range: &Range<usize>| {
        let largest = segments[range.clone()]
            .iter()
            .map(|input| input.bytes)
            .max();
        range.len() == inputs.len() || bytes(range) * 4 >= largest.unwrap_or(0) * 5
    };
    (2..=inputs.len()).rev().find_map(|length| {
        let windows = (0..=inputs.len() - length).map(|from| from..from + length);
        windows
            .filter(|range| fits(range) && pays(range))
            .min_by_key(bytes)
    })
}
