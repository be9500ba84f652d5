//! Encodes and decodes the payload of a log record: a project and a batch of spans, column by
//! column as in memory.
//!
//! `docs/formats/wal.md` lists the fields. Numbers are little-endian. Decoding checks every
//! position and every text, so a decoded batch is safe to use.

use crate::LakeError;
use hinomi_model::{
    CallCategory, Outcome, Resource, SpanBatch, SpanId, SpanKind, SpanStatus, Text, TraceId,
    UnixNanos,
    batch::{OwnKey, OwnValue, Row, Shape, ShapeCall, ShapeTransaction, Symbol, ValueKind, Words},
};
use std::sync::Arc;

/// The version that is written: integers have variable length, times and positions are
/// delta-encoded. Version 1 held an Arrow IPC stream and was never released.
const VERSION: u8 = 3;
/// An older version that can still be read: every number has four bytes, every time eight.
const WIDE: u8 = 2;
/// Stands for "none" in version [`WIDE`], where zero is a value.
const NONE: u32 = u32::MAX;

/// Encodes a batch.
pub(crate) fn write(project: &str, batch: &SpanBatch) -> Result<Vec<u8>, LakeError> {
    let name = u8::try_from(project.len())
        .map_err(|_| LakeError::Columns(format!("{} bytes of project name", project.len())))?;
    let (text, ends) = batch.words.parts();
    let size = batch.len() * 52 + batch.own.len() * 4 + text.len() + ends.len() * 2;
    let mut out = Writer(Vec::with_capacity(
        size + batch.shapes.len() * 32 + (4 << 10),
    ));
    out.0.extend_from_slice(&[VERSION, name]);
    out.0.extend_from_slice(project.as_bytes());
    out.text(text);
    out.rising(ends.iter().copied());
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
    let mut before = 0;
    for row in rows {
        out.signed(row.start.0.wrapping_sub(before));
        before = row.start.0;
    }
    for row in rows {
        out.signed(row.end.0.wrapping_sub(row.start.0));
    }
    out.numbers(rows.iter().map(|row| row.resource));
    out.numbers(rows.iter().map(|row| row.shape));
    out.rising(rows.iter().map(|row| row.own_end));
    out.numbers(batch.own.iter().map(|own| own.key));
    out.near(batch.own.iter().map(|own| own.value.0));
    for sparse in [&batch.events, &batch.links] {
        out.rising(sparse.iter().map(|(row, _)| *row));
        out.near(sparse.iter().map(|(_, text)| text.0));
    }
    Ok(out.0)
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u32) {
        self.long(u64::from(number));
    }

    /// Variable-length integer (LEB128): seven bits per byte, lowest first; the highest bit says
    /// that more follow.
    fn long(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Zigzag encoding: the sign is the lowest bit, so that numbers near zero are short.
    fn signed(&mut self, number: i64) {
        self.long((number << 1 ^ number >> 63).cast_unsigned());
    }

    /// The count, then the differences of ascending numbers.
    fn rising(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        let mut before = 0;
        self.numbers(numbers.map(|number| {
            let step = number.wrapping_sub(before);
            before = number;
            step
        }));
    }

    /// The count, then the signed differences of neighbours.
    fn near(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        self.number(numbers.len() as u32);
        let mut before = 0;
        numbers.for_each(|number| {
            self.signed(i64::from(number) - before);
            before = i64::from(number);
        });
    }

    /// The count, then the numbers.
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
        self.number(shape.http_status.map_or(0, |status| u32::from(status) + 1));
    }
}

/// Decodes a frame into project and batch.
pub(crate) fn read(frame: &[u8]) -> Result<(Text, SpanBatch), LakeError> {
    let mut from = Reader {
        rest: frame,
        wide: false,
    };
    let [version, name] = from.array()?;
    from.wide = match version {
        VERSION => false,
        WIDE => true,
        _ => return Err(damaged("is of a version that is not known")),
    };
    let project = from.str(usize::from(name))?.into();
    let text = from.text()?.to_owned();
    let words = Words::from_parts(text, from.rising()?)
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
    let mut rows = Vec::with_capacity(count.min(frame.len() / 32));
    let trace_ids = from.bytes(count.saturating_mul(16))?;
    let span_ids = from.bytes(count.saturating_mul(8))?;
    let parents = from.bytes(count.saturating_mul(8))?;
    let (starts, ends) = from.times(count)?;
    let (of_resource, of_shape, own_ends) = (from.numbers()?, from.numbers()?, from.rising()?);
    let (own_keys, own_values) = (from.numbers()?, from.near()?);
    if [of_resource.len(), of_shape.len(), own_ends.len()] != [count; 3]
        || own_keys.len() != own_values.len()
    {
        return Err(damaged("has columns of different lengths"));
    }
    let id = |_| damaged("has an id of zeros");
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
            start: UnixNanos(starts[at]),
            end: UnixNanos(ends[at]),
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

struct Reader<'a> {
    rest: &'a [u8],
    /// Whether the frame has version [`WIDE`].
    wide: bool,
}

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Result<&'a [u8], LakeError> {
        let split = self.rest.split_at_checked(length);
        let (bytes, rest) = split.ok_or_else(|| damaged("is too short"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LakeError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn number(&mut self) -> Result<u32, LakeError> {
        if self.wide {
            return self.array().map(u32::from_le_bytes);
        }
        u32::try_from(self.long()?).map_err(|_| damaged("has a number out of range"))
    }

    fn long(&mut self) -> Result<u64, LakeError> {
        let mut number = 0_u64;
        for (at, byte) in self.rest.iter().take(10).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return Ok(number);
            }
        }
        Err(damaged("has a number without an end"))
    }

    fn signed(&mut self) -> Result<i64, LakeError> {
        let number = self.long()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The number of items that follow; each has at least one byte ([`WIDE`]: four).
    fn count(&mut self) -> Result<usize, LakeError> {
        let count = self.number()? as usize;
        let least = if self.wide { 4 } else { 1 };
        match count.saturating_mul(least) <= self.rest.len() {
            true => Ok(count),
            false => Err(damaged("is too short")),
        }
    }

    fn numbers(&mut self) -> Result<Vec<u32>, LakeError> {
        let count = self.count()?;
        (0..count).map(|_| self.number()).collect()
    }

    /// Decodes numbers that `Writer::rising` wrote.
    fn rising(&mut self) -> Result<Vec<u32>, LakeError> {
        let mut numbers = self.numbers()?;
        let mut before = 0_u32;
        for number in numbers.iter_mut().filter(|_| !self.wide) {
            let sum = before.checked_add(*number);
            before = sum.ok_or_else(|| damaged("has a number out of range"))?;
            *number = before;
        }
        Ok(numbers)
    }

    /// Decodes numbers that `Writer::near` wrote.
    fn near(&mut self) -> Result<Vec<u32>, LakeError> {
        if self.wide {
            return self.numbers();
        }
        let (count, mut before) = (self.count()?, 0_i64);
        let next = |_| {
            let number = before.checked_add(self.signed()?);
            before = number.unwrap_or(-1);
            u32::try_from(before).map_err(|_| damaged("has a number out of range"))
        };
        (0..count).map(next).collect()
    }

    /// Decodes `count` starts and `count` ends.
    fn times(&mut self, count: usize) -> Result<(Vec<i64>, Vec<i64>), LakeError> {
        if self.wide {
            let mut times = || {
                let bytes = self.bytes(count.saturating_mul(8))?;
                let (times, _) = bytes.as_chunks::<8>();
                let times = times.iter().map(|bytes| i64::from_le_bytes(*bytes));
                Ok::<Vec<i64>, LakeError>(times.collect())
            };
            return Ok((times()?, times()?));
        }
        if count > self.rest.len() {
            return Err(damaged("is too short"));
        }
        let mut before = 0_i64;
        let mut start = |_| {
            before = before.wrapping_add(self.signed()?);
            Ok(before)
        };
        let starts = (0..count).map(&mut start);
        let starts = starts.collect::<Result<Vec<_>, LakeError>>()?;
        let end = |start: &i64| Ok(start.wrapping_add(self.signed()?));
        let ends = starts.iter().map(end);
        let ends = ends.collect::<Result<Vec<_>, LakeError>>()?;
        Ok((starts, ends))
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
        let http_status = match (self.number()?, self.wide) {
            (NONE, true) | (0, false) => None,
            (status, wide) => Some(
                u16::try_from(status - u32::from(!wide))
                    .map_err(|_| damaged("has an HTTP status out of range"))?,
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
        let (rows, texts) = (self.rising()?, self.near()?);
        if rows.len() != texts.len() || !rows.is_sorted() {
            return Err(damaged("has columns of different lengths"));
        }
        let pairs = rows.into_iter().zip(texts);
        pairs
            .map(|(row, text)| Ok((row, symbol(text, words)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
