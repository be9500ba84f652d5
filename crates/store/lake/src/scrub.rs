//! The background check: reads every segment again, slowly, so that rot is found while a backup
//! still has the good file, and not on the day someone asks for it.
//!
//! One pass goes through all segments in the order of their ids, which is that of their age; where it
//! is stands in the catalog, so that a restart goes on from there. The same thread writes changes of
//! the quarantine to the catalog: queries find damage, but do not wait for the disk to say so.
//!
//! What the page cache still holds is verified there and not on the disk: at the default pace most
//! of a large folder has left it.

use crate::{
    LakeError,
    catalog::ScrubProgress,
    checksum::{self, Depth},
    quarantine::{Meaning, Note},
    segment::Segment,
    state::Shared,
    stats::add,
};
use hinomi_model::{UnixNanos, time::nanos};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

/// How often it is looked at whether a pass is due.
const IDLE: Duration = Duration::from_secs(60);
/// Progress is written down after so many segments.
const SAVE_EVERY: u64 = 64;

pub(crate) struct Scrubber {
    shared: Arc<Shared>,
    progress: ScrubProgress,
    unsaved: u64,
}

impl Scrubber {
    /// A scrubber that goes on where an earlier one was.
    pub fn new(shared: Arc<Shared>, progress: ScrubProgress) -> Self {
        Self {
            shared,
            progress,
            unsaved: 0,
        }
    }

    /// Works until the lake stops.
    pub fn run(mut self) {
        self.begin();
        while !self.shared.is_stopping() {
            self.write_notes();
            match self.next() {
                Some(segment) => self.check(&segment),
                None => self.shared.scrubber.wait(IDLE),
            }
        }
        self.write_notes();
        self.save();
    }

    /// A new folder is due one interval from now.
    fn begin(&mut self) {
        if self.progress.finished == UnixNanos(0) {
            self.progress.finished = self.shared.now();
            self.unsaved = SAVE_EVERY;
        }
        self.tell();
    }

    /// The next segment of the pass; ends the pass when there is none, and begins one when it is due.
    fn next(&mut self) -> Option<Arc<Segment>> {
        let limits = &self.shared.limits;
        if limits.scrub_bytes_per_second == 0 {
            return None;
        }
        let now = self.shared.now();
        let since = now.0.saturating_sub(self.progress.finished.0);
        // A clock that has gone back far must not put the check off for as long.
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
            add(&self.shared.counters.scrub_passes, 1);
            self.save();
            self.tell();
        }
        next
    }

    /// The segment with the lowest id from `id` on.
    fn after(&self, id: i64) -> Option<Arc<Segment>> {
        let state = self.shared.read();
        let segments = state.segments.values().flatten().flatten();
        let next = segments
            .filter(|segment| segment.id >= id)
            .min_by_key(|segment| segment.id);
        next.cloned()
    }

    fn check(&mut self, segment: &Segment) {
        let checked = verify(&self.shared, segment, |bytes| self.pause(bytes));
        // Cut short by the end: this one comes first the next time.
        if checked {
            self.progress.next_id = segment.id + 1;
            self.unsaved += 1;
        }
        if self.unsaved >= SAVE_EVERY {
            self.save();
        }
    }

    /// Waits as long as so many bytes may take; answers whether to go on.
    fn pause(&self, bytes: usize) -> bool {
        let rate = self.shared.limits.scrub_bytes_per_second.max(1);
        self.shared
            .scrubber
            .wait(Duration::from_secs_f64(bytes as f64 / rate as f64));
        !self.shared.is_stopping()
    }

    fn write_notes(&self) {
        let mut notes = self.shared.notes.take().into_iter();
        while let Some(note) = notes.next() {
            let written = match &note {
                Note::Lost(lost) => self.shared.catalog.quarantine(lost),
                Note::Released(id) => self.shared.catalog.release(*id),
            };
            if let Err(error) = written {
                tracing::warn!(%error, "the quarantine could not be written down; tried again");
                let rest = std::iter::once(note).chain(notes).collect();
                self.shared.notes.put_back(rest);
                return;
            }
        }
    }

    fn save(&mut self) {
        match self.shared.catalog.set_scrub(self.progress) {
            Ok(()) => self.unsaved = 0,
            // Costs reading some segments twice.
            Err(error) => tracing::warn!(%error, "the check's progress could not be written down"),
        }
    }

    fn tell(&self) {
        let finished = self.progress.finished.0.max(0) as u64;
        let counters = &self.shared.counters;
        counters
            .scrub_finished_ns
            .store(finished, Ordering::Relaxed);
    }
}

/// What a check of all segments found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrub {
    /// Segments read.
    pub segments: u64,
    /// Segments that are left out of answers after it.
    pub damaged: u64,
}

/// Checks every segment at once and unhurried by any pace.
pub(crate) fn all(shared: &Shared) -> Scrub {
    let state = shared.read();
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

/// Reads one segment whole, and leaves it out or takes it back. Answers whether it was read to its
/// end.
fn verify(shared: &Shared, segment: &Segment, mut each: impl FnMut(usize) -> bool) -> bool {
    let path = shared.layout.segment(&segment.path);
    let read = |bytes: usize| {
        add(&shared.counters.scrub_bytes, bytes as u64);
        each(bytes)
    };
    match checksum::verify(&*shared.disk, &path, segment.extent, Depth::Whole, read) {
        Ok(false) => return false,
        Ok(true) if segment.is_damaged() => {
            shared.footers.forget(segment);
            segment.mark_whole();
            shared.note(Note::Released(segment.id));
        }
        Ok(true) => {}
        Err(_) if is_gone(shared, segment) => {}
        Err(error) => found(shared, segment, &error),
    }
    true
}

fn found(shared: &Shared, segment: &Segment, error: &LakeError) {
    add(&shared.counters.scrub_failures, 1);
    if Meaning::of(error) == Meaning::Passing {
        tracing::warn!(segment = segment.path, %error, "a segment could not be checked; tried again in the next pass");
    }
    shared.leave_out(segment, error);
}

/// Whether the segment was removed while it was being read.
fn is_gone(shared: &Shared, segment: &Segment) -> bool {
    let state = shared.read();
    let same = state.segments.get(&segment.project);
    !same.is_some_and(|tables| {
        let own = &tables[segment.table as usize];
        own.iter().any(|other| other.id == segment.id)
    })
}
