//! The spans of one request in columns. This is the form in which spans are decoded, counted,
//! logged and kept in memory.
//!
//! A span is a row of ids and times. The row points to a [`Shape`] that it shares with all similar
//! spans, to the resource that sent it, and to the few attribute values that only this span has,
//! such as an order number. So adding a span allocates nothing, and a row is small.

mod shape;
mod words;

pub use shape::{Shape, ShapeCall, ShapeTransaction};
pub use words::{Symbol, Words};

use crate::{
    ClientCall, Resource, Span, SpanId, Text, TraceId, Transaction, UnixNanos, text::OTHER,
};
use hashbrown::HashTable;
use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

/// Spans of one project, in order of arrival.
#[derive(Debug, Clone, Default)]
pub struct SpanBatch {
    /// All texts, except those of the resources.
    pub words: Words,
    /// Resources of the senders.
    pub resources: Vec<Arc<Resource>>,
    /// What spans have in common, each shape once.
    pub shapes: Vec<Shape>,
    /// Keys of the attributes in `own`.
    pub keys: Vec<OwnKey>,
    /// One row a span.
    pub rows: Vec<Row>,
    /// Attribute values that single spans have, for all spans in the order of the rows.
    pub own: Vec<OwnValue>,
    /// (row, JSON array) for each span that has events, ascending by row.
    pub events: Vec<(u32, Symbol)>,
    /// (row, JSON array) for each span that has links, ascending by row.
    pub links: Vec<(u32, Symbol)>,
}

/// The part of a span that it shares with no other span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Trace of the span.
    pub trace_id: TraceId,
    /// Id of the span.
    pub span_id: SpanId,
    /// Id of its parent.
    pub parent_span_id: Option<SpanId>,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended.
    pub end: UnixNanos,
    /// Index in [`SpanBatch::resources`].
    pub resource: u32,
    /// Index in [`SpanBatch::shapes`].
    pub shape: u32,
    /// End of its values in [`SpanBatch::own`]. They begin where those of the previous row end.
    pub own_end: u32,
}

/// The key of an attribute that single spans have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnKey {
    /// The attribute's key.
    pub name: Symbol,
    /// Encoding of its values.
    pub kind: ValueKind,
}

/// The encoding of an attribute value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// A text, unchanged.
    Text,
    /// Any other value, as JSON: a number, a boolean, an array.
    Json,
}

/// An attribute value of one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnValue {
    /// Index in [`SpanBatch::keys`].
    pub key: u32,
    /// Text of the value.
    pub value: Symbol,
}

impl SpanBatch {
    /// Number of spans.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch has no spans.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Memory that the batch uses, roughly, in bytes. Admission and the memtable budget by it.
    pub fn weight(&self) -> usize {
        self.words.weight()
            + self.rows.capacity() * size_of::<Row>()
            + self.own.capacity() * size_of::<OwnValue>()
            + self.shapes.capacity() * size_of::<Shape>()
            + (self.events.capacity() + self.links.capacity()) * 8
            + size_of::<Self>()
    }

    /// The shape of a row.
    pub fn shape(&self, row: &Row) -> &Shape {
        &self.shapes[row.shape as usize]
    }

    /// The resource of a row.
    pub fn resource(&self, row: &Row) -> &Arc<Resource> {
        &self.resources[row.resource as usize]
    }

    /// The attribute values that only the row at `at` has.
    pub fn own(&self, at: usize) -> &[OwnValue] {
        let begin = at
            .checked_sub(1)
            .map_or(0, |before| self.rows[before].own_end as usize);
        &self.own[begin..self.rows[at].own_end as usize]
    }

    /// The JSON array of the row's events; empty text when there are none.
    pub fn events(&self, at: usize) -> &str {
        self.sparse(&self.events, at)
    }

    /// The JSON array of the row's links; empty text when there are none.
    pub fn links(&self, at: usize) -> &str {
        self.sparse(&self.links, at)
    }

    /// Keeps the rows for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Row) -> bool) {
        let verdicts: Vec<bool> = self.rows.iter().map(&mut keep).collect();
        if verdicts.iter().all(|kept| *kept) {
            return;
        }
        let (mut rows, mut own) = (Vec::with_capacity(self.rows.len()), Vec::new());
        let mut places = vec![None; self.rows.len()];
        for at in 0..self.rows.len() {
            if verdicts[at] {
                own.extend_from_slice(self.own(at));
                places[at] = Some(rows.len() as u32);
                rows.push(Row {
                    own_end: own.len() as u32,
                    ..self.rows[at]
                });
            }
        }
        (self.rows, self.own) = (rows, own);
        for sparse in [&mut self.events, &mut self.links] {
            sparse.retain_mut(|(row, _)| match places[*row as usize] {
                Some(place) => {
                    *row = place;
                    true
                }
                None => false,
            });
        }
    }

    /// Frees the memory that only building the batch needs.
    pub fn settle(&mut self) {
        self.words.settle();
        self.rows.shrink_to_fit();
        self.own.shrink_to_fit();
        self.shapes.shrink_to_fit();
    }

    /// Assembles the span of the row at `at`.
    pub fn span(&self, at: usize) -> Span {
        let row = &self.rows[at];
        let shape = self.shape(row);
        let text = |symbol| Text::from(self.words.get(symbol));
        Span {
            trace_id: row.trace_id,
            span_id: row.span_id,
            parent_span_id: row.parent_span_id,
            start: row.start,
            end: row.end,
            kind: shape.kind,
            status: shape.status,
            status_message: text(shape.status_message),
            name: text(shape.name),
            resource: self.resource(row).clone(),
            scope: text(shape.scope),
            http_status: shape.http_status,
            error_type: (!shape.error_type.is_empty()).then(|| text(shape.error_type)),
            transaction: shape.transaction.map(|transaction| Transaction {
                operation: text(transaction.operation),
                outcome: transaction.outcome,
                kind: transaction.kind,
            }),
            call: shape.call.map(|call| ClientCall {
                category: call.category,
                target: text(call.target),
                detail: text(call.detail),
                failed: call.failed,
            }),
            attributes: self.attributes(at),
            events: self.events(at).to_owned(),
            links: self.links(at).to_owned(),
        }
    }

    /// The JSON object of all attributes of the row at `at`.
    pub fn attributes(&self, at: usize) -> String {
        let shared = self.words.get(self.shape(&self.rows[at]).attributes);
        let own = self.own(at).iter().map(|own| {
            let key = self.keys[own.key as usize];
            let value = self.words.get(own.value);
            (self.words.get(key.name), key.kind, value)
        });
        join_attributes(shared, own)
    }

    /// Assembles all spans.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        (0..self.len()).map(|at| self.span(at))
    }

    fn sparse(&self, of: &[(u32, Symbol)], at: usize) -> &str {
        match of.binary_search_by_key(&(at as u32), |(row, _)| *row) {
            Ok(found) => self.words.get(of[found].1),
            Err(_) => "",
        }
    }
}

/// The JSON object `shared`, with the attributes of `own` added at its end.
pub fn join_attributes<'a>(
    shared: &str,
    own: impl Iterator<Item = (&'a str, ValueKind, &'a str)>,
) -> String {
    let mut json = String::with_capacity(shared.len() + 64);
    json.push_str(shared.strip_suffix('}').unwrap_or("{"));
    for (name, kind, value) in own {
        if json.len() > 1 {
            json.push(',');
        }
        crate::text::push_json(&mut json, name);
        json.push(':');
        match kind {
            ValueKind::Text => crate::text::push_json(&mut json, value),
            ValueKind::Json => json.push_str(value),
        }
    }
    json.push('}');
    json
}

/// Builds a batch.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    batch: SpanBatch,
    /// Hash table of the shapes by value: indices in the batch's shapes.
    shapes: HashTable<u32>,
    hasher: foldhash::fast::FixedState,
    keys: HashMap<OwnKey, u32, foldhash::fast::FixedState>,
}

impl BatchBuilder {
    /// The texts of the batch, for interning.
    pub fn words(&mut self) -> &mut Words {
        &mut self.batch.words
    }

    /// Reserves memory for `rows` more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.batch.rows.reserve(rows);
    }

    /// Number of rows added so far.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether no row was added yet.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// The index of a shape. A new shape is added.
    pub fn shape(&mut self, shape: Shape) -> u32 {
        let (known, hasher) = (&mut self.batch.shapes, &self.hasher);
        let hash = hasher.hash_one(shape);
        if let Some(at) = self.shapes.find(hash, |at| known[*at as usize] == shape) {
            return *at;
        }
        let at = known.len() as u32;
        known.push(shape);
        self.shapes
            .insert_unique(hash, at, |at| hasher.hash_one(known[*at as usize]));
        at
    }

    /// The index of a key. A new key is added.
    pub fn key(&mut self, name: &str, kind: ValueKind) -> u32 {
        let key = OwnKey {
            name: self.batch.words.intern(name),
            kind,
        };
        *self.keys.entry(key).or_insert_with(|| {
            self.batch.keys.push(key);
            self.batch.keys.len() as u32 - 1
        })
    }

    /// The index of a resource. Only the last 64 resources are compared, so that a request with
    /// thousands of senders stays cheap. A resource found nowhere among them is added again.
    pub fn resource(&mut self, resource: &Arc<Resource>) -> u32 {
        const LOOK_BACK: usize = 64;
        let resources = &mut self.batch.resources;
        let first = resources.len().saturating_sub(LOOK_BACK);
        let last = &resources[first..];
        let known = last.iter().position(|have| Arc::ptr_eq(have, resource));
        known.map_or_else(
            || {
                resources.push(resource.clone());
                resources.len() - 1
            },
            |at| first + at,
        ) as u32
    }

    /// Adds an attribute value for the next row.
    pub fn own(&mut self, key: u32, value: Symbol) {
        self.batch.own.push(OwnValue { key, value });
    }

    /// Removes the attribute values added since the last row.
    pub fn discard_own(&mut self) {
        let kept = self.batch.rows.last().map_or(0, |row| row.own_end);
        self.batch.own.truncate(kept as usize);
    }

    /// Adds a row with the attribute values added since the last row, and sets `own_end`. Events
    /// and links are JSON arrays or empty.
    pub fn row(&mut self, row: Row, events: &str, links: &str) {
        let at = self.batch.rows.len() as u32;
        self.batch.rows.push(Row {
            own_end: self.batch.own.len() as u32,
            ..row
        });
        if !events.is_empty() {
            let events = self.batch.words.push(events);
            self.batch.events.push((at, events));
        }
        if !links.is_empty() {
            let links = self.batch.words.push(links);
            self.batch.links.push((at, links));
        }
    }

    /// Adds a span. All of its attributes become part of the shape.
    pub fn span(&mut self, span: &Span) {
        let words = &mut self.batch.words;
        let shape = Shape {
            name: words.intern(&span.name),
            scope: words.intern(&span.scope),
            kind: span.kind,
            status: span.status,
            status_message: words.intern(&span.status_message),
            http_status: span.http_status,
            error_type: words.intern(span.error_type.as_deref().unwrap_or_default()),
            transaction: span
                .transaction
                .as_ref()
                .map(|transaction| ShapeTransaction {
                    operation: words.intern(&transaction.operation),
                    outcome: transaction.outcome,
                    kind: transaction.kind,
                }),
            call: span.call.as_ref().map(|call| ShapeCall {
                category: call.category,
                target: words.intern(&call.target),
                detail: words.intern(&call.detail),
                failed: call.failed,
            }),
            attributes: match &*span.attributes {
                "{}" => Symbol::EMPTY,
                attributes => words.intern(attributes),
            },
        };
        let row = Row {
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_span_id: span.parent_span_id,
            start: span.start,
            end: span.end,
            resource: self.resource(&span.resource),
            shape: self.shape(shape),
            own_end: 0,
        };
        self.row(row, &span.events, &span.links);
    }

    /// Returns the batch.
    pub fn finish(self) -> SpanBatch {
        self.batch
    }
}

impl<'a> FromIterator<&'a Span> for SpanBatch {
    fn from_iter<T: IntoIterator<Item = &'a Span>>(spans: T) -> Self {
        let mut builder = BatchBuilder::default();
        spans.into_iter().for_each(|span| builder.span(span));
        builder.finish()
    }
}

impl SpanBatch {
    /// The symbol of [`OTHER`].
    pub fn other(&mut self) -> Symbol {
        self.words.intern(OTHER)
    }
}
