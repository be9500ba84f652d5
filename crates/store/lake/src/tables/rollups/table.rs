//! Rollups of a segment in the form that queries read: sorted by key, then bucket, in flat columns.
//!
//! A condition on a key is evaluated once for all its rows, a time range is found by binary search,
//! and a row needs no allocation.

use hinomi_model::{
    LatencySum, Rollup, RollupKey, RollupRef, TransactionKind, UnixNanos,
    hitmap::ROWS,
    rollup::{Cell, ServiceKey},
};
use std::{collections::HashMap, mem::size_of, ops::Range};

/// Approximate size of a key, in bytes.
const KEY_BYTES: usize = 256;

/// Rows sorted by key and bucket.
#[derive(Debug, Default)]
pub(crate) struct RollupTable {
    /// Each key with the end of its rows.
    keys: Vec<(RollupKey, usize)>,
    buckets: Vec<UnixNanos>,
    numbers: Vec<Numbers>,
    latency: Vec<(u16, u32)>,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    count: u64,
    errors: u64,
    total_ns: u64,
    latency_end: usize,
    cells_end: usize,
}

impl RollupTable {
    /// The keys, each with its index for [`Self::each`].
    pub fn keys(&self) -> impl Iterator<Item = (usize, &RollupKey)> {
        self.keys.iter().map(|(key, _)| key).enumerate()
    }

    /// Calls `see` with the rows of a key whose buckets start in the range.
    pub fn each(
        &self,
        key: usize,
        range: hinomi_model::TimeRange,
        mut see: impl FnMut(UnixNanos, RollupRef<'_>),
    ) {
        let rows = self.rows_of(key);
        let buckets = &self.buckets[rows.clone()];
        let first = rows.start + buckets.partition_point(|bucket| *bucket < range.from);
        for row in first..rows.end {
            if self.buckets[row] >= range.to {
                break;
            }
            see(self.buckets[row], self.row(row));
        }
    }

    fn rows_of(&self, key: usize) -> Range<usize> {
        let start = key.checked_sub(1).map_or(0, |before| self.keys[before].1);
        start..self.keys[key].1
    }

    fn row(&self, row: usize) -> RollupRef<'_> {
        let numbers = self.numbers[row];
        let before = row
            .checked_sub(1)
            .map_or_else(Numbers::default, |before| self.numbers[before]);
        RollupRef {
            count: numbers.count,
            errors: numbers.errors,
            total_ns: numbers.total_ns,
            latency: &self.latency[before.latency_end..numbers.latency_end],
            cells: &self.cells[before.cells_end..numbers.cells_end],
        }
    }

    fn push(&mut self, bucket: UnixNanos, rollup: RollupRef<'_>) {
        self.latency.extend_from_slice(rollup.latency);
        self.cells.extend_from_slice(rollup.cells);
        self.buckets.push(bucket);
        self.numbers.push(Numbers {
            count: rollup.count,
            errors: rollup.errors,
            total_ns: rollup.total_ns,
            latency_end: self.latency.len(),
            cells_end: self.cells.len(),
        });
    }

    /// Approximate memory use in bytes.
    pub fn memory_size(&self) -> usize {
        self.keys.len() * KEY_BYTES
            + self.buckets.len() * (size_of::<UnixNanos>() + size_of::<Numbers>())
            + self.latency.len() * size_of::<(u16, u32)>()
            + self.cells.len() * size_of::<Cell>()
    }
}

/// Builds a table from rows in any order.
#[derive(Default)]
pub(crate) struct RollupTableBuilder {
    keys: HashMap<RollupKey, u32, foldhash::fast::RandomState>,
    key_of: Vec<u32>,
    /// Rows in order of arrival, not yet grouped by key.
    rows: RollupTable,
}

impl RollupTableBuilder {
    /// Adds a row.
    pub fn add(&mut self, bucket: UnixNanos, key: RollupKey, rollup: RollupRef<'_>) {
        let new = self.keys.len() as u32;
        self.key_of.push(*self.keys.entry(key).or_insert(new));
        self.rows.push(bucket, rollup);
    }

    /// The table with all rows, sorted.
    pub fn finish(self) -> RollupTable {
        let mut order: Vec<usize> = (0..self.key_of.len()).collect();
        order.sort_by_key(|row| (self.key_of[*row], self.rows.buckets[*row]));
        let mut keys: Vec<(RollupKey, u32)> = self.keys.into_iter().collect();
        keys.sort_unstable_by_key(|(_, number)| *number);
        let mut sorted = RollupTable {
            buckets: Vec::with_capacity(order.len()),
            numbers: Vec::with_capacity(order.len()),
            latency: Vec::with_capacity(self.rows.latency.len()),
            cells: Vec::with_capacity(self.rows.cells.len()),
            keys: Vec::with_capacity(keys.len()),
        };
        let mut order = order.into_iter().peekable();
        for (key, number) in keys {
            while let Some(row) = order.next_if(|row| self.key_of[*row] == number) {
                sorted.push(self.rows.buckets[row], self.rows.row(row));
            }
            sorted.keys.push((key, sorted.buckets.len()));
        }
        sorted
    }
}

/// Adds up the transactions of each service and bucket. Rows must come in the order of a segment.
#[derive(Default)]
pub(crate) struct ServiceTableBuilder {
    services: RollupTableBuilder,
    /// The service and bucket of the current sums.
    current: Option<(ServiceKey, UnixNanos)>,
    /// The sums of each kind of transaction, few of which come.
    sums: Vec<(TransactionKind, Sum)>,
}

impl ServiceTableBuilder {
    /// Adds a row.
    pub fn add(&mut self, bucket: UnixNanos, key: &RollupKey, rollup: RollupRef<'_>) {
        let RollupKey::Transaction { service, kind, .. } = key else {
            return;
        };
        let is_same = self
            .current
            .as_ref()
            .is_some_and(|(of, at)| *at == bucket && of == service);
        if !is_same {
            self.end_service();
            self.current = Some((service.clone(), bucket));
        }
        let place = self.sums.iter().position(|(of, _)| of == kind);
        let place = place.unwrap_or_else(|| {
            self.sums.push((*kind, Sum::default()));
            self.sums.len() - 1
        });
        self.sums[place].1.add(rollup);
    }

    /// Approximate memory use in bytes.
    pub fn memory_size(&self) -> usize {
        self.services.rows.memory_size()
    }

    /// The sums. Operation, instance and version in their keys are empty.
    pub fn finish(mut self) -> RollupTable {
        self.end_service();
        self.services.finish()
    }

    fn end_service(&mut self) {
        let Some((service, bucket)) = self.current.take() else {
            return;
        };
        for (kind, sum) in self.sums.drain(..) {
            let key = whole_service(service.clone(), kind);
            self.services.add(bucket, key, (&sum.finish()).into());
        }
    }
}

/// The key of all transactions of a kind of a service together.
fn whole_service(service: ServiceKey, kind: TransactionKind) -> RollupKey {
    RollupKey::Transaction {
        service,
        operation: "".into(),
        instance: "".into(),
        version: "".into(),
        kind,
    }
}

/// The sum of a service's rollups of one bucket.
struct Sum {
    rollup: Rollup,
    latency: LatencySum,
    /// Counts of ok and failed transactions, by hitmap row.
    cells: [(u32, u32); ROWS],
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            rollup: Rollup::default(),
            latency: LatencySum::new(),
            cells: [(0, 0); ROWS],
        }
    }
}

impl Sum {
    fn add(&mut self, rollup: RollupRef<'_>) {
        self.rollup.count = self.rollup.count.saturating_add(rollup.count);
        self.rollup.errors = self.rollup.errors.saturating_add(rollup.errors);
        self.rollup.total_ns = self.rollup.total_ns.saturating_add(rollup.total_ns);
        self.latency.add(rollup.latency);
        for cell in rollup.cells {
            let have = &mut self.cells[usize::from(cell.row).min(ROWS - 1)];
            have.0 = have.0.saturating_add(cell.ok);
            have.1 = have.1.saturating_add(cell.error);
        }
    }

    fn finish(self) -> Rollup {
        let cells = self.cells.iter().enumerate();
        let cells = cells.filter(|(_, (ok, error))| *ok > 0 || *error > 0);
        Rollup {
            latency: self.latency.finish(),
            cells: cells
                .map(|(row, &(ok, error))| Cell {
                    row: row as u8,
                    ok,
                    error,
                })
                .collect(),
            ..self.rollup
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{Outcome, RollupSet, TimeRange};
    use std::time::Duration;

    fn service(name: &str) -> ServiceKey {
        ServiceKey {
            service: name.into(),
            namespace: "".into(),
            environment: "".into(),
        }
    }

    /// Two services, two operations each, an error each, in twelve buckets.
    fn set() -> RollupSet {
        let mut set = RollupSet::new();
        for bucket in 0..12_i64 {
            for (name, operation) in [("a", "x"), ("a", "y"), ("b", "x")] {
                let mut rollup = Rollup::default();
                for step in 0..=bucket as u64 {
                    let duration = Duration::from_millis(1 + step * 170);
                    rollup.record_transaction(duration, Outcome::Ok);
                }
                let key = RollupKey::Transaction {
                    service: service(name),
                    operation: operation.into(),
                    instance: "".into(),
                    version: "".into(),
                    kind: TransactionKind::from_number((bucket % 2) as u8).unwrap_or_default(),
                };
                set.add(UnixNanos::from_millis(bucket * 5_000), &key, &rollup);
                let key = RollupKey::Error {
                    service: service(name),
                    error_type: "e".into(),
                    operation: operation.into(),
                };
                set.add(UnixNanos::from_millis(bucket * 5_000), &key, &rollup);
            }
        }
        set
    }

    /// The table of all keys, and that of whole services.
    fn tables(set: &RollupSet) -> (RollupTable, RollupTable) {
        let mut rows: Vec<_> = set.iter().collect();
        rows.sort_by_key(|(bucket, key, _)| (key.service().clone(), *bucket, (*key).clone()));
        let mut keys = RollupTableBuilder::default();
        let mut services = ServiceTableBuilder::default();
        for (bucket, key, rollup) in rows {
            services.add(bucket, key, rollup.into());
            keys.add(bucket, key.clone(), rollup.into());
        }
        (keys.finish(), services.finish())
    }

    #[test]
    fn a_table_has_each_row_once_under_its_key() {
        let set = set();
        let (table, _) = tables(&set);
        let range = TimeRange::new(
            UnixNanos::from_millis(10_000),
            UnixNanos::from_millis(30_000),
        );
        let (mut found, mut wanted) = (RollupSet::new(), RollupSet::new());
        for (number, key) in table.keys() {
            table.each(number, range, |bucket, rollup| {
                found.add(bucket, key, rollup)
            });
        }
        for (bucket, key, rollup) in set.range(range) {
            wanted.add(bucket, key, rollup);
        }
        assert_eq!(found, wanted);
        assert_eq!(found.len(), 4 * 6);
    }

    #[test]
    fn whole_services_are_the_sums_of_their_transactions() {
        let set = set();
        let (_, table) = tables(&set);
        let range = TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX));
        let (mut found, mut wanted) = (RollupSet::new(), RollupSet::new());
        for (number, key) in table.keys() {
            table.each(number, range, |bucket, rollup| {
                found.add(bucket, key, rollup)
            });
        }
        for (bucket, key, rollup) in set.iter() {
            if let RollupKey::Transaction { service, kind, .. } = key {
                wanted.add(bucket, &whole_service(service.clone(), *kind), rollup);
            }
        }
        assert_eq!(found, wanted);
        assert_eq!(found.len(), 2 * 12);
    }
}
