//! The manifest: a log of the catalog's transactions, one record each.
//!
//! A transaction counts once its record is synced and has been read back. From time to time a
//! record holds the whole contents, a *snapshot*. Files older than the second newest snapshot are
//! then removed, so that a damaged snapshot can be rebuilt from the records before it. Lost records
//! in between leave a gap, which is reported; the segments' footers then supply the information
//! that those records held.

use super::{
    contents::Contents,
    entry::{Entry, Record, RecordVersion, VERSION},
};
use crate::LakeError;
use hinomi_io::{Disk, Entropy};
use hinomi_wal::{Wal, WalError, WalLimits};
use std::{path::PathBuf, sync::Arc};

/// The manifest gets a snapshot when the records since the last one have more than this many bytes
/// and more than [`SNAPSHOT_TIMES`] times its size. This bounds both the time of a start and the
/// bytes that are written twice.
const SNAPSHOT_BYTES: u64 = 1 << 20;
const SNAPSHOT_TIMES: u64 = 2;

/// Result of reading a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Read {
    /// Number of valid records. Zero means that there is no manifest.
    pub records: u64,
    /// Number of records that are missing or damaged and that no later snapshot replaces.
    pub lost: u64,
    /// Sequence of the last record.
    last: u64,
    /// Sequences of the last snapshot and of the one before it.
    snapshots: (u64, u64),
    /// Bytes of the last snapshot, and of the records after it.
    bytes: (u64, u64),
    /// Version of a record that a later Hinomi wrote.
    newer: Option<u32>,
}

impl Read {
    /// Version of a record that is newer than this Hinomi knows.
    pub fn newer(&self) -> Option<u32> {
        self.newer
    }

    /// Applies the next valid record.
    fn take(&mut self, contents: &mut Contents, sequence: u64, payload: &[u8]) {
        let version = serde_json::from_slice::<RecordVersion>(payload);
        if let Ok(RecordVersion { v }) = version
            && v > VERSION
        {
            self.newer = Some(v);
            return;
        }
        let skipped = sequence.saturating_sub(self.last + 1);
        self.last = sequence;
        match serde_json::from_slice::<Record>(payload) {
            Ok(record) => {
                self.records += 1;
                if record.snapshot {
                    *contents = Contents::default();
                    self.lost = 0;
                    self.snapshots = (sequence, self.snapshots.0);
                    self.bytes = (payload.len() as u64, 0);
                } else {
                    self.lost += skipped;
                    self.bytes.1 += payload.len() as u64;
                }
                for entry in record.entries {
                    contents.apply(entry);
                }
            }
            Err(error) => {
                self.lost += skipped + 1;
                tracing::error!(sequence, %error, "a record of the manifest is whole and cannot be understood; it is left out");
            }
        }
    }
}

/// Reads a manifest without changing it, also while its owner runs.
pub(crate) fn read(disk: &dyn Disk, dir: &std::path::Path) -> Result<(Contents, Read), WalError> {
    let (mut contents, mut read) = (Contents::default(), Read::default());
    hinomi_wal::read(disk, dir, &limits(), 0, |sequence, payload| {
        read.take(&mut contents, sequence, payload);
    })?;
    Ok((contents, read))
}

/// Writes a manifest with these contents to a folder that has none.
pub(crate) fn write_new(
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    dir: PathBuf,
    contents: Contents,
) -> Result<(), LakeError> {
    let (mut manifest, _, _) = Manifest::open(disk, entropy, dir).map_err(LakeError::manifest)?;
    manifest.snapshot(&contents)
}

/// An open manifest.
pub(crate) struct Manifest {
    log: Wal,
    read: Read,
    /// Earlier records are incomplete, so the next record has to be a snapshot.
    needs_snapshot: bool,
}

impl Manifest {
    /// Opens the manifest in `dir`. Returns its contents and what reading it found.
    pub fn open(
        disk: Arc<dyn Disk>,
        entropy: Arc<dyn Entropy>,
        dir: PathBuf,
    ) -> Result<(Self, Contents, Read), WalError> {
        let (mut contents, mut read) = (Contents::default(), Read::default());
        let each = |sequence: u64, payload: &[u8]| read.take(&mut contents, sequence, payload);
        let (log, _) = Wal::open(disk, entropy, dir, limits(), 0, each)?;
        let manifest = Self {
            log,
            read,
            needs_snapshot: read.records == 0 || read.lost > 0,
        };
        Ok((manifest, contents, read))
    }

    /// The contents came from another source, so the next transaction writes a snapshot.
    pub fn mark_incomplete(&mut self) {
        self.needs_snapshot = true;
    }

    /// Commits the entries, on top of `contents`. After an error they do not count, and the caller
    /// may retry. That is safe even if the failed record reached the disk, because the retry says
    /// the same.
    pub fn commit(&mut self, contents: &Contents, entries: &[Entry]) -> Result<(), LakeError> {
        if self.needs_snapshot {
            self.snapshot(contents)?;
        }
        let bytes = self.write(false, entries)?;
        self.read.bytes.1 += bytes;
        Ok(())
    }

    /// Whether a snapshot is due.
    pub fn is_long(&self) -> bool {
        let (snapshot, since) = self.read.bytes;
        since > SNAPSHOT_BYTES && since > SNAPSHOT_TIMES * snapshot
    }

    /// Writes a snapshot and removes older files that are no longer needed.
    pub fn snapshot(&mut self, contents: &Contents) -> Result<(), LakeError> {
        // A snapshot gets a new file, so that the files before it can be removed.
        self.log.rotate();
        let bytes = self.write(true, &contents.entries())?;
        self.needs_snapshot = false;
        self.read.bytes = (bytes, 0);
        self.read.snapshots = (self.log.next_sequence() - 1, self.read.snapshots.0);
        if let Err(error) = self.log.truncate_before(self.read.snapshots.1) {
            // This only costs space; the next snapshot retries.
            tracing::warn!(%error, "old files of the manifest could not be removed");
        }
        Ok(())
    }

    /// Writes one record, syncs it and reads it back. Returns its size in bytes.
    fn write(&mut self, snapshot: bool, entries: &[Entry]) -> Result<u64, LakeError> {
        let record = Record {
            v: VERSION,
            snapshot,
            entries: entries.to_vec(),
        };
        let payload = serde_json::to_vec(&record)
            .map_err(|error| LakeError::Internal(format!("a record of the manifest: {error}")))?;
        let sequence = self.log.append(&payload).map_err(LakeError::manifest)?;
        self.log.sync().map_err(LakeError::manifest)?;
        // The caller deletes files once this record counts, so it must be readable.
        let failure = match self.log.reads_back(sequence) {
            Ok(true) => return Ok(payload.len() as u64),
            Ok(false) => LakeError::Manifest(
                "a record that was written and synced does not read back".into(),
            ),
            Err(error) => LakeError::manifest(error),
        };
        // It is unknown whether the record counts, so the next record is a snapshot.
        self.needs_snapshot = true;
        self.log.rotate();
        Err(failure)
    }
}

fn limits() -> WalLimits {
    WalLimits::default()
}
