//! Handles data that is ahead of time: segments whose newest row is in the future.
//!
//! Such data comes from a clock that was wrong for a long time and was trusted. Its timestamps say
//! nothing about its age. So its age counts from the moment when it was first seen to be ahead. It
//! neither outlives all real data nor is deleted before it.

use crate::segment::Segment;
use hinomi_model::UnixNanos;
use std::{sync::Arc, time::Duration};

/// Tolerated difference between clocks: data less than this far in the future is not ahead.
const SLACK: Duration = Duration::from_secs(3_600);
/// Maximum number of entries. Beyond it the last entry also covers later data, which keeps that
/// data longer.
const MOST: usize = 16;

/// When data up to an instant was first seen to be ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Applies to data whose newest row is at or before this instant.
    pub until: UnixNanos,
    /// When the data was first seen to be ahead.
    pub at: UnixNanos,
}

/// All entries, sorted by `until`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    seen: Vec<Seen>,
}

impl Ahead {
    pub fn of(mut seen: Vec<Seen>) -> Self {
        seen.truncate(MOST);
        seen.sort_by_key(|seen| seen.until);
        Self { seen }
    }

    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Records data that is ahead of `now`, and drops entries that no longer apply.
    pub fn look(&mut self, segments: &[Arc<Segment>], now: UnixNanos) {
        let newest = segments.iter().map(|segment| segment.range.to).max();
        let Some(newest) = newest.filter(|newest| is_ahead(*newest, now)) else {
            self.seen.clear();
            return;
        };
        let known = self.seen.last().is_some_and(|last| newest <= last.until);
        if known {
            return;
        }
        if self.seen.len() == MOST {
            self.seen.pop();
        }
        self.seen.push(Seen {
            until: newest,
            at: now,
        });
    }

    /// The instant from which a segment's age is counted.
    pub fn instant(&self, segment: &Segment, now: UnixNanos) -> UnixNanos {
        let to = segment.range.to;
        if !is_ahead(to, now) {
            return to;
        }
        let seen = self.seen.iter().find(|seen| to <= seen.until);
        seen.map_or(now, |seen| seen.at.min(now))
    }
}

/// Whether an instant is further in the future than [`SLACK`].
pub(crate) fn is_ahead(instant: UnixNanos, now: UnixNanos) -> bool {
    instant > now.plus(SLACK)
}
