//! The spans of the wanted traces.

use super::words::Words;
use crate::{
    LakeError,
    query::cancel::Cancel,
    segment::OpenSegment,
    tables::spans::columns as s,
    tables::spans::decode::{category, span_id, trace_id},
};
use arrow_array::{
    Array, ArrayRef, FixedSizeBinaryArray, Int64Array, TimestampNanosecondArray, UInt8Array,
};
use hinomi_columnar::{ColumnReader, Condition, WordColumn};
use hinomi_model::{
    SpanBatch, SpanId, Text, TimeRange, TraceId, UnixNanos, batch::Shape, rollup::ServiceKey,
};
use hinomi_store::{CallTreeSearch, TreeSpan, TreeTransaction};
use std::collections::{HashMap, HashSet};

/// Approximate size of a span, with its entry in the table that is needed to follow it, in bytes.
const SPAN_BYTES: usize = 136;
/// Approximate size of a trace id here, in bytes.
const TRACE_BYTES: usize = 32;
const ID: usize = size_of::<SpanId>();

/// Collects the spans.
pub(super) struct Spans<'a> {
    search: &'a CallTreeSearch,
    /// Range in which they ended.
    around: TimeRange,
    limit: usize,
    traces: HashSet<TraceId>,
    services: Vec<ServiceKey>,
    service_numbers: HashMap<ServiceKey, u32>,
    words: &'a mut Words,
    found: Vec<TreeSpan>,
}

impl<'a> Spans<'a> {
    /// At most `limit` spans of these transactions' traces.
    pub fn new(
        search: &'a CallTreeSearch,
        limit: usize,
        transactions: &[TreeTransaction],
        words: &'a mut Words,
    ) -> Self {
        let traces = transactions.iter();
        Self {
            search,
            around: search.around(),
            limit,
            traces: traces.map(|one| one.cursor.trace_id).collect(),
            services: Vec::new(),
            service_numbers: HashMap::new(),
            words,
            found: Vec::new(),
        }
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.found.len() * SPAN_BYTES + self.traces.len() * TRACE_BYTES + self.words.bytes()
    }

    /// The spans, and their services.
    pub fn finish(self) -> (Vec<TreeSpan>, Vec<ServiceKey>) {
        (self.found, self.services)
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
        let (words, categories) = (&mut *self.words, &self.search.categories);
        let call = |shape: &Shape| {
            let call = shape.call?;
            let is_wanted = categories.contains(&call.category);
            is_wanted.then(|| words.number(spans.words.get(call.target)))
        };
        let calls: Vec<Option<u32>> = spans.shapes.iter().map(call).collect();
        for row in &spans.rows {
            let Some(service) = resources[row.resource as usize] else {
                continue;
            };
            if !self.around.contains(row.end) || !self.traces.contains(&row.trace_id) {
                continue;
            }
            self.push(TreeSpan {
                trace_id: row.trace_id,
                span_id: row.span_id,
                parent: row.parent_span_id,
                start: row.start,
                end: row.end,
                service,
                is_entry: spans.shapes[row.shape as usize].transaction.is_some(),
                call: calls[row.shape as usize],
            })?;
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
        let service = self.search.selection.service.as_deref();
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
            self.push(TreeSpan {
                trace_id: traces[at],
                span_id: id_at(*row)?,
                parent,
                start: UnixNanos(times[at].0),
                end: UnixNanos(times[at].1),
                service: services[at],
                is_entry: outcomes.is_valid(at),
                call: calls[at],
            })?;
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

    /// The target of each row that is a call of a wanted category. `targets` reads the target column
    /// for some of the rows.
    fn calls_of(
        &mut self,
        categories: &ArrayRef,
        targets: impl FnOnce(&[usize]) -> Result<ArrayRef, LakeError>,
    ) -> Result<Vec<Option<u32>>, LakeError> {
        let categories: &UInt8Array = typed(categories)?;
        let mut calls = vec![None; categories.len()];
        let mut some = Vec::new();
        for at in (0..calls.len()).filter(|at| categories.is_valid(*at)) {
            if self
                .search
                .categories
                .contains(&category(categories.value(at))?)
            {
                some.push(at);
            }
        }
        if some.is_empty() {
            return Ok(calls);
        }
        let targets = targets(&some)?;
        let targets = self.words.numbers(WordColumn::of(&targets)?);
        for (at, target) in some.into_iter().zip(targets) {
            calls[at] = Some(target);
        }
        Ok(calls)
    }

    /// Index of a service; `None` if it is not selected.
    fn service(&mut self, service: ServiceKey) -> Option<u32> {
        if !self.search.selection.has_service(&service) {
            return None;
        }
        if let Some(number) = self.service_numbers.get(&service) {
            return Some(*number);
        }
        let number = self.services.len() as u32;
        self.services.push(service.clone());
        self.service_numbers.insert(service, number);
        Some(number)
    }

    fn push(&mut self, span: TreeSpan) -> Result<(), LakeError> {
        if self.found.len() >= self.limit {
            return Err(LakeError::TooManySpans { limit: self.limit });
        }
        self.found.push(span);
        Ok(())
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
pub(in crate::scan) fn typed<T: Array + 'static>(array: &ArrayRef) -> Result<&T, LakeError> {
    let array = array.as_any().downcast_ref();
    array.ok_or_else(|| LakeError::Columns("a column is not of its schema's type".into()))
}
