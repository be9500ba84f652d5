//! A mergeable latency histogram in HdrHistogram's layout, kept sparse.
//!
//! Two significant digits: a reported value is at most 1 % above the recorded one. Unit: 1 µs;
//! longer than [`LatencyHistogram::MAX`] is recorded as that. A rollup key sees few distinct
//! latencies in 5 s, so a sorted list of (bucket, count) is far smaller than the dense
//! array of the `hdrhistogram` crate, which the tests hold this against.

use std::time::Duration;

/// Counts by latency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatencyHistogram {
    /// (bucket index, count), ascending by index, no zero counts.
    buckets: Vec<(u16, u32)>,
}

/// log2 of the sub-buckets a power of two has: 128 keep two digits exact.
const SUB_BITS: u32 = 7;
const SUB: u64 = 1 << SUB_BITS;
/// Number of buckets up to [`LatencyHistogram::MAX`].
const BUCKETS: usize = 30 << SUB_BITS;

impl LatencyHistogram {
    /// The longest latency told apart: about 19 hours.
    pub const MAX: Duration = Duration::from_micros((1 << 36) - 1);

    /// An empty histogram.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one latency.
    pub fn record(&mut self, latency: Duration) {
        self.add(index_of(latency), 1);
    }

    /// Counts the same latency `count` times.
    pub fn record_many(&mut self, latency: Duration, count: u32) {
        if count > 0 {
            self.add(index_of(latency), count);
        }
    }

    /// Adds all of `other`'s counts.
    pub fn merge(&mut self, other: &Self) {
        self.merge_entries(&other.buckets);
    }

    /// The same of a stored form: ascending, without zero counts.
    pub(crate) fn merge_entries(&mut self, other: &[(u16, u32)]) {
        if self.buckets.is_empty() {
            self.buckets.extend_from_slice(other);
        } else if other.len() <= 4 {
            for &(index, count) in other {
                self.add(index, count);
            }
        } else {
            self.merge_sorted(other);
        }
    }

    /// Number of latencies counted.
    pub fn count(&self) -> u64 {
        self.buckets
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// The latency that `quantile` (0 to 1) of those counted do not exceed: the upper end of the
    /// bucket it falls in. `None` when nothing was counted.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let total = self.count();
        let rank = ((quantile.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for &(index, count) in &self.buckets {
            seen += u64::from(count);
            if seen >= rank {
                return Some(upper_end(index));
            }
        }
        None
    }

    /// How many of those counted are longer than `latency`, as exactly as buckets tell.
    pub fn count_over(&self, latency: Duration) -> u64 {
        let first = self
            .buckets
            .partition_point(|(index, _)| upper_end(*index) <= latency);
        let over = self.buckets[first..].iter();
        over.map(|(_, count)| u64::from(*count)).sum()
    }

    /// The stored form: (bucket index, count), ascending.
    pub fn buckets(&self) -> &[(u16, u32)] {
        &self.buckets
    }

    /// How often each latency was counted, told by the upper ends of the buckets, ascending.
    pub fn latencies(&self) -> impl Iterator<Item = (Duration, u32)> {
        let ends = self.buckets.iter();
        ends.map(|(index, count)| (upper_end(*index), *count))
    }

    /// From the stored form; unordered, repeated and zero entries are mended.
    pub fn from_buckets(entries: impl IntoIterator<Item = (u16, u32)>) -> Self {
        let mut histogram = Self::new();
        for (index, count) in entries {
            if count > 0 {
                histogram.add(index, count);
            }
        }
        histogram
    }

    fn add(&mut self, index: u16, count: u32) {
        match self.buckets.last_mut() {
            Some(last) if last.0 == index => last.1 = last.1.saturating_add(count),
            Some(last) if last.0 < index => self.buckets.push((index, count)),
            None => self.buckets.push((index, count)),
            _ => match self.buckets.binary_search_by_key(&index, |entry| entry.0) {
                Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(count),
                Err(at) => self.buckets.insert(at, (index, count)),
            },
        }
    }

    fn merge_sorted(&mut self, other: &[(u16, u32)]) {
        let mut merged = Vec::with_capacity(self.buckets.len() + other.len());
        let (mut left, mut right) = (self.buckets.iter().peekable(), other.iter().peekable());
        while let (Some(&&a), Some(&&b)) = (left.peek(), right.peek()) {
            match a.0.cmp(&b.0) {
                std::cmp::Ordering::Less => {
                    merged.push(a);
                    left.next();
                }
                std::cmp::Ordering::Greater => {
                    merged.push(b);
                    right.next();
                }
                std::cmp::Ordering::Equal => {
                    merged.push((a.0, a.1.saturating_add(b.1)));
                    left.next();
                    right.next();
                }
            }
        }
        merged.extend(left);
        merged.extend(right);
        self.buckets = merged;
    }
}

fn index_of(latency: Duration) -> u16 {
    let micros = latency.min(LatencyHistogram::MAX).as_micros() as u64;
    if micros < SUB {
        return micros as u16;
    }
    let octave = 63 - micros.leading_zeros() - SUB_BITS;
    let sub = (micros >> octave) - SUB;
    (SUB + u64::from(octave) * SUB + sub) as u16
}

fn upper_end(index: u16) -> Duration {
    let index = u64::from(index);
    if index < SUB {
        return Duration::from_micros(index);
    }
    let octave = ((index - SUB) / SUB).min(28);
    let sub = (index - SUB) % SUB + SUB;
    Duration::from_micros(((sub + 1) << octave) - 1)
}

/// Histograms added up. Entries are gathered and settled many at a time, so that adding one costs its
/// own length, however long the sum is.
#[derive(Debug, Clone, Default)]
pub struct LatencySum {
    /// Ascending by index.
    settled: Vec<(u16, u32)>,
    /// In no order.
    pending: Vec<(u16, u32)>,
}

impl LatencySum {
    /// Entries that are settled at once.
    const PENDING: usize = 1024;

    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the entries of a histogram's stored form.
    pub fn add(&mut self, entries: &[(u16, u32)]) {
        if self.pending.len() + entries.len() > Self::PENDING {
            self.settle();
        }
        self.pending.extend_from_slice(entries);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        self.add(&other.settled);
        self.add(&other.pending);
    }

    /// All that was added, as one histogram.
    pub fn finish(mut self) -> LatencyHistogram {
        self.settle();
        LatencyHistogram {
            buckets: self.settled,
        }
    }

    fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut counts = [0_u32; BUCKETS];
        let (mut least, mut most) = (BUCKETS, 0);
        for &(index, count) in self.settled.iter().chain(&self.pending) {
            let index = usize::from(index).min(BUCKETS - 1);
            counts[index] = counts[index].saturating_add(count);
            (least, most) = (least.min(index), most.max(index));
        }
        self.pending.clear();
        self.settled.clear();
        let present = (least..=most).filter(|index| counts[*index] > 0);
        self.settled
            .extend(present.map(|index| (index as u16, counts[index])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quantiles_agree_with_hdrhistogram(
            micros in prop::collection::vec(1_u64..100_000_000, 1..300),
            quantile in 0.0_f64..=1.0,
        ) {
            let mut ours = LatencyHistogram::new();
            let mut theirs = Histogram::<u64>::new_with_bounds(1, 1 << 36, 2).unwrap();
            for value in &micros {
                ours.record(Duration::from_micros(*value));
                theirs.record(*value).unwrap();
            }
            let ours = ours.quantile(quantile).unwrap().as_micros() as f64;
            let theirs = theirs.value_at_quantile(quantile) as f64;
            prop_assert!((ours - theirs).abs() <= theirs * 0.01 + 1.0, "{ours} {theirs}");
        }

        #[test]
        fn merging_is_counting_together(
            left in prop::collection::vec(0_u64..10_000_000_000, 0..100),
            right in prop::collection::vec(0_u64..10_000_000_000, 0..100),
        ) {
            let histogram = |values: &[u64]| {
                let mut histogram = LatencyHistogram::new();
                values.iter().for_each(|value| histogram.record(Duration::from_nanos(*value)));
                histogram
            };
            let mut merged = histogram(&left);
            merged.merge(&histogram(&right));
            let all: Vec<u64> = left.iter().chain(&right).copied().collect();
            prop_assert_eq!(&merged, &histogram(&all));
            prop_assert_eq!(merged.count(), all.len() as u64);
            prop_assert_eq!(LatencyHistogram::from_buckets(merged.buckets().iter().copied()), merged);
        }
    }

    #[test]
    fn a_sum_is_its_histograms_merged() {
        let (mut sum, mut merged) = (LatencySum::new(), LatencyHistogram::new());
        for round in 0..50_u64 {
            let mut one = LatencyHistogram::new();
            for step in 0..100 {
                one.record(Duration::from_micros(
                    (round * 7 + step * step) << (round % 20),
                ));
            }
            sum.add(one.buckets());
            merged.merge(&one);
        }
        let mut twice = sum.clone();
        twice.merge(&sum);
        assert_eq!(sum.finish(), merged);
        let same = merged.clone();
        merged.merge(&same);
        assert_eq!(twice.finish(), merged);
        let mut longest = LatencyHistogram::new();
        longest.record(Duration::MAX);
        assert_eq!(usize::from(longest.buckets()[0].0), BUCKETS - 1);
    }

    #[test]
    fn half_of_what_was_counted_is_over_the_median() {
        let mut histogram = LatencyHistogram::new();
        (1..=1_000).for_each(|millis| histogram.record(Duration::from_millis(millis)));
        let median = histogram.quantile(0.5).unwrap();
        assert!((490..=500).contains(&histogram.count_over(median)));
        assert_eq!(histogram.count_over(Duration::ZERO), 1_000);
        assert_eq!(histogram.count_over(LatencyHistogram::MAX), 0);
    }

    #[test]
    fn nothing_has_no_quantile_and_the_longest_is_kept() {
        assert_eq!(LatencyHistogram::new().quantile(0.5), None);
        let mut histogram = LatencyHistogram::new();
        histogram.record(Duration::MAX);
        assert_eq!(histogram.quantile(1.0), Some(LatencyHistogram::MAX));
    }
}
