//! Data ahead of time: segments whose newest row is later than now.
//!
//! They come of a clock that was wrong for long and was believed. Their own time says nothing about their
//! age, so they are as old as the moment at which they were first seen to be ahead: neither do they
//! outlive all real data, nor do they go before them.

use crate::segment::Segment;
use hinomi_model::UnixNanos;
use std::{sync::Arc, time::Duration};

/// What is later than now by less is on time: senders' clocks differ.
const SLACK: Duration = Duration::from_secs(3_600);
/// Moments that are remembered. Beyond it the last stands for what comes as well, which keeps data longer.
const MOST: usize = 16;

/// Since when data up to an instant are known to be ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Data whose newest row is before or at it.
    pub until: UnixNanos,
    /// When they were first seen.
    pub at: UnixNanos,
}

/// All that was seen, the earliest `until` first.
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

    /// Looks for data that are ahead of `now`, and forgets those that are no longer.
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

    /// The instant that a segment's age is counted from.
    pub fn instant(&self, segment: &Segment, now: UnixNanos) -> UnixNanos {
        let to = segment.range.to;
        if !is_ahead(to, now) {
            return to;
        }
        let seen = self.seen.iter().find(|seen| to <= seen.until);
        seen.map_or(now, |seen| seen.at.min(now))
    }
}

/// Whether an instant is later than now by more than clocks differ.
pub(crate) fn is_ahead(instant: UnixNanos, now: UnixNanos) -> bool {
    instant > now.plus(SLACK)
}
