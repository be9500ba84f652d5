//! Quarantine: data that answers leave out because its bytes differ from those that were written.
//!
//! A segment whose file is missing, truncated, swapped or corrupted is left out of every later
//! answer, and those answers name the lost time. The catalog remembers this. The file is not moved:
//! moving it would put more load on a failing disk, and the repair is simply to put the good file
//! back. Every start verifies quarantined files completely and releases those that are valid again.
//!
//! A temporary disk failure, or columns that do not decode although their checksums match (a bug in
//! Hinomi), is no proof of damage. Such a segment is left out only until the next start.

use crate::{LakeError, segment::Segment, tables::TableId};
use hinomi_model::{Text, TimeRange, UnixNanos};
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What is left out: one segment, rows of the catalog that are gone, or records of the log that are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quarantined {
    /// Segment id. 0 stands for catalog rows that are missing completely. A negative value is the
    /// negated sequence of the first of some lost log records.
    pub segment: i64,
    /// `None` if unknown; then it may be any project.
    pub project: Option<Text>,
    /// `None` if unknown; then it may be any table.
    pub table: Option<TableId>,
    pub range: TimeRange,
    /// When the loss was noticed. Data written later is not lost.
    pub noticed: UnixNanos,
    pub reason: String,
}

impl Quarantined {
    /// Whether an answer from this table of this project lacks the data.
    pub fn concerns(&self, project: &str, table: TableId, range: Option<TimeRange>) -> bool {
        self.project.as_deref().is_none_or(|own| own == project)
            && self.table.is_none_or(|own| own == table)
            && range.is_none_or(|range| range.overlaps(&self.range))
    }
}

/// A change of the quarantine that the catalog does not have yet.
#[derive(Debug)]
pub(crate) enum Note {
    Lost(Quarantined),
    /// The segment is valid again, or gone.
    Released(i64),
}

/// Pending changes, oldest first. Bounded by the number of segments, because each is noted once.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Vec<Note>>);

impl Notes {
    pub fn push(&self, note: Note) {
        self.lock().push(note);
    }

    /// Takes all pending changes.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.lock())
    }

    /// Puts back changes that could not be written, before those that were added meanwhile.
    pub fn put_back(&self, mut notes: Vec<Note>) {
        let mut waiting = self.lock();
        notes.append(&mut waiting);
        *waiting = notes;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an error while reading a segment means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The bytes differ from those that were written, or the file is gone.
    Damage,
    /// Another read would fail too, but the bytes may be correct.
    Unreadable,
    /// The same query may succeed later.
    Passing,
}

impl Meaning {
    pub fn of(error: &LakeError) -> Self {
        use std::io::ErrorKind::{NotFound, UnexpectedEof};
        match error {
            LakeError::Damaged(_) => Self::Damage,
            LakeError::Columns(_) => Self::Unreadable,
            LakeError::Disk { source, .. } => match source.kind() {
                NotFound | UnexpectedEof => Self::Damage,
                _ => Self::Passing,
            },
            _ => Self::Passing,
        }
    }

    /// Meaning of an error for this segment, considering its earlier errors.
    pub fn for_segment(segment: &Segment, error: &LakeError) -> Self {
        match (Self::of(error), error) {
            // A failing disk returns this error temporarily; a bad sector returns it every time.
            (Self::Passing, LakeError::Disk { source, .. })
                if source.raw_os_error() == Some(EIO)
                    && segment.count_failed_read() >= FAILED_READS =>
            {
                Self::Unreadable
            }
            (meaning, _) => meaning,
        }
    }
}

/// How far stored times may be ahead of the clock; more than ingest accepts.
pub(crate) const AHEAD: Duration = Duration::from_secs(600);

/// Error number of "Input/output error" on every Unix.
const EIO: i32 = 5;
/// After this many such errors a segment is left out until the next start.
const FAILED_READS: u32 = 10;

pub(crate) fn entry(segment: &Segment, noticed: UnixNanos, reason: String) -> Quarantined {
    Quarantined {
        segment: segment.id,
        project: Some(segment.project.clone()),
        table: Some(segment.table),
        range: segment.covers(),
        noticed,
        reason,
    }
}
