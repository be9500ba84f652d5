//! The flusher: the only thread that writes sealed memtables to segments and publishes them.
//!
//! First it writes the files: each under a temporary name, synced, renamed, and then the folders
//! synced. Then comes one catalog transaction, then one swap under the lock. If a step fails, the
//! memtable stays in memory and the step is retried.

use crate::{
    LakeError,
    catalog::Publication,
    folder::path::{self, temporary},
    memtable::Memtable,
    segment::{Segment, lineage::Lineage, origin::Origin, writer},
    state::Shared,
    stats::add,
    tables::{TableId, signals},
};
use arrow_schema::SchemaRef;
use hinomi_columnar::{RowGroup, checksum::Extent};
use hinomi_io::Disk;
use hinomi_model::{Text, TimeRange, UnixNanos};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Pause after a failure. A requested flush ends it early.
const RETRY: Duration = Duration::from_secs(1);

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
            let oldest = self.shared.data.read().sealed.front().cloned();
            let Some(memtable) = oldest else {
                self.shared.threads.flusher.wait(RETRY);
                continue;
            };
            let begun = self.shared.data.clock.monotonic();
            match self.flush(&memtable) {
                Ok(()) => {
                    let took = self.shared.data.clock.monotonic().saturating_sub(begun);
                    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                    self.shared
                        .data
                        .counters
                        .last_flush_ns
                        .store(nanos, Ordering::Relaxed);
                }
                Err(LakeError::Closed) => break,
                Err(error) => {
                    tracing::error!(%error, "a memtable could not be written; it stays in memory and in the log, and is tried again");
                    add(&self.shared.data.counters.flush_failures, 1);
                    self.shared.threads.progress.send_modify(|progress| {
                        progress.failures += 1;
                        progress.last_failure = error.to_string();
                    });
                    self.shared.threads.flusher.wait(RETRY);
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
                let bytes = bytes.min(self.shared.files.memory.limit());
                let _held = self.shared.files.memory.hold(bytes);
                Files::write_memtable(&self.shared, memtable)?
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
        let settled = shared
            .leftovers
            .settle(&*shared.files.disk, &shared.files.layout);
        if let Err(error) = settled.and_then(|()| shared.catalog.publish(publication)) {
            // The files are kept: if the record reached the disk despite the error, it names these
            // files.
            self.written = Some(segments);
            return Err(error);
        }
        let mut state = self.shared.data.write();
        state.add_segments(segments);
        state.sealed.pop_front();
        drop(state);
        add(&self.shared.data.counters.flushes, 1);
        self.shared
            .log
            .truncate_before
            .store(checkpoint + 1, Ordering::Release);
        self.shared
            .threads
            .progress
            .send_modify(|progress| progress.flushed += 1);
        self.shared.log.queue.wake();
        self.shared.maintenance.signal.notify();
        Ok(())
    }
}

/// The files of one memtable while they are written.
pub(crate) struct Files<'a> {
    shared: &'a Shared,
    lineage: Lineage,
    written: UnixNanos,
    segments: Vec<Arc<Segment>>,
    folders: BTreeSet<PathBuf>,
}

impl<'a> Files<'a> {
    /// Writes a memtable. After a failure, removes the files that were written.
    fn write_memtable(
        shared: &'a Shared,
        memtable: &Memtable,
    ) -> Result<Vec<Arc<Segment>>, LakeError> {
        let mut files = Self {
            shared,
            lineage: memtable
                .sequences
                .map_or_else(Lineage::default, |(first, last)| Lineage::of(first, last)),
            written: UnixNanos(shared.data.clock.unix_nanos()),
            segments: Vec::new(),
            folders: BTreeSet::new(),
        };
        match files.write_all(memtable) {
            Ok(()) => Ok(files.segments),
            Err(error) => {
                for segment in &files.segments {
                    // If this fails, the next start deletes the file.
                    let _ = shared
                        .files
                        .disk
                        .remove(&shared.files.layout.segment(&segment.path));
                }
                Err(error)
            }
        }
    }

    fn write_all(&mut self, memtable: &Memtable) -> Result<(), LakeError> {
        let projects: BTreeSet<&Text> = memtable
            .chunks
            .iter()
            .map(|chunk| chunk.project())
            .collect();
        for project in projects {
            signals::flush(self, project, memtable)?;
        }
        for folder in &self.folders {
            self.shared
                .files
                .disk
                .sync_dir(folder)
                .map_err(LakeError::disk(folder))?;
        }
        Ok(())
    }

    /// Keys of a project's promoted attributes.
    pub fn promoted(&self, project: &str) -> Vec<Text> {
        self.shared.names.promoted_keys(project)
    }

    /// Assigns the rows of a table, which have these times, to buckets.
    pub fn filing(&self, table: TableId, times: impl Iterator<Item = i64>) -> Filing {
        let width = table.kind().bucket();
        Filing::new(width, times, self.shared.data.limits.buckets_per_flush)
    }

    /// Writes the file of a bucket from row groups. `size` is the first and the last time of its rows,
    /// and their number.
    pub fn write_groups(
        &mut self,
        project: &Text,
        place: (TableId, UnixNanos),
        schema: &SchemaRef,
        size: ((i64, i64), usize),
        groups: impl Iterator<Item = Result<RowGroup, LakeError>>,
    ) -> Result<(), LakeError> {
        let promoted = self.promoted(project);
        self.write(project, place, size, |disk, path, origin| {
            writer::write_flushed(disk, path, origin, schema, &promoted, groups)
        })
    }

    /// Writes the file of a bucket.
    pub fn write(
        &mut self,
        project: &Text,
        (table, bucket): (TableId, UnixNanos),
        ((first, last), rows): ((i64, i64), usize),
        write: impl FnOnce(&dyn Disk, &Path, &Origin) -> Result<Extent, LakeError>,
    ) -> Result<(), LakeError> {
        if self.shared.is_stopping() {
            return Err(LakeError::Closed);
        }
        let disk = &*self.shared.files.disk;
        let id = self
            .shared
            .files
            .next_segment
            .fetch_add(1, Ordering::Relaxed);
        let path = path::segment(project, table, bucket, id);
        let file = self.shared.files.layout.segment(&path);
        let folder = file.parent().unwrap_or(&file);
        // This lock keeps the folder from being removed as empty before the file exists.
        let _making = self.shared.files.folders.read();
        disk.create_dir_all(folder)
            .map_err(LakeError::disk(folder))?;
        // Every parent folder below the store's own may be new, so all of them are synced.
        let above = folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.shared.files.layout.dir));
        self.folders.extend(above.map(PathBuf::from));
        let unfinished = temporary(&file);
        let origin = Origin {
            id,
            project: project.clone(),
            node: self.shared.files.node.clone(),
            table,
            bucket,
            range: TimeRange::new(UnixNanos(first), UnixNanos(last.saturating_add(1))),
            lineage: self.lineage.clone(),
            written: self.written,
            inputs: 0,
        };
        let extent = write(disk, &unfinished, &origin)
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

/// Assigns times to buckets.
pub(crate) struct Filing {
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

    /// The bucket of a row with this time.
    pub fn bucket(&self, time: i64) -> UnixNanos {
        let bucket = UnixNanos(time).floor(self.width);
        if bucket < self.floor {
            self.oldest
        } else {
            bucket
        }
    }
}
