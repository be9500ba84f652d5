//! The files of one memtable while they are written.

use crate::{
    LakeError,
    folder::path::{self, temporary},
    segment::{Segment, files::SegmentFiles, lineage::Lineage, origin::Origin, writer},
    tables::TableId,
};
use arrow_schema::SchemaRef;
use hinomi_columnar::{RowGroup, checksum::Extent};
use hinomi_io::Disk;
use hinomi_model::{Text, TimeRange, UnixNanos};
use hinomi_store::Names;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// The files of one memtable while they are written.
pub(crate) struct Files<'a> {
    to: &'a SegmentFiles,
    names: &'a dyn Names,
    /// See [`crate::LakeLimits::buckets_per_flush`].
    buckets: usize,
    is_stopping: &'a dyn Fn() -> bool,
    lineage: Lineage,
    written: UnixNanos,
    segments: Vec<Arc<Segment>>,
    folders: BTreeSet<PathBuf>,
}

impl<'a> Files<'a> {
    /// No files yet. Their rows are of these log records.
    pub fn new(
        to: &'a SegmentFiles,
        names: &'a dyn Names,
        buckets: usize,
        is_stopping: &'a dyn Fn() -> bool,
        (lineage, written): (Lineage, UnixNanos),
    ) -> Self {
        Self {
            to,
            names,
            buckets,
            is_stopping,
            lineage,
            written,
            segments: Vec::new(),
            folders: BTreeSet::new(),
        }
    }

    /// Makes the files durable and returns them.
    pub fn finish(&mut self) -> Result<Vec<Arc<Segment>>, LakeError> {
        for folder in &self.folders {
            let synced = self.to.disk.sync_dir(folder);
            synced.map_err(LakeError::disk(folder))?;
        }
        Ok(std::mem::take(&mut self.segments))
    }

    /// Removes the files that were written.
    pub fn discard(self) {
        for segment in &self.segments {
            // If this fails, the next start deletes the file.
            let _ = self.to.disk.remove(&self.to.layout.segment(&segment.path));
        }
    }

    /// Keys of a project's promoted attributes.
    pub fn promoted(&self, project: &str) -> Vec<Text> {
        self.names.promoted_keys(project)
    }

    /// Assigns the rows of a table, which have these times, to buckets.
    pub fn filing(&self, table: TableId, times: impl Iterator<Item = i64>) -> Filing {
        let width = table.kind().bucket();
        Filing::new(width, times, self.buckets)
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
        if (self.is_stopping)() {
            return Err(LakeError::Closed);
        }
        let disk = &*self.to.disk;
        let id = self.to.next_segment.fetch_add(1, Ordering::Relaxed);
        let path = path::segment(project, table, bucket, id);
        let file = self.to.layout.segment(&path);
        let folder = file.parent().unwrap_or(&file);
        // This lock keeps the folder from being removed as empty before the file exists.
        let _making = self.to.folders.read();
        disk.create_dir_all(folder)
            .map_err(LakeError::disk(folder))?;
        // Every parent folder below the store's own may be new, so all of them are synced.
        let above = folder
            .ancestors()
            .take_while(|above| above.starts_with(&self.to.layout.dir));
        self.folders.extend(above.map(PathBuf::from));
        let unfinished = temporary(&file);
        let origin = Origin {
            id,
            project: project.clone(),
            node: self.to.node.clone(),
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
