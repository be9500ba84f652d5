//! Loads the spans of the wanted traces in a compact form, follows each client call up to its
//! transaction, and sums the time per transaction.

use super::entries::Entry;
use crate::{
    LakeError, SpentCalls, SpentSearch,
    query::cancel::Cancel,
    schema::spans as s,
    segment::OpenSegment,
    spans::decode::{category, span_id, trace_id},
};
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int64Array, TimestampNanosecondArray, UInt8Array,
};
use hinomi_columnar::{ColumnReader, Condition, WordColumn};
use hinomi_model::{
    Selection, SpanBatch, SpanId, Text, TimeRange, TraceId, UnixNanos, batch::Shape,
    rollup::ServiceKey, time::nanos,
};
use hinomi_store::spent::{AFTER, BEFORE};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Approximate size of a span here, including its hash table entry, in bytes.
const SPAN_BYTES: usize = 136;
/// Approximate size of a trace id here, in bytes.
const TRACE_BYTES: usize = 32;
/// Maximum number of spans between a call and its transaction. Deeper calls are not counted.
const DEEPEST: usize = 128;
/// Number of calls summed between two checks for cancellation.
const CHECK_EACH: usize = 4 << 10;
const ID: usize = size_of::<SpanId>();

/// Identifies a span. Parent links are followed within one trace and service.
type Key = (TraceId, SpanId);

/// The fields of a span that are needed to follow and sum calls.
#[derive(Debug, Clone, Copy)]
struct Link {
    parent: Option<SpanId>,
    start: i64,
    end: i64,
    /// Index of its service in `Calls::services`.
    service: u32,
    is_entry: bool,
    is_call: bool,
}

/// Collects spans and sums their calls.
pub(super) struct Calls<'a> {
    calls: &'a SpentCalls,
    selection: &'a Selection,
    /// Range in which the spans ended.
    around: TimeRange,
    limit: usize,
    traces: HashSet<TraceId>,
    services: HashMap<ServiceKey, u32>,
    links: HashMap<Key, Link>,
}

impl<'a> Calls<'a> {
    /// Collects the spans of these transactions' traces.
    pub fn new(
        search: &'a SpentSearch,
        around: TimeRange,
        limit: usize,
        entries: &[Entry],
    ) -> Self {
        Self {
            calls: &search.calls,
            selection: &search.selection,
            around,
            limit,
            traces: entries.iter().map(|entry| entry.cursor.trace_id).collect(),
            services: HashMap::new(),
            links: HashMap::new(),
        }
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.links.len() * SPAN_BYTES + self.traces.len() * TRACE_BYTES
    }

    pub fn add_chunk(&mut self, spans: &SpanBatch) -> Result<(), LakeError> {
        let resources: Vec<Option<u32>> = spans
            .resources
            .iter()
            .map(|resource| {
                self.service(ServiceKey {
                    service: resource.service.clone(),
                    namespace: resource.namespace.clone(),
                    environment: resource.environment.clone(),
                })
            })
            .collect();
        let is_call = |shape: &Shape| {
            shape.call.is_some_and(|call| {
                self.calls.has_category(call.category)
                    && self.calls.has_target(spans.words.get(call.target))
            })
        };
        let calls: Vec<bool> = spans.shapes.iter().map(is_call).collect();
        for row in &spans.rows {
            let Some(service) = resources[row.resource as usize] else {
                continue;
            };
            if !self.around.contains(row.end) || !self.traces.contains(&row.trace_id) {
                continue;
            }
            let link = Link {
                parent: row.parent_span_id,
                start: row.start.0,
                end: row.end.0,
                service,
                is_entry: spans.shapes[row.shape as usize].transaction.is_some(),
                is_call: calls[row.shape as usize],
            };
            self.put((row.trace_id, row.span_id), link)?;
        }
        Ok(())
    }

    /// Adds the spans of a file. Calls `hold` with the total memory use in bytes as it grows.
    pub fn add_segment(
        &mut self,
        open: &OpenSegment,
        cancel: &Cancel,
        mut hold: impl FnMut(usize) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        let service = self.selection.service.as_deref();
        let service = service.map(|word| Condition::Equals(s::SERVICE, word.as_bytes().to_vec()));
        for (group, metadata) in open.metadata.metadata().row_groups().iter().enumerate() {
            let allowed = service.as_ref();
            if !allowed.is_none_or(|condition| condition.allows_group(metadata)) {
                continue;
            }
            let ids = span_ids(open, group)?;
            let starts = ColumnReader::new(open, group, s::START)?.once();
            for page in 0..starts.page_count() {
                cancel.check()?;
                let rows: Vec<usize> = starts.rows_of(page).collect();
                self.add_rows(open, (group, &ids), rows)?;
                hold(self.bytes())?;
            }
        }
        Ok(())
    }

    /// Adds rows of a row group. `ids` holds the span ids of the whole group. Each column is read
    /// only for the rows that passed the previous columns.
    fn add_rows(
        &mut self,
        open: &OpenSegment,
        (group, ids): (usize, &[u8]),
        mut rows: Vec<usize>,
    ) -> Result<(), LakeError> {
        let take =
            |column, rows: &[usize]| ColumnReader::new(open, group, column)?.once().take(rows);
        let (starts, durations) = (take(s::START, &rows)?, take(s::DURATION, &rows)?);
        let starts: &TimestampNanosecondArray = typed(&starts)?;
        let durations: &Int64Array = typed(&durations)?;
        let times = starts.values().iter().zip(durations.values());
        let mut times: Vec<(i64, i64)> = times
            .map(|(start, duration)| (*start, start.saturating_add(*duration)))
            .collect();
        let inside: Vec<bool> = times
            .iter()
            .map(|(_, end)| self.around.contains(UnixNanos(*end)))
            .collect();
        keep(&mut rows, &inside);
        keep(&mut times, &inside);
        if rows.is_empty() {
            return Ok(());
        }

        let traces = take(s::TRACE_ID, &rows)?;
        let traces: &FixedSizeBinaryArray = typed(&traces)?;
        let mut traces: Vec<TraceId> = (0..rows.len())
            .map(|at| trace_id(traces, at))
            .collect::<Result<_, _>>()?;
        let wanted: Vec<bool> = traces.iter().map(|id| self.traces.contains(id)).collect();
        keep(&mut rows, &wanted);
        keep(&mut times, &wanted);
        keep(&mut traces, &wanted);
        if rows.is_empty() {
            return Ok(());
        }

        let services = self.services_of(
            &take(s::SERVICE, &rows)?,
            &take(s::NAMESPACE, &rows)?,
            &take(s::ENVIRONMENT, &rows)?,
        )?;
        let of_selection: Vec<bool> = services.iter().map(Option::is_some).collect();
        keep(&mut rows, &of_selection);
        keep(&mut times, &of_selection);
        keep(&mut traces, &of_selection);
        if rows.is_empty() {
            return Ok(());
        }
        let services: Vec<u32> = services.into_iter().flatten().collect();

        let outcomes = take(s::OUTCOME, &rows)?;
        let calls = self.calls_of(&take(s::CALL_CATEGORY, &rows)?, |rows_of_calls| {
            let rows: Vec<usize> = rows_of_calls.iter().map(|at| rows[*at]).collect();
            Ok(take(s::CALL_TARGET, &rows)?)
        })?;
        let (parents, offsets) = (
            take(s::PARENT_SPAN_ID, &rows)?,
            take(s::PARENT_OFFSET, &rows)?,
        );
        let parents: &FixedSizeBinaryArray = typed(&parents)?;
        let offsets: &UInt8Array = typed(&offsets)?;
        let id_at = |row: usize| {
            let bytes = ids.get(row * ID..(row + 1) * ID);
            let bytes = bytes.ok_or_else(|| LakeError::Columns("a span has no id".into()))?;
            SpanId::from_slice(bytes).map_err(|error| LakeError::Columns(error.to_string()))
        };
        for (at, row) in rows.iter().enumerate() {
            let parent = if offsets.is_valid(at) {
                let above = row.checked_sub(usize::from(offsets.value(at)));
                let above = above.ok_or_else(|| {
                    LakeError::Columns("a parent lies above the first row".into())
                })?;
                Some(id_at(above)?)
            } else if parents.is_valid(at) {
                Some(span_id(parents, at)?)
            } else {
                None
            };
            let link = Link {
                parent,
                start: times[at].0,
                end: times[at].1,
                service: services[at],
                is_entry: outcomes.is_valid(at),
                is_call: calls[at],
            };
            self.put((traces[at], id_at(*row)?), link)?;
        }
        Ok(())
    }

    /// Index of each row's service; `None` for a service that is not selected.
    fn services_of(
        &mut self,
        services: &ArrayRef,
        namespaces: &ArrayRef,
        environments: &ArrayRef,
    ) -> Result<Vec<Option<u32>>, LakeError> {
        let [services, namespaces, environments] =
            [services, namespaces, environments].map(WordColumn::of);
        let (services, namespaces, environments) = (services?, namespaces?, environments?);
        let mut known = HashMap::new();
        let mut of_rows = Vec::with_capacity(services.len());
        for row in 0..services.len() {
            let keys = [services, namespaces, environments].map(|column| column.key(row));
            let service = *known.entry(keys).or_insert_with(|| {
                let text = |column: WordColumn<'_>| Text::from(column.get(row).unwrap_or_default());
                self.service(ServiceKey {
                    service: text(services),
                    namespace: text(namespaces),
                    environment: text(environments),
                })
            });
            of_rows.push(service);
        }
        Ok(of_rows)
    }

    /// Which rows are calls that count. `targets` reads the target column for some of the rows.
    fn calls_of(
        &self,
        categories: &ArrayRef,
        targets: impl FnOnce(&[usize]) -> Result<ArrayRef, LakeError>,
    ) -> Result<Vec<bool>, LakeError> {
        let categories: &UInt8Array = typed(categories)?;
        let mut are = vec![false; categories.len()];
        let mut some = Vec::new();
        for at in (0..are.len()).filter(|at| categories.is_valid(*at)) {
            if self.calls.has_category(category(categories.value(at))?) {
                some.push(at);
            }
        }
        if some.is_empty() {
            return Ok(are);
        }
        let targets = targets(&some)?;
        let targets = WordColumn::of(&targets)?;
        for (place, at) in some.into_iter().enumerate() {
            are[at] = self
                .calls
                .has_target(targets.get(place).unwrap_or_default());
        }
        Ok(are)
    }

    /// Index of a service; `None` if it is not selected.
    fn service(&mut self, service: ServiceKey) -> Option<u32> {
        if !self.selection.has_service(&service) {
            return None;
        }
        let next = self.services.len() as u32;
        Some(*self.services.entry(service).or_insert(next))
    }

    /// If two spans have the same id, the earlier one counts.
    fn put(&mut self, key: Key, link: Link) -> Result<(), LakeError> {
        if let Some(have) = self.links.get_mut(&key) {
            if (link.start, link.end) < (have.start, have.end) {
                *have = link;
            }
            return Ok(());
        }
        if self.links.len() >= self.limit {
            return Err(LakeError::TooManySpans { limit: self.limit });
        }
        self.links.insert(key, link);
        Ok(())
    }

    /// Adds the time of each call to its transaction.
    pub fn sum(&self, entries: &mut [Entry], cancel: &Cancel) -> Result<(), LakeError> {
        let mut sums: HashMap<Key, u64> = HashMap::new();
        let calls = self.links.iter().filter(|(_, link)| link.is_call);
        for (number, (key, call)) in calls.enumerate() {
            if number % CHECK_EACH == 0 {
                cancel.check()?;
            }
            if let Some(entry) = self.entry_of(*key, call) {
                let sum = sums.entry(entry).or_default();
                *sum =
                    sum.saturating_add(call.end.saturating_sub(call.start).max(0).cast_unsigned());
            }
        }
        for entry in entries {
            let key = (entry.cursor.trace_id, entry.cursor.span_id);
            entry.spent = Duration::from_nanos(sums.get(&key).copied().unwrap_or(0));
        }
        Ok(())
    }

    /// The transaction that a call counts toward.
    fn entry_of(&self, (trace, id): Key, call: &Link) -> Option<Key> {
        let (mut id, mut at) = (id, call);
        let (mut first, mut last) = (at.end, at.end);
        for _ in 0..DEEPEST {
            if at.is_entry {
                let near = at.end.saturating_sub(nanos(BEFORE)) <= first
                    && last <= at.end.saturating_add(nanos(AFTER));
                return near.then_some((trace, id));
            }
            let parent = at.parent?;
            let above = self.links.get(&(trace, parent))?;
            if above.service != at.service || above.is_call {
                return None;
            }
            (first, last) = (first.min(above.end), last.max(above.end));
            (id, at) = (parent, above);
        }
        None
    }
}

/// All span ids of a row group, concatenated.
fn span_ids(open: &OpenSegment, group: usize) -> Result<Vec<u8>, LakeError> {
    let reader = ColumnReader::new(open, group, s::SPAN_ID)?.once();
    let mut ids = Vec::new();
    for page in 0..reader.page_count() {
        ids.extend_from_slice(&reader.fixed(page)?);
    }
    Ok(ids)
}

/// Keeps the values whose flag is set.
fn keep<T>(values: &mut Vec<T>, flags: &[bool]) {
    let mut flags = flags.iter();
    values.retain(|_| flags.next().copied().unwrap_or(false));
}

/// Downcasts an array to its type.
pub(super) fn typed<T: Array + 'static>(array: &ArrayRef) -> Result<&T, LakeError> {
    let array = array.as_any().downcast_ref();
    array.ok_or_else(|| LakeError::Columns("a column is not of its schema's type".into()))
}
