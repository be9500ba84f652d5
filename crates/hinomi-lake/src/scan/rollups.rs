//! Rollups of a time range at one resolution, merged from memory and segments.

use crate::{
    LakeError, Lost, Resolution, RollupRows, RollupSearch,
    cancel::Cancel,
    rollup_rows::{decode, family},
    scan::{self, Projection, scan_segment},
    schema::Table,
    segment::Segment,
    state::{SegmentRollups, Shared},
};
use hinomi_model::{Rollup, RollupKey, RollupSet, UnixNanos};
use std::{collections::HashSet, sync::Arc};

/// Bytes that a decoded rollup takes, roughly, its buckets and cells aside.
const ROLLUP_BYTES: usize = 320;

pub(crate) fn rollups(
    shared: &Shared,
    search: &RollupSearch,
    cancel: &Cancel,
) -> Result<RollupRows, LakeError> {
    let mut rollups = RollupSet::new();
    let lost = each(shared, search, cancel, |bucket, key, rollup| {
        rollups.add(bucket, key, rollup);
    })?;
    Ok(RollupRows { rollups, lost })
}

/// Shows what is selected to `see`, without adding it up first: a key comes as often for a bucket
/// as there are places that hold some of it. Answers what is missing.
pub(crate) fn each(
    shared: &Shared,
    search: &RollupSearch,
    cancel: &Cancel,
    mut see: impl FnMut(UnixNanos, &RollupKey, &Rollup),
) -> Result<Vec<Lost>, LakeError> {
    let project = &search.selection.scope.project;
    let width = search.resolution.width();
    let range = search.range.widened(width);
    let mut in_memory = |rollups: &RollupSet| {
        for (bucket, key, rollup) in rollups.range(range) {
            if is_wanted(search, key) {
                see(bucket.floor(width), key, rollup);
            }
        }
    };
    let state = shared.read();
    if let Some(rollups) = state.active.rollups.get(project) {
        in_memory(rollups);
    }
    let sealed: Vec<_> = state.sealed.iter().cloned().collect();
    let segments = state.segments(project, table(search.resolution), Some(range));
    let mut lost = state.lost(project, table(search.resolution), Some(range));
    drop(state);
    for memtable in sealed {
        cancel.check()?;
        if let Some(rollups) = memtable.rollups.get(project) {
            in_memory(rollups);
        }
    }
    for segment in segments {
        let Some(rows) = read(shared, &segment, cancel)? else {
            lost.push(scan::lost(&segment));
            continue;
        };
        for (bucket, key, rollup) in rows.iter() {
            if range.contains(*bucket) && is_wanted(search, key) {
                see(*bucket, key, rollup);
            }
        }
    }
    Ok(lost)
}

fn is_wanted(search: &RollupSearch, key: &RollupKey) -> bool {
    search.families.has(family(key)) && search.selection.has_key(key)
}

/// All rollups of a segment; `None` when it is damaged.
fn read(
    shared: &Shared,
    segment: &Segment,
    cancel: &Cancel,
) -> Result<Option<SegmentRollups>, LakeError> {
    if let Some(rows) = shared.rollup_cache.get(&segment.id) {
        // Read when its bytes held: still right, whatever has become of the file.
        return Ok(Some(rows));
    }
    let (mut rows, mut services) = (Vec::new(), HashSet::new());
    let (mut held, mut read) = (cancel.hold(0)?, 0);
    let whole = scan_segment(shared, segment, &[], Projection::All, cancel, |batch| {
        read += batch.num_rows();
        cancel.resize(&mut held, read * ROLLUP_BYTES)?;
        rows.extend(decode(batch, &mut services)?);
        Ok(())
    })?;
    if !whole {
        return Ok(None);
    }
    let lists: usize = rows
        .iter()
        .map(|(_, _, rollup)| rollup.latency.buckets().len() * 8 + rollup.cells.len() * 12)
        .sum();
    let weight = rows.len() * ROLLUP_BYTES + lists;
    let rows = Arc::new(rows);
    shared.rollup_cache.insert(segment.id, rows.clone(), weight);
    Ok(Some(rows))
}

pub(crate) fn table(resolution: Resolution) -> Table {
    match resolution {
        Resolution::FiveSeconds => Table::Rollups5s,
        Resolution::Minute => Table::Rollups1m,
        Resolution::Hour => Table::Rollups1h,
    }
}
