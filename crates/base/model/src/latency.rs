//! A mergeable latency histogram in HdrHistogram's layout, kept sparse.
//!
//! Two significant digits: a reported value is at most 1 % above the recorded one. The unit is 1
//! µs. Longer latencies than [`LatencyHistogram::MAX`] are recorded as that. A rollup key has few
//! distinct latencies in 5 s, so a sorted list of (bucket, count) is far smaller than the dense
//! array of the `hdrhistogram` crate. The tests compare the two.

use std::{borrow::Cow, time::Duration};

/// Counts by latency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatencyHistogram {
    /// (bucket index, count), ascending by index, no zero counts.
    buckets: Vec<(u16, u32)>,
}

/// log2 of the number of sub-buckets in a power of two: 128 sub-buckets keep two digits exact.
const SUB_BITS: u32 = 7;
const SUB: u64 = 1 << SUB_BITS;
/// Number of buckets up to [`LatencyHistogram::MAX`].
const BUCKETS: usize = ((OCTAVE_MAX as usize) + 2) << SUB_BITS;
/// The power of two by which the buckets of the longest latencies are wider than the unit.
const OCTAVE_MAX: u64 = 34;

impl LatencyHistogram {
    /// The longest latency that is recorded exactly: about 50 days. Jobs run for days.
    pub const MAX: Duration = Duration::from_micros((1 << 42) - 1);

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

    /// Adds entries in the stored form: ascending, without zero counts.
    pub fn merge_entries(&mut self, other: &[(u16, u32)]) {
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

    /// Number of recorded latencies.
    pub fn count(&self) -> u64 {
        self.buckets
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum()
    }

    /// The latency that the share `quantile` (0 to 1) of the recorded latencies does not exceed:
    /// the upper end of the bucket. `None` when nothing was recorded.
    pub fn quantile(&self, quantile: f64) -> Option<Duration> {
        let [latency] = quantiles_of(self.buckets.iter().copied(), [quantile]);
        latency
    }

    /// How many recorded latencies are longer than `latency`, to the resolution of the buckets.
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

    /// Each latency with its count, ascending. A latency is the upper end of its bucket.
    pub fn latencies(&self) -> impl Iterator<Item = (Duration, u32)> {
        let ends = self.buckets.iter();
        ends.map(|(index, count)| (upper_end(*index), *count))
    }

    /// A histogram from its stored form. Entries that are out of order, repeated or zero are
    /// corrected.
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
    let octave = ((index - SUB) / SUB).min(OCTAVE_MAX);
    let sub = (index - SUB) % SUB + SUB;
    Duration::from_micros(((sub + 1) << octave) - 1)
}

/// A sum of histograms. A small sum is kept as a list of entries, a large one as an array of all
/// buckets. Adding a histogram to the array costs only its own length, however large the sum is.
#[derive(Debug, Clone, Default)]
pub struct LatencySum {
    /// The added entries, concatenated, while there are few.
    entries: Vec<(u16, u32)>,
    /// Number of histograms in `entries`.
    histograms: usize,
    /// Counts by bucket, once there are too many entries.
    counts: Vec<u32>,
}

impl LatencySum {
    /// With more entries than this, the sum becomes an array.
    const MOST_ENTRIES: usize = 1024;
    /// Room for entries that a sum of several histograms has at least.
    const RESERVED: usize = 48;

    /// An empty sum.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the entries of a histogram's stored form.
    pub fn add(&mut self, entries: &[(u16, u32)]) {
        if self.counts.is_empty() {
            if self.entries.len() + entries.len() <= Self::MOST_ENTRIES {
                // A second histogram is seldom the last.
                if self.histograms == 1 {
                    self.entries.reserve(Self::RESERVED.max(entries.len()));
                }
                self.entries.extend_from_slice(entries);
                self.histograms += 1;
                return;
            }
            self.counts = vec![0; BUCKETS];
            scatter(&mut self.counts, &std::mem::take(&mut self.entries));
        }
        scatter(&mut self.counts, entries);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        if other.counts.is_empty() {
            self.add(&other.entries);
            self.histograms += other.histograms.saturating_sub(1);
            return;
        }
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS];
            scatter(&mut self.counts, &std::mem::take(&mut self.entries));
        }
        for (have, count) in self.counts.iter_mut().zip(&other.counts) {
            *have = have.saturating_add(*count);
        }
    }

    /// [`LatencyHistogram::quantile`] for several quantiles at once.
    pub fn quantiles<const N: usize>(&self, quantiles: [f64; N]) -> [Option<Duration>; N] {
        if self.is_ordered() {
            return quantiles_of(self.entries.iter().copied(), quantiles);
        }
        let (first, counts) = self.dense();
        quantiles_of_counts(first, &counts, quantiles)
    }

    /// [`LatencyHistogram::count_over`] of the sum.
    pub fn count_over(&self, latency: Duration) -> u64 {
        let dense = self.counts.iter().enumerate();
        let dense = dense.map(|(index, count)| (index as u16, *count));
        let over = self.entries.iter().copied().chain(dense);
        over.filter(|(index, count)| *count > 0 && upper_end(*index) > latency)
            .map(|(_, count)| u64::from(count))
            .sum()
    }

    /// The sum as one histogram.
    pub fn finish(self) -> LatencyHistogram {
        let buckets = if self.is_ordered() {
            self.entries
        } else {
            let (first, counts) = self.dense();
            present(first, &counts).collect()
        };
        LatencyHistogram { buckets }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.counts.is_empty()
    }

    /// Whether the entries are those of a single histogram, and so in order.
    fn is_ordered(&self) -> bool {
        self.counts.is_empty() && self.histograms < 2
    }

    /// Counts by bucket, and the index of the first bucket in them.
    fn dense(&self) -> (usize, Cow<'_, [u32]>) {
        if !self.counts.is_empty() {
            return (0, Cow::from(&self.counts));
        }
        let indices = || {
            let indices = self.entries.iter().map(|(index, _)| usize::from(*index));
            indices.map(|index| index.min(BUCKETS - 1))
        };
        let (Some(least), Some(most)) = (indices().min(), indices().max()) else {
            return (0, Cow::default());
        };
        let mut counts = vec![0_u32; most - least + 1];
        for (index, (_, count)) in indices().zip(&self.entries) {
            let have = &mut counts[index - least];
            *have = have.saturating_add(*count);
        }
        (least, counts.into())
    }
}

fn scatter(counts: &mut [u32], entries: &[(u16, u32)]) {
    for &(index, count) in entries {
        let have = &mut counts[usize::from(index).min(BUCKETS - 1)];
        *have = have.saturating_add(count);
    }
}

/// The stored form of counts by bucket, where the counts begin at bucket `first`.
fn present(first: usize, counts: &[u32]) -> impl Iterator<Item = (u16, u32)> + Clone {
    let counts = counts.iter().enumerate();
    let present = counts.filter(|(_, count)| **count > 0);
    present.map(move |(index, count)| ((first + index) as u16, *count))
}

/// Quantiles of ordered entries.
fn quantiles_of<const N: usize>(
    entries: impl Iterator<Item = (u16, u32)> + Clone,
    quantiles: [f64; N],
) -> [Option<Duration>; N] {
    let total: u64 = entries.clone().map(|(_, count)| u64::from(count)).sum();
    let ranks = ranks(total, quantiles);
    let (mut found, mut seen) = ([None; N], 0);
    for (index, count) in entries {
        seen += u64::from(count);
        for (found, rank) in found.iter_mut().zip(ranks) {
            if found.is_none() && seen >= rank {
                *found = Some(upper_end(index));
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    found
}

/// Buckets that are passed over together when no quantile lies in them.
const BLOCK: usize = 64;

/// The same, of counts by bucket that begin at bucket `first`.
fn quantiles_of_counts<const N: usize>(
    first: usize,
    counts: &[u32],
    quantiles: [f64; N],
) -> [Option<Duration>; N] {
    let sum = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
    let ranks = ranks(sum(counts), quantiles);
    let (mut found, mut seen) = ([None; N], 0);
    for (block, counts) in counts.chunks(BLOCK).enumerate() {
        let after = seen + sum(counts);
        for (found, rank) in found.iter_mut().zip(ranks) {
            if found.is_some() || after < rank {
                continue;
            }
            let mut seen = seen;
            let place = counts.iter().position(|count| {
                seen += u64::from(*count);
                seen >= rank
            });
            *found = place.map(|place| upper_end((first + block * BLOCK + place) as u16));
        }
        seen = after;
    }
    found
}

/// The rank of each quantile among so many.
fn ranks<const N: usize>(total: u64, quantiles: [f64; N]) -> [u64; N] {
    quantiles.map(|quantile| ((quantile.clamp(0.0, 1.0) * total as f64).ceil() as u64).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sum_says_what_its_histogram_says(
            parts in prop::collection::vec(prop::collection::vec(0_u64..90_000_000, 0..90), 0..40),
            quantile in 0.0_f64..=1.0,
            over in 0_u64..90_000_000,
        ) {
            let mut sum = LatencySum::new();
            let mut whole = LatencyHistogram::new();
            for part in &parts {
                let mut histogram = LatencyHistogram::new();
                part.iter().for_each(|micros| histogram.record(Duration::from_micros(*micros)));
                sum.add(histogram.buckets());
                whole.merge(&histogram);
            }
            let quantiles = [quantile, 0.0, 1.0];
            prop_assert_eq!(sum.quantiles(quantiles), quantiles.map(|of| whole.quantile(of)));
            let over = Duration::from_micros(over);
            prop_assert_eq!(sum.count_over(over), whole.count_over(over));
            prop_assert_eq!(sum.finish(), whole);
        }
    }

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
        let quantiles = [0.0, 0.5, 0.99, 1.0];
        let wanted = quantiles.map(|quantile| merged.quantile(quantile));
        assert_eq!(sum.quantiles(quantiles), wanted);
        assert_eq!(sum.finish(), merged);
        let same = merged.clone();
        merged.merge(&same);
        assert_eq!(twice.finish(), merged);
        let (mut few, mut pair) = (LatencySum::new(), LatencyHistogram::new());
        for micros in [[900, 1_000], [5, 1_000]] {
            let mut one = LatencyHistogram::new();
            for micros in micros {
                one.record(Duration::from_micros(micros));
            }
            let mut sum = LatencySum::new();
            sum.add(one.buckets());
            assert_eq!(sum.quantiles([0.5]), [one.quantile(0.5)]);
            few.merge(&sum);
            pair.merge(&one);
        }
        assert_eq!(few.quantiles([0.25]), [pair.quantile(0.25)]);
        assert_eq!(few.finish(), pair);
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
