//! Event time: nanoseconds since the Unix epoch, and half-open ranges of it.

use std::{fmt, time::Duration};

/// Nanoseconds since 1970-01-01T00:00:00Z. Covers the years 1970 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixNanos(pub i64);

const NANOS_PER_MILLI: i64 = 1_000_000;

impl UnixNanos {
    /// The instant `millis` milliseconds after the epoch; saturates at the ends.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(NANOS_PER_MILLI))
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(NANOS_PER_MILLI)
    }

    /// The start of the bucket of `width` that holds this instant. A zero width changes nothing.
    pub fn floor(self, width: Duration) -> Self {
        let width = nanos(width);
        if width == 0 {
            self
        } else {
            Self(self.0.div_euclid(width).saturating_mul(width))
        }
    }

    /// The end of the bucket of `width` that holds the instant just before this one.
    pub fn ceil(self, width: Duration) -> Self {
        let floor = self.floor(width);
        if floor == self {
            self
        } else {
            floor.plus(width)
        }
    }

    /// `span` later; saturates.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(nanos(span)))
    }

    /// `span` earlier; saturates.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(span)))
    }

    /// Time from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0).max(0) as u64)
    }
}

impl fmt::Display for UnixNanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A half-open range of time: `from ≤ t < to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant inside the range.
    pub from: UnixNanos,
    /// First instant after the range.
    pub to: UnixNanos,
}

impl TimeRange {
    /// A range. It is empty when `to` is not after `from`.
    pub const fn new(from: UnixNanos, to: UnixNanos) -> Self {
        Self { from, to }
    }

    /// Whether `instant` is inside.
    pub fn contains(&self, instant: UnixNanos) -> bool {
        self.from <= instant && instant < self.to
    }

    /// Whether the two ranges share an instant.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// The smallest range that contains both ranges.
    pub fn union(&self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }

    /// `to - from`; zero when the range is empty.
    pub fn length(&self) -> Duration {
        self.to.since(self.from)
    }

    /// The smallest range of whole buckets of `width` that covers this one.
    pub fn widened(&self, width: Duration) -> Self {
        Self {
            from: self.from.floor(width),
            to: self.to.ceil(width),
        }
    }
}

/// The duration in nanoseconds, at most `i64::MAX`.
pub fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_aligned_to_the_epoch_also_before_it() {
        let width = Duration::from_secs(5);
        assert_eq!(
            UnixNanos::from_millis(12_345).floor(width),
            UnixNanos::from_millis(10_000)
        );
        assert_eq!(
            UnixNanos::from_millis(-1).floor(width),
            UnixNanos::from_millis(-5_000)
        );
        assert_eq!(
            UnixNanos::from_millis(10_000).ceil(width),
            UnixNanos::from_millis(10_000)
        );
        assert_eq!(
            UnixNanos::from_millis(10_001).ceil(width),
            UnixNanos::from_millis(15_000)
        );
    }

    #[test]
    fn the_ends_of_time_saturate() {
        let end = UnixNanos(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(UnixNanos(0).since(end), Duration::ZERO);
    }
}
