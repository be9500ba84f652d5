//! The background check (scrub): reads every segment again, slowly, so that corruption is found
//! while a backup still has the intact file.
//!
//! One pass reads all segments in order of their ids, and so by age. The catalog stores the
//! progress, so that a restart continues from there. The same thread also writes changes of the
//! quarantine to the catalog, so that a query that finds damage does not wait for the disk.
//!
//! Data that is still in the operating system's page cache is verified there, not on the disk. At
//! the default rate, most of a large folder has left that cache.
//! of a large folder has left it.

use crate::{
    LakeError,
    catalog::ScrubProgress,
    quarantine::{Meaning, Note},
    segment::Segment,
    shared::Shared,
    stats::add,
};
use hinomi_columnar::checksum::{self, VerifyDepth};
use hinomi_model::{UnixNanos, time::nanos};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// Interval between checks whether a pass is due.
const IDLE: Duration = Duration::from_secs(60);
/// Progress is saved after this many segments.
const SAVE_EVERY: u64 = 64;

pub(crate) struct Scrubber {
    shared: Arc<Shared>,
    progress: ScrubProgress,
    unsaved: u64,
}

impl Scrubber {
    /// Continues from saved progress.
    pub fn new(shared: Arc<Shared>, progress: ScrubProgress) -> Self {
        Self {
            shared,
            progress,
            unsaved: 0,
        }
    }

    /// Runs until the lake stops.
    pub fn run(mut self) {
        self.begin();
        while !self.shared.is_stopping() {
            self.write_notes();
            match self.next() {
                Some(segment) => self.check(&segment),
                None => self.shared.data.noted.wait(IDLE),
            }
        }
        self.write_notes();
        self.save();
    }

    /// In a new folder the first pass is due one interval from now.
    fn begin(&mut self) {
        if self.progress.finished == UnixNanos(0) {
            self.progress.finished = self.shared.data.now();
            self.unsaved = SAVE_EVERY;
        }
        self.tell();
    }

    /// The next segment of the pass. Ends the pass after the last segment, and starts a new pass
    /// when one is due.
    fn next(&mut self) -> Option<Arc<Segment>> {
        let limits = &self.shared.data.limits;
        if limits.scrub_bytes_per_second == 0 {
            return None;
        }
        let now = self.shared.data.now();
        let since = now.0.saturating_sub(self.progress.finished.0);
        // A clock that was set far back must not delay the next pass by that much.
        let due = since >= nanos(limits.scrub_interval) || since < -nanos(limits.scrub_interval);
        if self.progress.next_id == 0 {
            if !due {
                return None;
            }
            self.progress.next_id = 1;
        }
        let next = self.after(self.progress.next_id);
        if next.is_none() {
            self.progress = ScrubProgress {
                next_id: 0,
                finished: now,
            };
            add(&self.shared.data.counters.scrub_passes, 1);
            self.save();
            self.tell();
        }
        next
    }

    /// The segment with the lowest id that is at least `id`.
    fn after(&self, id: i64) -> Option<Arc<Segment>> {
        let state = self.shared.data.read();
        let segments = state.segments.values().flatten().flatten();
        let next = segments
            .filter(|segment| segment.id >= id)
            .min_by_key(|segment| segment.id);
        next.cloned()
    }

    fn check(&mut self, segment: &Segment) {
        let checked = verify(&self.shared, segment, |bytes| self.pause(bytes));
        // If the stop of the lake interrupted the check, the next start begins with this segment.
        if checked {
            self.progress.next_id = segment.id + 1;
            self.unsaved += 1;
        }
        if self.unsaved >= SAVE_EVERY {
            self.save();
        }
    }

    /// Waits as long as reading this many bytes may take. Returns whether to continue.
    fn pause(&self, bytes: usize) -> bool {
        let rate = self.shared.data.limits.scrub_bytes_per_second.max(1);
        self.shared
            .data
            .noted
            .wait(Duration::from_secs_f64(bytes as f64 / rate as f64));
        !self.shared.is_stopping()
    }

    fn write_notes(&self) {
        let mut notes = self.shared.data.notes.take().into_iter();
        while let Some(note) = notes.next() {
            let written = match &note {
                Note::Lost(lost) => self.shared.catalog.quarantine(lost),
                Note::Released(id) => self.shared.catalog.release(*id),
            };
            if let Err(error) = written {
                tracing::warn!(%error, "the quarantine could not be written down; tried again");
                let rest = std::iter::once(note).chain(notes).collect();
                self.shared.data.notes.put_back(rest);
                return;
            }
        }
    }

    fn save(&mut self) {
        match self.shared.catalog.set_scrub(self.progress) {
            Ok(()) => self.unsaved = 0,
            // This only means that some segments are read twice.
            Err(error) => tracing::warn!(%error, "the check's progress could not be written down"),
        }
    }

    fn tell(&self) {
        let finished = self.progress.finished.0.max(0) as u64;
        let counters = &self.shared.data.counters;
        counters
            .scrub_finished_ns
            .store(finished, Ordering::Relaxed);
    }
}

/// Result of a check of all segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrub {
    /// Number of segments that were read.
    pub segments: u64,
    /// Number of segments that answers leave out after the check.
    pub damaged: u64,
}

/// Checks every segment now, without a rate limit.
pub(crate) fn all(shared: &Shared) -> Scrub {
    let state = shared.data.read();
    let segments: Vec<_> = state
        .segments
        .values()
        .flatten()
        .flatten()
        .cloned()
        .collect();
    drop(state);
    let mut scrub = Scrub::default();
    for segment in segments {
        verify(shared, &segment, |_| true);
        scrub.segments += 1;
        scrub.damaged += u64::from(segment.is_damaged());
    }
    scrub
}

/// Reads one segment completely, and leaves it out or takes it back. Returns whether it was read to
/// its end.
fn verify(shared: &Shared, segment: &Segment, mut each: impl FnMut(usize) -> bool) -> bool {
    let path = shared.files.layout.segment(&segment.path);
    let read = |bytes: usize| {
        add(&shared.data.counters.scrub_bytes, bytes as u64);
        each(bytes)
    };
    match checksum::verify(
        &*shared.files.disk,
        &path,
        segment.extent,
        VerifyDepth::Whole,
        read,
    ) {
        Ok(false) => return false,
        Ok(true) if segment.is_damaged() => {
            shared.data.footers.forget(segment);
            segment.mark_whole();
            shared.data.note(Note::Released(segment.id));
        }
        Ok(true) => {}
        Err(_) if is_gone(shared, segment) => {}
        Err(error) => found(shared, segment, &error.into()),
    }
    true
}

fn found(shared: &Shared, segment: &Segment, error: &LakeError) {
    add(&shared.data.counters.scrub_failures, 1);
    if Meaning::of(error) == Meaning::Passing {
        tracing::warn!(segment = segment.path, %error, "a segment could not be checked; tried again in the next pass");
    }
    shared.data.leave_out(segment, error);
}

/// Whether the segment was removed while it was read.
fn is_gone(shared: &Shared, segment: &Segment) -> bool {
    let state = shared.data.read();
    let same = state.segments.get(&segment.project);
    !same.is_some_and(|tables| {
        let own = &tables[segment.table.position()];
        own.iter().any(|other| other.id == segment.id)
    })
}
