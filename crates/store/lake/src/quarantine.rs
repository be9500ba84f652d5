//! Quarantine: data that answers leave out because its bytes differ from those that were written.
//!
//! A segment whose file is missing, truncated, swapped or corrupted is left out of every later
//! answer, and those answers name the lost time. The catalog remembers this. The file is not moved:
//! moving it would put more load on a failing disk, and the repair is simply to put the good file
//! back. Every start verifies quarantined files completely and releases those that are valid again.
//!
//! A temporary disk failure, or columns that do not decode although their checksums match (a bug in
//! Hinomi), is no proof of damage. Such a segment is left out only until the next start.

use crate::{
    LakeError,
    catalog::{Contents, Found},
    data::Data,
    folder::path::Layout,
    recovery::Recovery,
    segment::Segment,
    stats::add,
    tables::TableId,
};
use hinomi_columnar::checksum::{self, VerifyDepth};
use hinomi_io::Disk;
use hinomi_model::{Text, TimeRange, UnixNanos};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
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
    fn for_segment(segment: &Segment, error: &LakeError) -> Self {
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

impl Data {
    /// Leaves a segment out from now on, if the error requires it. Returns whether it does.
    pub fn leave_out(&self, segment: &Segment, error: &LakeError) -> bool {
        let meaning = Meaning::for_segment(segment, error);
        if meaning == Meaning::Passing {
            return false;
        }
        if matches!(error, LakeError::Damaged(_)) {
            add(&self.counters.checksum_failures, 1);
        }
        self.footers.forget(segment);
        if segment.mark_damaged(error) && meaning == Meaning::Damage {
            self.note(Note::Lost(entry(segment, self.now(), error.to_string())));
        }
        true
    }

    /// Schedules a change for the catalog.
    pub fn note(&self, note: Note) {
        self.notes.push(note);
        self.noted.notify();
    }

    pub fn now(&self) -> UnixNanos {
        UnixNanos(self.clock.unix_nanos())
    }
}

fn entry(segment: &Segment, noticed: UnixNanos, reason: String) -> Quarantined {
    Quarantined {
        segment: segment.id,
        project: Some(segment.project.clone()),
        table: Some(segment.table),
        range: segment.covers(),
        noticed,
        reason,
    }
}

/// Combines the quarantine of earlier starts with what this start found. Marks segments; returns
/// the losses without a segment and the changes for the catalog.
pub(crate) fn settle(
    disk: &dyn Disk,
    layout: &Layout,
    contents: &Contents,
    found: &Found,
    now: UnixNanos,
    recovery: &mut Recovery,
) -> (Vec<Quarantined>, Vec<Note>) {
    let (mut lost, mut notes) = (Vec::new(), Vec::new());
    let mut known: HashMap<i64, &Quarantined> = HashMap::new();
    for (id, entry) in &contents.quarantined {
        known.insert(*id, entry);
    }
    for segment in contents.segments.values() {
        let before = known.remove(&segment.id);
        match (before, segment.is_damaged()) {
            (None, false) => {}
            (None, true) => notes.push(Note::Lost(entry(
                segment,
                now,
                "its file was missing or of another size at the start".into(),
            ))),
            (Some(_), true) => {}
            (Some(before), false) => match whole(disk, layout, segment) {
                true => {
                    tracing::info!(
                        segment = segment.path,
                        "a segment is whole again and back in answers"
                    );
                    recovery.released_segments += 1;
                    notes.push(Note::Released(segment.id));
                }
                false => {
                    segment.mark_damaged(&before.reason);
                    recovery.damaged_segments += 1;
                }
            },
        }
    }
    for row in &found.damaged_rows {
        let before = known.remove(&row.segment);
        lost.push(noticed(row, before, now, &mut notes));
    }
    if found.missing_rows {
        let all = Quarantined {
            segment: 0,
            project: None,
            table: None,
            range: TimeRange::new(UnixNanos(i64::MIN), now.plus(AHEAD)),
            noticed: now,
            reason: "rows of the catalog are missing".into(),
        };
        // A second loss replaces the first, since its range reaches up to now.
        known.remove(&0);
        notes.push(Note::Lost(all.clone()));
        lost.push(all);
    }
    // An entry without a segment stands for lost catalog rows or log records and stays. The entries
    // of removed segments were dropped by compaction or retention.
    lost.extend(known.into_values().cloned());
    recovery.damaged_rows = found.damaged_rows.len() as u64;
    recovery.missing_rows = found.missing_rows;
    recovery.damaged_checkpoint = found.damaged_checkpoint;
    if found.damaged_checkpoint {
        tracing::error!(
            "the log's checkpoint in the catalog is damaged; it is taken from the segments"
        );
    }
    (lost, notes)
}

/// A damaged row with the time at which it was first noticed: data written later is not lost.
fn noticed(
    row: &Quarantined,
    before: Option<&Quarantined>,
    now: UnixNanos,
    notes: &mut Vec<Note>,
) -> Quarantined {
    if let Some(before) = before {
        return before.clone();
    }
    let mut lost = row.clone();
    lost.noticed = now;
    lost.range.to = now.max(lost.range.from).plus(AHEAD);
    tracing::error!(
        segment = lost.segment,
        reason = lost.reason,
        "a row of the catalog is damaged; its segment is left out of answers; restore the data folder from a backup"
    );
    notes.push(Note::Lost(lost.clone()));
    lost
}

fn whole(disk: &dyn Disk, layout: &Layout, segment: &Arc<Segment>) -> bool {
    let path = layout.segment(&segment.path);
    let read = checksum::verify(disk, &path, segment.extent, VerifyDepth::Whole, |_| true);
    matches!(read, Ok(true))
}
