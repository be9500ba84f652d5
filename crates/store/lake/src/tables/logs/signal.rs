//! Log records as a signal: their batches in the log and in memory, and the files that a flush makes of
//! them.

use super::{gather::LogGatherer, record};
use crate::{
    LakeError,
    flush::files::Files,
    log::codec::{Reader, Writer},
    memtable::{Chunk, Memtable, SignalBatch},
    tables::{
        TableId,
        signals::{self, Restored, Signal},
    },
};
use hinomi_model::{LogBatch, Resource, RollupSet, Text, UnixNanos};
use std::{collections::BTreeMap, sync::Arc};

/// The signal.
pub(crate) const SIGNAL: Signal = Signal {
    number: signals::LOGS,
    name: "logs",
    read,
    flush,
};

impl SignalBatch for LogBatch {
    const SIGNAL: u8 = signals::LOGS;
    const RECORD_VERSION: u8 = record::VERSION;

    fn len(&self) -> usize {
        self.len()
    }

    fn weight(&self) -> usize {
        self.weight()
    }

    fn times(&self) -> impl Iterator<Item = UnixNanos> {
        self.rows.iter().map(|row| row.time)
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

fn read(version: u8, project: Text, from: &mut Reader<'_>) -> Result<Restored, LakeError> {
    let batch = record::read(version, from)?;
    Ok(Restored {
        chunk: Arc::new(Chunk::new(project, batch)),
        rollups: RollupSet::new(),
    })
}

/// Writes the records sorted by service and time, one file per bucket.
fn flush(files: &mut Files<'_>, project: &Text, memtable: &Memtable) -> Result<(), LakeError> {
    let chunks = memtable.chunks_of::<LogBatch>(project);
    if chunks.is_empty() {
        return Ok(());
    }
    let rows = LogGatherer::new(&chunks)?;
    let table = TableId::LOGS;
    let filing = files.filing(table, rows.all().map(|(_, row)| row.time.0));
    let mut buckets: BTreeMap<UnixNanos, Vec<_>> = BTreeMap::new();
    for (at, row) in rows.all() {
        let of_bucket = buckets.entry(filing.bucket(row.time.0)).or_default();
        of_bucket.push((rows.service_rank(at), row.time, at));
    }
    while let Some((bucket, mut keyed)) = buckets.pop_first() {
        keyed.sort_unstable();
        let first = keyed.iter().map(|(_, time, _)| time.0).min().unwrap_or(0);
        let last = keyed.iter().map(|(_, time, _)| time.0).max().unwrap_or(0);
        let places: Vec<_> = keyed.into_iter().map(|(_, _, at)| at).collect();
        let groups = places
            .chunks(table.kind().group_rows())
            .map(|places| rows.group(places));
        let size = ((first, last), places.len());
        files.write_groups(
            project,
            (table, bucket),
            table.kind().schema(),
            size,
            groups,
        )?;
    }
    Ok(())
}
