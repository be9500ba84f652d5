//! Collects the newest hits of a search, up to a limit. Avoids reading rows that are too old to be
//! among them.

use super::FoundRow;
use crate::{AttributeRow, Matched};
use hinomi_model::{Cursor, UnixNanos};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

/// The hits of one file are pruned when their number reaches this multiple of the limit.
const SLACK: usize = 4;

/// A row of a file that may belong to the answer.
pub(crate) struct Hit {
    pub group: usize,
    /// Row number in its row group.
    pub at: usize,
    pub end: i64,
    pub matched: Arc<Matched>,
}

/// The newest spans after the cursor.
pub(crate) struct NewestHits {
    limit: usize,
    before: Option<Cursor>,
    rows: BTreeMap<Cursor, AttributeRow>,
    /// Whether the limit excluded a hit, or rows that may contain one.
    pub dropped: bool,
}

impl NewestHits {
    pub fn new(limit: usize, before: Option<Cursor>) -> Self {
        Self {
            limit: limit.max(1),
            before,
            rows: BTreeMap::new(),
            dropped: false,
        }
    }

    /// Adds the span if it is among the newest, and returns a copy of it if so.
    pub fn put(
        &mut self,
        place: Cursor,
        row: impl FnOnce() -> AttributeRow,
    ) -> Option<AttributeRow> {
        let behind = self.before.is_none_or(|before| place < before);
        if !behind || self.rows.contains_key(&place) {
            return None;
        }
        if self.is_full() {
            self.dropped = true;
            let oldest = self.rows.first_key_value().map(|(oldest, _)| *oldest)?;
            if place < oldest {
                return None;
            }
            self.rows.remove(&oldest);
        }
        let row = row();
        self.rows.insert(place, row.clone());
        Some(row)
    }

    pub fn is_full(&self) -> bool {
        self.rows.len() >= self.limit
    }

    /// Whether nothing that ended before the instant can belong to the answer.
    pub fn is_full_before(&self, instant: UnixNanos) -> bool {
        self.is_full()
            && self
                .rows
                .first_key_value()
                .is_some_and(|(oldest, _)| oldest.end >= instant)
    }

    pub fn forget_before(&mut self, instant: UnixNanos) {
        self.rows.retain(|place, _| place.end >= instant);
    }

    /// The rows, newest first.
    pub fn into_rows(self) -> Vec<AttributeRow> {
        self.rows.into_values().rev().collect()
    }

    pub fn floor(&self) -> Floor {
        Floor {
            limit: self.limit,
            before: self.before.map(|before| before.end.0),
            newest: self.rows.keys().map(|place| Reverse(place.end.0)).collect(),
            dropped: false,
        }
    }
}

/// The oldest end that a hit may have to belong to the answer. Ids are read only for such hits, so
/// rows with the same end are all kept.
pub(crate) struct Floor {
    limit: usize,
    before: Option<i64>,
    /// Ends of the newest hits, the oldest on top. Excludes hits that end exactly at the cursor,
    /// because only their ids tell whether they are after it.
    newest: BinaryHeap<Reverse<i64>>,
    pub dropped: bool,
}

impl Floor {
    /// Whether hits with this end are too old.
    pub fn is_above(&self, end: i64) -> bool {
        end < self.floor()
    }

    fn floor(&self) -> i64 {
        match self.newest.peek() {
            Some(Reverse(oldest)) if self.newest.len() >= self.limit => *oldest,
            _ => i64::MIN,
        }
    }

    /// Adds the matches of one batch.
    pub fn add(&mut self, hits: &mut Vec<Hit>, group: usize, found: Vec<FoundRow>) {
        for FoundRow {
            at, end, matched, ..
        } in found
        {
            if self.is_above(end) {
                self.dropped = true;
                continue;
            }
            if self.before != Some(end) {
                self.newest.push(Reverse(end));
                if self.newest.len() > self.limit {
                    self.newest.pop();
                }
            }
            hits.push(Hit {
                group,
                at,
                end,
                matched,
            });
        }
        if hits.len() > SLACK * self.limit {
            self.settle(hits);
        }
    }

    /// Drops hits that have become too old.
    pub fn settle(&mut self, hits: &mut Vec<Hit>) {
        let (floor, before) = (self.floor(), hits.len());
        hits.retain(|hit| hit.end >= floor);
        self.dropped |= hits.len() < before;
    }
}
