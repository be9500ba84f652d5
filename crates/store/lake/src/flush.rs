//! The flusher: the only thread that writes sealed memtables to segments and publishes them.
//!
//! First it writes the files: each under a temporary name, synced, renamed, and then the folders
//! synced. Then comes one catalog transaction, then one swap under the lock. If a step fails, the
//! memtable stays in memory and the step is retried.

pub(crate) mod gather;

use crate::{
    LakeError,
    catalog::Publication,
    flush::gather::{Gatherer, RowRef},
    folder::path::{self, temporary},
    memtable::{Chunk, Memtable},
    rollups::rows as rollup_rows,
    schema::Table,
    segment::{Segment, lineage::Lineage, origin::Origin, writer},
    state::Shared,
    stats::add,
};
use arrow_schema::SchemaRef;
use hinomi_columnar::{RowGroup, checksum::Extent};
use hinomi_model::{RollupSet, Text, TimeRange, TraceId, UnixNanos};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Pause after a failure. A requested flush ends it early.
const RETRY: Duration = Duration::from_secs(1);
/// Number of rollups that are encoded at once, which bounds the memory of a flush.
const WRITE_ROWS: usize = 16 << 10;

pub(crate) struct Flusher {
    shared: Arc<Shared>,
    /// Files of the oldest sealed memtable that are written but not published yet.
    written: Option<Vec<Arc<Segment>>>,
}

impl Flusher {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            written: None,
        }
    }

    /// Runs until the lake stops.
    pub fn run(mut self) {
        while !self.shared.is_stopping() {
            let oldest = self.shared.read().sealed.front().cloned();
            let Some(memtable) = oldest else {
                self.shared.flusher.wait(RETRY);
                continue;
            };
            let begun = self.shared.clock.monotonic();
            match self.flush(&memtable) {
                Ok(()) => {
                    let took = self.shared.clock.monotonic().saturating_sub(begun);
                    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                    self.shared
                        .counters
                        .last_flush_ns
                        .store(nanos, Ordering::Relaxed);
                }
                Err(LakeError::Closed) => break,
                Err(error) => {
                    tracing::error!(%error, "a memtable could not be written; it stays in memory and in the log, and is tried again");
                    add(&self.shared.counters.flush_failures, 1);
                    self.shared.progress.send_modify(|progress| {
                        progress.failures += 1;
                        progress.last_failure = error.to_string();
                    });
                    self.shared.flusher.wait(RETRY);
                }
            }
        }
    }

    fn flush(&mut self, memtable: &Memtable) -> Result<(), LakeError> {
        let segments = match self.written.take() {
            Some(segments) => segments,
            None => {
                // The flush continues even without the reservation, because it is what frees
                // memory.
                let bytes = writer::flush_bytes(memtable.bytes());
                let bytes = bytes.min(self.shared.writing.limit());
                let _held = self.shared.writing.hold(bytes);
                Files::write(&self.shared, memtable)?
            }
        };
        let checkpoint = memtable.sequences.map_or(0, |(_, last)| last);
        let publication = Publication {
            segments: &segments,
            checkpoint,
        };
        let shared = &self.shared;
        // The log says the names again until the checkpoint moves over them.
        shared.write_names(checkpoint);
        let settled = shared.leftovers.settle(&*shared.disk, &shared.layout);
        if let Err(error) = settled.and_then(|()| shared.catalog.publish(publication)) {
            // The files are kept: if the record reached the disk despite the error, it names these
            // files.
            self.written = Some(segments);
            return Err(error);
        }
        let mut state = self.shared.write();
        state.add_segments(segments);
        state.sealed.pop_front();
        drop(state);
        add(&self.shared.counters.flushes, 1);
        self.shared
            .truncate_before
            .store(checkpoint + 1, Ordering::Release);
        self.shared
            .progress
            .send_modify(|progress| progress.flushed += 1);
        self.shared.queue.wake();
        self.shared.maintenance.signal.notify();
        Ok(())
    }
}

/// The files of one memtable while they are written.
struct Files<'a> {
    shared: &'a Shared,
    lineage: Lineage,
    written: UnixNanos,
    segments: Vec<Arc<Segment>>,
    folders: BTreeSet<PathBuf>,
}

impl<'a> Files<'a> {
    /// Writes a memtable. After a failure, removes the files that were written.
    fn write(shared: &'a Shared, memtable: &Memtable) -> Result<Vec<Arc<Segment>>, LakeError> {
        let mut files = Self {
            shared,
            lineage: memtable
                .sequences
                .map_or_else(Lineage::default, |(first, last)| Lineage::of(first, last)),
            written: UnixNanos(shared.clock.unix_nanos()),
            segments: Vec::new(),
            folders: BTreeSet::new(),
        };
        match files.write_all(memtable) {
            Ok(()) => Ok(files.segments),
            Err(error) => {
                for segment in &files.segments {
                    // If this fails, the next start deletes the file.
                    let _ = shared.disk.remove(&shared.layout.segment(&segment.path));
                }
                Err(error)
            }
        }
    }

    fn write_all(&mut self, memtable: &Memtable) -> Result<(), LakeError> {
        for (project, rollups) in &memtable.rollups {
            let chunks = memtable.chunks.iter();
            let chunks: Vec<&Chunk> = chunks
                .filter(|chunk| chunk.project == *project)
                .map(|chunk| &**chunk)
                .collect();
            let promoted = self.shared.names.promoted_keys(project);
            let rows = Gatherer::new(&chunks, &promoted)?;
            self.write_spans(project, &rows)?;
            self.write_transactions(project, &rows)?;
            drop(rows);
            self.write_rollups(project, Table::Rollups5s, rollups)?;
            let minutes = rollups.widened(crate::Resolution::Minute.width());
            self.write_rollups(project, Table::Rollups1m, &minutes)?;
            let hours = minutes.widened(crate::Resolution::Hour.width());
            self.write_rollups(project, Table::Rollups1h, &hours)?;
        }
        for folder in &self.folders {
            self.shared
                .disk
                .sync_dir(folder)
                .map_err(LakeError::disk(folder))?;
        }
        Ok(())
    }

    /// Writes spans sorted by trace and start, one file per bucket.
    fn write_spans(&mut self, project: &Text, rows: &Gatherer<'_>) -> Result<(), LakeError> {
        let filing = self.filing(Table::Spans, rows.rows().map(|(_, row)| row.end.0));
        let mut buckets: BTreeMap<UnixNanos, Vec<(u64, RowRef)>> = BTreeMap::new();
        for (at, row) in rows.rows() {
            let of_bucket = buckets.entry(filing.bucket(row.end.0)).or_default();
            of_bucket.push((beginning(row.trace_id), at));
        }
        // Compared only if the first halves of two trace ids are equal. This keeps the sort keys
        // small.
        let whole = |at: RowRef| {
            let row = rows.row(at);
            (*row.trace_id.as_bytes(), row.start, at)
        };
        while let Some((bucket, mut keyed)) = buckets.pop_first() {
            keyed.sort_unstable_by(|left, right| {
                let begins = left.0.cmp(&right.0);
                begins.then_with(|| whole(left.1).cmp(&whole(right.1)))
            });
            let places: Vec<RowRef> = keyed.into_iter().map(|(_, at)| at).collect();
            let (place, schema) = ((Table::Spans, bucket), rows.span_schema());
            self.write_rows(project, place, schema, rows, &places, |at| rows.spans(at))?;
        }
        Ok(())
    }

    /// Writes entry spans sorted by service and end, one file per bucket.
    fn write_transactions(&mut self, project: &Text, rows: &Gatherer<'_>) -> Result<(), LakeError> {
        let entries = || rows.rows().filter(|(at, _)| rows.is_transaction(*at));
        let filing = self.filing(Table::Transactions, entries().map(|(_, row)| row.end.0));
        let ranks = rows.service_ranks();
        let mut buckets: BTreeMap<UnixNanos, Vec<(u32, UnixNanos, RowRef)>> = BTreeMap::new();
        for (at, row) in entries() {
            let rank = ranks.get(&rows.service(at)).copied().unwrap_or(0);
            let of_bucket = buckets.entry(filing.bucket(row.end.0)).or_default();
            of_bucket.push((rank, row.end, at));
        }
        while let Some((bucket, mut keyed)) = buckets.pop_first() {
            keyed.sort_unstable();
            let places: Vec<RowRef> = keyed.into_iter().map(|(_, _, at)| at).collect();
            let table = Table::Transactions;
            let schema = table.schema();
            self.write_rows(project, (table, bucket), schema, rows, &places, |at| {
                rows.transactions(at)
            })?;
        }
        Ok(())
    }

    /// Writes the file of a bucket. `places` are its rows, sorted.
    fn write_rows(
        &mut self,
        project: &Text,
        (table, bucket): (Table, UnixNanos),
        schema: &SchemaRef,
        rows: &Gatherer<'_>,
        places: &[RowRef],
        columns: impl Fn(&[RowRef]) -> Result<RowGroup, LakeError>,
    ) -> Result<(), LakeError> {
        let ends = || places.iter().map(|at| rows.row(*at).end.0);
        let times = (ends().min().unwrap_or(0), ends().max().unwrap_or(0));
        let disk = &*self.shared.disk;
        let promoted = self.shared.names.promoted_keys(project);
        let groups = places.chunks(writer::group_rows(table)).map(columns);
        let write = |path: &Path, origin: &Origin| {
            writer::write_flushed(disk, path, origin, schema, &promoted, groups)
        };
        self.write_file(project, (table, bucket), times, places.len(), write)
    }

    /// Writes rollups, one file per bucket of the table's width.
    fn write_rollups(
        &mut self,
        project: &Text,
        table: Table,
        rollups: &RollupSet,
    ) -> Result<(), LakeError> {
        let filing = self.filing(table, rollups.buckets().map(|bucket| bucket.0));
        let mut files: BTreeMap<UnixNanos, Vec<rollup_rows::Row<'_>>> = BTreeMap::new();
        for row in rollups.iter() {
            files.entry(filing.bucket(row.0.0)).or_default().push(row);
        }
        for (bucket, mut rows) in files {
            rows.sort_unstable_by(|left, right| {
                (left.1.service(), left.0, left.1).cmp(&(right.1.service(), right.0, right.1))
            });
            let first = rows.iter().map(|row| row.0.0).min().unwrap_or(0);
            let last = rows.iter().map(|row| row.0.0).max().unwrap_or(0);
            let disk = &*self.shared.disk;
            let batches = rows.chunks(WRITE_ROWS).map(rollup_rows::encode);
            let write = |path: &Path, origin: &Origin| {
                writer::write(disk, path, origin, table.schema(), &[], batches)
            };
            self.write_file(project, (table, bucket), (first, last), rows.len(), write)?;
        }
        Ok(())
    }

    fn filing(&self, table: Table, times: impl Iterator<Item = i64>) -> Filing {
        Filing::new(table.bucket(), times, self.shared.limits.buckets_per_flush)
    }

    fn write_file(
        &mut self,
        project: &Text,
        (table, bucket): (Table, UnixNanos),
        (first, last): (i64, i64),
        rows: usize,
        write: impl FnOnce(&Path, &Origin) -> Result<Extent, LakeError>,
    ) -> Result<(), LakeError> {
        if self.shared.is_stopping() {
            return Err(LakeError::Closed);
        }
        let disk = &*self.shared.disk;
        let id = self.shared.next_segment.fetch_add(1, Ordering::Relaxed);
        let path = path::segment(project, table, bucket, id);
        let file = self.shared.layout.segment(&path);
        let folder = file.parent().unwrap_or(&file);
        // This lock keeps the folder from being removed as empty before the file exists.
        let _making = self.shared.folders.read();
        disk.create_dir_all(folder)
            .map_err(LakeError::disk(folder))?;
        // Every parent folder below the store's own may be new, so all of them are synced.
        let above = folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.shared.layout.dir));
        self.folders.extend(above.map(PathBuf::from));
        let unfinished = temporary(&file);
        let origin = Origin {
            id,
            project: project.clone(),
            node: self.shared.node.clone(),
            table,
            bucket,
            range: TimeRange::new(UnixNanos(first), UnixNanos(last.saturating_add(1))),
            lineage: self.lineage.clone(),
            written: self.written,
            inputs: 0,
        };
        let extent = write(&unfinished, &origin)
            .and_then(|extent| {
                disk.rename(&unfinished, &file)
                    .map_err(LakeError::disk(&file))?;
                Ok(extent)
            })
            .inspect_err(|_| drop(disk.remove(&unfinished)))?;
        let segment = origin.segment(rows as u64, extent, path);
        self.segments.push(Arc::new(segment));
        Ok(())
    }
}

/// The first half of a trace id, which sorts in the same order.
fn beginning(id: TraceId) -> u64 {
    let id = u128::from_be_bytes(*id.as_bytes());
    (id >> 64) as u64
}

/// Assigns times to buckets.
struct Filing {
    width: Duration,
    /// Everything before this instant goes to the bucket of `oldest`.
    floor: UnixNanos,
    oldest: UnixNanos,
}

impl Filing {
    fn new(width: Duration, times: impl Iterator<Item = i64>, most: usize) -> Self {
        let buckets: BTreeSet<UnixNanos> = times.map(|time| UnixNanos(time).floor(width)).collect();
        let oldest = buckets.first().copied().unwrap_or_default();
        let own = most.saturating_sub(1).max(1);
        let floor = match buckets.len().checked_sub(own) {
            Some(shared) if shared > 1 => buckets.iter().nth(shared).copied().unwrap_or(oldest),
            _ => oldest,
        };
        Self {
            width,
            floor,
            oldest,
        }
    }

    fn bucket(&self, time: i64) -> UnixNanos {
        let bucket = UnixNanos(time).floor(self.width);
        if bucket < self.floor {
            self.oldest
        } else {
            bucket
        }
    }
}
