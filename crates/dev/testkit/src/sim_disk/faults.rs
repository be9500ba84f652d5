//! What a simulated disk does wrong, and when.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

/// One kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Making folders.
    CreateDir,
    /// Making a file; fails for want of descriptors.
    Create,
    /// Writing; fails after some of the bytes.
    Append,
    /// Syncing a file; a failure drops its dirty pages, as Linux does.
    Sync,
    /// Renaming.
    Rename,
    /// Removing.
    Remove,
    /// Shortening and syncing.
    Truncate,
    /// Syncing a folder.
    SyncDir,
    /// Opening for reading; fails for want of descriptors.
    Open,
    /// Reading.
    Read,
    /// Listing.
    List,
}

impl Op {
    /// Whether it changes the disk, and is one of the steps that are counted.
    pub const fn is_change(self) -> bool {
        !matches!(self, Self::Open | Self::Read | Self::List)
    }

    /// Whether a file system that is read-only refuses it. What was never written needs no sync.
    pub(super) const fn is_refused_read_only(self) -> bool {
        self.is_change() && !matches!(self, Self::Sync | Self::SyncDir)
    }

    /// The error that it fails with.
    pub(super) fn error(self) -> io::Error {
        const EIO: i32 = 5;
        const EMFILE: i32 = 24;
        io::Error::from_raw_os_error(match self {
            Self::Create | Self::Open => EMFILE,
            _ => EIO,
        })
    }
}

/// What goes wrong. The default is nothing.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// These steps, counted since the disk was made, fail.
    pub steps: Range<u64>,
    /// How often calls of a kind fail, per mille; 1000 is always.
    pub chances: BTreeMap<Op, u32>,
    /// Only calls on this folder and what is below it fail by chance; `None`: all.
    pub below: Option<PathBuf>,
    /// How often the power goes during a step, per mille.
    pub cuts: u32,
    /// Bytes that all files together may have; beyond it writes fail for want of space.
    pub capacity: Option<u64>,
    /// Nothing can be made, written, renamed or removed, as on a file system that was mounted so.
    pub is_read_only: bool,
    /// A sync takes up to so long, on the disk's clock.
    pub slow_sync: Duration,
}

impl Faults {
    /// Whether calls on the path may fail by chance.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        self.below
            .as_ref()
            .is_none_or(|below| path.starts_with(below))
    }

    /// A disk that can only be read.
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

    /// The nth step fails, and no other.
    pub fn at_step(nth: u64) -> Self {
        Self {
            steps: nth..nth + 1,
            ..Self::default()
        }
    }

    /// Every call of that kind fails.
    pub fn always(op: Op) -> Self {
        Self {
            chances: BTreeMap::from([(op, 1_000)]),
            ..Self::default()
        }
    }
}
