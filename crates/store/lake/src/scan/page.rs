//! A page of the newest transactions of a list, while it is collected.

use crate::{
    LakeError, Lost, TransactionRow, TransactionRows,
    scan::{
        attributes::SpanFilter,
        filter::TransactionFilter,
        row::{RowReader, row_of},
    },
    tables::{spans::decode, transactions::columns as t},
};
use arrow_array::{FixedSizeBinaryArray, RecordBatch};
use hinomi_columnar::BatchColumns;
use hinomi_model::{Cursor, SpanBatch, UnixNanos};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
};

/// Location of a row that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// Index of its segment in the search.
    pub segment: usize,
    pub group: usize,
    /// Row number in its row group.
    pub row: usize,
}

/// Places are pruned when their number exceeds the page limit by this much.
const SPARE_PLACES: usize = 4 << 10;

pub(crate) struct Page {
    after: Option<Cursor>,
    limit: usize,
    /// Number of selected rows.
    total: u64,
    /// Number of selected rows after the cursor.
    behind: u64,
    /// The newest decoded rows; the oldest on top.
    newest: BinaryHeap<Reverse<Ranked>>,
    /// Ends of the newest places that are certainly after the cursor; the oldest on top.
    newest_ends: BinaryHeap<Reverse<UnixNanos>>,
    /// Rows that were found but not decoded yet.
    places: Vec<(UnixNanos, Place)>,
}

impl Page {
    pub fn new(after: Option<Cursor>, limit: usize) -> Self {
        Self {
            after,
            limit,
            total: 0,
            behind: 0,
            newest: BinaryHeap::new(),
            newest_ends: BinaryHeap::new(),
            places: Vec::new(),
        }
    }

    pub fn add_chunk(
        &mut self,
        filter: &TransactionFilter,
        attributes: Option<&SpanFilter>,
        spans: &SpanBatch,
    ) {
        let mut selected = filter.select_spans(spans);
        if let Some(attributes) = attributes
            && !selected.is_empty()
        {
            let having: HashSet<usize> = attributes
                .select_spans(spans)
                .into_iter()
                .map(|(at, _)| at)
                .collect();
            selected.retain(|at| having.contains(at));
        }
        self.total += selected.len() as u64;
        let places = selected.into_iter().map(|at| {
            let row = &spans.rows[at];
            let place = Cursor {
                end: row.end,
                trace_id: row.trace_id,
                span_id: row.span_id,
            };
            (place, at)
        });
        for (place, at) in self.candidates(places) {
            if !self.has_room_for(&place) {
                break;
            }
            if let Some(row) = row_of(spans, at) {
                self.put(place, row);
            }
        }
    }

    /// Adds the selected rows of a batch with all columns.
    pub fn add(
        &mut self,
        filter: &TransactionFilter,
        batch: &RecordBatch,
    ) -> Result<(), LakeError> {
        let selected = filter.select(batch)?;
        self.count(selected.len());
        let columns = BatchColumns(batch);
        let ends = columns.instants(t::END)?;
        let (trace_ids, span_ids) = (columns.binary(t::TRACE_ID)?, columns.binary(t::SPAN_ID)?);
        let places = selected
            .into_iter()
            .map(|row| Ok((cursor(UnixNanos(ends[row]), trace_ids, span_ids, row)?, row)))
            .collect::<Result<Vec<_>, LakeError>>()?;
        let mut reader = RowReader::new(batch)?;
        for (place, row) in self.candidates(places.into_iter()) {
            let row = reader.row(place, row)?;
            self.put(place, row);
        }
        Ok(())
    }

    /// Counts selected rows.
    pub fn count(&mut self, rows: usize) {
        self.total += rows as u64;
    }

    /// Whether rows that ended at `newest` or earlier cannot belong to the page. If so, counts them
    /// as after the cursor.
    pub fn is_below(&mut self, newest: UnixNanos, rows: usize) -> bool {
        let are_behind = self.after.is_none_or(|after| newest < after.end);
        let is_below = are_behind && self.floor().is_some_and(|floor| newest < floor);
        if is_below {
            self.behind += rows as u64;
        }
        is_below
    }

    /// Records a row that may belong to the page.
    pub fn found(&mut self, end: UnixNanos, place: Place) {
        match self.after {
            Some(after) if end > after.end => return,
            // For rows that end exactly at the cursor, only their ids tell whether they are after
            // it.
            Some(after) if end == after.end => return self.places.push((end, place)),
            _ => self.behind += 1,
        }
        if self.floor().is_some_and(|floor| end < floor) {
            return;
        }
        if self.newest_ends.len() == self.limit {
            self.newest_ends.pop();
        }
        self.newest_ends.push(Reverse(end));
        self.places.push((end, place));
        if self.places.len() > 2 * self.limit + SPARE_PLACES {
            self.forget_below();
        }
    }

    /// Rows that ended before this instant cannot belong to the page.
    fn floor(&self) -> Option<UnixNanos> {
        if self.limit == 0 {
            return Some(UnixNanos(i64::MAX));
        }
        let read = (self.newest.len() == self.limit).then(|| self.newest.peek());
        let found = (self.newest_ends.len() == self.limit).then(|| self.newest_ends.peek());
        let read = read.flatten().map(|oldest| oldest.0.place.end);
        read.max(found.flatten().map(|oldest| oldest.0))
    }

    fn forget_below(&mut self) {
        let (floor, after) = (self.floor(), self.after);
        self.places.retain(|(end, _)| {
            let is_tied = after.is_some_and(|after| *end == after.end);
            is_tied || floor.is_none_or(|floor| *end >= floor)
        });
    }

    /// The rows that have to be decoded, sorted by location.
    pub fn take_places(&mut self) -> Vec<Place> {
        self.forget_below();
        let places = std::mem::take(&mut self.places).into_iter();
        let mut places: Vec<Place> = places.map(|(_, place)| place).collect();
        places.sort_unstable();
        places
    }

    /// Adds rows that are already selected and counted.
    pub fn add_found(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let columns = BatchColumns(batch);
        let ends = columns.instants(t::END)?;
        let (trace_ids, span_ids) = (columns.binary(t::TRACE_ID)?, columns.binary(t::SPAN_ID)?);
        let mut reader = RowReader::new(batch)?;
        for (row, end) in ends.iter().enumerate() {
            let place = cursor(UnixNanos(*end), trace_ids, span_ids, row)?;
            if let Some(after) = self.after {
                if place >= after {
                    continue;
                }
                // Counted only now, because its end alone did not tell whether it is after the
                // cursor.
                self.behind += u64::from(place.end == after.end);
            }
            if self.has_room_for(&place) {
                let row = reader.row(place, row)?;
                self.put(place, row);
            }
        }
        Ok(())
    }

    /// The rows that may belong to the page, newest first. Counts the rows after the cursor.
    fn candidates(
        &mut self,
        places: impl Iterator<Item = (Cursor, usize)>,
    ) -> Vec<(Cursor, usize)> {
        let mut candidates = Vec::new();
        for (place, row) in places {
            if self.after.is_some_and(|after| place >= after) {
                continue;
            }
            self.behind += 1;
            if self.has_room_for(&place) {
                candidates.push((Reverse(place), row));
            }
        }
        if candidates.len() > self.limit {
            candidates.select_nth_unstable(self.limit);
            candidates.truncate(self.limit);
        }
        candidates.sort_unstable();
        candidates
            .into_iter()
            .map(|(Reverse(place), row)| (place, row))
            .collect()
    }

    fn put(&mut self, place: Cursor, row: TransactionRow) {
        if self.newest.len() == self.limit {
            self.newest.pop();
        }
        self.newest.push(Reverse(Ranked { place, row }));
    }

    fn has_room_for(&self, place: &Cursor) -> bool {
        self.newest.len() < self.limit
            || self
                .newest
                .peek()
                .is_some_and(|oldest| *place > oldest.0.place)
    }

    pub fn finish(self, lost: Vec<Lost>) -> TransactionRows {
        // The heap holds `Reverse` values, so ascending order is newest first.
        let rows: Vec<TransactionRow> = self
            .newest
            .into_sorted_vec()
            .into_iter()
            .map(|ranked| ranked.0.row)
            .collect();
        let more = self.behind > rows.len() as u64;
        TransactionRows {
            total: self.total,
            rows,
            more,
            partial: !lost.is_empty(),
            lost,
        }
    }
}

/// A row with its cursor, by which it is ordered.
struct Ranked {
    place: Cursor,
    row: TransactionRow,
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

fn cursor(
    end: UnixNanos,
    trace_ids: &FixedSizeBinaryArray,
    span_ids: &FixedSizeBinaryArray,
    row: usize,
) -> Result<Cursor, LakeError> {
    let trace_id = decode::trace_id(trace_ids, row)?;
    Ok(Cursor {
        end,
        trace_id,
        span_id: decode::span_id(span_ids, row)?,
    })
}
