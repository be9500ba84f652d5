//! The catalog records which segments count, the log's checkpoint, and what answers leave out. It is
//! the store's only commit point.
//!
//! The source of truth is the [`manifest`], an append-only log on the same disk as the rest of the
//! store. Its contents are also held in memory. `catalog.db` is an SQLite index of the segments for
//! people and tools. It is written after the manifest, and rebuilt when it is missing or differs. A
//! data folder that was written before the manifest existed is imported once from its `catalog.db`.

mod contents;
mod entry;
pub(crate) mod index;
mod kept_names;
pub(crate) mod manifest;
pub(crate) mod sqlite;

pub(crate) use contents::Contents;

use crate::{
    LakeError, OpenError,
    folder::{files, path::Layout},
    quarantine::Quarantined,
    segment::Segment,
    tables::TableId,
    wake::Wake,
};
use entry::Entry;
use hinomi_io::{Disk, Entropy};
use hinomi_model::{Text, TimeRange, UnixNanos, rollup::ServiceKey};
use manifest::Manifest;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Retention has deleted rows of this project and table from before this instant.
pub(crate) type Horizon = (Text, TableId, UnixNanos);

/// Progress of the background check of all segments (the scrub).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ScrubProgress {
    /// Id of the segment to continue with; if it no longer exists, the next higher id.
    pub next_id: i64,
    /// When the last complete pass ended.
    pub finished: UnixNanos,
}

/// A host that is one of our services, in a catalog of an earlier version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerRow {
    pub project: Text,
    pub target: Text,
    pub service: Text,
    pub seen: UnixNanos,
}

/// One label of a service, in a catalog of an earlier version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelRow {
    pub project: Text,
    pub service: ServiceKey,
    pub name: Text,
    pub value: Text,
}

/// Everything that one flush publishes in one transaction.
pub(crate) struct Publication<'a> {
    pub segments: &'a [Arc<Segment>],
    pub checkpoint: u64,
}

/// The change that one compaction or one retention step makes.
#[derive(Default)]
pub(crate) struct Replacement {
    pub removed: Vec<Arc<Segment>>,
    /// Segment that holds the rows of the removed segments; `None` drops those rows.
    pub added: Option<Arc<Segment>>,
    pub horizons: Vec<Horizon>,
}

/// Where the catalog's contents were read from at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A complete manifest.
    Manifest,
    /// A manifest that lacks this many records.
    Gaps(u64),
    /// A database from before the manifest existed.
    Database,
    /// Neither existed: the store is new.
    Nothing,
}

/// An open catalog.
pub(crate) struct Catalog {
    inner: Mutex<Inner>,
    /// Notified after each change, so that the index is updated.
    pub changed: Wake,
}

struct Inner {
    manifest: Manifest,
    contents: Contents,
    /// Ids of removed segments whose files are deleted durably; recorded with the next transaction.
    deleted: Vec<i64>,
    is_closed: bool,
}

impl Catalog {
    /// Opens the catalog of a folder. It reports damage in [`Found`]; the caller decides what to
    /// repair.
    pub async fn open(
        disk: Arc<dyn Disk>,
        entropy: Arc<dyn Entropy>,
        layout: &Layout,
    ) -> Result<(Self, Found), OpenError> {
        let opened = Manifest::open(disk.clone(), entropy, layout.manifest());
        let (mut manifest, mut contents, read) = opened.map_err(OpenError::Manifest)?;
        if let Some(found) = read.newer() {
            let (found, known) = (i64::from(found), i64::from(entry::VERSION));
            return Err(OpenError::NewerVersion { found, known });
        }
        let mut found = Found::default();
        if read.records > 0 {
            found.source = match read.lost {
                0 => Source::Manifest,
                lost => Source::Gaps(lost),
            };
        } else if let Some(path) = disk.local(&layout.catalog())
            && files::exists(&*disk, &path).map_err(|source| OpenError::Unreadable {
                path: path.clone(),
                source,
            })?
            && let Some(imported) = sqlite::import(&path).await?
        {
            found.source = Source::Database;
            found.damaged_rows = imported.damaged_rows;
            found.missing_rows = imported.missing_rows;
            found.damaged_checkpoint = imported.damaged_checkpoint;
            contents = imported.contents;
            manifest.mark_incomplete();
        }
        let inner = Inner {
            manifest,
            contents,
            deleted: Vec::new(),
            is_closed: false,
        };
        let catalog = Self {
            inner: Mutex::new(inner),
            changed: Wake::default(),
        };
        Ok((catalog, found))
    }

    /// Reads or changes the contents at start, before anything else uses the catalog. `change`
    /// returns whether it changed something; the change becomes durable with the next transaction.
    pub fn mend<T>(&self, change: impl FnOnce(&mut Contents) -> (bool, T)) -> T {
        let mut inner = self.lock();
        let (changed, answer) = change(&mut inner.contents);
        if changed {
            inner.manifest.mark_incomplete();
        }
        answer
    }

    /// Writes a snapshot of all contents now.
    pub fn snapshot(&self) -> Result<(), LakeError> {
        let mut inner = self.lock();
        let Inner {
            manifest, contents, ..
        } = &mut *inner;
        manifest.snapshot(contents)
    }

    /// Reads the contents under the lock.
    pub fn read<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.lock().contents)
    }

    /// Publishes new segments and moves the checkpoint, in one transaction.
    pub fn publish(&self, publication: Publication<'_>) -> Result<(), LakeError> {
        let mut entries: Vec<Entry> = Vec::new();
        let segments = publication.segments.iter();
        entries.extend(segments.map(|segment| Entry::segment(segment)));
        entries.push(Entry::Checkpoint {
            sequence: publication.checkpoint,
        });
        self.commit(entries)
    }

    /// Publishes a replacement, in one transaction.
    pub fn replace(&self, replacement: &Replacement) -> Result<(), LakeError> {
        let mut inner = self.lock();
        let removed = &replacement.removed;
        let known = |segment: &&Arc<Segment>| inner.contents.segments.contains_key(&segment.id);
        if replacement.added.is_some() && !removed.iter().all(|segment| known(&segment)) {
            // Nothing else removes segments during a merge.
            return Err(LakeError::Internal(
                "segments that were merged are no longer in the catalog".into(),
            ));
        }
        let mut entries: Vec<Entry> = Vec::new();
        entries.extend(replacement.added.iter().map(|added| Entry::segment(added)));
        entries.extend(removed.iter().map(|segment| Entry::removed(segment)));
        entries.extend(replacement.horizons.iter().map(Entry::horizon));
        self.commit_locked(&mut inner, entries)
    }

    /// Notes that the files of removed segments are deleted and their folders are synced, so that
    /// they cannot reappear after a crash. Recorded with the next transaction.
    pub fn deleted(&self, ids: impl IntoIterator<Item = i64>) {
        self.lock().deleted.extend(ids);
    }

    /// Records a quarantined segment, which answers leave out.
    pub fn quarantine(&self, lost: &Quarantined) -> Result<(), LakeError> {
        self.commit(vec![Entry::quarantined(lost)])
    }

    /// Ends the quarantine of a segment, because it is whole again or deleted.
    pub fn release(&self, segment: i64) -> Result<(), LakeError> {
        self.commit(vec![Entry::Released { segment }])
    }

    /// Records the progress of the background check.
    pub fn set_scrub(&self, progress: ScrubProgress) -> Result<(), LakeError> {
        self.commit(vec![Entry::scrub(progress)])
    }

    /// Refuses every later transaction. Idempotent.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify();
    }

    fn commit(&self, entries: Vec<Entry>) -> Result<(), LakeError> {
        self.commit_locked(&mut self.lock(), entries)
    }

    fn commit_locked(&self, inner: &mut Inner, mut entries: Vec<Entry>) -> Result<(), LakeError> {
        if inner.is_closed {
            return Err(LakeError::Closed);
        }
        let deleted = inner.deleted.iter();
        entries.extend(deleted.map(|id| Entry::Deleted { id: *id }));
        inner.manifest.commit(&inner.contents, &entries)?;
        inner.deleted.clear();
        for entry in entries {
            inner.contents.apply(entry);
        }
        if inner.manifest.is_long()
            && let Err(error) = inner.manifest.snapshot(&inner.contents)
        {
            // This only makes the next start slower: the transaction itself is committed.
            tracing::warn!(%error, "the manifest could not be written anew; tried again with the next change");
        }
        self.changed.notify();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What opening the catalog found.
#[derive(Debug)]
pub(crate) struct Found {
    pub source: Source,
    /// Database only: segment rows whose checksum does not match.
    pub damaged_rows: Vec<Quarantined>,
    /// Database only: whether segment rows are missing or differ from those that were written.
    pub missing_rows: bool,
    /// Database only: whether the checkpoint row was damaged and the checkpoint was derived from
    /// the segments.
    pub damaged_checkpoint: bool,
}

impl Default for Found {
    fn default() -> Self {
        Self {
            source: Source::Nothing,
            damaged_rows: Vec::new(),
            missing_rows: false,
            damaged_checkpoint: false,
        }
    }
}

impl Found {
    /// Data that a damaged database lost, in the form in which answers report it.
    pub fn lost(&self) -> Vec<Quarantined> {
        let mut lost = self.damaged_rows.clone();
        lost.extend(self.missing_rows.then(|| Quarantined {
            segment: 0,
            project: None,
            table: None,
            range: TimeRange::new(UnixNanos(i64::MIN), UnixNanos(i64::MAX)),
            noticed: UnixNanos(0),
            reason: "rows of the catalog are missing".into(),
        }));
        lost
    }
}

/// Reads the contents of a folder's catalog and what is wrong with it. Changes nothing, so it can
/// run while the server uses the folder.
pub(crate) async fn peek(disk: &dyn Disk, layout: &Layout) -> Result<(Contents, Found), LakeError> {
    let (contents, read) = manifest::read(disk, &layout.manifest()).map_err(LakeError::manifest)?;
    if let Some(version) = read.newer() {
        return Err(LakeError::Manifest(format!(
            "it is of version {version}, this hinomi knows {}; use a newer one",
            entry::VERSION
        )));
    }
    let mut found = Found::default();
    if read.records > 0 {
        found.source = match read.lost {
            0 => Source::Manifest,
            lost => Source::Gaps(lost),
        };
        return Ok((contents, found));
    }
    match sqlite::peek(disk, layout).await? {
        Some(imported) => {
            found.source = Source::Database;
            found.damaged_rows = imported.damaged_rows;
            found.missing_rows = imported.missing_rows;
            found.damaged_checkpoint = imported.damaged_checkpoint;
            Ok((imported.contents, found))
        }
        None => Ok((contents, found)),
    }
}

/// Whether a folder has a catalog, either a manifest or a database.
pub(crate) fn exists(disk: &dyn Disk, layout: &Layout) -> bool {
    let manifest = disk.list(&layout.manifest());
    manifest.is_ok_and(|files| !files.is_empty()) || disk.open(&layout.catalog()).is_ok()
}
