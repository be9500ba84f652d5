//! Writes and reads the rows of a record of logs, column by column as in memory.
//!
//! `docs/formats/wal.md` lists the fields.

use crate::{
    LakeError,
    log::codec::{Reader, Writer, damaged, symbol, unknown_version},
};
use hinomi_model::{
    LogBatch, SpanId, TraceId, UnixNanos,
    batch::{Symbol, Words},
    log::{LogRow, SEVERITY_MOST},
};
use std::sync::Arc;

/// The version that is written.
pub(super) const VERSION: u8 = 1;

/// Bits of the byte that says what a row has.
const HAS_TRACE: u8 = 1;
const HAS_SPAN: u8 = 2;
const BODY_IS_JSON: u8 = 4;

/// Size of the rows in a record, roughly, in bytes.
pub(super) fn bytes(batch: &LogBatch) -> usize {
    let (text, ends) = batch.words.parts();
    batch.len() * 42 + text.len() + ends.len() * 2 + (1 << 10)
}

/// Writes the rows.
pub(super) fn write(out: &mut Writer, batch: &LogBatch) {
    let (text, ends) = batch.words.parts();
    out.text(text);
    out.rising(ends.iter().copied());
    out.number(batch.resources.len() as u32);
    for resource in &batch.resources {
        out.resource(resource);
    }
    let rows = &batch.rows;
    out.number(rows.len() as u32);
    let mut before = 0;
    for row in rows {
        out.signed(row.time.0.wrapping_sub(before));
        before = row.time.0;
    }
    for row in rows {
        out.signed(row.observed.0.wrapping_sub(row.time.0));
    }
    for row in rows {
        out.0.push(row.severity);
    }
    for row in rows {
        let has = |bit, has| if has { bit } else { 0 };
        let what = has(HAS_TRACE, row.trace_id.is_some())
            | has(HAS_SPAN, row.span_id.is_some())
            | has(BODY_IS_JSON, row.body_is_json);
        out.0.push(what);
    }
    for id in rows.iter().filter_map(|row| row.trace_id) {
        out.0.extend_from_slice(id.as_bytes());
    }
    for id in rows.iter().filter_map(|row| row.span_id) {
        out.0.extend_from_slice(id.as_bytes());
    }
    out.numbers(rows.iter().map(|row| row.resource));
    let symbols: [fn(&LogRow) -> Symbol; 5] = [
        |row| row.severity_text,
        |row| row.body,
        |row| row.event_name,
        |row| row.scope,
        |row| row.attributes,
    ];
    for symbol in symbols {
        out.near(rows.iter().map(|row| symbol(row).0));
    }
}

/// Reads the rows, which were written in this version.
pub(super) fn read(version: u8, from: &mut Reader<'_>) -> Result<LogBatch, LakeError> {
    if version != VERSION {
        return Err(unknown_version());
    }
    let text = from.text()?.to_owned();
    let words = Words::from_parts(text, from.rising()?)
        .ok_or_else(|| damaged("has texts that do not fit"))?;
    let mut resources = Vec::new();
    for _ in 0..from.number()? {
        resources.push(Arc::new(from.resource()?));
    }
    let count = from.number()? as usize;
    let (times, observed) = from.times(count)?;
    let severities = from.bytes(count)?;
    let has = from.bytes(count)?;
    let number_with = |bit| has.iter().filter(|has| **has & bit != 0).count();
    let trace_ids = from.bytes(number_with(HAS_TRACE).saturating_mul(16))?;
    let span_ids = from.bytes(number_with(HAS_SPAN).saturating_mul(8))?;
    let of_resource = from.numbers()?;
    let texts = [
        from.near()?,
        from.near()?,
        from.near()?,
        from.near()?,
        from.near()?,
    ];
    if of_resource.len() != count || texts.iter().any(|column| column.len() != count) {
        return Err(damaged("has columns of different lengths"));
    }
    let mut trace_ids = trace_ids.chunks_exact(16).map(TraceId::from_slice);
    let mut span_ids = span_ids.chunks_exact(8).map(SpanId::from_slice);
    let id = |_| damaged("has an id of zeros");
    let mut rows = Vec::with_capacity(count);
    for at in 0..count {
        if of_resource[at] as usize >= resources.len() || severities[at] > SEVERITY_MOST {
            return Err(damaged("has a row that points beyond its lists"));
        }
        let trace_id = (has[at] & HAS_TRACE != 0).then(|| trace_ids.next());
        let span_id = (has[at] & HAS_SPAN != 0).then(|| span_ids.next());
        let word = |column: usize| symbol(texts[column][at], words.len());
        rows.push(LogRow {
            time: UnixNanos(times[at]),
            observed: UnixNanos(observed[at]),
            severity: severities[at],
            body_is_json: has[at] & BODY_IS_JSON != 0,
            trace_id: trace_id.flatten().transpose().map_err(id)?,
            span_id: span_id.flatten().transpose().map_err(id)?,
            resource: of_resource[at],
            severity_text: word(0)?,
            body: word(1)?,
            event_name: word(2)?,
            scope: word(3)?,
            attributes: word(4)?,
        });
    }
    Ok(LogBatch {
        words,
        resources,
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        log::record,
        memtable::{Chunk, of_signal},
    };
    use hinomi_testkit::log_records;

    fn read(bytes: &[u8]) -> Option<Arc<Chunk<LogBatch>>> {
        of_signal(&record::read(bytes).ok()?.chunk)
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let batch: LogBatch = log_records(300).iter().collect();
        let record = record::write("shop", &batch).unwrap();
        let chunk = read(&record).unwrap();
        assert_eq!(&*chunk.project, "shop");
        assert_eq!(chunk.batch.rows, batch.rows);
        assert!(chunk.batch.records().eq(batch.records()));
    }

    #[test]
    fn a_record_that_is_cut_or_bent_anywhere_is_an_error_or_a_batch() {
        let batch: LogBatch = log_records(40).iter().collect();
        let whole = record::write("shop", &batch).unwrap();
        for at in 0..whole.len() {
            assert!(record::read(&whole[..at]).is_err(), "cut at {at}");
            let mut bent = whole.clone();
            bent[at] ^= 0xff;
            if let Some(chunk) = read(&bent) {
                let bodies = chunk.batch.records().map(|record| record.body.len());
                assert!(bodies.count() == chunk.batch.len());
            }
        }
    }
}
