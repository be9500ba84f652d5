//! Compares a merge's memory, as counted by the allocator, with its plan.

use crate::{
    LakeError, LakeLimits,
    folder::path::Layout,
    maintenance::compaction::weight::{self, Plan},
    memtable::Chunk,
    segment::{Footers, OpenSegment, Segment, lineage::Lineage, origin::Origin, writer},
    tables::{
        Source, TableId,
        spans::{
            gather::{Gatherer, RowRef},
            parents::Unfold,
        },
    },
};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, SchemaRef};
use arrow_select::concat::concat;
use hinomi_columnar::{MergedRows, PageBatches, WordColumn, union_schema};
use hinomi_io::RealDisk;
use hinomi_model::{
    SpanBatch, TimeRange, UnixNanos,
    batch::{BatchBuilder, ValueKind},
};
use hinomi_testkit::SpanBuilder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::{ops::Range, sync::Arc, time::Duration};

const MIB: usize = 1 << 20;
const HOUR: Duration = Duration::from_secs(3_600);

/// Spans with a distinct value under each key, except for every seventh pair of span and key.
fn chunk(ids: Range<u32>, keys: u32) -> Chunk<SpanBatch> {
    let mut builder = BatchBuilder::default();
    for id in ids {
        for key in (0..keys).filter(|key| (id + key) % 7 > 0) {
            // Every third key has few distinct values.
            let value = if key % 3 == 0 { id % 5 } else { id };
            let value = builder.words().intern(&format!("{value:08}-{key:07}"));
            let key = builder.key(&format!("own.{key}"), ValueKind::Text);
            builder.own(key, value);
        }
        let end = UnixNanos::from_millis(i64::from(id));
        let span = match id % 4 {
            0 => SpanBuilder::internal("shop", "work"),
            1 => SpanBuilder::http_call("shop", "bank"),
            _ => SpanBuilder::server("shop", "GET /"),
        };
        let span = span.in_trace(u64::from(id % 1_000) + 1).attributes("{}");
        builder.span(&span.ends(end, Duration::from_millis(3)).build());
    }
    Chunk::new("default".into(), builder.finish())
}

/// Segments of one table, written as a flush writes them.
struct Written {
    _dir: tempfile::TempDir,
    segments: Vec<Arc<Segment>>,
    opened: Vec<OpenSegment>,
}

fn written(table: TableId, chunks: &[Chunk<SpanBatch>]) -> Written {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout {
        dir: dir.path().to_owned(),
    };
    let footers = Footers::new(Arc::new(RealDisk), layout.clone(), &LakeLimits::default());
    let mut segments = Vec::new();
    for (id, chunk) in (1..).zip(chunks) {
        let chunks = [chunk];
        let rows = Gatherer::new(&chunks, &[]).unwrap();
        let mut places: Vec<RowRef> = match table {
            TableId::SPANS => rows.rows().map(|(at, _)| at).collect(),
            _ => rows
                .rows()
                .map(|(at, _)| at)
                .filter(|at| rows.is_transaction(*at))
                .collect(),
        };
        places.sort_by_key(|at| {
            let row = rows.row(*at);
            match table {
                TableId::SPANS => (*row.trace_id.as_bytes(), row.start),
                _ => ([0; 16], row.end),
            }
        });
        let path = format!("{id}.parquet");
        let file = layout.segment(&path);
        hinomi_io::Disk::create_dir_all(&RealDisk, file.parent().unwrap()).unwrap();
        let (schema, group) = match table {
            TableId::SPANS => (rows.span_schema().clone(), rows.spans(&places)),
            _ => (table.kind().schema().clone(), rows.transactions(&places)),
        };
        let groups = [group].into_iter();
        let origin = origin(table, id);
        let extent =
            writer::write_flushed(&RealDisk, &file, &origin, &schema, &[], groups).unwrap();
        segments.push(Arc::new(origin.segment(places.len() as u64, extent, path)));
    }
    let opened = segments
        .iter()
        .map(|segment| footers.open(segment).unwrap());
    Written {
        opened: opened.collect(),
        segments,
        _dir: dir,
    }
}

fn origin(table: TableId, id: i64) -> Origin {
    Origin {
        id,
        project: "default".into(),
        node: "node".into(),
        table,
        bucket: UnixNanos(0),
        range: TimeRange::new(UnixNanos(0), UnixNanos(0).plus(HOUR)),
        lineage: Lineage::default(),
        written: UnixNanos(0),
        inputs: 0,
    }
}

/// Merges all rows into a file. Returns the number of rows.
fn merge(table: TableId, opened: &[OpenSegment], plan: &Plan, to: &std::path::Path) -> usize {
    let schemas: Vec<SchemaRef> = opened
        .iter()
        .map(|open| open.metadata.schema().clone())
        .collect();
    let schema = union_schema(table.kind().schema(), &schemas).unwrap();
    let sources = opened.iter().map(|open| -> Source<'_> {
        let mut parents = Unfold::default();
        let unfold = move |batch: Result<RecordBatch, LakeError>| match table {
            TableId::SPANS => parents.unfold(&batch?),
            _ => batch,
        };
        Box::new(
            PageBatches::new(open.clone())
                .map(|batch| Ok(batch?))
                .map(unfold),
        )
    });
    let size = (plan.rows, plan.waiting);
    let merged = MergedRows::new(
        schema.clone(),
        table.kind().sort_key(),
        sources.collect(),
        size,
    )
    .unwrap();
    let mut rows = 0;
    let counted = merged.inspect(|batch| rows += batch.as_ref().unwrap().num_rows());
    let cut = (plan.group_bytes, counted);
    writer::write_merged(&RealDisk, to, &origin(table, 0), &schema, &[], cut).unwrap();
    rows
}

#[test]
fn a_merge_of_wide_segments_holds_no_more_than_its_plan_counts() {
    let chunks: Vec<Chunk<SpanBatch>> = (0..6)
        .map(|at| chunk(at * 3_000..(at + 1) * 3_000, 60))
        .collect();
    let written = written(TableId::SPANS, &chunks);
    drop(chunks);
    for memory in [64 * MIB, 24 * MIB] {
        let plan = weight::plan(TableId::SPANS, &written.segments, &written.opened, memory);
        let (range, plan) = plan.unwrap();
        assert!(plan.bytes <= memory, "{plan:?}");
        let opened = &written.opened[range];
        let file = tempfile::tempdir().unwrap();
        let file = file.path().join("merged");
        let mut rows = 0;
        let held = allocation_counter::measure(|| {
            rows = merge(TableId::SPANS, opened, &plan, &file);
        });
        assert_eq!(rows, 3_000 * opened.len());
        let held = held.bytes_max as usize;
        assert!(
            held <= plan.bytes,
            "{held} bytes of {plan:?} for {}",
            opened.len()
        );
        // A plan that overestimates far too much would needlessly prevent merges.
        assert!(held * 8 >= plan.bytes, "{held} bytes of {plan:?}");
    }
}

#[test]
fn of_inputs_that_do_not_fit_fewer_are_merged_and_at_last_none() {
    let chunks: Vec<Chunk<SpanBatch>> = (0..6)
        .map(|at| chunk(at * 500..(at + 1) * 500, 60))
        .collect();
    let written = written(TableId::SPANS, &chunks);
    let planned = |memory| {
        let plan = weight::plan(TableId::SPANS, &written.segments, &written.opened, memory);
        plan.map(|(range, _)| range.len())
    };
    assert_eq!(planned(64 * MIB), Some(6));
    let few = (1..64)
        .rev()
        .find_map(|part| planned(64 * MIB / 64 * part).filter(|few| *few < 6));
    assert!(few.is_some_and(|few| few >= 2), "{few:?}");
    assert_eq!(planned(MIB / 8), None);
}

#[test]
fn row_groups_are_cut_at_their_bytes_and_have_all_rows() {
    let chunks = [chunk(0..4_000, 60), chunk(4_000..8_000, 60)];
    let written = written(TableId::SPANS, &chunks);
    let plan = Plan {
        waiting: 2,
        rows: 500,
        group_bytes: MIB,
        bytes: 0,
    };
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("merged");
    assert_eq!(merge(TableId::SPANS, &written.opened, &plan, &file), 8_000);
    let bytes = hinomi_io::Disk::open(&RealDisk, &file).unwrap();
    let mut read = vec![0; bytes.len().unwrap() as usize];
    bytes.read_exact_at(&mut read, 0).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(read)).unwrap();
    let metadata = reader.metadata().clone();
    assert!(
        metadata.num_row_groups() > 4,
        "{}",
        metadata.num_row_groups()
    );
    let rows: usize = reader
        .build()
        .unwrap()
        .map(|batch| batch.unwrap().num_rows())
        .sum();
    assert_eq!(rows, 8_000);
}

/// All values, column by column. Dictionary columns become plain texts, since dictionaries may be
/// numbered differently.
fn columns(batches: &[RecordBatch]) -> Vec<ArrayRef> {
    let plain = |column: &ArrayRef| -> ArrayRef {
        let DataType::Dictionary(..) = column.data_type() else {
            return column.clone();
        };
        let words = WordColumn::of(column).unwrap();
        let texts = (0..words.len()).map(|row| words.get(row));
        Arc::new(texts.collect::<StringArray>())
    };
    let column = |at: usize| {
        let pieces = batches.iter().map(|batch| plain(batch.column(at)));
        let pieces: Vec<ArrayRef> = pieces.collect();
        let pieces: Vec<&dyn Array> = pieces.iter().map(|piece| &**piece).collect();
        concat(&pieces).unwrap()
    };
    (0..batches[0].num_columns()).map(column).collect()
}

#[test]
fn pages_are_what_parquets_own_reader_reads() {
    // More rows than a page holds; columns with and without dictionaries and nulls.
    let chunks = [chunk(0..10_000, 9)];
    for table in [TableId::SPANS, TableId::TRANSACTIONS] {
        let written = written(table, &chunks);
        let open = written.opened[0].clone();
        let own: Vec<RecordBatch> = PageBatches::new(open.clone())
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(own.len() > 1, "{} pages", own.len());
        let theirs =
            ParquetRecordBatchReaderBuilder::new_with_metadata(open.file, open.metadata.clone());
        let theirs: Vec<RecordBatch> = theirs
            .with_batch_size(1_000)
            .build()
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let (own, theirs) = (columns(&own), columns(&theirs));
        assert_eq!(own.len(), theirs.len());
        for (at, (own, theirs)) in own.iter().zip(&theirs).enumerate() {
            assert!(own == theirs, "column {at} of {}", table.name());
        }
    }
}
