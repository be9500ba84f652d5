//! Entry points for the fuzzing crate. Not part of the public interface.
//!
//! Searches run on the caller's thread, so that the fuzzer can measure their allocations and code
//! coverage.

use super::Lake;
use crate::{
    AttributeRows, AttributeSearch, LakeError, RollupRows, RollupSearch, TraceRows, TraceStart,
    TransactionRows, TransactionSearch,
    folder::files,
    log::record,
    memtable::{Chunk, of_signal},
    query::cancel::Cancel,
    scan,
    segment::{Segment, SegmentRow},
    tables::TableId,
    tables::spans::gather::Gatherer,
};
use hinomi_columnar::checksum::{self, Checksummer};
use hinomi_model::{SpanBatch, Text, TraceId};
use std::{sync::Arc, time::Duration};

/// Decodes a log frame and processes it as recovery and flush would; `None` if it is not a valid
/// frame.
pub fn read_frame(bytes: &[u8]) -> Option<(Text, SpanBatch)> {
    let restored = record::read(bytes).ok()?;
    let chunk: Arc<Chunk<SpanBatch>> = of_signal(&restored.chunk)?;
    if let Ok(gatherer) = Gatherer::new(&[&chunk], &[]) {
        let rows: Vec<_> = gatherer.rows().map(|(at, _)| at).collect();
        let entries = rows.iter().copied();
        let entries: Vec<_> = entries.filter(|at| gatherer.is_transaction(*at)).collect();
        let _columns = (gatherer.spans(&rows), gatherer.transactions(&entries));
    }
    Some((chunk.project.clone(), chunk.batch.clone()))
}

/// Encodes a batch as a log frame.
pub fn write_frame(project: &str, spans: &SpanBatch) -> Option<Vec<u8>> {
    record::write(project, spans).ok()
}

/// Writes valid checksums into the bytes of a segment whose tail starts at offset `tail`.
pub fn seal(bytes: &mut [u8], tail: usize) {
    let mut summer = Checksummer::default();
    summer.add(&bytes[..tail]);
    let table = summer.begin_tail();
    bytes[tail..tail + table.len()].copy_from_slice(&table);
}

/// Makes the store accept the current file of a table's only segment as valid. Returns a function
/// that restores the old segment.
pub fn believe(lake: &Lake, table: &str, tail: usize) -> Option<impl FnOnce()> {
    let shared = lake.inner.shared.clone();
    let table = TableId::parse(table)?;
    let [segment] = &shared.data.read().segments("default", table, None)[..] else {
        return None;
    };
    let segment = segment.clone();
    let file = shared.files.layout.segment(&segment.path);
    let bytes = files::read(&*shared.files.disk, &file).ok()?;
    let mut summer = Checksummer::default();
    summer.add(&bytes[..tail]);
    let table = summer.begin_tail();
    summer.add(&bytes[tail..]);
    drop(table);
    let believed = Arc::new(Segment::new(SegmentRow {
        id: segment.id,
        project: segment.project.clone(),
        node: segment.node.clone(),
        table: segment.table,
        bucket: segment.bucket,
        range: segment.range,
        rows: segment.rows,
        extent: summer.extent(),
        lineage: segment.lineage.clone(),
        written: segment.written,
        path: segment.path.clone(),
    }));
    let swap = move |out: &Arc<Segment>, into: Arc<Segment>| {
        shared.data.footers.forget(out);
        shared.data.rollup_cache.forget(out.id);
        shared
            .data
            .write()
            .replace_segments(std::slice::from_ref(out), Some(into), &[]);
    };
    swap(&segment, believed.clone());
    Some(move || swap(&believed, segment))
}

/// Verifies every file again, as [`Lake::scrub`] does.
pub fn scrub(lake: &Lake) {
    crate::maintenance::scrub::all(&lake.inner.shared);
}

/// Whether the block checksums of every file of a table match the catalog.
pub fn holds(lake: &Lake, table: &str) -> Option<bool> {
    let shared = &lake.inner.shared;
    let segments = shared
        .data
        .read()
        .segments("default", TableId::parse(table)?, None);
    let mut verified = segments.iter().map(|segment| {
        let file = shared.files.layout.segment(&segment.path);
        let depth = checksum::VerifyDepth::Whole;
        checksum::verify(&*shared.files.disk, &file, segment.extent, depth, |_| true).is_ok()
    });
    Some(verified.all(|one| one))
}

/// Same as [`Lake::transactions`].
pub fn transactions(lake: &Lake, search: &TransactionSearch) -> Result<TransactionRows, LakeError> {
    scan::transactions::search(&lake.inner.shared.data, search, &unbounded())
}

/// Same as [`Lake::trace`].
pub fn trace(lake: &Lake, id: TraceId, max_spans: usize) -> Result<TraceRows, LakeError> {
    let (shared, project) = (&lake.inner.shared.data, Text::from("default"));
    let wanted = scan::trace::Wanted {
        id,
        start: TraceStart::First,
        most: max_spans,
    };
    scan::trace::trace(shared, &project, &wanted, &unbounded())
}

/// Same as [`Lake::rollups`].
pub fn rollups(lake: &Lake, search: &RollupSearch) -> Result<RollupRows, LakeError> {
    scan::rollups::rollups(&lake.inner.shared.data, search, &unbounded())
}

/// Same as [`Lake::search`].
pub fn search(lake: &Lake, search: &AttributeSearch) -> Result<AttributeRows, LakeError> {
    let (shared, cancel) = (&lake.inner.shared.data, unbounded());
    scan::attributes::search(shared, search, Duration::MAX, &mut |_| (), &cancel)
}

/// Not cancellable. The caller enforces the memory limit.
fn unbounded() -> Cancel {
    Cancel::new(hinomi_io::MemoryShare::new(usize::MAX))
}
