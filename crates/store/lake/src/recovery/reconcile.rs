//! Reconciles the segment files with the catalog at start.
//!
//! A file is never deleted just because the catalog does not know it: the catalog may have lost its
//! entry. An unknown file is deleted only on proof that its rows are held elsewhere: in the log,
//! which is about to be replayed, or in counting segments whose lineage covers the file's. A file
//! with rows that nothing else holds is adopted into the catalog, from its own footer. All other
//! files, and damaged ones, are moved to `aside/` and reported.

use crate::{
    LakeError, OpenError, Recovery,
    catalog::Contents,
    folder::aside::aside,
    folder::{
        files,
        path::{self, Layout},
    },
    quarantine::Meaning,
    recovery::leftovers::{Fate, Leftover},
    segment::{Segment, lineage::Lineage, origin},
    tables::TableId,
};
use hinomi_io::Disk;
use hinomi_model::{Text, UnixNanos};
use hinomi_wal::WalLimits;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Segments that may hold the same rows have the same place.
type Place = (Text, TableId, UnixNanos);

/// Result of the reconciliation.
pub(crate) struct Reconciled {
    /// The highest id in any file name, including files that are no longer segments.
    pub highest: i64,
    /// Whether the contents changed.
    pub is_changed: bool,
    /// Removed segments whose files are deleted durably.
    pub deleted: Vec<i64>,
    /// Files that could not be settled.
    pub leftovers: Vec<Leftover>,
}

/// Reconciles contents and files, and records what was found in `recovery`.
pub(crate) fn reconcile(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &mut Contents,
    recovery: &mut Recovery,
) -> Result<Reconciled, OpenError> {
    let folder = layout.segments();
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Unreadable { path, source }
    };
    let listed = disk.list(&folder).map_err(unreadable(&folder))?;
    let aside = disk.list(&layout.aside()).unwrap_or_default();
    let mut unknown: HashMap<PathBuf, u64> = listed
        .into_iter()
        .map(|entry| (entry.path, entry.len))
        .collect();
    let names = unknown.keys().chain(aside.iter().map(|entry| &entry.path));
    let highest = names.filter_map(|file| path::id_of(file)).max();
    let missing = known(layout, contents, &mut unknown);
    let mut reconciler = Reconciler {
        disk,
        layout,
        contents,
        recovery,
        log: None,
        is_changed: false,
        synced: BTreeSet::new(),
        deleted: Vec::new(),
        leftovers: Vec::new(),
    };
    let deleted = reconciler.finish_removals(&mut unknown);
    reconciler.unknown(unknown)?;
    reconciler.missing(missing);
    let is_changed = reconciler.is_changed;
    let leftovers = reconciler.leftovers;
    // Bucket folders may be empty, from deletions now or before a crash. Nothing else writes yet.
    let removed = files::remove_empty_dirs(disk, layout, &folder, contents.segments.values());
    if let Err(error) = removed {
        tracing::warn!(folder = %folder.display(), %error, "empty folders could not be removed");
    }
    recovery.segments = contents.segments.len() as u64;
    Ok(Reconciled {
        highest: highest.unwrap_or(0),
        is_changed,
        deleted,
        leftovers,
    })
}

/// Removes the files of counting segments from `unknown`. Returns the segments whose file is
/// missing or has the wrong length, with the reason.
fn known(
    layout: &Layout,
    contents: &Contents,
    unknown: &mut HashMap<PathBuf, u64>,
) -> Vec<(Arc<Segment>, &'static str)> {
    let mut missing = Vec::new();
    for segment in contents.segments.values() {
        match unknown.remove(&layout.segment(&segment.path)) {
            Some(len) if len == segment.bytes => {}
            Some(_) => missing.push((segment.clone(), "its size is not what the catalog says")),
            None => missing.push((segment.clone(), "its file is missing")),
        }
    }
    missing
}

struct Reconciler<'a> {
    disk: &'a dyn Disk,
    layout: &'a Layout,
    contents: &'a mut Contents,
    recovery: &'a mut Recovery,
    /// The records in the log; read on first use.
    log: Option<Lineage>,
    is_changed: bool,
    /// Folders in which something changed and which have to be synced.
    synced: BTreeSet<PathBuf>,
    /// Files that were deleted because their rows are held elsewhere.
    deleted: Vec<PathBuf>,
    /// Files that could not be settled.
    leftovers: Vec<Leftover>,
}

impl Reconciler<'_> {
    /// Deletes the files of segments that were removed earlier. Returns the segments whose files
    /// are deleted durably.
    fn finish_removals(&mut self, unknown: &mut HashMap<PathBuf, u64>) -> Vec<i64> {
        let mut gone = Vec::new();
        let mut folders = BTreeSet::new();
        for (id, path) in &self.contents.removed {
            let file = self.layout.segment(path);
            if unknown.remove(&file).is_some() {
                if !delete(self.disk, &file, "its segment was removed", self.recovery) {
                    continue;
                }
                folders.extend(file.parent().map(Path::to_owned));
            }
            gone.push(*id);
        }
        let sync = |folder: &PathBuf| self.disk.sync_dir(folder).is_ok();
        if folders.iter().all(sync) {
            gone
        } else {
            Vec::new()
        }
    }

    /// Decides about files that no catalog row names.
    fn unknown(&mut self, unknown: HashMap<PathBuf, u64>) -> Result<(), OpenError> {
        let mut candidates = Vec::new();
        let mut strangers = Vec::new();
        for file in unknown.into_keys() {
            if file.extension().is_some_and(|ending| ending == "tmp") {
                // Never counted: a file gets its final name only when it is complete.
                delete(self.disk, &file, "it was never finished", self.recovery);
                continue;
            }
            match self.origin(&file) {
                Ok(found) => candidates.push(found),
                Err(error) if Meaning::of(&error) == Meaning::Passing => {
                    self.leave(file, &error);
                }
                Err(error) => strangers.push((file, error)),
            }
        }
        let is_empty = self.contents.segments.is_empty() && self.contents.checkpoint == 0;
        if is_empty && candidates.is_empty() && !strangers.is_empty() {
            return Err(OpenError::NoCatalog {
                path: self.layout.dir.clone(),
                files: strangers.len(),
            });
        }
        for (file, error) in strangers {
            self.set_aside(&file, &error);
        }
        self.take(candidates)?;
        self.sync_folders();
        Ok(())
    }

    /// Makes deletions and moves durable. A power cut must not bring a deleted file back after its
    /// rows have left the log.
    fn sync_folders(&mut self) {
        let of_file = |file: &PathBuf| file.parent().map(Path::to_owned);
        self.synced.extend(self.deleted.iter().filter_map(of_file));
        let mut unsynced = BTreeSet::new();
        for folder in std::mem::take(&mut self.synced) {
            if let Err(error) = self.disk.sync_dir(&folder) {
                tracing::debug!(folder = %folder.display(), %error, "a folder could not be synced; it is tried again before segments change");
                unsynced.insert(folder);
            }
        }
        for file in std::mem::take(&mut self.deleted) {
            if of_file(&file).is_some_and(|folder| unsynced.contains(&folder)) {
                let fate = Fate::Deleted;
                self.leftovers.push(Leftover { file, fate });
            }
        }
    }

    /// Deletes a file whose rows are held elsewhere.
    fn delete(&mut self, file: &Path, why: &str) {
        if delete(self.disk, file, why, self.recovery) {
            self.deleted.push(file.to_owned());
        } else {
            self.leftovers.push(Leftover {
                file: file.to_owned(),
                fate: Fate::Deleted,
            });
        }
    }

    /// Leaves a file where it is, because a decision about it has to wait.
    fn leave(&mut self, file: PathBuf, why: &dyn std::fmt::Display) {
        tracing::warn!(file = %file.display(), %why, "a file that the catalog does not name is left where it is; the next start looks again, unless segments change before");
        let fate = Fate::SetAside;
        self.leftovers.push(Leftover { file, fate });
    }

    fn origin(&self, file: &Path) -> Result<origin::Found, LakeError> {
        let path = file.strip_prefix(self.layout.segments()).unwrap_or(file);
        origin::read(self.disk, file, &path.to_string_lossy())
    }

    /// Decides about complete files that say where they belong. Files with the rows of the most
    /// records come first, so that a merged segment is known before its inputs.
    fn take(&mut self, mut candidates: Vec<origin::Found>) -> Result<(), OpenError> {
        if candidates.is_empty() {
            return Ok(());
        }
        candidates.sort_by_key(|found| {
            std::cmp::Reverse((found.segment.lineage.records(), found.segment.id))
        });
        let merges = candidates.iter().filter(|found| found.is_merge);
        let merged = Lineage::union(merges.map(|found| &found.segment.lineage));
        let counting: Vec<Arc<Segment>> = self.contents.segments.values().cloned().collect();
        let mut places: HashMap<Place, Vec<Arc<Segment>>> = HashMap::new();
        let mut unclear: HashSet<Place> = HashSet::new();
        for segment in self.contents.segments.values() {
            match self.is_there(segment) {
                Some(true) => {
                    let of_place = places.entry(place(segment)).or_default();
                    of_place.push(segment.clone());
                }
                Some(false) => {}
                None => {
                    unclear.insert(place(segment));
                }
            }
        }
        for origin::Found {
            segment: candidate, ..
        } in &candidates
        {
            if unclear.contains(&place(candidate)) {
                let file = self.layout.segment(&candidate.path);
                self.leave(file, &"the segments beside it cannot be opened");
                continue;
            }
            let beside = places.entry(place(candidate)).or_default();
            let overlapping = beside
                .iter()
                .filter(|other| !other.lineage.is_disjoint(&candidate.lineage));
            let overlapping: Vec<_> = overlapping.cloned().collect();
            let held = Lineage::union(overlapping.iter().map(|other| &other.lineage));
            let file = self.layout.segment(&candidate.path);
            if overlapping.is_empty() {
                if self.is_in_log(candidate, &merged)? {
                    let why = "the log holds its rows";
                    self.delete(&file, why);
                    continue;
                }
                match self.is_flushed_again(candidate, &counting) {
                    Ok(false) => {}
                    Ok(true) => {
                        let why = "a later flush of the same records counts";
                        self.delete(&file, why);
                        continue;
                    }
                    Err(error) => {
                        self.leave(file, &error);
                        continue;
                    }
                }
            } else if held.covers(&candidate.lineage) {
                if held.is_exact() {
                    let why = "segments that count hold its rows";
                    self.delete(&file, why);
                } else {
                    self.set_aside(&file, &"segments that count may hold its rows");
                }
                continue;
            } else if !candidate.lineage.covers(&held) || !candidate.lineage.is_exact() {
                self.set_aside(&file, &"segments that count hold some of its rows");
                continue;
            }
            // A merge whose catalog row was lost and whose inputs are partly deleted.
            for input in &overlapping {
                self.contents.segments.remove(&input.id);
                self.contents.removed.insert(input.id, input.path.clone());
            }
            beside.retain(|other| other.lineage.is_disjoint(&candidate.lineage));
            beside.push(candidate.clone());
            self.adopt(candidate)?;
        }
        self.move_checkpoint();
        Ok(())
    }

    /// Adds a file to the catalog again. The file is made durable before: it may be from a flush that
    /// was interrupted before it synced, and once the file counts the log drops its rows.
    fn adopt(&mut self, file: &Arc<Segment>) -> Result<(), OpenError> {
        match self.sync(file) {
            Ok(()) => {}
            // Nothing on a disk that can only be read waits to be written.
            Err((_, error)) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {}
            Err((path, source)) => return Err(OpenError::Unwritable { path, source }),
        }
        tracing::warn!(
            segment = file.path,
            rows = file.rows,
            "the catalog did not name a whole segment whose rows nothing else holds; it counts again"
        );
        self.contents.segments.insert(file.id, file.clone());
        self.recovery.adopted_segments += 1;
        self.is_changed = true;
        Ok(())
    }

    /// Makes a segment's bytes and name durable.
    fn sync(&self, segment: &Segment) -> Result<(), (PathBuf, io::Error)> {
        let file = self.layout.segment(&segment.path);
        let synced = self.disk.truncate(&file, segment.bytes);
        synced.map_err(|error| (file.clone(), error))?;
        let folders = file.ancestors().skip(1);
        for folder in folders.take_while(|folder| folder.starts_with(&self.layout.dir)) {
            let synced = self.disk.sync_dir(folder);
            synced.map_err(|error| (folder.to_owned(), error))?;
        }
        Ok(())
    }

    /// Whether the log holds the rows of a file and will replay them, because a crash interrupted
    /// the flush that wrote it. False if a merge covers the same records or other segments of them
    /// count, because then the flush was published.
    fn is_in_log(&mut self, file: &Segment, merged: &Lineage) -> Result<bool, OpenError> {
        let lineage = &file.lineage;
        if lineage.last() <= self.contents.checkpoint {
            return Ok(false);
        }
        let mut counting = self.contents.segments.values();
        if merged.covers(lineage) || counting.any(|other| other.lineage.covers(lineage)) {
            return Ok(false);
        }
        // A log that cannot be read for the moment may hold everything: the start fails.
        if self.log.is_none() {
            let mut log = Lineage::default();
            let (limits, checkpoint) = (WalLimits::default(), self.contents.checkpoint);
            let each = |sequence, _: &[u8]| log.push(sequence);
            hinomi_wal::read(self.disk, &self.layout.wal(), &limits, checkpoint, each)
                .map_err(OpenError::Log)?;
            self.log = Some(log);
        }
        let log = self.log.as_ref();
        Ok(log.is_some_and(|log| log.covers(lineage)))
    }

    /// Whether another flush of some of the file's records counts. A record is flushed once, and all
    /// files of a flush have the same lineage. So a file of another lineage is from a flush that was
    /// interrupted before. The place of the file proves nothing: a flush with many buckets files the
    /// rows of several in one. A merge proves nothing either, because it joins lineages.
    fn is_flushed_again(
        &self,
        file: &Segment,
        counting: &[Arc<Segment>],
    ) -> Result<bool, LakeError> {
        let lineage = &file.lineage;
        let others = counting.iter().filter(|other| {
            other.project == file.project
                && lineage.is_exact()
                && other.lineage.is_exact()
                && other.lineage != *lineage
                && other.lineage.covers(lineage)
        });
        for other in others {
            match self.origin(&self.layout.segment(&other.path)) {
                Ok(found) if !found.is_merge => return Ok(true),
                Ok(_) => {}
                Err(error) if Meaning::of(&error) == Meaning::Passing => return Err(error),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// Advances the checkpoint over records that segments hold and over records that nothing holds.
    fn move_checkpoint(&mut self) {
        let checkpoint = self.contents.checkpoint;
        let segments = self.contents.segments.values();
        let above: Vec<_> = segments
            .map(|segment| &segment.lineage)
            .filter(|lineage| lineage.last() > checkpoint)
            .collect();
        let held = Lineage::union(above.iter().copied());
        let last = held.last();
        if last <= checkpoint {
            return;
        }
        let log = self.log.clone().unwrap_or_default();
        // The checkpoint stops before a record that only the log holds.
        let missing = held.missing(checkpoint + 1, last);
        let stop = missing
            .into_iter()
            .flat_map(|(first, last)| first..=last)
            .find(|sequence| log.has(*sequence));
        self.contents.checkpoint = stop.map_or(last, |sequence| sequence - 1);
        self.is_changed = true;
    }

    /// Decides about counting segments whose file is missing: either they were merged into a file
    /// that was adopted, or they are lost.
    fn missing(&mut self, missing: Vec<(Arc<Segment>, &'static str)>) {
        for (segment, why) in missing {
            let merged = self.contents.segments.values().any(|other| {
                other.id != segment.id
                    && place(other) == place(&segment)
                    && other.lineage.is_exact()
                    && other.lineage.covers(&segment.lineage)
            });
            if merged {
                self.contents.segments.remove(&segment.id);
                self.contents
                    .removed
                    .insert(segment.id, segment.path.clone());
                self.is_changed = true;
            } else if self.contents.segments.contains_key(&segment.id) {
                segment.mark_damaged(&why);
                self.recovery.damaged_segments += 1;
            }
        }
    }

    /// Whether the file of a counting segment is whole; `None` if it cannot be looked at for the
    /// moment, for example because no file descriptor is left.
    fn is_there(&self, segment: &Segment) -> Option<bool> {
        let file = self.layout.segment(&segment.path);
        match self.disk.open(&file).and_then(|file| file.len()) {
            Ok(len) => Some(len == segment.bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
            Err(_) => None,
        }
    }

    /// Moves a file to `aside/`, for a person to inspect.
    fn set_aside(&mut self, file: &Path, why: &dyn std::fmt::Display) {
        let to = match aside(self.disk, self.layout, file) {
            Ok(to) => to,
            Err(error) => {
                tracing::warn!(file = %file.display(), %why, %error, "a file that the catalog does not name could not be moved aside; it is left where it is");
                return;
            }
        };
        tracing::warn!(file = %file.display(), to = %to.display(), %why, "a file that the catalog does not name was moved aside; nothing was deleted");
        self.recovery.set_aside_files += 1;
        for path in [file, &to] {
            self.synced.extend(path.parent().map(Path::to_owned));
        }
    }
}

fn place(segment: &Segment) -> Place {
    (segment.project.clone(), segment.table, segment.bucket)
}

/// Deletes a file whose rows are held elsewhere or that never counted. Returns whether it is gone.
fn delete(disk: &dyn Disk, file: &Path, why: &str, recovery: &mut Recovery) -> bool {
    match disk.remove(file) {
        Ok(()) => {
            tracing::debug!(file = %file.display(), why, "a left-over file was deleted");
            recovery.deleted_files += 1;
            true
        }
        // This only costs space; the next start retries.
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "a left-over file could not be deleted");
            false
        }
    }
}
