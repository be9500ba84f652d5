//! The list of log records: counts all that a search finds and returns one page of the newest.
//!
//! The columns that a search tests are read first, and whole rows only for the records of the page.

use super::{columns as l, rows::RowReader};
use crate::{
    LakeError,
    data::Data,
    query::cancel::Cancel,
    scan::{self, scan_open},
    segment::OpenSegment,
    tables::TableId,
};
use arrow_array::RecordBatch;
use hinomi_columnar::{ColumnReader, Condition, NumberFilter, WordFilter, bloom_allows};
use hinomi_model::{LogBatch, Text, UnixNanos, log::LogRow};
use hinomi_store::{LogPage, LogRows, LogSearch};
use std::cmp::Reverse;

/// Places are pruned when their number exceeds what the page needs by this much.
const SPARE_PLACES: usize = 4 << 10;

/// The page of a search.
pub(crate) fn search(
    data: &Data,
    search: &LogSearch,
    cancel: &Cancel,
) -> Result<LogRows, LakeError> {
    loop {
        // If a segment turns out to be damaged, everything is read again without it.
        if let Some(rows) = attempt(data, search, cancel)? {
            return Ok(rows);
        }
        cancel.check()?;
    }
}

/// `None` if a segment turned out to be damaged; the next attempt leaves it out.
fn attempt(data: &Data, search: &LogSearch, cancel: &Cancel) -> Result<Option<LogRows>, LakeError> {
    let project = &search.scope.project;
    let snapshot = data
        .read()
        .snapshot::<LogBatch>(project, TableId::LOGS, Some(search.range));
    let filter = LogFilter::new(search);
    let mut page = LogPage::new(search, data.limits.page_rows);
    for chunk in &snapshot.chunks {
        cancel.check()?;
        for (at, row) in chunk.batch.rows.iter().enumerate() {
            if filter.selects(&chunk.batch, row) {
                page.count(1);
                if page.may_hold(row.time) {
                    page.add(chunk.batch.record(at));
                }
            }
        }
    }
    let mut lost = snapshot.lost;
    let (damaged, mut segments): (Vec<_>, Vec<_>) = snapshot
        .segments
        .into_iter()
        .partition(|segment| segment.is_damaged());
    lost.extend(damaged.iter().map(|segment| scan::lost(segment)));
    // Newest first: rows of older segments then mostly need counting, not decoding.
    segments.sort_by_key(|segment| Reverse(segment.range.to));
    let mut places = Places::new(&page);
    for (at, segment) in segments.iter().enumerate() {
        let whole = scan_open(data, segment, cancel, |open| {
            find(&open, at, &filter, (&mut page, &mut places), cancel)
        })?;
        if !whole {
            return Ok(None);
        }
    }
    for of_group in places
        .finish()
        .chunk_by(|a, b| (a.segment, a.group) == (b.segment, b.group))
    {
        let Place { segment, group, .. } = of_group[0];
        let rows: Vec<usize> = of_group.iter().map(|place| place.row).collect();
        let whole = scan_open(data, &segments[segment], cancel, |open| {
            let batch = read(&open, group, &rows)?;
            let mut reader = RowReader::new(&batch)?;
            for row in 0..batch.num_rows() {
                page.add(reader.record(row)?);
            }
            Ok(())
        })?;
        if !whole {
            return Ok(None);
        }
    }
    Ok(Some(page.finish(lost)))
}

/// Where a record was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    segment: usize,
    group: usize,
    row: usize,
}

/// The places of the newest records found.
struct Places {
    found: Vec<(UnixNanos, Place)>,
    needed: usize,
    /// Older records cannot belong to the page.
    floor: UnixNanos,
    after: Option<UnixNanos>,
}

impl Places {
    fn new(page: &LogPage) -> Self {
        Self {
            found: Vec::new(),
            needed: page.needed(),
            floor: UnixNanos(i64::MIN),
            after: page.after(),
        }
    }

    fn add(&mut self, time: UnixNanos, place: Place) {
        if time < self.floor {
            return;
        }
        self.found.push((time, place));
        if self.found.len() > 2 * self.needed + SPARE_PLACES {
            self.prune();
        }
    }

    /// Keeps the newest, and all of the instant of the oldest of them: only their hashes order them.
    fn prune(&mut self) {
        // Records of the cursor's own instant may stand before it.
        let is_behind = |time: &UnixNanos| self.after.is_none_or(|after| *time < after);
        let mut behind: Vec<UnixNanos> = self.found.iter().map(|(time, _)| *time).collect();
        behind.retain(is_behind);
        if behind.len() > self.needed {
            let newest = behind.len() - self.needed;
            let (_, floor, _) = behind.select_nth_unstable(newest);
            self.floor = *floor;
            let floor = self.floor;
            self.found.retain(|(time, _)| *time >= floor);
        }
    }

    /// The places whose rows have to be decoded, sorted.
    fn finish(mut self) -> Vec<Place> {
        self.prune();
        let mut places: Vec<Place> = self.found.into_iter().map(|(_, place)| place).collect();
        places.sort_unstable();
        places
    }
}

/// A search's conditions on one record.
struct LogFilter<'a> {
    search: &'a LogSearch,
    /// Columns that must equal a word.
    words: Vec<(usize, &'a Text)>,
}

impl<'a> LogFilter<'a> {
    fn new(search: &'a LogSearch) -> Self {
        let words = [
            (l::SERVICE, &search.service),
            (l::NAMESPACE, &search.scope.namespace),
            (l::ENVIRONMENT, &search.scope.environment),
        ];
        let words = words.into_iter();
        Self {
            search,
            words: words
                .filter_map(|(column, word)| Some((column, word.as_ref()?)))
                .collect(),
        }
    }

    /// Whether the search finds a row in memory.
    fn selects(&self, batch: &LogBatch, row: &LogRow) -> bool {
        let search = self.search;
        let resource = batch.resource(row);
        search.range.contains(row.time)
            && row.severity >= search.min_severity
            && search.trace_id.is_none_or(|id| row.trace_id == Some(id))
            && self.words.iter().all(|(column, word)| {
                let have = match *column {
                    l::SERVICE => &resource.service,
                    l::NAMESPACE => &resource.namespace,
                    _ => &resource.environment,
                };
                have == *word
            })
    }

    /// The conditions that footers can refute.
    fn conditions(&self) -> Vec<Condition> {
        let range = self.search.range;
        let last = range.to.0.saturating_sub(1);
        let mut conditions = vec![Condition::Between(l::TIME, range.from.0, last)];
        let words = self.words.iter();
        conditions.extend(
            words.map(|(column, word)| Condition::Equals(*column, word.as_bytes().to_vec())),
        );
        let trace = self.search.trace_id;
        conditions.extend(trace.map(|id| Condition::Equals(l::TRACE_ID, id.as_bytes().to_vec())));
        conditions
    }
}

/// Counts the records of a segment that a search finds, and adds the places of those that may belong to
/// the page.
fn find(
    open: &OpenSegment,
    segment: usize,
    filter: &LogFilter<'_>,
    (page, places): (&mut LogPage, &mut Places),
    cancel: &Cancel,
) -> Result<(), LakeError> {
    let conditions = filter.conditions();
    for (group, metadata) in open.metadata.metadata().row_groups().iter().enumerate() {
        cancel.check()?;
        if !conditions
            .iter()
            .all(|condition| condition.allows_group(metadata))
        {
            continue;
        }
        if let Some(id @ Condition::Equals(l::TRACE_ID, _)) = conditions.last()
            && !bloom_allows(open, group, id)?
        {
            continue;
        }
        let Some(group_filter) = GroupFilter::new(filter, open, group)? else {
            continue;
        };
        let mut times = Vec::new();
        for number in 0..group_filter.time.reader().page_count() {
            cancel.check()?;
            let rows = group_filter.select(number)?;
            page.count(rows.len() as u64);
            if rows.is_empty() {
                continue;
            }
            let first = group_filter.time.reader().rows_of(number).start;
            group_filter.time.reader().numbers(number, &mut times)?;
            for row in rows {
                let time = times.get(row).copied().map(UnixNanos);
                let time = time.ok_or_else(|| LakeError::Columns("a page ends early".into()))?;
                if page.may_hold(time) {
                    let row = first + row;
                    places.add(
                        time,
                        Place {
                            segment,
                            group,
                            row,
                        },
                    );
                }
            }
        }
    }
    Ok(())
}

/// A filter prepared for a row group.
struct GroupFilter<'a> {
    time: NumberFilter<'a>,
    tests: Vec<WordFilter<'a>>,
    /// The trace, and the column of trace ids when it has no dictionary.
    trace: Option<([u8; 16], ColumnReader<'a>)>,
}

impl<'a> GroupFilter<'a> {
    /// `None` if the filter excludes the whole row group.
    fn new(
        filter: &LogFilter<'_>,
        open: &'a OpenSegment,
        group: usize,
    ) -> Result<Option<Self>, LakeError> {
        let search = filter.search;
        let mut tests = Vec::new();
        for (column, word) in &filter.words {
            let is = |have: &[u8]| have == word.as_bytes();
            tests.push(WordFilter::new(open, (group, *column), &is)?);
        }
        if search.min_severity > 0 {
            let least = i32::from(search.min_severity);
            let is = |have: &[u8]| {
                let number = have.try_into().map(i32::from_le_bytes);
                number.is_ok_and(|number| number >= least)
            };
            tests.push(WordFilter::new(open, (group, l::SEVERITY), &is)?);
        }
        let mut trace = None;
        if let Some(id) = search.trace_id {
            let reader = ColumnReader::new(open, group, l::TRACE_ID)?;
            // Ids of which few repeat are stored as they are.
            if reader.dictionary()?.is_some() {
                let is = |have: &[u8]| have == id.as_bytes();
                tests.push(WordFilter::new(open, (group, l::TRACE_ID), &is)?);
            } else {
                trace = Some((*id.as_bytes(), reader));
            }
        }
        if tests.iter().any(WordFilter::is_hopeless) {
            return Ok(None);
        }
        let range = search.range;
        let within = (range.from.0, range.to.0.saturating_sub(1));
        Ok(Some(Self {
            time: NumberFilter::new(open, (group, l::TIME), within)?,
            tests,
            trace,
        }))
    }

    /// The selected rows of a page, numbered within the page, ascending.
    fn select(&self, page: usize) -> Result<Vec<usize>, LakeError> {
        if self.time.excludes(page) {
            return Ok(Vec::new());
        }
        let count = self.time.reader().rows_of(page).len();
        let mut passed = vec![0_usize; count];
        for test in &self.tests {
            test.find(page, |row| {
                if let Some(passed) = passed.get_mut(row) {
                    *passed += 1;
                }
            })?;
        }
        let mut rows: Vec<usize> = (0..count)
            .filter(|row| passed[*row] == self.tests.len())
            .collect();
        if let Some((id, reader)) = &self.trace
            && !rows.is_empty()
        {
            let ids = reader.fixed(page)?;
            rows.retain(|row| ids.get(row * 16..row * 16 + 16) == Some(id));
        }
        let mut numbers = Vec::new();
        self.time.retain(page, &mut rows, &mut numbers)?;
        Ok(rows)
    }
}

/// Whole rows of a row group; `rows` is ascending.
fn read(open: &OpenSegment, group: usize, rows: &[usize]) -> Result<RecordBatch, LakeError> {
    let schema = TableId::LOGS.kind().schema().clone();
    let columns = (0..schema.fields().len())
        .map(|column| ColumnReader::new(open, group, column)?.take(rows))
        .collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}
