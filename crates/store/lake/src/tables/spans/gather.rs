//! Builds the columns of a flush: takes rows of thousands of batches, in a new order, and makes
//! large record batches.
//!
//! Each text is looked up once per batch instead of once per row: the symbols, shapes and resources
//! of a batch are first mapped to words of the whole flush. After that, rows only copy integers.

use crate::{
    LakeError,
    memtable::Chunk,
    tables::{
        fields::dictionary_of,
        spans::{
            columns::{KIND_BITS, OUTCOME_MASK, spans_with},
            resource_text,
        },
        transactions::columns::{OUTCOME_ERROR, OUTCOME_OK},
    },
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Int64Array, StringArray, UInt8Array, UInt16Array, new_null_array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, SchemaRef};
use foldhash::fast::RandomState;
use hinomi_columnar::{Column, NULL_KEY, RowGroup, Sparse, binary, instants, word_column};
use hinomi_model::{
    Outcome, Resource, SpanBatch, Text,
    batch::{Row, Symbol, ValueKind, Words},
};
use std::{collections::HashMap, sync::Arc};

/// Maximum number of attributes with a column of their own; the most frequent ones get it. All
/// others share one column. Each column costs a page header and a bit per row.
pub(crate) const ATTRIBUTE_COLUMNS: usize = 64;

/// Approximate size per row of the columns that every file has, in bytes.
const FIXED_ROW_BYTES: usize = 128;

/// A row, as (index of its chunk, row number in that chunk).
pub(crate) type RowRef = (u32, u32);

/// The rows of one project in a flush.
pub(crate) struct Gatherer<'a> {
    chunks: Vec<&'a SpanBatch>,
    maps: Vec<ChunkMap>,
    words: ArrayRef,
    schema: SchemaRef,
}

/// Maps the parts of a chunk to words of the flush.
struct ChunkMap {
    shapes: Vec<ShapeWords>,
    resources: Vec<ResourceWords>,
    /// By symbol: its word; [`NULL_KEY`] for symbols that no row refers to directly.
    symbols: Vec<i32>,
    /// By attribute key of the chunk: its column; `None` if it has no column of its own.
    columns: Vec<Option<usize>>,
}

/// A shape, as words of the flush.
struct ShapeWords {
    message: i32,
    name: i32,
    scope: i32,
    error_type: i32,
    operation: i32,
    target: i32,
    detail: i32,
    attributes: i32,
    outcome: Option<u8>,
    category: Option<u8>,
    failed: Option<bool>,
}

/// A resource, as words of the flush.
struct ResourceWords {
    service: i32,
    namespace: i32,
    environment: i32,
    instance: i32,
    version: i32,
    rest: i32,
}

impl<'a> Gatherer<'a> {
    /// Prepares the rows of these chunks. Promoted attributes always get a column.
    pub fn new(chunks: &[&'a Chunk<SpanBatch>], promoted: &'a [Text]) -> Result<Self, LakeError> {
        let chunks: Vec<&SpanBatch> = chunks.iter().map(|chunk| &chunk.batch).collect();
        let mut words = Words::default();
        let mut resources = HashMap::new();
        let columns = attribute_columns(&chunks, promoted);
        let maps = chunks
            .iter()
            .map(|chunk| ChunkMap::new(chunk, &columns, &mut words, &mut resources))
            .collect();
        let mut ordered: Vec<_> = columns.iter().collect();
        ordered.sort_unstable_by_key(|(_, at)| **at);
        let schema = spans_with(ordered.iter().map(|((kind, key), _)| (*kind, *key)));
        Ok(Self {
            chunks,
            maps,
            words: dictionary_of(words)?,
            schema,
        })
    }

    /// Schema of the `spans` files.
    pub fn span_schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The row at a position.
    pub fn row(&self, at: RowRef) -> &'a Row {
        &self.chunks[at.0 as usize].rows[at.1 as usize]
    }

    /// All rows with their positions.
    pub fn rows(&self) -> impl Iterator<Item = (RowRef, &'a Row)> {
        let chunks = self.chunks.iter().enumerate();
        chunks.flat_map(|(chunk, spans)| {
            let rows = spans.rows.iter().enumerate();
            rows.map(move |(at, row)| ((chunk as u32, at as u32), row))
        })
    }

    /// Whether a row is an entry span.
    pub fn is_transaction(&self, at: RowRef) -> bool {
        let row = self.row(at);
        self.maps[at.0 as usize].shapes[row.shape as usize]
            .outcome
            .is_some()
    }

    /// Word of a row's service. Rows of the same service have the same word.
    pub fn service(&self, at: RowRef) -> i32 {
        let row = self.row(at);
        self.maps[at.0 as usize].resources[row.resource as usize].service
    }

    /// Rank of each service's word in the order of names.
    pub fn service_ranks(&self) -> HashMap<i32, u32, RandomState> {
        let all = self.maps.iter().flat_map(|map| &map.resources);
        let mut services: Vec<i32> = all.map(|resource| resource.service).collect();
        services.sort_unstable();
        services.dedup();
        let words: &StringArray = match self.words.as_any().downcast_ref() {
            Some(words) => words,
            None => return HashMap::default(),
        };
        services.sort_by_key(|service| words.value(*service as usize));
        services.into_iter().zip(0..).collect()
    }

    /// The given rows as a row group of table `spans`.
    pub fn spans(&self, rows: &[RowRef]) -> Result<RowGroup, LakeError> {
        let len = rows.len();
        let mut trace_ids = Vec::with_capacity(len * 16);
        let mut span_ids = Vec::with_capacity(len * 8);
        let mut parents = Vec::with_capacity(len * 8);
        let mut has_parent = Vec::with_capacity(len);
        let (mut starts, mut durations) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let (mut kinds, mut statuses) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let (mut http, mut outcomes) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let (mut categories, mut failed) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let mut texts: [Vec<i32>; 12] = std::array::from_fn(|_| Vec::with_capacity(len));
        let [mut events, mut links, mut others] = [const { Vec::new() }; 3];
        let own_columns = self.schema.fields().len() - crate::tables::spans::columns::FIXED;
        let mut own = vec![Vec::new(); own_columns];
        let mut more = Words::default();
        for (place, &(chunk, at)) in (0_u32..).zip(rows) {
            let (spans, map) = (self.chunks[chunk as usize], &self.maps[chunk as usize]);
            let row = &spans.rows[at as usize];
            let (shape, words) = (spans.shape(row), &map.shapes[row.shape as usize]);
            let resource = &map.resources[row.resource as usize];
            trace_ids.extend_from_slice(row.trace_id.as_bytes());
            span_ids.extend_from_slice(row.span_id.as_bytes());
            has_parent.push(row.parent_span_id.is_some());
            parents.extend_from_slice(&row.parent_span_id.map_or([0; 8], |id| *id.as_bytes()));
            starts.push(row.start.0);
            durations.push(row.end.0.saturating_sub(row.start.0).max(0));
            kinds.push(shape.kind as u8);
            statuses.push(shape.status as u8);
            http.push(shape.http_status);
            outcomes.push(words.outcome);
            categories.push(words.category);
            failed.push(words.failed);
            let keys = [
                words.message,
                words.name,
                words.scope,
                resource.service,
                resource.namespace,
                resource.environment,
                resource.rest,
                words.error_type,
                words.operation,
                words.target,
                words.detail,
                words.attributes,
            ];
            for (column, key) in texts.iter_mut().zip(keys) {
                column.push(key);
            }
            let mut other = String::new();
            for value in spans.own(at as usize) {
                match map.columns[value.key as usize] {
                    Some(column) => own[column].push((place, map.symbols[value.value.index()])),
                    None => push_other(&mut other, spans, value),
                }
            }
            if !other.is_empty() {
                other.push('}');
                others.push((place, more.intern(&other).0 as i32));
            }
            for (sparse, text) in [
                (&mut events, spans.events(at as usize)),
                (&mut links, spans.links(at as usize)),
            ] {
                if !text.is_empty() {
                    sparse.push((place, more.intern(text).0 as i32));
                }
            }
        }
        let parents_nulls = NullBuffer::from(has_parent);
        let more_bytes = more.weight();
        let more = dictionary_of(more)?;
        let mut texts = texts.into_iter().map(|keys| self.words_of(keys));
        let mut next = || texts.next().unwrap_or_else(|| self.words_of(Vec::new()));
        let [message, name, scope, service, namespace, environment, rest] = [
            next()?,
            next()?,
            next()?,
            next()?,
            next()?,
            next()?,
            next()?,
        ];
        let [error_type, operation, target, detail, attributes] =
            [next()?, next()?, next()?, next()?, next()?];
        let sparse =
            |words: &ArrayRef, present| Column::Sparse(Sparse::new(words.clone(), len, present));
        let mut columns: Vec<Column> = vec![
            binary(16, trace_ids, None)?.into(),
            binary(8, span_ids, None)?.into(),
            binary(8, parents, Some(parents_nulls))?.into(),
            new_null_array(&DataType::UInt8, len).into(),
            instants(starts.into_iter()).into(),
            numbers(Int64Array::from(durations)),
            numbers(UInt8Array::from(kinds)),
            numbers(UInt8Array::from(statuses)),
            message,
            name,
            scope,
            service,
            namespace,
            environment,
            rest,
            numbers(UInt16Array::from(http)),
            error_type,
            operation,
            numbers(UInt8Array::from(outcomes)),
            numbers(UInt8Array::from(categories)),
            target,
            detail,
            numbers(BooleanArray::from(failed)),
            sparse(&more, events),
            sparse(&more, links),
            attributes,
            sparse(&more, others),
        ];
        columns.extend(own.into_iter().map(|present| sparse(&self.words, present)));
        let texts = self.word_bytes() + more_bytes / len.max(1);
        let row_bytes = FIXED_ROW_BYTES + own_columns * 5 + texts;
        Ok(RowGroup::new(columns, row_bytes))
    }

    /// The given rows, which must all be entry spans, as a row group of table `transactions`.
    pub fn transactions(&self, rows: &[RowRef]) -> Result<RowGroup, LakeError> {
        let len = rows.len();
        let mut trace_ids = Vec::with_capacity(len * 16);
        let mut span_ids = Vec::with_capacity(len * 8);
        let (mut ends, mut durations) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let (mut outcomes, mut http) = (Vec::with_capacity(len), Vec::with_capacity(len));
        let mut texts: [Vec<i32>; 7] = std::array::from_fn(|_| Vec::with_capacity(len));
        for &(chunk, at) in rows {
            let (spans, map) = (self.chunks[chunk as usize], &self.maps[chunk as usize]);
            let row = &spans.rows[at as usize];
            let words = &map.shapes[row.shape as usize];
            let resource = &map.resources[row.resource as usize];
            trace_ids.extend_from_slice(row.trace_id.as_bytes());
            span_ids.extend_from_slice(row.span_id.as_bytes());
            ends.push(row.end.0);
            durations.push(row.end.0.saturating_sub(row.start.0).max(0));
            outcomes.push(words.outcome.unwrap_or(OUTCOME_OK) & OUTCOME_MASK);
            http.push(spans.shape(row).http_status);
            let keys = [
                resource.service,
                resource.namespace,
                resource.environment,
                words.operation,
                resource.instance,
                resource.version,
                words.error_type,
            ];
            for (column, key) in texts.iter_mut().zip(keys) {
                column.push(key);
            }
        }
        let mut columns: Vec<Column> = vec![
            binary(16, trace_ids, None)?.into(),
            binary(8, span_ids, None)?.into(),
            instants(ends.into_iter()).into(),
            numbers(Int64Array::from(durations)),
            numbers(UInt8Array::from(outcomes)),
            numbers(UInt16Array::from(http)),
        ];
        for keys in texts {
            columns.push(self.words_of(keys)?);
        }
        Ok(RowGroup::new(columns, FIXED_ROW_BYTES))
    }

    /// Average size of the words that a row adds, in bytes. A word that several rows share counts
    /// once.
    fn word_bytes(&self) -> usize {
        let words: Option<&StringArray> = self.words.as_any().downcast_ref();
        let rows: usize = self.chunks.iter().map(|chunk| chunk.rows.len()).sum();
        words.map_or(0, |words| words.value_data().len() / rows.max(1))
    }

    fn words_of(&self, keys: Vec<i32>) -> Result<Column, ArrowError> {
        Ok(word_column(keys, self.words.clone())?.into())
    }
}

fn numbers(array: impl Array + 'static) -> Column {
    let array: ArrayRef = Arc::new(array);
    array.into()
}

impl ChunkMap {
    fn new(
        spans: &SpanBatch,
        columns: &HashMap<(ValueKind, &str), usize, RandomState>,
        words: &mut Words,
        resources: &mut HashMap<*const Resource, i32>,
    ) -> Self {
        let mut symbols = vec![NULL_KEY; spans.words.len()];
        let mut word = |symbol: Symbol, words: &mut Words| {
            let known = &mut symbols[symbol.index()];
            if *known == NULL_KEY {
                *known = words.intern(spans.words.get(symbol)).0 as i32;
            }
            *known
        };
        let shapes = spans.shapes.iter().map(|shape| ShapeWords {
            message: word(shape.status_message, words),
            name: word(shape.name, words),
            scope: word(shape.scope, words),
            error_type: match shape.error_type {
                Symbol::EMPTY => NULL_KEY,
                symbol => word(symbol, words),
            },
            operation: shape
                .transaction
                .map_or(NULL_KEY, |transaction| word(transaction.operation, words)),
            target: shape.call.map_or(NULL_KEY, |call| word(call.target, words)),
            detail: shape.call.map_or(NULL_KEY, |call| word(call.detail, words)),
            attributes: match shape.attributes {
                Symbol::EMPTY => words.intern("{}").0 as i32,
                symbol => word(symbol, words),
            },
            outcome: shape.transaction.map(|transaction| {
                let outcome = match transaction.outcome {
                    Outcome::Ok => OUTCOME_OK,
                    Outcome::Error => OUTCOME_ERROR,
                };
                outcome | (transaction.kind as u8) << KIND_BITS
            }),
            category: shape.call.map(|call| call.category as u8),
            failed: shape.call.map(|call| call.failed),
        });
        let shapes = shapes.collect();
        let by_key: Vec<Option<usize>> = spans
            .keys
            .iter()
            .map(|key| columns.get(&(key.kind, spans.words.get(key.name))).copied())
            .collect();
        for value in &spans.own {
            if by_key[value.key as usize].is_some() {
                word(value.value, words);
            }
        }
        let of_resource = |resource: &Arc<Resource>| {
            // The address identifies the resource, because the chunks outlive this map.
            let rest = resources
                .entry(Arc::as_ptr(resource))
                .or_insert_with(|| words.intern(&resource_text::write(resource)).0 as i32);
            let rest = *rest;
            let mut word = |text: &str| words.intern(text).0 as i32;
            ResourceWords {
                service: word(&resource.service),
                namespace: word(&resource.namespace),
                environment: word(&resource.environment),
                instance: word(&resource.instance),
                version: word(&resource.version),
                rest,
            }
        };
        let resources = spans.resources.iter().map(of_resource).collect();
        Self {
            shapes,
            resources,
            symbols,
            columns: by_key,
        }
    }
}

/// The attributes that get a column, each with the column's position.
fn attribute_columns<'a>(
    chunks: &[&'a SpanBatch],
    promoted: &'a [Text],
) -> HashMap<(ValueKind, &'a str), usize, RandomState> {
    let mut counts: HashMap<(ValueKind, &str), u64, RandomState> = HashMap::default();
    for chunk in chunks {
        let mut uses = vec![0; chunk.keys.len()];
        chunk.own.iter().for_each(|own| uses[own.key as usize] += 1);
        for (key, uses) in chunk.keys.iter().zip(uses) {
            *counts
                .entry((key.kind, chunk.words.get(key.name)))
                .or_default() += uses;
        }
    }
    let mut frequent: Vec<_> = counts.into_iter().filter(|(_, uses)| *uses > 0).collect();
    frequent.sort_unstable_by(|(left, a), (right, b)| (b, left).cmp(&(a, right)));
    // A promoted attribute always has its text column, even if empty, because the bloom filter of
    // its values belongs to that column.
    let is_promoted = |key: &str| promoted.iter().any(|promoted| **promoted == *key);
    let rare = frequent.split_off(frequent.len().min(ATTRIBUTE_COLUMNS));
    let rare = rare.into_iter().filter(|((_, key), _)| is_promoted(key));
    let always = promoted.iter().map(|key| (ValueKind::Text, &**key));
    let columns = frequent.into_iter().chain(rare).map(|(key, _)| key);
    let mut columns: Vec<(ValueKind, &str)> = columns.chain(always).collect();
    columns.sort_unstable_by_key(|(kind, key)| (*key, *kind));
    columns.dedup();
    columns.into_iter().zip(0..).collect()
}

/// Appends a member to an unfinished JSON object.
fn push_other(json: &mut String, spans: &SpanBatch, own: &hinomi_model::batch::OwnValue) {
    let key = spans.keys[own.key as usize];
    json.push(if json.is_empty() { '{' } else { ',' });
    hinomi_model::text::push_json(json, spans.words.get(key.name));
    json.push(':');
    match key.kind {
        ValueKind::Text => hinomi_model::text::push_json(json, spans.words.get(own.value)),
        ValueKind::Json => json.push_str(spans.words.get(own.value)),
    }
}
