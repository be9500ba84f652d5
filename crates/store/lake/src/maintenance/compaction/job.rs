//! One merge: reads some segments of one place and writes one file. Does not publish it.

use crate::{
    LakeError,
    folder::path::{self, temporary},
    maintenance::compaction::weight::{self, Plan},
    segment::{OpenSegment, Segment, lineage::Lineage, origin::Origin, writer},
    shared::Shared,
    tables::{MergeRule, Merging, Source, rollups::added::AddedRollups},
};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_columnar::{MergedRows, PageBatches, checksum::Extent, union_schema};
use hinomi_model::TimeRange;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

/// Called between batches; an error aborts the merge.
pub(crate) type Pause<'a> = &'a dyn Fn() -> Result<(), LakeError>;

/// A merge that fits its memory limit.
pub(crate) struct Job {
    /// The segments to merge.
    pub inputs: Vec<Arc<Segment>>,
    opened: Vec<OpenSegment>,
    plan: Plan,
}

impl Job {
    /// Plans a merge of as many of the segments as fit the memory; `None` if no two of them fit.
    /// Marks segments that turn out to be damaged.
    pub fn new(shared: &Shared, mut inputs: Vec<Arc<Segment>>) -> Result<Option<Self>, LakeError> {
        let Some(first) = inputs.first() else {
            return Err(LakeError::Internal("a merge of nothing".into()));
        };
        let opened = inputs.iter().map(|input| {
            let open = shared.data.footers.open(input);
            open.inspect_err(|error| _ = shared.data.leave_out(input, error))
        });
        let mut opened = opened.collect::<Result<Vec<_>, _>>()?;
        let memory = shared.data.limits.compaction.memory_bytes;
        let memory = usize::try_from(memory).unwrap_or(usize::MAX);
        let plan = weight::plan(first.table, &inputs, &opened, memory);
        Ok(plan.map(|(range, plan)| Self {
            opened: opened.drain(range.clone()).collect(),
            inputs: inputs.drain(range).collect(),
            plan,
        }))
    }

    /// Memory that the merge takes, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.plan.bytes
    }
}

/// Writes the rows of the inputs to a new file. Marks inputs that turn out to be damaged. After any
/// error no file remains.
pub(crate) fn write(
    shared: &Shared,
    job: &Job,
    pause: Pause<'_>,
) -> Result<Arc<Segment>, LakeError> {
    let inputs = &job.inputs;
    let Some(first) = inputs.first() else {
        return Err(LakeError::Internal("a merge of nothing".into()));
    };
    let id = shared.files.next_segment.fetch_add(1, Ordering::Relaxed);
    let path = path::segment(&first.project, first.table, first.bucket, id);
    let file = shared.files.layout.segment(&path);
    let unfinished = temporary(&file);
    let times = || inputs.iter().map(|input| input.range);
    let from = times().map(|range| range.from).min().unwrap_or_default();
    let to = times().map(|range| range.to).max().unwrap_or_default();
    let written = inputs.iter().map(|input| input.written).max();
    let origin = Origin {
        id,
        project: first.project.clone(),
        node: shared.files.node.clone(),
        table: first.table,
        bucket: first.bucket,
        range: TimeRange::new(from, to),
        lineage: Lineage::union(inputs.iter().map(|input| &input.lineage)),
        // The time of the newest input, because retries are recognised by the ids in recently
        // written segments.
        written: written.unwrap_or_default(),
        inputs: u32::try_from(inputs.len()).unwrap_or(u32::MAX),
    };
    let written = merge(shared, job, &unfinished, &origin, pause)
        .inspect_err(|_| drop(shared.files.disk.remove(&unfinished)))?;
    name(shared, &unfinished, &file).inspect_err(|_| {
        // Only one of the two exists. If removal fails, the next start deletes the file.
        let _ = shared.files.disk.remove(&unfinished);
        let _ = shared.files.disk.remove(&file);
    })?;
    let segment = origin.segment(written.rows, written.extent, path);
    Ok(Arc::new(segment))
}

struct Written {
    rows: u64,
    extent: Extent,
}

fn merge(
    shared: &Shared,
    job: &Job,
    file: &Path,
    origin: &Origin,
    pause: Pause<'_>,
) -> Result<Written, LakeError> {
    let Job {
        inputs,
        opened,
        plan,
    } = job;
    let table = inputs[0].table;
    let promoted = shared.names.promoted_keys(&inputs[0].project);
    let merging = table.kind().merging(opened, &promoted);
    let mut sources = Vec::with_capacity(inputs.len());
    for (input, open) in inputs.iter().zip(opened) {
        sources.push(source(
            shared,
            input,
            open.clone(),
            plan.rows,
            (&*merging, pause),
        )?);
    }
    let disk = &*shared.files.disk;
    let expected: u64 = inputs.iter().map(|input| input.rows).sum();
    let (written, lost) = match table.kind().merge_rule() {
        MergeRule::Interleave => {
            let schemas: Vec<SchemaRef> = opened
                .iter()
                .map(|open| open.metadata.schema().clone())
                .collect();
            let schema = merging.schema(union_schema(table.kind().schema(), &schemas)?)?;
            let size = (plan.rows, plan.waiting);
            let merged = MergedRows::new(schema.clone(), table.kind().sort_key(), sources, size)?;
            let mut rows = 0;
            let counted = merged.inspect(|batch| rows += rows_of(batch));
            let cut = (plan.group_bytes, counted);
            let extent = writer::write_merged(disk, file, origin, &schema, &promoted, cut)?;
            (Written { rows, extent }, rows != expected)
        }
        MergeRule::AddUp => {
            let mut added = AddedRollups::new(sources, plan.rows)?;
            let cut = (plan.group_bytes, added.by_ref());
            let schema = table.kind().schema();
            let extent = writer::write_merged(disk, file, origin, schema, &[], cut)?;
            let (read, written) = (added.read(), added.written());
            let lost = read.rows != expected || !read.counts_as(&written);
            (
                Written {
                    rows: written.rows,
                    extent,
                },
                lost,
            )
        }
    };
    if lost {
        return Err(LakeError::Columns(format!(
            "a merge of segments of {expected} rows came to other counts and is thrown away"
        )));
    }
    Ok(written)
}

fn rows_of(batch: &Result<RecordBatch, LakeError>) -> u64 {
    batch.as_ref().map_or(0, |batch| batch.num_rows() as u64)
}

/// The rows of one segment, as a stream of batches.
fn source<'a>(
    shared: &'a Shared,
    input: &'a Segment,
    open: OpenSegment,
    rows: usize,
    (merging, pause): (&dyn Merging, Pause<'a>),
) -> Result<Source<'a>, LakeError> {
    let file = open.file.clone();
    let batches: Source<'a> = match input.table.kind().merge_rule() {
        MergeRule::Interleave => Box::new(PageBatches::new(open).map(|batch| Ok(batch?))),
        MergeRule::AddUp => {
            let metadata = open.metadata.clone();
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(open.file, metadata);
            let reader = reader.with_batch_size(rows).build()?;
            Box::new(reader.map(|batch| Ok(batch?)))
        }
    };
    let mut read = merging.reader();
    Ok(Box::new(batches.map(move |batch| {
        pause()?;
        let batch = batch.map_err(|error: LakeError| error.blame(&file));
        let batch = batch.and_then(&mut read);
        batch.inspect_err(|error| _ = shared.data.leave_out(input, error))
    })))
}

/// Renames a finished file to its final name, durably.
fn name(shared: &Shared, unfinished: &Path, file: &Path) -> Result<(), LakeError> {
    let disk = &*shared.files.disk;
    disk.rename(unfinished, file)
        .map_err(LakeError::disk(file))?;
    let folder = file.parent().unwrap_or(file);
    disk.sync_dir(folder).map_err(LakeError::disk(folder))
}
