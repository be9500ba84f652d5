//! Rollups: counts and latency of one key in one time bucket. They can be merged.
//!
//! Four families of keys share one shape: transactions (only they have hitmap cells), client calls,
//! errors, and failed client calls. Rollups are made in buckets of 5 s. Wider buckets are merged
//! from these.

use crate::{
    CallCategory, CallFailure, LatencyHistogram, Outcome, Resource, Span, SpanBatch, Text,
    TransactionKind, UnixNanos,
    batch::Symbol,
    hitmap::{COLUMN, row_of},
};
use foldhash::fast::RandomState;
use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

/// A service, by the attributes that tell services apart in statistics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceKey {
    /// `service.name`.
    pub service: Text,
    /// `service.namespace`, may be empty.
    pub namespace: Text,
    /// `deployment.environment.name`, may be empty.
    pub environment: Text,
}

impl ServiceKey {
    /// The service of a resource.
    pub fn of(resource: &Resource) -> Self {
        Self {
            service: resource.service.clone(),
            namespace: resource.namespace.clone(),
            environment: resource.environment.clone(),
        }
    }
}

/// What a rollup counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RollupKey {
    /// Transactions of a service.
    Transaction {
        /// Service of the transactions.
        service: ServiceKey,
        /// The operation.
        operation: Text,
        /// The instance, may be empty.
        instance: Text,
        /// The version, may be empty.
        version: Text,
        /// What began the transactions.
        kind: TransactionKind,
    },
    /// Client calls that a service made.
    Call {
        /// The caller.
        service: ServiceKey,
        /// Category of what was called.
        category: CallCategory,
        /// Host, database or queue that was called.
        target: Text,
        /// Statement fingerprint, route, method or destination.
        detail: Text,
    },
    /// Failed transactions by type of error.
    Error {
        /// Service of the transactions.
        service: ServiceKey,
        /// `error.type`, exception type or failing status.
        error_type: Text,
        /// The operation that failed.
        operation: Text,
    },
    /// Failed client calls by kind of failure. They also count under [`Self::Call`].
    FailedCall {
        /// The caller.
        service: ServiceKey,
        /// Category of what was called.
        category: CallCategory,
        /// Host, database or queue that was called.
        target: Text,
        /// How it failed.
        failure: CallFailure,
        /// The caller's instance, may be empty. Whether all instances see the failure tells who is
        /// to blame.
        instance: Text,
    },
}

impl RollupKey {
    /// The service the key belongs to.
    pub fn service(&self) -> &ServiceKey {
        match self {
            Self::Transaction { service, .. }
            | Self::Call { service, .. }
            | Self::Error { service, .. }
            | Self::FailedCall { service, .. } => service,
        }
    }
}

/// One hitmap cell: the successful and the failed transactions of one row in one column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The row, see [`crate::hitmap`].
    pub row: u8,
    /// Successful transactions. They are *slow* in rows at or over the slow threshold.
    pub ok: u32,
    /// Failed transactions.
    pub error: u32,
}

/// Counts and latency of one key in one bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollup {
    /// Number of transactions, calls or errors.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Sum of their durations, in nanoseconds; saturates.
    pub total_ns: u64,
    /// Their latencies.
    pub latency: LatencyHistogram,
    /// Hitmap cells, ascending by row; empty unless the key is of transactions.
    pub cells: Vec<Cell>,
}

/// A borrowed rollup. Cells and entries must be in ascending order.
#[derive(Debug, Clone, Copy)]
pub struct RollupRef<'a> {
    /// [`Rollup::count`].
    pub count: u64,
    /// [`Rollup::errors`].
    pub errors: u64,
    /// [`Rollup::total_ns`].
    pub total_ns: u64,
    /// The entries of [`Rollup::latency`].
    pub latency: &'a [(u16, u32)],
    /// [`Rollup::cells`].
    pub cells: &'a [Cell],
}

impl<'a> From<&'a Rollup> for RollupRef<'a> {
    fn from(rollup: &'a Rollup) -> Self {
        Self {
            count: rollup.count,
            errors: rollup.errors,
            total_ns: rollup.total_ns,
            latency: rollup.latency.buckets(),
            cells: &rollup.cells,
        }
    }
}

impl Rollup {
    /// Counts one call or error.
    pub fn record(&mut self, duration: Duration, failed: bool) {
        self.count += 1;
        self.errors += u64::from(failed);
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.total_ns = self.total_ns.saturating_add(nanos);
        self.latency.record(duration);
    }

    /// Counts one transaction, including its hitmap cell.
    pub fn record_transaction(&mut self, duration: Duration, outcome: Outcome) {
        let failed = outcome == Outcome::Error;
        self.record(duration, failed);
        self.add_cell(Cell {
            row: row_of(duration),
            ok: u32::from(!failed),
            error: u32::from(failed),
        });
    }

    /// Adds the counts of `other`.
    pub fn merge<'a>(&mut self, other: impl Into<RollupRef<'a>>) {
        let other = other.into();
        self.count = self.count.saturating_add(other.count);
        self.errors = self.errors.saturating_add(other.errors);
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.latency.merge_entries(other.latency);
        if self.cells.is_empty() {
            self.cells.extend_from_slice(other.cells);
        } else {
            other.cells.iter().for_each(|cell| self.add_cell(*cell));
        }
    }

    /// Adds a cell to the cell of the same row.
    pub fn add_cell(&mut self, cell: Cell) {
        match self.cells.binary_search_by_key(&cell.row, |have| have.row) {
            Ok(at) => {
                let have = &mut self.cells[at];
                have.ok = have.ok.saturating_add(cell.ok);
                have.error = have.error.saturating_add(cell.error);
            }
            Err(at) => self.cells.insert(at, cell),
        }
    }
}

/// Rollups by 5 s bucket and key: the contents of a batch, of the memtable or of the live window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollupSet {
    buckets: std::collections::BTreeMap<UnixNanos, HashMap<RollupKey, Rollup, RandomState>>,
}

/// A key made of symbols of one batch. Spans are counted under it before texts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct BatchKey {
    bucket: UnixNanos,
    resource: u32,
    what: BatchWhat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum BatchWhat {
    Transaction(Symbol, TransactionKind),
    Call(CallCategory, Symbol, Symbol),
    Error(Symbol, Symbol),
    FailedCall(CallCategory, Symbol, CallFailure),
}

impl RollupSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a span: as a transaction, as its error, as a client call, or not at all.
    pub fn observe(&mut self, span: &Span) {
        if span.transaction.is_none() && span.call.is_none() {
            return;
        }
        let (service, duration) = (ServiceKey::of(&span.resource), span.duration());
        let bucket = self.buckets.entry(span.end.floor(COLUMN)).or_default();
        if let Some(call) = &span.call {
            let key = RollupKey::Call {
                service: service.clone(),
                category: call.category,
                target: call.target.clone(),
                detail: call.detail.clone(),
            };
            bucket.entry(key).or_default().record(duration, call.failed);
            if call.failed {
                let error_type = span.error_type.as_deref().unwrap_or_default();
                let key = RollupKey::FailedCall {
                    service: service.clone(),
                    category: call.category,
                    target: call.target.clone(),
                    failure: CallFailure::of(span.http_status, error_type, &span.status_message),
                    instance: span.resource.instance.clone(),
                };
                bucket.entry(key).or_default().record(duration, true);
            }
        }
        let Some(transaction) = &span.transaction else {
            return;
        };
        if transaction.outcome == Outcome::Error {
            let key = RollupKey::Error {
                service: service.clone(),
                error_type: span.error_type.clone().unwrap_or_else(|| "error".into()),
                operation: transaction.operation.clone(),
            };
            bucket.entry(key).or_default().record(duration, true);
        }
        let key = RollupKey::Transaction {
            service,
            operation: transaction.operation.clone(),
            instance: span.resource.instance.clone(),
            version: span.resource.version.clone(),
            kind: transaction.kind,
        };
        bucket
            .entry(key)
            .or_default()
            .record_transaction(duration, transaction.outcome);
    }

    /// Counts the spans of a batch. The result is the same as that of [`Self::observe`] for each
    /// span.
    pub fn of(batch: &SpanBatch) -> Self {
        let mut counted: HashMap<BatchKey, Rollup, RandomState> = HashMap::default();
        for row in &batch.rows {
            let shape = batch.shape(row);
            if shape.transaction.is_none() && shape.call.is_none() {
                continue;
            }
            let duration = row.end.since(row.start);
            let key = |what| BatchKey {
                bucket: row.end.floor(COLUMN),
                resource: row.resource,
                what,
            };
            if let Some(call) = shape.call {
                let what = BatchWhat::Call(call.category, call.target, call.detail);
                counted
                    .entry(key(what))
                    .or_default()
                    .record(duration, call.failed);
                if call.failed {
                    let failure = CallFailure::of(
                        shape.http_status,
                        batch.words.get(shape.error_type),
                        batch.words.get(shape.status_message),
                    );
                    let what = BatchWhat::FailedCall(call.category, call.target, failure);
                    counted.entry(key(what)).or_default().record(duration, true);
                }
            }
            let Some(transaction) = shape.transaction else {
                continue;
            };
            if transaction.outcome == Outcome::Error {
                let key = key(BatchWhat::Error(shape.error_type, transaction.operation));
                counted.entry(key).or_default().record(duration, true);
            }
            counted
                .entry(key(BatchWhat::Transaction(
                    transaction.operation,
                    transaction.kind,
                )))
                .or_default()
                .record_transaction(duration, transaction.outcome);
        }
        let services: Vec<ServiceKey> = batch
            .resources
            .iter()
            .map(|resource| ServiceKey::of(resource))
            .collect();
        let mut texts: HashMap<Symbol, Text, RandomState> = HashMap::default();
        let mut text = |symbol: Symbol| {
            let made = texts
                .entry(symbol)
                .or_insert_with(|| batch.words.get(symbol).into());
            made.clone()
        };
        let mut set = Self::new();
        for (key, rollup) in counted {
            let service = services[key.resource as usize].clone();
            let resource = &batch.resources[key.resource as usize];
            let named = match key.what {
                BatchWhat::Transaction(operation, kind) => RollupKey::Transaction {
                    service,
                    operation: text(operation),
                    instance: resource.instance.clone(),
                    version: resource.version.clone(),
                    kind,
                },
                BatchWhat::Call(category, target, detail) => RollupKey::Call {
                    service,
                    category,
                    target: text(target),
                    detail: text(detail),
                },
                BatchWhat::Error(error_type, operation) => RollupKey::Error {
                    service,
                    error_type: match error_type {
                        Symbol::EMPTY => "error".into(),
                        named => text(named),
                    },
                    operation: text(operation),
                },
                BatchWhat::FailedCall(category, target, failure) => RollupKey::FailedCall {
                    service,
                    category,
                    target: text(target),
                    failure,
                    instance: resource.instance.clone(),
                },
            };
            set.put(key.bucket, named, rollup);
        }
        set
    }

    /// Adds one rollup by value.
    fn put(&mut self, bucket: UnixNanos, key: RollupKey, rollup: Rollup) {
        match self.buckets.entry(bucket).or_default().entry(key) {
            Entry::Occupied(mut have) => have.get_mut().merge(&rollup),
            Entry::Vacant(free) => {
                free.insert(rollup);
            }
        }
    }

    /// Adds one rollup.
    pub fn add<'a>(
        &mut self,
        bucket: UnixNanos,
        key: &RollupKey,
        rollup: impl Into<RollupRef<'a>>,
    ) {
        let keys = self.buckets.entry(bucket).or_default();
        match keys.get_mut(key) {
            Some(have) => have.merge(rollup),
            None => {
                let mut new = Rollup::default();
                new.merge(rollup);
                keys.insert(key.clone(), new);
            }
        }
    }

    /// Adds all rollups of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, key, rollup) in other.iter() {
            self.add(bucket, key, rollup);
        }
    }

    /// The same counts in wider buckets. `width` must be a multiple of 5 s.
    pub fn widened(&self, width: Duration) -> Self {
        let mut wide = Self::new();
        for (bucket, key, rollup) in self.iter() {
            wide.add(bucket.floor(width), key, rollup);
        }
        wide
    }

    /// All rollups, by ascending bucket.
    pub fn iter(&self) -> impl Iterator<Item = (UnixNanos, &RollupKey, &Rollup)> {
        self.buckets
            .iter()
            .flat_map(|(bucket, keys)| keys.iter().map(|(key, rollup)| (*bucket, key, rollup)))
    }

    /// The rollups of the buckets that start in `range`.
    pub fn range(
        &self,
        range: crate::TimeRange,
    ) -> impl Iterator<Item = (UnixNanos, &RollupKey, &Rollup)> {
        let to = range.to.max(range.from);
        self.buckets
            .range(range.from..to)
            .flat_map(|(bucket, keys)| keys.iter().map(|(key, rollup)| (*bucket, key, rollup)))
    }

    /// A copy of the buckets that start at `from` or later.
    pub fn since(&self, from: UnixNanos) -> Self {
        let later = self.buckets.range(from..);
        Self {
            buckets: later
                .map(|(bucket, keys)| (*bucket, keys.clone()))
                .collect(),
        }
    }

    /// The buckets that have a rollup, ascending.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = UnixNanos> {
        self.buckets.keys().copied()
    }

    /// Drops the buckets that start before `bound`.
    pub fn forget_before(&mut self, bound: UnixNanos) {
        self.buckets = self.buckets.split_off(&bound);
    }

    /// Number of (bucket, key) pairs.
    pub fn len(&self) -> usize {
        self.buckets.values().map(|keys| keys.len()).sum()
    }

    /// Whether the set has no rollups.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(row: u8, ok: u32, error: u32) -> Cell {
        Cell { row, ok, error }
    }

    #[test]
    fn cells_stay_sorted_and_sum_to_the_count() {
        let mut rollup = Rollup::default();
        for (millis, outcome) in [
            (1_500, Outcome::Ok),
            (3, Outcome::Ok),
            (1_510, Outcome::Error),
        ] {
            rollup.record_transaction(Duration::from_millis(millis), outcome);
        }
        let mut twice = rollup.clone();
        twice.merge(&rollup);
        assert_eq!(twice.count, 6);
        let cells: u64 = twice
            .cells
            .iter()
            .map(|cell| u64::from(cell.ok + cell.error))
            .sum();
        assert_eq!(cells, twice.count);
        assert!(twice.cells.windows(2).all(|pair| pair[0].row < pair[1].row));
        assert_eq!(
            twice.cells.last(),
            Some(&cell(row_of(Duration::from_millis(1_500)), 2, 2))
        );
    }

    #[test]
    fn widening_keeps_every_count() {
        let key = RollupKey::Error {
            service: ServiceKey {
                service: "a".into(),
                namespace: "".into(),
                environment: "".into(),
            },
            error_type: "500".into(),
            operation: "GET /".into(),
        };
        let mut set = RollupSet::new();
        for second in [0, 5, 55, 60, 65] {
            let mut rollup = Rollup::default();
            rollup.record(Duration::from_millis(second + 1), true);
            set.add(UnixNanos::from_millis(second as i64 * 1_000), &key, &rollup);
        }
        let wide = set.widened(Duration::from_secs(60));
        let counts: Vec<u64> = wide.iter().map(|(_, _, rollup)| rollup.count).collect();
        assert_eq!(counts, [3, 2]);
    }
}
