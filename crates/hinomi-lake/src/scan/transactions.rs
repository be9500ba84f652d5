//! The list behind a hitmap's region: counts all that is selected, keeps the newest of a page.

use crate::{
    LakeError, Lost, TransactionRow, TransactionRows, TransactionSearch,
    cancel::Cancel,
    columns::{Columns, Texts, optional_u16},
    decode,
    filter::TransactionFilter,
    scan::{
        self,
        attributes::{self, SpanFilter},
        late, scan_open,
    },
    schema::{Table, transactions as t},
    state::Shared,
};
use arrow_array::{FixedSizeBinaryArray, RecordBatch};
use hinomi_model::{Cursor, SpanBatch, UnixNanos};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashSet},
    time::Duration,
};

pub(crate) fn search(
    shared: &Shared,
    search: &TransactionSearch,
    cancel: &Cancel,
) -> Result<TransactionRows, LakeError> {
    let project = &search.selection.scope.project;
    // Only table `spans` has attributes.
    let attributes = attributes::transactions::span_filter(search);
    let table = match attributes {
        Some(_) => Table::Spans,
        None => Table::Transactions,
    };
    let mut snapshot = shared.read().snapshot(project, table, Some(search.range));
    let filter = TransactionFilter::new(search);
    let limit = search.limit.min(shared.limits.page_rows);
    let mut page = Page {
        after: search.after,
        limit,
        total: 0,
        behind: 0,
        newest: BinaryHeap::new(),
    };
    for chunk in &snapshot.chunks {
        cancel.check()?;
        page.add_chunk(&filter, attributes.as_ref(), &chunk.spans);
    }
    // Newest first: what older segments hold is then mostly counted and not read out.
    snapshot
        .segments
        .sort_by_key(|segment| Reverse(segment.range.to));
    let mut lost = std::mem::take(&mut snapshot.lost);
    for segment in &snapshot.segments {
        let whole = match &attributes {
            Some(attributes) => scan_open(shared, segment, cancel, |open| {
                attributes::transactions::scan(&open, attributes, cancel, |batch| {
                    page.add(&filter, batch)
                })
            })?,
            None => late::scan(shared, segment, &filter, &mut page, cancel)?,
        };
        if !whole {
            lost.push(scan::lost(segment));
        }
    }
    Ok(page.finish(lost))
}

pub(crate) struct Page {
    after: Option<Cursor>,
    limit: usize,
    /// Selected rows.
    total: u64,
    /// Those of them that are behind the cursor.
    behind: u64,
    /// The newest of those; the oldest on top.
    newest: BinaryHeap<Reverse<Ranked>>,
}

impl Page {
    fn add_chunk(
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

    /// Adds those of a batch of whole rows that are selected.
    fn add(&mut self, filter: &TransactionFilter, batch: &RecordBatch) -> Result<(), LakeError> {
        let selected = filter.select(batch)?;
        self.count(selected.len());
        let columns = Columns(batch);
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

    /// Whether a row that ended then can be behind the cursor; counts it when it surely is.
    pub fn may_follow(&mut self, end: UnixNanos) -> bool {
        let Some(after) = self.after else {
            self.behind += 1;
            return true;
        };
        self.behind += u64::from(end < after.end);
        end <= after.end
    }

    /// Of rows with their ends those that can come onto the page; rows of one end cannot be told
    /// apart yet and all stay.
    pub fn worth_reading(&self, found: Vec<(UnixNanos, usize)>) -> Vec<usize> {
        // Those that end with the cursor's row may lie before it: they are no reason to leave out
        // others.
        let ties =
            |(end, _): &(UnixNanos, usize)| self.after.is_some_and(|after| *end == after.end);
        let (tied, mut behind): (Vec<_>, Vec<_>) = found.into_iter().partition(ties);
        if self.newest.len() >= self.limit {
            let oldest = self.newest.peek().map(|oldest| oldest.0.place.end);
            behind.retain(|(end, _)| oldest.is_some_and(|oldest| *end >= oldest));
        }
        if behind.len() > self.limit && self.limit > 0 {
            let (_, last, _) = behind.select_nth_unstable_by(self.limit - 1, |a, b| b.0.cmp(&a.0));
            let last = last.0;
            behind.retain(|(end, _)| *end >= last);
        }
        tied.into_iter().chain(behind).map(|(_, row)| row).collect()
    }

    /// Adds rows that are selected and counted.
    pub fn add_found(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        let columns = Columns(batch);
        let ends = columns.instants(t::END)?;
        let (trace_ids, span_ids) = (columns.binary(t::TRACE_ID)?, columns.binary(t::SPAN_ID)?);
        let mut reader = RowReader::new(batch)?;
        for (row, end) in ends.iter().enumerate() {
            let place = cursor(UnixNanos(*end), trace_ids, span_ids, row)?;
            if let Some(after) = self.after {
                if place >= after {
                    continue;
                }
                // Not counted before, because its end did not tell.
                self.behind += u64::from(place.end == after.end);
            }
            if self.has_room_for(&place) {
                let row = reader.row(place, row)?;
                self.put(place, row);
            }
        }
        Ok(())
    }

    /// Those that may come onto the page, newest first; counts what is behind the cursor.
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

    fn finish(self, lost: Vec<Lost>) -> TransactionRows {
        // Ascending by `Reverse` is newest first.
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

/// A row with its place in the list, which orders it.
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

/// The transaction of a row in memory.
fn row_of(spans: &SpanBatch, at: usize) -> Option<TransactionRow> {
    let row = &spans.rows[at];
    let (shape, resource) = (spans.shape(row), spans.resource(row));
    let transaction = shape.transaction?;
    Some(TransactionRow {
        trace_id: row.trace_id,
        span_id: row.span_id,
        service: resource.service.clone(),
        namespace: resource.namespace.clone(),
        environment: resource.environment.clone(),
        operation: spans.words.get(transaction.operation).into(),
        instance: resource.instance.clone(),
        version: resource.version.clone(),
        end: row.end,
        duration: row.end.since(row.start),
        outcome: transaction.outcome,
        http_status: shape.http_status,
        error_type: (!shape.error_type.is_empty())
            .then(|| spans.words.get(shape.error_type).into()),
    })
}

/// Reads out rows of one batch.
struct RowReader<'a> {
    columns: Columns<'a>,
    durations: &'a [i64],
    service: Texts<'a>,
    namespace: Texts<'a>,
    environment: Texts<'a>,
    operation: Texts<'a>,
    instance: Texts<'a>,
    version: Texts<'a>,
    error_type: Texts<'a>,
}

impl<'a> RowReader<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, LakeError> {
        let columns = Columns(batch);
        let texts = |at| columns.words(at).map(Texts::new);
        Ok(Self {
            columns,
            durations: columns.i64s(t::DURATION)?,
            service: texts(t::SERVICE)?,
            namespace: texts(t::NAMESPACE)?,
            environment: texts(t::ENVIRONMENT)?,
            operation: texts(t::OPERATION)?,
            instance: texts(t::INSTANCE)?,
            version: texts(t::VERSION)?,
            error_type: texts(t::ERROR_TYPE)?,
        })
    }

    fn row(&mut self, place: Cursor, row: usize) -> Result<TransactionRow, LakeError> {
        Ok(TransactionRow {
            trace_id: place.trace_id,
            span_id: place.span_id,
            service: self.service.required(row),
            namespace: self.namespace.required(row),
            environment: self.environment.required(row),
            operation: self.operation.required(row),
            instance: self.instance.required(row),
            version: self.version.required(row),
            end: place.end,
            duration: Duration::from_nanos(self.durations[row].max(0) as u64),
            outcome: decode::outcome(self.columns.u8s(t::OUTCOME)?.value(row))?,
            http_status: optional_u16(self.columns.u16s(t::HTTP_STATUS)?, row),
            error_type: self.error_type.get(row),
        })
    }
}
