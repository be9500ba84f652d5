//! Rollups of a time range at one resolution, from memory and segments.

use crate::{
    LakeError, Lost, RollupAnswer, RollupQuestion, RollupRows, RollupSearch,
    data::Data,
    query::cancel::Cancel,
    scan::{self, SCAN_ROWS, scan_open, scan_segment},
    segment::{OpenSegment, Segment},
    tables::rollups::{
        cache::{Directory, Entry, Group, Part, stretch},
        columns::{BUCKET, SERVICE},
        rows::{decode, family},
        search::RollupFold,
        table::{RollupTable, RollupTableBuilder, ServiceTableBuilder},
        table_of,
    },
};
use hinomi_columnar::BatchColumns;
use hinomi_model::{RollupKey, RollupRef, RollupSet, Text, UnixNanos};
use hinomi_store::{GroupPlace, Grouping};
use parquet::arrow::{
    ProjectionMask,
    arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

pub(crate) fn rollups(
    data: &Data,
    search: &RollupSearch,
    cancel: &Cancel,
) -> Result<RollupRows, LakeError> {
    let mut gathered = Gathered::default();
    let lost = fold(data, search, false, cancel, &mut gathered)?;
    let rollups = gathered.rollups;
    Ok(RollupRows { rollups, lost })
}

/// Rollups added up as a question asks.
pub(crate) fn grouped(
    data: &Data,
    question: RollupQuestion,
    cancel: &Cancel,
) -> Result<RollupAnswer, LakeError> {
    let search = RollupSearch {
        selection: question.selection.clone(),
        range: question.range,
        resolution: question.resolution,
        families: question.families,
    };
    let of_whole_services = question.is_of_whole_services();
    let mut grouping = Grouping::new(question);
    let lost = fold(data, &search, of_whole_services, cancel, &mut grouping)?;
    let groups = grouping.finish();
    Ok(RollupAnswer { groups, lost })
}

/// Bytes that a rollup takes while it is decoded, roughly.
const ROLLUP_BYTES: usize = 320;

/// Adds what is selected up: a key comes as often for a bucket as there are places that hold some
/// of it. With `of_whole_services` transactions may come added up, under a key whose operation, instance and
/// version are empty. Answers what is missing.
pub(crate) fn fold(
    data: &Data,
    search: &RollupSearch,
    of_whole_services: bool,
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
    let state = data.read();
    if let Some(rollups) = state.active.rollups.get(project) {
        in_memory(rollups);
    }
    let sealed: Vec<_> = state.sealed.iter().cloned().collect();
    let segments = state.segments(project, table_of(search.resolution), Some(range));
    let mut lost = state.lost(project, table_of(search.resolution), Some(range));
    drop(state);
    for memtable in sealed {
        cancel.check()?;
        if let Some(rollups) = memtable.rollups.get(project) {
            in_memory(rollups);
        }
    }
    for segment in segments {
        let Some(parts) = parts(data, &segment, search, of_whole_services, cancel)? else {
            lost.push(scan::lost(&segment));
            continue;
        };
        for part in parts {
            let Some(table) = read(data, &segment, part, cancel)? else {
                lost.push(scan::lost(&segment));
                break;
            };
            for (number, key) in table.keys() {
                if is_wanted(search, key)
                    && let Some(place) = fold.place(key)
                {
                    table.each(number, range, |bucket, rollup| {
                        fold.add(place, bucket, rollup)
                    });
                }
            }
        }
    }
    Ok(lost)
}

fn is_wanted(search: &RollupSearch, key: &RollupKey) -> bool {
    search.families.has(family(key)) && search.selection.has_key(key)
}

/// The parts of a segment that hold the requested rollups; `None` if the segment is damaged.
fn parts(
    data: &Data,
    segment: &Segment,
    search: &RollupSearch,
    of_whole_services: bool,
    cancel: &Cancel,
) -> Result<Option<Vec<Part>>, LakeError> {
    if of_whole_services {
        return Ok(Some(vec![Part::Services]));
    }
    let Some(directory) = directory(data, segment, cancel)? else {
        return Ok(None);
    };
    let wanted = search.selection.service.as_ref();
    let (width, range) = (stretch(segment.table), search.range);
    let range = range.widened(search.resolution.width());
    let places: BTreeSet<(&Text, UnixNanos)> = directory
        .iter()
        .filter(|entry| wanted.is_none_or(|wanted| *wanted == entry.service))
        .filter(|entry| range.from < entry.stretch.plus(width) && entry.stretch < range.to)
        .map(|entry| (&entry.service, entry.stretch))
        .collect();
    let groups = Group::ALL.into_iter();
    let groups = groups.filter(|group| search.families.has_any(group.families()));
    Ok(Some(
        groups
            .flat_map(|group| {
                let each = places.iter();
                each.map(move |(name, stretch)| Part::Of((*name).clone(), group, *stretch))
            })
            .collect(),
    ))
}

/// Reads one part of a segment's rollups; `None` if the segment is damaged.
fn read(
    data: &Data,
    segment: &Segment,
    part: Part,
    cancel: &Cancel,
) -> Result<Option<Arc<RollupTable>>, LakeError> {
    if let Some(table) = data.rollup_cache.table(segment.id, &part) {
        // A cached table was read while the segment was valid, so it stays correct.
        return Ok(Some(table));
    }
    let table = match &part {
        Part::Services => services(data, segment, cancel)?,
        Part::Of(service, group, stretch) => {
            keys(data, segment, (service, *group, *stretch), cancel)?
        }
    };
    let table = table.map(Arc::new);
    if let Some(table) = table.clone() {
        data.rollup_cache.keep_table(segment.id, part, table);
    }
    Ok(table)
}

/// The totals of all transactions per service.
fn services(
    data: &Data,
    segment: &Segment,
    cancel: &Cancel,
) -> Result<Option<RollupTable>, LakeError> {
    let (mut builder, mut known) = (ServiceTableBuilder::default(), HashSet::new());
    let mut held = cancel.hold(0)?;
    let whole = scan_segment(data, segment, cancel, |batch| {
        let bytes = batch.num_rows() * ROLLUP_BYTES + builder.memory_size();
        cancel.resize(&mut held, bytes)?;
        for (bucket, key, rollup) in decode(batch, &mut known)? {
            builder.add(bucket, &key, (&rollup).into());
        }
        Ok(())
    })?;
    Ok(whole.then(|| builder.finish()))
}

/// The keys of one group, for services of one name, in one stretch of time.
fn keys(
    data: &Data,
    segment: &Segment,
    (service, group, stretch): (&Text, Group, UnixNanos),
    cancel: &Cancel,
) -> Result<Option<RollupTable>, LakeError> {
    let Some(directory) = directory(data, segment, cancel)? else {
        return Ok(None);
    };
    let (mut builder, mut known) = (RollupTableBuilder::default(), HashSet::new());
    let (mut held, mut read) = (cancel.hold(0)?, 0);
    let whole = scan_open(data, segment, cancel, |open| {
        let OpenSegment { file, metadata, .. } = open;
        let all = metadata.metadata().file_metadata().num_rows();
        let rows = directory
            .iter()
            .filter(|entry| entry.service == *service && entry.stretch == stretch);
        let rows = RowSelection::from_consecutive_ranges(
            rows.map(|entry| entry.rows.clone()),
            usize::try_from(all).unwrap_or(0),
        );
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_batch_size(SCAN_ROWS)
            .with_row_selection(rows)
            .build()?;
        for batch in reader {
            cancel.check()?;
            let batch = batch?;
            read += batch.num_rows();
            cancel.resize(&mut held, read * ROLLUP_BYTES)?;
            for (bucket, key, rollup) in decode(&batch, &mut known)? {
                if group.families().has(family(&key)) {
                    builder.add(bucket, key, (&rollup).into());
                }
            }
        }
        Ok(())
    })?;
    Ok(whole.then(|| builder.finish()))
}

/// The directory of a segment: which rows belong to which service and stretch of time. `None` if
/// the segment is damaged.
fn directory(
    data: &Data,
    segment: &Segment,
    cancel: &Cancel,
) -> Result<Option<Directory>, LakeError> {
    if let Some(directory) = data.rollup_cache.directory(segment.id) {
        return Ok(Some(directory));
    }
    let (mut found, width): (Vec<Entry>, _) = (Vec::new(), stretch(segment.table));
    let whole = scan_open(data, segment, cancel, |open| {
        let OpenSegment { file, metadata, .. } = open;
        let places = ProjectionMask::roots(metadata.parquet_schema(), [BUCKET, SERVICE]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
            .with_batch_size(SCAN_ROWS)
            .with_projection(places)
            .build()?;
        let mut row = 0;
        for batch in reader {
            cancel.check()?;
            let batch = batch?;
            let (buckets, names) = (
                BatchColumns(&batch).instants(0)?,
                BatchColumns(&batch).words(1)?,
            );
            for (at, bucket) in buckets.iter().enumerate() {
                let name = names.get(at).unwrap_or_default();
                let stretch = UnixNanos(*bucket).floor(width);
                match found.last_mut() {
                    Some(last) if &*last.service == name && last.stretch == stretch => {
                        last.rows.end = row + 1;
                    }
                    _ => found.push(Entry {
                        service: name.into(),
                        stretch,
                        rows: row..row + 1,
                    }),
                }
                row += 1;
            }
        }
        Ok(())
    })?;
    if !whole {
        return Ok(None);
    }
    let directory: Directory = found.into();
    data.rollup_cache
        .keep_directory(segment.id, directory.clone());
    Ok(Some(directory))
}

impl RollupFold for Grouping {
    type Place = GroupPlace;

    fn place(&mut self, key: &RollupKey) -> Option<GroupPlace> {
        Grouping::place(self, key)
    }

    fn add(&mut self, place: GroupPlace, bucket: UnixNanos, rollup: RollupRef<'_>) {
        Grouping::add(self, place, bucket, rollup);
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
