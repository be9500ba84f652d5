//! The manifest: the catalog's transactions, one record each, in a log of its own.
//!
//! A transaction counts when its record is synced and has been read back. Now and then a record holds
//! everything, a *snapshot*; the files before the last snapshot but one are then removed, so that a
//! damaged snapshot can be made good from what came before. Records that are lost in between leave a gap,
//! which is said; the segments' own footers then tell what the lost records had told.

use super::{
    contents::Contents,
    entry::{Entry, Record, RecordVersion, VERSION},
};
use crate::LakeError;
use hinomi_io::{Disk, Entropy};
use hinomi_wal::{Wal, WalError, WalLimits};
use std::{path::PathBuf, sync::Arc};

/// The manifest is written anew when the records since the last snapshot have as many bytes as this, and
/// [`SNAPSHOT_TIMES`] those of the snapshot: a start reads few bytes, and little is written twice.
const SNAPSHOT_BYTES: u64 = 1 << 20;
const SNAPSHOT_TIMES: u64 = 2;

/// What reading a manifest found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Read {
    /// Records that count. None at all: there is no manifest.
    pub records: u64,
    /// Records that should be there and are not, or do not hold, and that no later snapshot makes good.
    pub lost: u64,
    /// Sequence of the last record.
    last: u64,
    /// Sequences of the last snapshot and the one before.
    snapshots: (u64, u64),
    /// Bytes of the last snapshot and of the records since.
    bytes: (u64, u64),
    /// A record of a later version of Hinomi.
    newer: Option<u32>,
}

impl Read {
    /// The version of a record that this version of Hinomi does not know.
    pub fn newer(&self) -> Option<u32> {
        self.newer
    }

    /// Takes the next record that holds.
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

/// Reads a manifest beside its owner, changing nothing.
pub(crate) fn read(disk: &dyn Disk, dir: &std::path::Path) -> Result<(Contents, Read), WalError> {
    let (mut contents, mut read) = (Contents::default(), Read::default());
    hinomi_wal::read(disk, dir, &limits(), 0, |sequence, payload| {
        read.take(&mut contents, sequence, payload);
    })?;
    Ok((contents, read))
}

/// Writes a manifest of these contents to a folder that has none.
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
    /// Records of before are not all there: the next has to be a snapshot.
    needs_snapshot: bool,
}

impl Manifest {
    /// Opens the manifest in `dir`; answers what it says and what was found.
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

    /// The contents have come from elsewhere: the next transaction writes them down whole.
    pub fn mark_incomplete(&mut self) {
        self.needs_snapshot = true;
    }

    /// Makes the entries count, on top of `contents`. After an error they do not, and trying again is
    /// right: should the record have reached the disk all the same, it says nothing else.
    pub fn commit(&mut self, contents: &Contents, entries: &[Entry]) -> Result<(), LakeError> {
        if self.needs_snapshot {
            self.snapshot(contents)?;
        }
        let bytes = self.write(false, entries)?;
        self.read.bytes.1 += bytes;
        Ok(())
    }

    /// Whether it is time for a snapshot.
    pub fn is_long(&self) -> bool {
        let (snapshot, since) = self.read.bytes;
        since > SNAPSHOT_BYTES && since > SNAPSHOT_TIMES * snapshot
    }

    /// Writes everything down and drops what is no longer needed of before.
    pub fn snapshot(&mut self, contents: &Contents) -> Result<(), LakeError> {
        // A file of its own: the files before it can be removed.
        self.log.rotate();
        let bytes = self.write(true, &contents.entries())?;
        self.needs_snapshot = false;
        self.read.bytes = (bytes, 0);
        self.read.snapshots = (self.log.next_sequence() - 1, self.read.snapshots.0);
        if let Err(error) = self.log.truncate_before(self.read.snapshots.1) {
            // Costs space only; the next snapshot tries again.
            tracing::warn!(%error, "old files of the manifest could not be removed");
        }
        Ok(())
    }

    /// Writes one record, syncs it and reads it back; answers its bytes.
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
        // What follows destroys files on the word of this record.
        let failure = match self.log.reads_back(sequence) {
            Ok(true) => return Ok(payload.len() as u64),
            Ok(false) => LakeError::Manifest(
                "a record that was written and synced does not read back".into(),
            ),
            Err(error) => LakeError::manifest(error),
        };
        // Whether it counts nobody knows: what is written next says everything.
        self.needs_snapshot = true;
        self.log.rotate();
        Err(failure)
    }
}

fn limits() -> WalLimits {
    WalLimits::default()
}
