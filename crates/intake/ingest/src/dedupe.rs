//! Recognises repeated spans: an exporter repeats a request whose answer was lost.
//!
//! A span is *in flight* from admission until its append has succeeded or failed; then it is
//! *committed* or forgotten. A repeat of a committed span is dropped. A repeat of a span in flight
//! is acknowledged only after the first one has committed; otherwise a failed first append would
//! lose the span.

use foldhash::fast::RandomState;
use std::{collections::HashSet, mem, ops::ControlFlow, time::Duration};

/// Key of a span, from [`crate::Secret::key`].
pub(crate) type SpanKey = u64;

/// What is known about a span at admission.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Never seen, or too long ago. It is now in flight.
    New,
    /// It is durable.
    Committed,
    /// It is in flight in another request, or occurred earlier in this one.
    InFlight,
}

/// Remembers span keys in two generations. When the younger one is full, the older one is dropped.
#[derive(Debug)]
pub(crate) struct Dedupe {
    capacity: usize,
    window: Duration,
    young: HashSet<SpanKey, RandomState>,
    old: HashSet<SpanKey, RandomState>,
    rotated: Duration,
    in_flight: HashSet<SpanKey, RandomState>,
}

impl Dedupe {
    pub fn new(capacity: usize, window: Duration) -> Self {
        Self {
            capacity,
            window,
            young: HashSet::default(),
            old: HashSet::default(),
            rotated: Duration::ZERO,
            in_flight: HashSet::default(),
        }
    }

    /// Remembers a span that was durable before the start. Breaks when the generation is full.
    pub fn recall(&mut self, key: SpanKey) -> ControlFlow<()> {
        self.young.insert(key);
        if self.young.len() < self.capacity {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    /// Returns what is known about the span, and marks a new one as in flight.
    pub fn begin(&mut self, key: SpanKey) -> Seen {
        if self.is_committed(key) {
            return Seen::Committed;
        }
        if self.in_flight.insert(key) {
            Seen::New
        } else {
            Seen::InFlight
        }
    }

    /// Ends the flight of spans. Remembers them if `durable`, otherwise forgets them. `now` is
    /// monotonic.
    pub fn end(&mut self, keys: &[SpanKey], durable: bool, now: Duration) {
        if now > self.rotated + self.window {
            // Few spans arrived within the window, so the memory of a larger table is released.
            self.old = mem::take(&mut self.young);
            self.rotated = now;
        } else if self.young.len() + keys.len() > self.capacity {
            // About as many spans will arrive again, so the table's memory is reused.
            mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
            self.rotated = now;
        }
        for key in keys {
            self.in_flight.remove(key);
        }
        if durable {
            self.young.extend(keys);
        }
    }

    pub fn is_committed(&self, key: SpanKey) -> bool {
        self.young.contains(&key) || self.old.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_failed_span_may_come_again_and_a_durable_one_may_not() {
        let mut dedupe = Dedupe::new(10, MINUTE);
        assert_eq!(dedupe.begin(1), Seen::New);
        assert_eq!(dedupe.begin(1), Seen::InFlight);
        dedupe.end(&[1], false, Duration::ZERO);
        assert_eq!(dedupe.begin(1), Seen::New);
        dedupe.end(&[1], true, Duration::ZERO);
        assert_eq!(dedupe.begin(1), Seen::Committed);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let mut dedupe = Dedupe::new(10, MINUTE);
        for key in 0..1_000 {
            dedupe.begin(key);
            dedupe.end(&[key], true, Duration::ZERO);
            assert!(dedupe.young.len() + dedupe.old.len() <= 20);
        }
        assert!(dedupe.is_committed(999));
        assert!(dedupe.is_committed(990));
        assert!(!dedupe.is_committed(0));
    }

    #[test]
    fn no_more_is_recalled_than_is_remembered() {
        let mut dedupe = Dedupe::new(10, MINUTE);
        let taken = (0..100).take_while(|key| dedupe.recall(*key).is_continue());
        assert_eq!(taken.count(), 9);
        assert_eq!(dedupe.young.len(), 10);
        assert!(dedupe.is_committed(9));
        assert_eq!(dedupe.begin(10), Seen::New);
    }

    #[test]
    fn keys_are_kept_for_the_window_at_least() {
        let mut dedupe = Dedupe::new(10, MINUTE);
        dedupe.end(&[1], true, Duration::ZERO);
        dedupe.end(&[2], true, MINUTE * 3 / 2);
        assert!(dedupe.is_committed(1));
        dedupe.end(&[3], true, MINUTE * 3);
        assert!(!dedupe.is_committed(1));
        assert!(dedupe.is_committed(2));
    }
}
