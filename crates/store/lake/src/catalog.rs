//! The catalog: which segments count, where the log's checkpoint is, and the names that were seen. The
//! store's one commit point.
//!
//! The truth is the [`manifest`], a log of the store's own under the same disk as everything else. The
//! contents are kept in memory as well. `catalog.db` is an SQLite index of the segments for people and
//! tools, written behind the manifest and made anew when it is missing or differs; data folders from before
//! there was a manifest are read from theirs, once.

mod contents;
mod entry;
pub(crate) mod index;
pub(crate) mod manifest;
pub(crate) mod sqlite;

pub(crate) use contents::Contents;

use crate::{
    Deployed, LakeError, OpenError, SeenVersion, path::Layout, quarantine::Quarantined,
    schema::Table, segment::Segment, state::Signal,
};
use entry::Entry;
use hinomi_io::{Disk, Entropy};
use hinomi_model::{Text, TimeRange, UnixNanos, rollup::ServiceKey};
use manifest::Manifest;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Before the instant, rows of the project's table have been deleted.
pub(crate) type Horizon = (Text, Table, UnixNanos);

/// How far the background check of all segments has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ScrubProgress {
    /// The pass goes on with this segment or the next above.
    pub next_id: i64,
    /// When the last whole pass ended.
    pub finished: UnixNanos,
}

/// A host that is a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PeerRow {
    pub project: Text,
    pub target: Text,
    pub service: Text,
    pub seen: UnixNanos,
}

/// A label of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelRow {
    pub project: Text,
    pub service: ServiceKey,
    pub name: Text,
    pub value: Text,
}

/// What one flush publishes.
pub(crate) struct Publication<'a> {
    pub segments: &'a [Arc<Segment>],
    pub checkpoint: u64,
    pub services: &'a [(Text, ServiceKey, UnixNanos)],
    pub versions: &'a [(Text, SeenVersion)],
    pub labels: &'a [LabelRow],
}

/// What one compaction or one step of retention changes.
#[derive(Default)]
pub(crate) struct Replacement {
    pub removed: Vec<Arc<Segment>>,
    /// Has the rows of the removed segments; `None` drops them.
    pub added: Option<Arc<Segment>>,
    pub horizons: Vec<Horizon>,
}

/// Where the contents came from at a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// There was a manifest, and all of it holds.
    Manifest,
    /// There was a manifest, and so many of its records are lost.
    Gaps(u64),
    /// A database from before there was a manifest.
    Database,
    /// There was nothing.
    Nothing,
}

/// An open catalog.
pub(crate) struct Catalog {
    inner: Mutex<Inner>,
    /// Rung after each change, for the index.
    pub changed: Signal,
}

struct Inner {
    manifest: Manifest,
    contents: Contents,
    /// Removed segments whose file is gone for good; the next transaction says so.
    deleted: Vec<i64>,
    is_closed: bool,
}

impl Catalog {
    /// Opens the catalog of a folder. What a start has to mend is the caller's to decide.
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
            && disk.open(&path).is_ok()
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
            changed: Signal::default(),
        };
        Ok((catalog, found))
    }

    /// Reads or changes the contents at a start, before anyone else does. What is changed is written
    /// down with the next transaction.
    pub fn mend<T>(&self, change: impl FnOnce(&mut Contents) -> (bool, T)) -> T {
        let mut inner = self.lock();
        let (changed, answer) = change(&mut inner.contents);
        if changed {
            inner.manifest.mark_incomplete();
        }
        answer
    }

    /// Writes everything down now.
    pub fn snapshot(&self) -> Result<(), LakeError> {
        let mut inner = self.lock();
        let Inner {
            manifest, contents, ..
        } = &mut *inner;
        manifest.snapshot(contents)
    }

    /// Looks at the contents.
    pub fn read<T>(&self, look: impl FnOnce(&Contents) -> T) -> T {
        look(&self.lock().contents)
    }

    /// Makes segments count and moves the checkpoint, in one transaction.
    pub fn publish(&self, publication: Publication<'_>) -> Result<(), LakeError> {
        let mut entries: Vec<Entry> = Vec::new();
        let segments = publication.segments.iter();
        entries.extend(segments.map(|segment| Entry::segment(segment)));
        for (project, service, newest) in publication.services {
            entries.push(Entry::service(project, service, *newest));
        }
        for (project, seen) in publication.versions {
            entries.push(Entry::version(project, seen));
        }
        entries.extend(publication.labels.iter().map(Entry::label));
        entries.push(Entry::Checkpoint {
            sequence: publication.checkpoint,
        });
        self.commit(entries)
    }

    /// Makes a replacement count, in one transaction.
    pub fn replace(&self, replacement: &Replacement) -> Result<(), LakeError> {
        let mut inner = self.lock();
        let removed = &replacement.removed;
        let known = |segment: &&Arc<Segment>| inner.contents.segments.contains_key(&segment.id);
        if replacement.added.is_some() && !removed.iter().all(|segment| known(&segment)) {
            // Nothing else deletes while a merge is under way.
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

    /// The files of removed segments are gone, and their folders synced: nothing brings them back. Written
    /// down with the next transaction.
    pub fn deleted(&self, ids: impl IntoIterator<Item = i64>) {
        self.lock().deleted.extend(ids);
    }

    /// Remembers services with their newest bucket.
    pub fn see_services(
        &self,
        services: &[(Text, ServiceKey, UnixNanos)],
        versions: &[(Text, SeenVersion)],
    ) -> Result<(), LakeError> {
        let services = services.iter();
        let services =
            services.map(|(project, service, newest)| Entry::service(project, service, *newest));
        let versions = versions.iter();
        let versions = versions.map(|(project, seen)| Entry::version(project, seen));
        self.commit(services.chain(versions).collect())
    }

    /// Forgets services that have had nothing since `before`.
    pub fn forget_services(&self, before: UnixNanos) -> Result<(), LakeError> {
        self.commit(vec![Entry::ServicesForgotten {
            before_ns: before.0,
        }])
    }

    /// Remembers that a host is a service; `instead` of another target of the project, where there are too
    /// many.
    pub fn learn_peer(&self, peer: &PeerRow, instead: Option<&str>) -> Result<(), LakeError> {
        let forgotten = instead.map(|target| Entry::PeerForgotten {
            project: peer.project.to_string(),
            target: target.into(),
        });
        let entries = forgotten.into_iter().chain([Entry::peer(peer)]);
        self.commit(entries.collect())
    }

    /// Forgets peers that have not been seen since `before`.
    pub fn forget_peers(&self, before: UnixNanos) -> Result<(), LakeError> {
        self.commit(vec![Entry::PeersForgotten {
            before_ns: before.0,
        }])
    }

    /// Remembers a deployment, and the `most` of the project that were told last.
    pub fn add_deployment(
        &self,
        project: &str,
        deployed: &Deployed,
        most: usize,
    ) -> Result<(), LakeError> {
        let kept = Entry::DeploymentsKept {
            project: project.into(),
            most,
        };
        self.commit(vec![Entry::deployment(project, deployed), kept])
    }

    /// Remembers a promoted attribute.
    pub fn promote(&self, project: &str, key: &str, since: UnixNanos) -> Result<(), LakeError> {
        self.commit(vec![Entry::promoted(project, key, since)])
    }

    /// Forgets a promoted attribute.
    pub fn demote(&self, project: &str, key: &str) -> Result<(), LakeError> {
        self.commit(vec![Entry::Demoted {
            project: project.into(),
            key: key.into(),
        }])
    }

    /// Remembers what answers leave out.
    pub fn quarantine(&self, lost: &Quarantined) -> Result<(), LakeError> {
        self.commit(vec![Entry::quarantined(lost)])
    }

    /// Forgets it: the segment is whole again or gone.
    pub fn release(&self, segment: i64) -> Result<(), LakeError> {
        self.commit(vec![Entry::Released { segment }])
    }

    /// Remembers how far the background check has come.
    pub fn set_scrub(&self, progress: ScrubProgress) -> Result<(), LakeError> {
        self.commit(vec![Entry::scrub(progress)])
    }

    /// Takes no further transaction; idempotent.
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
            // Costs a longer start only: what was to be committed is.
            tracing::warn!(%error, "the manifest could not be written anew; tried again with the next change");
        }
        self.changed.notify();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a start found of the catalog.
#[derive(Debug)]
pub(crate) struct Found {
    pub source: Source,
    /// Of a database: rows of segments whose checksum does not hold.
    pub damaged_rows: Vec<Quarantined>,
    /// Of a database: whether rows of segments are missing, or are others than were written.
    pub missing_rows: bool,
    /// Of a database: whether the checkpoint's own row did not hold and was taken from the segments.
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
    /// What is lost of a database, as answers name it.
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

/// The contents of a folder's catalog and what was found wrong, read beside its owner without changing
/// anything.
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

/// Whether a folder has a catalog, of whatever kind.
pub(crate) fn exists(disk: &dyn Disk, layout: &Layout) -> bool {
    let manifest = disk.list(&layout.manifest());
    manifest.is_ok_and(|files| !files.is_empty()) || disk.open(&layout.catalog()).is_ok()
}
