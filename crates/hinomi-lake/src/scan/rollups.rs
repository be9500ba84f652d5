//! Rollups of a time range at one resolution, from memory and segments.

use crate::{
    Grain, LakeError, Lost, Resolution, RollupFold, RollupRows, RollupSearch,
    cancel::Cancel,
    rollup_rows::{decode, family},
    rollup_table::{RollupTable, RollupTableBuilder},
    scan::{self, scan_segment},
    schema::Table,
    segment::Segment,
    state::Shared,
};
use hinomi_model::{RollupKey, RollupRef, RollupSet, UnixNanos};
use std::{collections::HashSet, sync::Arc};

pub(crate) fn rollups(
    shared: &Shared,
    search: &RollupSearch,
    cancel: &Cancel,
) -> Result<RollupRows, LakeError> {
    let mut gathered = Gathered::default();
    let lost = fold(shared, search, Grain::Key, cancel, &mut gathered)?;
    let rollups = gathered.rollups;
    Ok(RollupRows { rollups, lost })
}

/// Bytes that a rollup takes while it is decoded, roughly.
const ROLLUP_BYTES: usize = 320;

/// Adds what is selected up: a key comes as often for a bucket as there are places that hold some
/// of it. Answers what is missing.
pub(crate) fn fold(
    shared: &Shared,
    search: &RollupSearch,
    grain: Grain,
    cancel: &Cancel,
    fold: &mut impl RollupFold,
) -> Result<Vec<Lost>, LakeError> {
    let project = &search.selection.scope.project;
    let width = search.resolution.width();
    let range = search.range.widened(width);
    let mut in_memory = |rollups: &RollupSet| {
        for (bucket, key, rollup) in rollups.range(range) {
            if is_wanted(search, key)
                && let Some(place) = fold.place(key)
            {
                fold.add(place, bucket.floor(width), rollup.into());
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
        let Some(table) = read(shared, &segment, cancel)? else {
            lost.push(scan::lost(&segment));
            continue;
        };
        let rows = if grain == Grain::Service && search.is_of_whole_services() {
            table.services()
        } else {
            table.keys()
        };
        for (number, key) in rows.keys() {
            if is_wanted(search, key)
                && let Some(place) = fold.place(key)
            {
                rows.each(number, range, |bucket, rollup| {
                    fold.add(place, bucket, rollup)
                });
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
) -> Result<Option<Arc<RollupTable>>, LakeError> {
    if let Some(table) = shared.rollup_cache.get(&segment.id) {
        // Read when its bytes held: still right, whatever has become of the file.
        return Ok(Some(table));
    }
    let (mut builder, mut services) = (RollupTableBuilder::default(), HashSet::new());
    let (mut held, mut read) = (cancel.hold(0)?, 0);
    let whole = scan_segment(shared, segment, cancel, |batch| {
        read += batch.num_rows();
        cancel.resize(&mut held, read * ROLLUP_BYTES)?;
        for (bucket, key, rollup) in decode(batch, &mut services)? {
            builder.add(bucket, key, &rollup);
        }
        Ok(())
    })?;
    if !whole {
        return Ok(None);
    }
    let table = Arc::new(builder.finish());
    let weight = table.memory_size();
    shared
        .rollup_cache
        .insert(segment.id, table.clone(), weight);
    Ok(Some(table))
}

pub(crate) fn table(resolution: Resolution) -> Table {
    match resolution {
        Resolution::FiveSeconds => Table::Rollups5s,
        Resolution::Minute => Table::Rollups1m,
        Resolution::Hour => Table::Rollups1h,
    }
}

/// Keeps keys apart.
#[derive(Default)]
struct Gathered {
    keys: Vec<RollupKey>,
    rollups: RollupSet,
}

impl RollupFold for Gathered {
    type Place = usize;

    fn place(&mut self, key: &RollupKey) -> Option<usize> {
        self.keys.push(key.clone());
        Some(self.keys.len() - 1)
    }

    fn add(&mut self, place: usize, bucket: UnixNanos, rollup: RollupRef<'_>) {
        self.rollups.add(bucket, &self.keys[place], rollup);
    }
}
