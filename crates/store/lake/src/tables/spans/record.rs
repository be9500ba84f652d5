//! Writes and reads the rows of a log record of spans, column by column as in memory.
//!
//! `docs/formats/wal.md` lists the fields.

use crate::{
    LakeError,
    log::codec::{Reader, Writer, damaged, symbol, unknown_version},
    tables::spans::columns::{KIND_BITS, OUTCOME_MASK},
};
use hinomi_model::{
    CallCategory, Outcome, SpanBatch, SpanId, SpanKind, SpanStatus, TraceId, TransactionKind,
    UnixNanos,
    batch::{OwnKey, OwnValue, Row, Shape, ShapeCall, ShapeTransaction, Symbol, ValueKind, Words},
};
use std::sync::Arc;

/// The version that is written: integers have variable length, times and positions are
/// delta-encoded. Version 1 held an Arrow IPC stream and was never released.
pub(super) const VERSION: u8 = 3;
/// An older version that can still be read: every number has four bytes, every time eight.
const WIDE: u8 = 2;
/// Stands for "none" in version [`WIDE`], where zero is a value.
const NONE: u32 = u32::MAX;

/// Size of the rows in a record, roughly, in bytes.
pub(super) fn bytes(batch: &SpanBatch) -> usize {
    let (text, ends) = batch.words.parts();
    let size = batch.len() * 52 + batch.own.len() * 4 + text.len() + ends.len() * 2;
    size + batch.shapes.len() * 32 + (4 << 10)
}

/// Writes the rows.
pub(super) fn write(out: &mut Writer, batch: &SpanBatch) {
    let (text, ends) = batch.words.parts();
    out.text(text);
    out.rising(ends.iter().copied());
    out.number(batch.resources.len() as u32);
    for resource in &batch.resources {
        out.resource(resource);
    }
    out.number(batch.shapes.len() as u32);
    batch
        .shapes
        .iter()
        .for_each(|shape| write_shape(out, shape));
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
}

fn write_shape(out: &mut Writer, shape: &Shape) {
    out.0.extend_from_slice(&[
        shape.kind as u8,
        shape.status as u8,
        shape.transaction.map_or(0, |transaction| {
            let outcome = match transaction.outcome {
                Outcome::Ok => 1,
                Outcome::Error => 2,
            };
            outcome | (transaction.kind as u8) << KIND_BITS
        }),
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
    symbols.iter().for_each(|symbol| out.number(symbol.0));
    out.number(shape.http_status.map_or(0, |status| u32::from(status) + 1));
}

/// Reads the rows, which were written in this version.
pub(super) fn read(version: u8, from: &mut Reader<'_>) -> Result<SpanBatch, LakeError> {
    from.wide = match version {
        VERSION => false,
        WIDE => true,
        _ => return Err(unknown_version()),
    };
    let length = from.rest.len();
    let text = from.text()?.to_owned();
    let words = Words::from_parts(text, from.rising()?)
        .ok_or_else(|| damaged("has texts that do not fit"))?;
    let mut resources = Vec::new();
    for _ in 0..from.number()? {
        resources.push(Arc::new(from.resource()?));
    }
    let mut shapes = Vec::new();
    for _ in 0..from.number()? {
        shapes.push(read_shape(from, words.len())?);
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
    let mut rows = Vec::with_capacity(count.min(length / 32));
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
    let events = read_sparse(from, words.len())?;
    let links = read_sparse(from, words.len())?;
    Ok(SpanBatch {
        words,
        resources,
        shapes,
        keys,
        rows,
        own,
        events,
        links,
    })
}

fn read_shape(from: &mut Reader<'_>, words: usize) -> Result<Shape, LakeError> {
    let [kind, status, outcome, category, failed] = from.array()?;
    let mut symbols = [Symbol::EMPTY; 8];
    for to in &mut symbols {
        *to = symbol(from.number()?, words)?;
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
    let begun_by = TransactionKind::from_number(outcome >> KIND_BITS)
        .ok_or_else(|| damaged("has a kind of transaction that is not known"))?;
    let outcome = match outcome & OUTCOME_MASK {
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
    let http_status = match (from.number()?, from.wide) {
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
        transaction: outcome.map(|outcome| ShapeTransaction {
            operation,
            outcome,
            kind: begun_by,
        }),
        call: category.map(|category| ShapeCall {
            category,
            target,
            detail,
            failed: failed != 0,
        }),
        attributes,
    })
}

fn read_sparse(from: &mut Reader<'_>, words: usize) -> Result<Vec<(u32, Symbol)>, LakeError> {
    let (rows, texts) = (from.rising()?, from.near()?);
    if rows.len() != texts.len() || !rows.is_sorted() {
        return Err(damaged("has columns of different lengths"));
    }
    let pairs = rows.into_iter().zip(texts);
    pairs
        .map(|(row, text)| Ok((row, symbol(text, words)?)))
        .collect()
}

#[cfg(test)]
mod tests;
