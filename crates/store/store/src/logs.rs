//! Log records: which are asked for, and pages of them.

use crate::Lost;
use hinomi_model::{LogRecord, Scope, SpanId, Text, TimeRange, TraceId, UnixNanos};
use std::{cmp::Reverse, collections::BinaryHeap};

/// A question about log records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSearch {
    /// Project, environment and namespace.
    pub scope: Scope,
    /// When they were written.
    pub range: TimeRange,
    /// Only of this service.
    pub service: Option<Text>,
    /// Only of this severity number or a higher one; 0 for all.
    pub min_severity: u8,
    /// Only those written in this trace.
    pub trace_id: Option<TraceId>,
    /// Only those behind this place of the list.
    pub after: Option<LogCursor>,
    /// Maximum number of records on the page.
    pub limit: usize,
}

/// A page of log records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LogRows {
    /// Number of records that were found, on all pages.
    pub total: u64,
    /// The newest records behind the cursor, newest first.
    pub rows: Vec<LogRecord>,
    /// Where the next page begins; `None` when this is the last one.
    pub next: Option<LogCursor>,
    /// What is known to be missing from the answer.
    pub lost: Vec<Lost>,
}

/// A place in a list of log records.
///
/// Records have no ids. Those of one instant are ordered by a hash of what they say, and equal ones are
/// counted, so that records that come in later do not move a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogCursor {
    /// Time of the last record before the place.
    pub time: UnixNanos,
    /// Its hash.
    pub hash: u64,
    /// How many records with this time and hash stand before the place.
    pub count: u32,
}

/// Collects the page of a search. Both engines order and cut a list by it.
pub struct LogPage {
    after: Option<LogCursor>,
    limit: usize,
    total: u64,
    /// Records that equal the cursor's, skipped so far.
    skipped: u32,
    /// The newest records and one more; the oldest on top.
    newest: BinaryHeap<Reverse<Ranked>>,
}

/// A record with its place.
struct Ranked {
    place: (UnixNanos, u64),
    record: LogRecord,
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place.cmp(&other.place)
    }
}

impl LogPage {
    /// An empty page. `most` bounds the number of its records, whatever the search says.
    pub fn new(search: &LogSearch, most: usize) -> Self {
        Self {
            after: search.after,
            limit: search.limit.min(most),
            total: 0,
            skipped: 0,
            newest: BinaryHeap::new(),
        }
    }

    /// The instant of the cursor behind which the page begins.
    pub fn after(&self) -> Option<UnixNanos> {
        self.after.map(|after| after.time)
    }

    /// Counts records that were found.
    pub fn count(&mut self, records: u64) {
        self.total += records;
    }

    /// The number of records that have to be known to cut the page: one more than it holds.
    pub fn needed(&self) -> usize {
        self.limit + 1
    }

    /// Whether a record of this time may belong to the page.
    pub fn may_hold(&self, time: UnixNanos) -> bool {
        let is_behind = self.after.is_none_or(|after| time <= after.time);
        let oldest = self.newest.peek().map(|oldest| oldest.0.place.0);
        let is_full = self.newest.len() > self.limit;
        is_behind && !(is_full && oldest.is_some_and(|oldest| time < oldest))
    }

    /// Adds a record that was counted.
    pub fn add(&mut self, record: LogRecord) {
        if !self.may_hold(record.time) {
            return;
        }
        let place = (record.time, hash(&record));
        if let Some(after) = self.after {
            match place.cmp(&(after.time, after.hash)) {
                std::cmp::Ordering::Greater => return,
                std::cmp::Ordering::Equal if self.skipped < after.count => {
                    self.skipped += 1;
                    return;
                }
                _ => {}
            }
        }
        self.newest.push(Reverse(Ranked { place, record }));
        if self.newest.len() > self.needed() {
            self.newest.pop();
        }
    }

    /// The page. `lost` is known to be missing from it.
    pub fn finish(self, lost: Vec<Lost>) -> LogRows {
        // The heap holds `Reverse` values, so ascending order is newest first.
        let mut ranked = self.newest.into_sorted_vec();
        let is_last = ranked.len() <= self.limit;
        ranked.truncate(self.limit);
        let last = ranked.last().map(|last| last.0.place);
        let next = last.filter(|_| !is_last).map(|(time, hash)| {
            let equal = ranked.iter().rev();
            let equal = equal.take_while(|ranked| ranked.0.place == (time, hash));
            let before = self
                .after
                .filter(|after| (after.time, after.hash) == (time, hash));
            LogCursor {
                time,
                hash,
                count: equal.count() as u32 + before.map_or(0, |before| before.count),
            }
        });
        LogRows {
            total: self.total,
            rows: ranked.into_iter().map(|ranked| ranked.0.record).collect(),
            next,
            lost,
        }
    }
}

/// A hash of what a record says: FNV-1a of 64 bits. Cursors hold it, so it must never change.
fn hash(record: &LogRecord) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    let resource = &record.resource;
    add(record.body.as_bytes());
    add(record.attributes.as_bytes());
    add(record.severity_text.as_bytes());
    add(record.event_name.as_bytes());
    add(record.scope.as_bytes());
    add(&[record.severity, u8::from(record.body_is_json)]);
    add(&record.observed.0.to_le_bytes());
    add(&record.trace_id.map_or([0; 16], |id| *id.as_bytes()));
    add(&record.span_id.map_or([0; 8], |id: SpanId| *id.as_bytes()));
    for part in [
        &resource.service,
        &resource.namespace,
        &resource.environment,
        &resource.instance,
        &resource.version,
        &resource.host,
        &resource.attributes,
    ] {
        add(part.as_bytes());
    }
    hash
}
