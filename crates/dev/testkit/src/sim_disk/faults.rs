//! The faults of a simulated disk, and when they occur.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

/// Kind of disk call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Create a folder.
    CreateDir,
    /// Create a file. Fails as if no descriptor were left.
    Create,
    /// Write. Fails after some of the bytes.
    Append,
    /// Sync a file. A failure drops its dirty pages, as on Linux.
    Sync,
    /// Rename a file.
    Rename,
    /// Remove a file or folder.
    Remove,
    /// Truncate a file and sync it.
    Truncate,
    /// Sync a folder.
    SyncDir,
    /// Open for reading. Fails as if no descriptor were left.
    Open,
    /// Read from a file.
    Read,
    /// List files.
    List,
}

impl Op {
    /// Whether it changes the disk and counts as a step.
    pub const fn is_change(self) -> bool {
        !matches!(self, Self::Open | Self::Read | Self::List)
    }

    /// Whether a read-only file system refuses it. Syncs succeed, because nothing was written.
    pub(super) const fn is_refused_read_only(self) -> bool {
        self.is_change() && !matches!(self, Self::Sync | Self::SyncDir)
    }

    /// The error with which it fails.
    pub(super) fn error(self) -> io::Error {
        const EIO: i32 = 5;
        const EMFILE: i32 = 24;
        io::Error::from_raw_os_error(match self {
            Self::Create | Self::Open => EMFILE,
            _ => EIO,
        })
    }
}

/// The faults to inject. The default is none.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Steps that fail, counted since the disk was created.
    pub steps: Range<u64>,
    /// Probability that a call of a kind fails, in per mille; 1000 is always.
    pub chances: BTreeMap<Op, u32>,
    /// Restricts random failures to this folder and everything below it; `None` means all calls.
    pub below: Option<PathBuf>,
    /// Probability of a power failure during a step, in per mille.
    pub cuts: u32,
    /// Maximum total size of all files in bytes. Beyond it writes fail as if the disk were full.
    pub capacity: Option<u64>,
    /// Refuses to create, write, rename or remove, like a file system that is mounted read-only.
    pub is_read_only: bool,
    /// A sync takes up to this long, on the disk's clock.
    pub slow_sync: Duration,
}

impl Faults {
    /// Whether calls on the path may fail at random.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        self.below
            .as_ref()
            .is_none_or(|below| path.starts_with(below))
    }

    /// A read-only disk.
    pub fn read_only() -> Self {
        Self {
            is_read_only: true,
            ..Self::default()
        }
    }

    /// Every step from the nth on fails.
    pub fn from_step(nth: u64) -> Self {
        Self {
            steps: nth..u64::MAX,
            ..Self::default()
        }
    }

    /// Only the nth step fails.
    pub fn at_step(nth: u64) -> Self {
        Self {
            steps: nth..nth + 1,
            ..Self::default()
        }
    }

    /// Every call of this kind fails.
    pub fn always(op: Op) -> Self {
        Self {
            chances: BTreeMap::from([(op, 1_000)]),
            ..Self::default()
        }
    }
}
