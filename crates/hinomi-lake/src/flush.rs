//! The flusher: the one thread that turns sealed memtables into segments and publishes them.
//!
//! Files first, each under a temporary name, synced, renamed, the folders synced; then one catalog
//! transaction; then one swap under the lock. A failure at any step leaves the memtable where it
//! is, and the step is tried again.

use crate::{
    LakeError,
    catalog::Publication,
    gather::{Gatherer, RowRef},
    memtable::{Chunk, Memtable, services},
    path::{self, temporary},
    rollup_rows,
    schema::Table,
    segment::{Segment, SegmentRow},
    state::Shared,
    stats::add,
    writer,
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_model::{RollupSet, Text, TimeRange, UnixNanos, rollup::ServiceKey};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Pause after a failure; a flush that is asked for ends it.
const RETRY: Duration = Duration::from_secs(1);
/// Rollups turned into columns at once: bounds the memory of a flush.
const WRITE_ROWS: usize = 16 << 10;

pub(crate) struct Flusher {
    shared: Arc<Shared>,
    runtime: tokio::runtime::Runtime,
    /// Files of the oldest sealed memtable that wait for the catalog.
    written: Option<Vec<Arc<Segment>>>,
}

impl Flusher {
    /// A flusher with a small runtime of its own: the catalog is asynchronous.
    pub fn new(shared: Arc<Shared>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Self {
            shared,
            runtime,
            written: None,
        })
    }

    /// Works until the lake stops.
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
            None => Files::write(&self.shared, memtable)?,
        };
        let checkpoint = memtable.sequences.map_or(0, |(_, last)| last);
        let services = newest_services(memtable);
        let publication = Publication {
            segments: &segments,
            checkpoint,
            services: &services,
        };
        if let Err(error) = self
            .runtime
            .block_on(self.shared.catalog.publish(publication))
        {
            // Kept: should the commit have reached the disk after all, these are the files it
            // names, and the next try finds that out.
            self.written = Some(segments);
            return Err(error.into());
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

fn newest_services(memtable: &Memtable) -> Vec<(Text, ServiceKey, UnixNanos)> {
    let of_project = |(project, rollups): (&Text, &RollupSet)| {
        let project = project.clone();
        services(rollups)
            .into_iter()
            .map(move |(service, newest)| (project.clone(), service, newest))
            .collect::<Vec<_>>()
    };
    memtable.rollups.iter().flat_map(of_project).collect()
}

/// The files of one memtable, while they are being written.
struct Files<'a> {
    shared: &'a Shared,
    sequences: (u64, u64),
    written: UnixNanos,
    segments: Vec<Arc<Segment>>,
    folders: BTreeSet<PathBuf>,
}

impl<'a> Files<'a> {
    /// Writes a memtable; when that fails, removes what was written.
    fn write(shared: &'a Shared, memtable: &Memtable) -> Result<Vec<Arc<Segment>>, LakeError> {
        let mut files = Self {
            shared,
            sequences: memtable.sequences.unwrap_or_default(),
            written: UnixNanos(shared.clock.unix_nanos()),
            segments: Vec::new(),
            folders: BTreeSet::new(),
        };
        match files.write_all(memtable) {
            Ok(()) => Ok(files.segments),
            Err(error) => {
                for segment in &files.segments {
                    // What stays is deleted at the next start.
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
            let promoted = self.shared.read().promoted_keys(project);
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

    /// Writes spans by trace and start, a file a bucket.
    fn write_spans(&mut self, project: &Text, rows: &Gatherer<'_>) -> Result<(), LakeError> {
        let filing = self.filing(Table::Spans, rows.rows().map(|(_, row)| row.end.0));
        let keyed = rows.rows().map(|(at, row)| {
            let bucket = filing.bucket(row.end.0);
            (bucket, *row.trace_id.as_bytes(), row.start, at)
        });
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_unstable();
        let sorted = keyed.into_iter().map(|(bucket, _, _, at)| (bucket, at));
        let sorted: Vec<(UnixNanos, RowRef)> = sorted.collect();
        self.write_files(
            project,
            Table::Spans,
            rows.span_schema(),
            rows,
            &sorted,
            |rows, at| rows.spans(at),
        )
    }

    /// Writes entry spans by service and end, a file a bucket.
    fn write_transactions(&mut self, project: &Text, rows: &Gatherer<'_>) -> Result<(), LakeError> {
        let entries = || rows.rows().filter(|(at, _)| rows.is_transaction(*at));
        let filing = self.filing(Table::Transactions, entries().map(|(_, row)| row.end.0));
        let ranks = rows.service_ranks();
        let keyed = entries().map(|(at, row)| {
            let rank = ranks.get(&rows.service(at)).copied().unwrap_or(0);
            (filing.bucket(row.end.0), rank, row.end, at)
        });
        let mut keyed: Vec<_> = keyed.collect();
        keyed.sort_unstable();
        let sorted = keyed.into_iter().map(|(bucket, _, _, at)| (bucket, at));
        let sorted: Vec<(UnixNanos, RowRef)> = sorted.collect();
        let schema = Table::Transactions.schema();
        self.write_files(
            project,
            Table::Transactions,
            schema,
            rows,
            &sorted,
            |rows, at| rows.transactions(at),
        )
    }

    /// Writes rows that are sorted by bucket, a file each.
    fn write_files(
        &mut self,
        project: &Text,
        table: Table,
        schema: &SchemaRef,
        rows: &Gatherer<'_>,
        sorted: &[(UnixNanos, RowRef)],
        columns: impl Fn(&Gatherer<'_>, &[RowRef]) -> Result<RecordBatch, LakeError>,
    ) -> Result<(), LakeError> {
        for of_bucket in sorted.chunk_by(|left, right| left.0 == right.0) {
            let places: Vec<RowRef> = of_bucket.iter().map(|(_, at)| *at).collect();
            let ends = || places.iter().map(|at| rows.row(*at).end.0);
            let times = (ends().min().unwrap_or(0), ends().max().unwrap_or(0));
            let groups = places.chunks(writer::group_rows(table));
            let batches = groups.map(|group| columns(rows, group));
            self.write_file(
                project,
                (table, schema),
                of_bucket[0].0,
                times,
                places.len(),
                batches,
            )?;
        }
        Ok(())
    }

    /// Writes rollups, a file a bucket of the table's width.
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
            let batches = rows.chunks(WRITE_ROWS).map(rollup_rows::encode);
            let schema = table.schema();
            self.write_file(
                project,
                (table, schema),
                bucket,
                (first, last),
                rows.len(),
                batches,
            )?;
        }
        Ok(())
    }

    fn filing(&self, table: Table, times: impl Iterator<Item = i64>) -> Filing {
        Filing::new(table.bucket(), times, self.shared.limits.buckets_per_flush)
    }

    fn write_file(
        &mut self,
        project: &Text,
        (table, schema): (Table, &SchemaRef),
        bucket: UnixNanos,
        (first, last): (i64, i64),
        rows: usize,
        batches: impl Iterator<Item = Result<RecordBatch, LakeError>>,
    ) -> Result<(), LakeError> {
        if self.shared.is_stopping() {
            return Err(LakeError::Closed);
        }
        let disk = &*self.shared.disk;
        let id = self.shared.next_segment.fetch_add(1, Ordering::Relaxed);
        let path = path::segment(project, table, bucket, id);
        let file = self.shared.layout.segment(&path);
        let folder = file.parent().unwrap_or(&file);
        // Until the file is there nobody takes the folder for an empty one.
        let _making = self.shared.folders.read();
        disk.create_dir_all(folder)
            .map_err(LakeError::disk(folder))?;
        // Each folder up to the store's own may have just been made.
        let above = folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.shared.layout.dir));
        self.folders.extend(above.map(PathBuf::from));
        let unfinished = temporary(&file);
        let promoted = self.shared.read().promoted_keys(project);
        let written = writer::write(disk, &unfinished, table, schema, &promoted, batches)
            .and_then(|extent| {
                disk.rename(&unfinished, &file)
                    .map_err(LakeError::disk(&file))?;
                Ok(extent)
            })
            .inspect_err(|_| drop(disk.remove(&unfinished)))?;
        self.segments.push(Arc::new(Segment::new(SegmentRow {
            id,
            project: project.clone(),
            node: self.shared.node.clone(),
            table,
            bucket,
            range: TimeRange::new(UnixNanos(first), UnixNanos(last.saturating_add(1))),
            rows: rows as u64,
            extent: written,
            sequences: self.sequences,
            written: self.written,
            path,
        })));
        Ok(())
    }
}

/// Which bucket a time is filed under.
struct Filing {
    width: Duration,
    /// Everything before this shares the bucket of the oldest.
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
