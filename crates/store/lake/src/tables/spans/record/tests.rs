//! Tests of log records of spans: all readable versions, and invalid records.

use super::*;
use crate::{
    log::record,
    memtable::{Chunk, of_signal},
};
use hinomi_model::batch::BatchBuilder;
use hinomi_testkit::SpanBuilder;
use std::time::Duration;

/// Spans of several kinds with own attributes, some at the extremes of time.
fn spans(count: u64) -> SpanBatch {
    let mut builder = BatchBuilder::default();
    for id in 1..=count {
        for key in 0..id % 6 {
            let value = builder.words().intern(&format!("{:x}", id * 7_919 * key));
            let key = builder.key(&format!("own.{key}"), ValueKind::Text);
            builder.own(key, value);
        }
        let span = match id % 3 {
            0 => SpanBuilder::internal("shop", "work"),
            1 => SpanBuilder::http_call("shop", "bank").fails("timeout"),
            _ => SpanBuilder::server("shop", "GET /"),
        };
        let ends = match id {
            1 => UnixNanos(i64::MAX),
            2 => UnixNanos(i64::MIN),
            _ => UnixNanos::from_millis(1_800_000_000_000 - (id * 37 % 5_000) as i64),
        };
        let mut span = span.in_trace(id / 4 + 1).build();
        span.end = ends;
        span.start = match id {
            1 => UnixNanos(i64::MIN),
            _ => ends.minus(Duration::from_micros(id * 731)),
        };
        builder.span(&span);
    }
    builder.finish()
}

/// Encodes a batch as a record.
fn written(project: &str, batch: &SpanBatch) -> Vec<u8> {
    record::write(project, batch).unwrap()
}

/// Decodes a record of spans.
fn read(bytes: &[u8]) -> Option<Arc<Chunk<SpanBatch>>> {
    of_signal(&record::read(bytes).ok()?.chunk)
}

/// A record without the header of today: its version and its project come first.
fn headless(record: &[u8]) -> Vec<u8> {
    [&[VERSION], &record[3..]].concat()
}

/// Encodes a batch as a record of version 2, with columns of four and eight bytes.
fn wide(project: &str, batch: &SpanBatch) -> Vec<u8> {
    fn numbers(out: &mut Vec<u8>, numbers: impl ExactSizeIterator<Item = u32>) {
        out.extend_from_slice(&(numbers.len() as u32).to_le_bytes());
        numbers.for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    }
    fn text(out: &mut Vec<u8>, text: &str) {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    let mut out = vec![WIDE, project.len() as u8];
    out.extend_from_slice(project.as_bytes());
    let (words, ends) = batch.words.parts();
    text(&mut out, words);
    numbers(&mut out, ends.iter().copied());
    out.extend_from_slice(&(batch.resources.len() as u32).to_le_bytes());
    for of in &batch.resources {
        let parts = [
            &of.service,
            &of.namespace,
            &of.environment,
            &of.instance,
            &of.version,
            &of.host,
            &of.attributes,
        ];
        parts.iter().for_each(|part| text(&mut out, part));
    }
    out.extend_from_slice(&(batch.shapes.len() as u32).to_le_bytes());
    for shape in &batch.shapes {
        let mut packed = Writer(Vec::new());
        write_shape(&mut packed, shape);
        out.extend_from_slice(&packed.0[..5]);
        let transaction = shape.transaction.map(|of| of.operation);
        let symbols = [
            shape.name,
            shape.scope,
            shape.status_message,
            shape.error_type,
            shape.attributes,
            transaction.unwrap_or(Symbol::EMPTY),
            shape.call.map_or(Symbol::EMPTY, |call| call.target),
            shape.call.map_or(Symbol::EMPTY, |call| call.detail),
        ];
        for symbol in symbols {
            out.extend_from_slice(&symbol.0.to_le_bytes());
        }
        let status = shape.http_status.map_or(NONE, u32::from);
        out.extend_from_slice(&status.to_le_bytes());
    }
    numbers(&mut out, batch.keys.iter().map(|key| key.name.0));
    numbers(&mut out, batch.keys.iter().map(|key| key.kind as u32));
    let rows = &batch.rows;
    out.extend_from_slice(&(rows.len() as u32).to_le_bytes());
    for row in rows {
        out.extend_from_slice(row.trace_id.as_bytes());
    }
    for row in rows {
        out.extend_from_slice(row.span_id.as_bytes());
    }
    for row in rows {
        let parent = row.parent_span_id.map_or([0; 8], |id| *id.as_bytes());
        out.extend_from_slice(&parent);
    }
    for row in rows {
        out.extend_from_slice(&row.start.0.to_le_bytes());
    }
    for row in rows {
        out.extend_from_slice(&row.end.0.to_le_bytes());
    }
    numbers(&mut out, rows.iter().map(|row| row.resource));
    numbers(&mut out, rows.iter().map(|row| row.shape));
    numbers(&mut out, rows.iter().map(|row| row.own_end));
    numbers(&mut out, batch.own.iter().map(|own| own.key));
    numbers(&mut out, batch.own.iter().map(|own| own.value.0));
    for sparse in [&batch.events, &batch.links] {
        numbers(&mut out, sparse.iter().map(|(row, _)| *row));
        numbers(&mut out, sparse.iter().map(|(_, text)| text.0));
    }
    out
}

#[test]
fn a_record_is_read_as_it_was_written_and_so_are_those_of_the_versions_before() {
    let batch = spans(500);
    let now = written("shop", &batch);
    let before = wide("shop", &batch);
    for record in [&now, &headless(&now), &before] {
        let chunk = read(record).unwrap();
        assert_eq!(&*chunk.project, "shop");
        assert!(parts(&chunk.batch) == parts(&batch));
    }
    let sizes = (now.len(), before.len());
    assert!(sizes.0 * 4 < sizes.1 * 3, "{sizes:?}");
}

/// Everything of a batch except what only interning needs.
fn parts(batch: &SpanBatch) -> String {
    let columns = (&batch.rows, &batch.own, &batch.events, &batch.links);
    let shared = (&batch.resources, &batch.shapes, &batch.keys);
    format!("{:?} {shared:?} {columns:?}", batch.words.parts())
}

#[test]
fn a_record_that_is_cut_or_bent_anywhere_is_an_error_or_a_batch() {
    let frame = written("shop", &spans(40));
    for at in 0..frame.len() {
        assert!(record::read(&frame[..at]).is_err(), "cut at {at}");
        let mut bent = frame.clone();
        bent[at] ^= 0xff;
        // The log's checksum excludes modified frames. If one decodes anyway, the batch must be
        // safe to use.
        if let Some(chunk) = read(&bent) {
            let batch = &chunk.batch;
            let texts = (0..batch.len()).flat_map(|row| batch.own(row));
            texts.for_each(|own| _ = batch.words.get(own.value));
        }
    }
}
