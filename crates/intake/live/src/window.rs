//! The rollups of the live window, and which of them changed since the last tick.
//!
//! The window is as long as its memory allows, at most [`LIVE_WINDOW`]. The oldest buckets are
//! dropped first, and queries for earlier times go to the store. While a start is still restoring
//! the window, restored buckets stay hidden until their time is complete; until then their queries
//! go to the store too.

use crate::{
    bucket::{Bucket, OPEN_BYTES},
    keys::{KEY_BYTES, Keys},
};
use hinomi_model::{
    RollupKey, RollupRef, RollupSet, TimeRange, UnixNanos, hitmap::COLUMN, rollup::ServiceKey,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

/// Maximum length of the window: the ten minutes on screen, plus five for late spans.
pub const LIVE_WINDOW: Duration = Duration::from_secs(15 * 60);

/// A bucket that began this long ago is packed, because nearly all of its counts have arrived.
const PACKED_AFTER: Duration = Duration::from_secs(15);
/// Interval of packing. Spans arrive a few seconds after they end, so buckets that get late counts
/// are packed together at this interval.
const PACKED_EVERY: Duration = Duration::from_secs(10);

/// Columns that changed, by service.
pub(crate) type Changed = HashMap<ServiceKey, BTreeSet<UnixNanos>>;

/// The live rollups of a project, as far back as they are complete.
#[derive(Debug, Default)]
pub struct Window {
    /// Memory limit in bytes.
    limit: usize,
    keys: Keys,
    buckets: BTreeMap<UnixNanos, Bucket>,
    /// Memory of the buckets in bytes.
    bytes: usize,
    changed: Changed,
    /// Start of [`LIVE_WINDOW`]. Earlier changes are not reported.
    from: UnixNanos,
    /// Buckets that start before this are not kept.
    kept_from: UnixNanos,
    /// Buckets from here on are complete.
    whole_from: UnixNanos,
    packed: UnixNanos,
}

impl Window {
    /// An empty, complete window with a memory limit in bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            keys: Keys::default(),
            buckets: BTreeMap::new(),
            bytes: 0,
            changed: Changed::default(),
            from: UnixNanos(0),
            kept_from: UnixNanos(0),
            whole_from: UnixNanos(0),
            packed: UnixNanos(0),
        }
    }

    /// Changes the memory limit. It applies when something is added next.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Adds the rollups that are inside the window, and marks their columns as changed.
    pub(crate) fn apply(&mut self, delta: &RollupSet) {
        for (bucket, key, rollup) in delta.range(TimeRange::new(self.from, UnixNanos(i64::MAX))) {
            self.add(bucket, key, rollup.into());
            match self.changed.get_mut(key.service()) {
                Some(columns) => {
                    columns.insert(bucket);
                }
                None => {
                    self.changed
                        .insert(key.service().clone(), BTreeSet::from([bucket]));
                }
            }
        }
        self.keep_to_the_limit();
    }

    /// Adds a rollup from before the start, read from the store.
    pub(crate) fn restore(&mut self, bucket: UnixNanos, key: &RollupKey, rollup: RollupRef<'_>) {
        self.add(bucket, key, rollup);
        self.keep_to_the_limit();
    }

    fn add(&mut self, bucket: UnixNanos, key: &RollupKey, rollup: RollupRef<'_>) {
        if bucket < self.kept_from {
            return;
        }
        let number = self.keys.number(key);
        if self.buckets.entry(bucket).or_default().add(number, rollup) {
            self.keys.hold(number);
            self.bytes += OPEN_BYTES;
        }
    }

    /// Packs what can be packed, then drops the oldest buckets until an eighth of the limit is
    /// free, so that this is not repeated for every rollup. The newest bucket stays.
    fn keep_to_the_limit(&mut self) {
        if self.bytes() <= self.limit {
            return;
        }
        self.pack_all();
        let enough = self.limit - self.limit / 8;
        while self.bytes() > enough && self.buckets.len() > 1 {
            if let Some((start, bucket)) = self.buckets.pop_first() {
                self.release(&bucket);
                self.kept_from = self.kept_from.max(start.plus(COLUMN));
                self.whole_from = self.whole_from.max(self.kept_from);
            }
        }
    }

    fn release(&mut self, bucket: &Bucket) {
        self.bytes = self.bytes.saturating_sub(bucket.bytes());
        for (number, _) in bucket.iter() {
            self.keys.release(number);
        }
    }

    /// Packs all buckets except the newest two.
    fn pack_all(&mut self) {
        if let Some(bound) = self.buckets.keys().rev().nth(1).copied() {
            self.pack_before(bound);
        }
    }

    fn pack_before(&mut self, bound: UnixNanos) {
        let before = self.buckets.range_mut(..bound).map(|(_, bucket)| bucket);
        for bucket in before.filter(|bucket| bucket.is_open()) {
            let bytes = bucket.bytes();
            let released = bucket.pack();
            self.bytes = (self.bytes + bucket.bytes()).saturating_sub(bytes);
            released.into_iter().for_each(|key| self.keys.release(key));
        }
    }

    /// Moves the end of the window to `now`. Returns what changed since the last call.
    pub(crate) fn tick(&mut self, now: UnixNanos) -> Changed {
        let from = now.minus(LIVE_WINDOW).floor(COLUMN);
        if from > self.from {
            self.from = from;
            self.kept_from = self.kept_from.max(from);
            self.whole_from = self.whole_from.max(from);
            self.forget_before(from);
        }
        if now.since(self.packed) >= PACKED_EVERY {
            self.packed = now;
            self.pack_before(now.minus(PACKED_AFTER).floor(COLUMN));
        }
        std::mem::take(&mut self.changed)
    }

    fn forget_before(&mut self, bound: UnixNanos) {
        while let Some(entry) = self.buckets.first_entry()
            && *entry.key() < bound
        {
            let bucket = entry.remove();
            self.release(&bucket);
        }
    }

    /// Hides everything before `bound`, which is to be restored.
    pub(crate) fn begin_restore(&mut self, bound: UnixNanos) {
        self.whole_from = self.whole_from.max(bound);
    }

    /// Everything from `from` on has been restored. Returns whether restoring more is useful.
    pub(crate) fn restored(&mut self, from: UnixNanos) -> bool {
        self.whole_from = from.clamp(self.kept_from, self.whole_from);
        self.whole_from == from
    }

    /// Ends the restore. Drops buckets that were only partly restored; the store answers for them.
    pub(crate) fn end_restore(&mut self) {
        self.kept_from = self.kept_from.max(self.whole_from);
        self.forget_before(self.kept_from);
    }

    /// The instant from which on the window is complete.
    pub fn whole_from(&self) -> UnixNanos {
        self.whole_from
    }

    /// Rollups of the buckets that start in `range`. A key can occur several times per bucket.
    pub fn range(
        &self,
        range: TimeRange,
    ) -> impl Iterator<Item = (UnixNanos, &RollupKey, RollupRef<'_>)> {
        let from = range.from.max(self.whole_from);
        self.buckets
            .range(from..range.to.max(from))
            .flat_map(|(start, bucket)| {
                bucket.iter().filter_map(|(number, rollup)| {
                    let key = self.keys.get(number)?;
                    Some((*start, key, rollup))
                })
            })
    }

    /// Start times of the non-empty, complete buckets, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = UnixNanos> {
        self.buckets
            .range(self.whole_from..)
            .map(|(start, _)| *start)
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes + self.keys.len() * KEY_BYTES
    }

    /// Number of keys.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// Number of rows, including hidden ones.
    pub fn len(&self) -> usize {
        self.buckets.values().map(Bucket::len).sum()
    }

    /// Whether the window holds nothing.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Outcome, Rollup};

    fn second(at: i64) -> UnixNanos {
        UnixNanos::from_millis(at * 1_000)
    }

    fn set(at: i64, keys: std::ops::Range<u32>) -> RollupSet {
        let mut set = RollupSet::new();
        for number in keys {
            let key = RollupKey::Transaction {
                service: ServiceKey {
                    service: "a".into(),
                    namespace: "".into(),
                    environment: "".into(),
                },
                operation: number.to_string().into(),
                instance: "".into(),
                version: "".into(),
                kind: hinomi_model::TransactionKind::Request,
            };
            let mut rollup = Rollup::default();
            rollup.record_transaction(Duration::from_millis(u64::from(number)), Outcome::Ok);
            set.add(second(at).floor(COLUMN), &key, &rollup);
        }
        set
    }

    fn all() -> TimeRange {
        TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX))
    }

    /// The contents of the window as a set.
    fn counted(window: &Window) -> RollupSet {
        let mut set = RollupSet::new();
        for (bucket, key, rollup) in window.range(all()) {
            set.add(bucket, key, rollup);
        }
        set
    }

    #[test]
    fn packing_changes_no_count_and_late_counts_are_added() {
        let (mut window, mut wanted) = (Window::new(usize::MAX), RollupSet::new());
        window.tick(second(10_000));
        for step in 0..40 {
            // The same and other keys, in buckets that were packed long ago.
            let delta = set(9_900 + step % 7 * 5, 0..(step as u32 % 5 + 1) * 3);
            window.apply(&delta);
            wanted.merge(&delta);
            window.tick(second(10_000 + step * 11));
            assert_eq!(counted(&window), wanted, "step {step}");
        }
        assert_eq!(window.keys(), 15);
        let rows = window.buckets.values().map(Bucket::bytes).sum::<usize>();
        assert_eq!(window.bytes, rows, "bytes are counted as they change");
        window.tick(second(20_000));
        assert_eq!((window.bytes, window.keys(), window.len()), (0, 0, 0));
    }

    #[test]
    fn the_oldest_buckets_go_when_the_memory_is_used_up() {
        let mut window = Window::new(2 << 20);
        window.tick(second(10_000));
        for at in 0..60 {
            window.apply(&set(9_700 + at * 5, 0..1_000));
            assert!(window.bytes() <= 2 << 20);
        }
        let whole_from = window.whole_from();
        assert!(whole_from > second(9_700) && whole_from < second(9_990));
        let sum: u64 = window.range(all()).map(|(_, _, rollup)| rollup.count).sum();
        let buckets = window.buckets().count() as u64;
        assert_eq!(sum, buckets * 1_000, "what is shown is whole");
        assert_eq!(window.buckets().next(), Some(whole_from));
        // Late counts for dropped buckets are left to the store, but still reported as changed.
        window.tick(second(10_000));
        window.apply(&set(9_700, 0..1));
        assert_eq!(window.buckets().next(), Some(whole_from));
        let changed = window.tick(second(10_001));
        assert!(
            changed
                .values()
                .all(|columns| columns.contains(&second(9_700)))
        );
    }
}
