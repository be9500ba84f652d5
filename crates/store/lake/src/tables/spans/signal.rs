//! Spans as a signal: their batches in the log and in memory, and the files that a flush makes of them.

use super::{
    gather::{Gatherer, RowRef},
    record,
};
use crate::{
    LakeError,
    flush::files::Files,
    log::codec::{Reader, Writer},
    memtable::{Chunk, Memtable, SignalBatch},
    tables::{
        TableId, rollups,
        signals::{self, Restored, Signal},
    },
};
use arrow_schema::SchemaRef;
use hinomi_columnar::RowGroup;
use hinomi_model::{Resource, RollupSet, SpanBatch, Text, TraceId, UnixNanos};
use std::{collections::BTreeMap, sync::Arc};

/// The signal.
pub(crate) const SIGNAL: Signal = Signal {
    number: signals::SPANS,
    name: "spans",
    read,
    flush,
};

impl SignalBatch for SpanBatch {
    const SIGNAL: u8 = signals::SPANS;
    const RECORD_VERSION: u8 = record::VERSION;

    fn len(&self) -> usize {
        self.len()
    }

    fn weight(&self) -> usize {
        self.weight()
    }

    fn times(&self) -> impl Iterator<Item = UnixNanos> {
        self.rows.iter().map(|row| row.end)
    }

    fn resources(&self) -> &[Arc<Resource>] {
        &self.resources
    }

    fn settle(&mut self) {
        self.settle();
    }

    fn record_bytes(&self) -> usize {
        record::bytes(self)
    }

    fn write(&self, out: &mut Writer) {
        record::write(out, self);
    }
}

/// Reads a batch back and computes its rollups.
fn read(version: u8, project: Text, from: &mut Reader<'_>) -> Result<Restored, LakeError> {
    let spans = record::read(version, from)?;
    let rollups = RollupSet::of(&spans);
    Ok(Restored {
        chunk: Arc::new(Chunk::new(project, spans)),
        rollups,
    })
}

/// Writes spans, transactions and rollups.
fn flush(files: &mut Files<'_>, project: &Text, memtable: &Memtable) -> Result<(), LakeError> {
    let chunks = memtable.chunks_of::<SpanBatch>(project);
    if chunks.is_empty() {
        return Ok(());
    }
    let promoted = files.promoted(project);
    let rows = Gatherer::new(&chunks, &promoted)?;
    write_spans(files, project, &rows)?;
    write_transactions(files, project, &rows)?;
    drop(rows);
    match memtable.rollups.get(project) {
        Some(rollups) => rollups::flush::write(files, project, rollups),
        None => Ok(()),
    }
}

/// Writes spans sorted by trace and start, one file per bucket.
fn write_spans(
    files: &mut Files<'_>,
    project: &Text,
    rows: &Gatherer<'_>,
) -> Result<(), LakeError> {
    let filing = files.filing(TableId::SPANS, rows.rows().map(|(_, row)| row.end.0));
    let mut buckets: BTreeMap<UnixNanos, Vec<(u64, RowRef)>> = BTreeMap::new();
    for (at, row) in rows.rows() {
        let of_bucket = buckets.entry(filing.bucket(row.end.0)).or_default();
        of_bucket.push((beginning(row.trace_id), at));
    }
    // Compared only if the first halves of two trace ids are equal. This keeps the sort keys
    // small.
    let whole = |at: RowRef| {
        let row = rows.row(at);
        (*row.trace_id.as_bytes(), row.start, at)
    };
    while let Some((bucket, mut keyed)) = buckets.pop_first() {
        keyed.sort_unstable_by(|left, right| {
            let begins = left.0.cmp(&right.0);
            begins.then_with(|| whole(left.1).cmp(&whole(right.1)))
        });
        let places: Vec<RowRef> = keyed.into_iter().map(|(_, at)| at).collect();
        let (place, schema) = ((TableId::SPANS, bucket), rows.span_schema());
        write_rows(files, project, place, schema, rows, &places, |at| {
            rows.spans(at)
        })?;
    }
    Ok(())
}

/// Writes entry spans sorted by service and end, one file per bucket.
fn write_transactions(
    files: &mut Files<'_>,
    project: &Text,
    rows: &Gatherer<'_>,
) -> Result<(), LakeError> {
    let entries = || rows.rows().filter(|(at, _)| rows.is_transaction(*at));
    let filing = files.filing(TableId::TRANSACTIONS, entries().map(|(_, row)| row.end.0));
    let ranks = rows.service_ranks();
    let mut buckets: BTreeMap<UnixNanos, Vec<(u32, UnixNanos, RowRef)>> = BTreeMap::new();
    for (at, row) in entries() {
        let rank = ranks.get(&rows.service(at)).copied().unwrap_or(0);
        let of_bucket = buckets.entry(filing.bucket(row.end.0)).or_default();
        of_bucket.push((rank, row.end, at));
    }
    while let Some((bucket, mut keyed)) = buckets.pop_first() {
        keyed.sort_unstable();
        let places: Vec<RowRef> = keyed.into_iter().map(|(_, _, at)| at).collect();
        let table = TableId::TRANSACTIONS;
        let schema = table.kind().schema();
        write_rows(
            files,
            project,
            (table, bucket),
            schema,
            rows,
            &places,
            |at| rows.transactions(at),
        )?;
    }
    Ok(())
}

/// Writes the file of a bucket. `places` are its rows, sorted.
fn write_rows(
    files: &mut Files<'_>,
    project: &Text,
    place: (TableId, UnixNanos),
    schema: &SchemaRef,
    rows: &Gatherer<'_>,
    places: &[RowRef],
    columns: impl Fn(&[RowRef]) -> Result<RowGroup, LakeError>,
) -> Result<(), LakeError> {
    let ends = || places.iter().map(|at| rows.row(*at).end.0);
    let times = (ends().min().unwrap_or(0), ends().max().unwrap_or(0));
    let groups = places.chunks(place.0.kind().group_rows()).map(columns);
    files.write_groups(project, place, schema, (times, places.len()), groups)
}

/// The first half of a trace id, which sorts in the same order.
fn beginning(id: TraceId) -> u64 {
    let id = u128::from_be_bytes(*id.as_bytes());
    (id >> 64) as u64
}
