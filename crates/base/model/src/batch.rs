//! The spans of one request as columns: what is decoded, counted, logged and kept in memory.
//!
//! A span is a row of ids and times that points to a [`Shape`], which it shares with all spans like
//! it, to the resource that sent it, and to the few attribute values that are its own: an order's
//! number, a thread. So taking in a span allocates nothing, and its row is small.

mod shape;
mod words;

pub use shape::{Shape, ShapeCall, ShapeTransaction};
pub use words::{Symbol, Words};

use crate::{
    ClientCall, Resource, Span, SpanId, Text, TraceId, Transaction, UnixNanos, text::OTHER,
};
use hashbrown::HashTable;
use std::{collections::HashMap, hash::BuildHasher, sync::Arc};

/// Spans of one project, in the order they came.
#[derive(Debug, Clone, Default)]
pub struct SpanBatch {
    /// All texts but the resources'.
    pub words: Words,
    /// The senders.
    pub resources: Vec<Arc<Resource>>,
    /// What spans have in common.
    pub shapes: Vec<Shape>,
    /// Keys of own attributes.
    pub keys: Vec<OwnKey>,
    /// One each span.
    pub rows: Vec<Row>,
    /// Own attributes of all spans, in the order of the rows.
    pub own: Vec<OwnValue>,
    /// (row, JSON array) of the spans that have events, ascending.
    pub events: Vec<(u32, Symbol)>,
    /// The same of links.
    pub links: Vec<(u32, Symbol)>,
}

/// What is a span's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// Its parent.
    pub parent_span_id: Option<SpanId>,
    /// When it began.
    pub start: UnixNanos,
    /// When it ended.
    pub end: UnixNanos,
    /// Position of its resource.
    pub resource: u32,
    /// Position of its shape.
    pub shape: u32,
    /// Where its own attributes end; they begin where those of the row before end.
    pub own_end: u32,
}

/// The key of an own attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnKey {
    /// The attribute's key.
    pub name: Symbol,
    /// How its values are written.
    pub kind: ValueKind,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueKind {
    /// A text, as it is.
    Text,
    /// Anything else, as JSON: a number, a truth value, an array.
    Json,
}

/// An attribute value of one span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnValue {
    /// Position of its key.
    pub key: u32,
    /// Its text.
    pub value: Symbol,
}

impl SpanBatch {
    /// Number of spans.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes it holds in memory, roughly: what admission and the memtable budget by.
    pub fn weight(&self) -> usize {
        self.words.weight()
            + self.rows.capacity() * size_of::<Row>()
            + self.own.capacity() * size_of::<OwnValue>()
            + self.shapes.capacity() * size_of::<Shape>()
            + (self.events.capacity() + self.links.capacity()) * 8
            + size_of::<Self>()
    }

    /// A row's shape.
    pub fn shape(&self, row: &Row) -> &Shape {
        &self.shapes[row.shape as usize]
    }

    /// A row's resource.
    pub fn resource(&self, row: &Row) -> &Arc<Resource> {
        &self.resources[row.resource as usize]
    }

    /// The own attributes of the row at `at`.
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

    /// Keeps the rows for which `keep` says so.
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

    /// Gives up what only building needs.
    pub fn settle(&mut self) {
        self.words.settle();
        self.rows.shrink_to_fit();
        self.own.shrink_to_fit();
        self.shapes.shrink_to_fit();
    }

    /// The span of the row at `at`, put together.
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

    /// All spans, put together.
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

/// The object `shared` with the own attributes behind its members.
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

/// Puts a batch together.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    batch: SpanBatch,
    /// Positions of shapes.
    shapes: HashTable<u32>,
    hasher: foldhash::fast::FixedState,
    keys: HashMap<OwnKey, u32, foldhash::fast::FixedState>,
}

impl BatchBuilder {
    /// The texts, to intern some.
    pub fn words(&mut self) -> &mut Words {
        &mut self.batch.words
    }

    /// Makes room for so many more rows.
    pub fn reserve(&mut self, rows: usize) {
        self.batch.rows.reserve(rows);
    }

    /// Number of rows so far.
    pub fn len(&self) -> usize {
        self.batch.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// The position of a shape, a new one when it has none.
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

    /// The position of a key of own attributes.
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

    /// The position of a resource. Only the last few are looked at for the same one, so that
    /// thousands of senders in one request cost no more than they should.
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

    /// Adds an attribute of the next row's own.
    pub fn own(&mut self, key: u32, value: Symbol) {
        self.batch.own.push(OwnValue { key, value });
    }

    /// Forgets the own attributes added since the last row.
    pub fn discard_own(&mut self) {
        let kept = self.batch.rows.last().map_or(0, |row| row.own_end);
        self.batch.own.truncate(kept as usize);
    }

    /// Adds a row with the own attributes added since the last; sets `own_end`. Events and links
    /// are JSON arrays, or empty.
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

    /// Adds a span, all its attributes as shared ones.
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

    /// The batch.
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
