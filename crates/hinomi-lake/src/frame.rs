//! What a log record holds: a project and a batch, column by column, as it lies in memory.
//!
//! `docs/formats/wal.md` lists the fields. Numbers are little-endian. Reading checks every position
//! and every text, so a frame that reads is a batch that can be used.

use crate::LakeError;
use hinomi_model::{
    CallCategory, Outcome, Resource, SpanBatch, SpanId, SpanKind, SpanStatus, Text, TraceId,
    UnixNanos,
    batch::{OwnKey, OwnValue, Row, Shape, ShapeCall, ShapeTransaction, Symbol, ValueKind, Words},
};
use std::sync::Arc;

/// Version 1 held an Arrow IPC stream and was in no release.
const VERSION: u8 = 2;
/// Stands for "none" where zero is a value.
const NONE: u32 = u32::MAX;

/// The frame of a batch.
pub(crate) fn write(project: &str, batch: &SpanBatch) -> Result<Vec<u8>, LakeError> {
    let name = u8::try_from(project.len())
        .map_err(|_| LakeError::Columns(format!("{} bytes of project name", project.len())))?;
    let (text, ends) = batch.words.parts();
    let size = batch.len() * 64 + batch.own.len() * 8 + text.len() + ends.len() * 4;
    let mut out = Writer(Vec::with_capacity(
        size + batch.shapes.len() * 64 + (4 << 10),
    ));
    out.0.extend_from_slice(&[VERSION, name]);
    out.0.extend_from_slice(project.as_bytes());
    out.text(text);
    out.numbers(ends.iter().copied());
    out.number(batch.resources.len() as u32);
    for resource in &batch.resources {
        let Resource {
            service,
            namespace,
            environment,
            instance,
            version,
            host,
            attributes,
        } = &**resource;
        for part in [
            service,
            namespace,
            environment,
            instance,
            version,
            host,
            attributes,
        ] {
            out.text(part);
        }
    }
    out.number(batch.shapes.len() as u32);
    batch.shapes.iter().for_each(|shape| out.shape(shape));
    out.numbers(batch.keys.iter().map(|key| key.name.0));
    out.numbers(batch.keys.iter().map(|key| key.kind as u32));
    let rows = &batch.rows;
    out.number(rows.len() as u32);
    for row in rows {
        out.0.extend_from_slice(row.trace_id.as_bytes());
    }
    for row in rows {
        out.0.extend_from_slice(row.span_id.as_bytes());
    }
    for row in rows {
        let parent = row.parent_span_id.map_or([0; 8], |id| *id.as_bytes());
        out.0.extend_from_slice(&parent);
    }
    for row in rows {
        out.0.extend_from_slice(&row.start.0.to_le_bytes());
    }
    for row in rows {
        out.0.extend_from_slice(&row.end.0.to_le_bytes());
    }
    out.numbers(rows.iter().map(|row| row.resource));
    out.numbers(rows.iter().map(|row| row.shape));
    out.numbers(rows.iter().map(|row| row.own_end));
    out.numbers(batch.own.iter().map(|own| own.key));
    out.numbers(batch.own.iter().map(|own| own.value.0));
    for sparse in [&batch.events, &batch.links] {
        out.numbers(sparse.iter().map(|(row, _)| *row));
        out.numbers(sparse.iter().map(|(_, text)| text.0));
    }
    Ok(out.0)
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// How many, then the numbers.
    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        self.number(numbers.len() as u32);
        numbers.for_each(|number| self.number(number));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn shape(&mut self, shape: &Shape) {
        self.0.extend_from_slice(&[
            shape.kind as u8,
            shape.status as u8,
            match shape.transaction.map(|transaction| transaction.outcome) {
                None => 0,
                Some(Outcome::Ok) => 1,
                Some(Outcome::Error) => 2,
            },
            shape.call.map_or(0, |call| call.category as u8),
            u8::from(shape.call.is_some_and(|call| call.failed)),
        ]);
        let symbols = [
            shape.name,
            shape.scope,
            shape.status_message,
            shape.error_type,
            shape.attributes,
            shape
                .transaction
                .map_or(Symbol::EMPTY, |transaction| transaction.operation),
            shape.call.map_or(Symbol::EMPTY, |call| call.target),
            shape.call.map_or(Symbol::EMPTY, |call| call.detail),
        ];
        symbols.iter().for_each(|symbol| self.number(symbol.0));
        self.number(shape.http_status.map_or(NONE, u32::from));
    }
}

/// The project and the batch of a frame.
pub(crate) fn read(frame: &[u8]) -> Result<(Text, SpanBatch), LakeError> {
    let mut from = Reader(frame);
    let [version, name] = from.array()?;
    if version != VERSION {
        return Err(damaged("is of a version that is not known"));
    }
    let project = from.str(usize::from(name))?.into();
    let text = from.text()?.to_owned();
    let words = Words::from_parts(text, from.numbers()?)
        .ok_or_else(|| damaged("has texts that do not fit"))?;
    let mut resources = Vec::new();
    for _ in 0..from.number()? {
        let mut part = || from.text().map(Text::from);
        resources.push(Arc::new(Resource {
            service: part()?,
            namespace: part()?,
            environment: part()?,
            instance: part()?,
            version: part()?,
            host: part()?,
            attributes: part()?,
        }));
    }
    let mut shapes = Vec::new();
    for _ in 0..from.number()? {
        shapes.push(from.shape(words.len())?);
    }
    let (names, kinds) = (from.numbers()?, from.numbers()?);
    let keys = names.iter().zip(&kinds).map(|(name, kind)| {
        let kind = match kind {
            0 => ValueKind::Text,
            1 => ValueKind::Json,
            _ => return Err(damaged("has a kind of value that is not known")),
        };
        let name = symbol(*name, words.len())?;
        Ok(OwnKey { name, kind })
    });
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let count = from.number()? as usize;
    let mut rows = Vec::with_capacity(count.min(frame.len() / 56));
    let trace_ids = from.bytes(count.saturating_mul(16))?;
    let span_ids = from.bytes(count.saturating_mul(8))?;
    let parents = from.bytes(count.saturating_mul(8))?;
    let starts = from.bytes(count.saturating_mul(8))?;
    let ends = from.bytes(count.saturating_mul(8))?;
    let (of_resource, of_shape, own_ends) = (from.numbers()?, from.numbers()?, from.numbers()?);
    let (own_keys, own_values) = (from.numbers()?, from.numbers()?);
    if [of_resource.len(), of_shape.len(), own_ends.len()] != [count; 3]
        || own_keys.len() != own_values.len()
    {
        return Err(damaged("has columns of different lengths"));
    }
    let id = |_| damaged("has an id of zeros");
    let instant = |bytes: &[u8], at: usize| {
        let mut instant = [0; 8];
        instant.copy_from_slice(&bytes[at * 8..at * 8 + 8]);
        UnixNanos(i64::from_le_bytes(instant))
    };
    let mut own_end = 0;
    for at in 0..count {
        let fits = (of_resource[at] as usize) < resources.len()
            && (of_shape[at] as usize) < shapes.len()
            && own_ends[at] >= own_end
            && own_ends[at] as usize <= own_keys.len();
        if !fits {
            return Err(damaged("has a row that points beyond its lists"));
        }
        own_end = own_ends[at];
        rows.push(Row {
            trace_id: TraceId::from_slice(&trace_ids[at * 16..at * 16 + 16]).map_err(id)?,
            span_id: SpanId::from_slice(&span_ids[at * 8..at * 8 + 8]).map_err(id)?,
            parent_span_id: SpanId::from_slice(&parents[at * 8..at * 8 + 8]).ok(),
            start: instant(starts, at),
            end: instant(ends, at),
            resource: of_resource[at],
            shape: of_shape[at],
            own_end,
        });
    }
    let own = own_keys.iter().zip(&own_values).map(|(key, value)| {
        if *key as usize >= keys.len() {
            return Err(damaged("has a value without a key"));
        }
        let value = symbol(*value, words.len())?;
        Ok(OwnValue { key: *key, value })
    });
    let own = own.collect::<Result<Vec<_>, _>>()?;
    let events = from.sparse(words.len())?;
    let links = from.sparse(words.len())?;
    let batch = SpanBatch {
        words,
        resources,
        shapes,
        keys,
        rows,
        own,
        events,
        links,
    };
    Ok((project, batch))
}

fn damaged(what: &str) -> LakeError {
    LakeError::Columns(format!("a log frame {what}"))
}

fn symbol(number: u32, words: usize) -> Result<Symbol, LakeError> {
    if (number as usize) < words {
        Ok(Symbol(number))
    } else {
        Err(damaged("has a text that is not there"))
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Result<&'a [u8], LakeError> {
        let split = self.0.split_at_checked(length);
        let (bytes, rest) = split.ok_or_else(|| damaged("is too short"))?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LakeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn number(&mut self) -> Result<u32, LakeError> {
        self.array().map(u32::from_le_bytes)
    }

    fn numbers(&mut self) -> Result<Vec<u32>, LakeError> {
        let count = self.number()? as usize;
        let bytes = self.bytes(count.saturating_mul(4))?;
        let (numbers, _) = bytes.as_chunks::<4>();
        Ok(numbers
            .iter()
            .map(|bytes| u32::from_le_bytes(*bytes))
            .collect())
    }

    fn str(&mut self, length: usize) -> Result<&'a str, LakeError> {
        std::str::from_utf8(self.bytes(length)?).map_err(|_| damaged("has a text that is none"))
    }

    fn text(&mut self) -> Result<&'a str, LakeError> {
        let length = self.number()? as usize;
        self.str(length)
    }

    fn shape(&mut self, words: usize) -> Result<Shape, LakeError> {
        let [kind, status, outcome, category, failed] = self.array()?;
        let mut symbols = [Symbol::EMPTY; 8];
        for to in &mut symbols {
            *to = symbol(self.number()?, words)?;
        }
        let [
            name,
            scope,
            status_message,
            error_type,
            attributes,
            operation,
            target,
            detail,
        ] = symbols;
        let outcome = match outcome {
            0 => None,
            1 => Some(Outcome::Ok),
            2 => Some(Outcome::Error),
            _ => return Err(damaged("has an outcome that is not known")),
        };
        let category = match category {
            0 => None,
            number => Some(
                CallCategory::from_number(number)
                    .ok_or_else(|| damaged("has a category that is not known"))?,
            ),
        };
        let http_status = match self.number()? {
            NONE => None,
            status => Some(
                u16::try_from(status).map_err(|_| damaged("has an HTTP status out of range"))?,
            ),
        };
        Ok(Shape {
            name,
            scope,
            kind: SpanKind::from_otlp(i32::from(kind)),
            status: SpanStatus::from_otlp(i32::from(status)),
            status_message,
            http_status,
            error_type,
            transaction: outcome.map(|outcome| ShapeTransaction { operation, outcome }),
            call: category.map(|category| ShapeCall {
                category,
                target,
                detail,
                failed: failed != 0,
            }),
            attributes,
        })
    }

    fn sparse(&mut self, words: usize) -> Result<Vec<(u32, Symbol)>, LakeError> {
        let (rows, texts) = (self.numbers()?, self.numbers()?);
        if rows.len() != texts.len() || !rows.is_sorted() {
            return Err(damaged("has columns of different lengths"));
        }
        let pairs = rows.into_iter().zip(texts);
        pairs
            .map(|(row, text)| Ok((row, symbol(text, words)?)))
            .collect()
    }
}
