//! What is written is read, by every way of reading; damage is noticed.

use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, UInt16Array, builder::FixedSizeBinaryBuilder,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use hinomi_columnar::{
    BatchColumns, ColumnOptions, ColumnReader, ColumnarError, FileWriter, NumberFilter, OpenFile,
    PageBatches, PageCache, RowGroup, WordBuilder, WordFilter, checksum::Extent, instants,
    optional_u16,
};
use hinomi_io::{Disk, RealDisk};
use parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
    file::{metadata::KeyValue, properties::WriterProperties},
};
use proptest::prelude::*;
use std::{collections::HashMap, path::Path, sync::Arc};

/// Size of a row that makes pages of 64 rows.
const WIDE_ROW: usize = 32 << 10;

const WORD: usize = 0;
const ID: usize = 1;
const TIME: usize = 2;
const NUMBER: usize = 3;
const TRUTH: usize = 4;

#[derive(Debug, Clone, PartialEq)]
struct Row {
    word: Option<String>,
    id: Option<[u8; 16]>,
    time: i64,
    number: Option<u16>,
    truth: Option<bool>,
}

fn schema() -> SchemaRef {
    let word = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        Field::new("word", word, true),
        Field::new("id", DataType::FixedSizeBinary(16), true),
        Field::new("time", time, false),
        Field::new("number", DataType::UInt16, true),
        Field::new("truth", DataType::Boolean, true),
    ]))
}

fn columns(rows: &[Row]) -> Vec<ArrayRef> {
    let mut words = WordBuilder::with_capacity(rows.len());
    let mut ids = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
    for row in rows {
        words.push_option(row.word.as_deref());
        match &row.id {
            Some(id) => ids.append_value(id).unwrap(),
            None => ids.append_null(),
        }
    }
    let numbers = rows.iter().map(|row| row.number);
    let truths = rows.iter().map(|row| row.truth);
    vec![
        words.finish().unwrap(),
        Arc::new(ids.finish()),
        instants(rows.iter().map(|row| row.time)),
        Arc::new(numbers.collect::<UInt16Array>()),
        Arc::new(truths.collect::<BooleanArray>()),
    ]
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let columns = BatchColumns(batch);
    let (words, ids) = (columns.words(WORD).unwrap(), columns.binary(ID).unwrap());
    let times = columns.instants(TIME).unwrap();
    let numbers = columns.u16s(NUMBER).unwrap();
    let truths = columns.booleans(TRUTH).unwrap();
    let row = |at: usize| Row {
        word: words.get(at).map(str::to_owned),
        id: ids.is_valid(at).then(|| ids.value(at).try_into().unwrap()),
        time: times[at],
        number: optional_u16(numbers, at),
        truth: truths.is_valid(at).then(|| truths.value(at)),
    };
    (0..batch.num_rows()).map(row).collect()
}

/// Writes each of the groups as a row group.
fn write(path: &Path, groups: &[Vec<Row>]) -> Extent {
    let properties = WriterProperties::builder().build();
    let mut writer = FileWriter::create(&RealDisk, path, &schema(), properties, 1).unwrap();
    for rows in groups {
        let columns = columns(rows).into_iter().map(Into::into).collect();
        let options = |column| ColumnOptions {
            page_statistics: column == TIME,
            bloom: column == WORD,
            random: column == ID,
        };
        let group = RowGroup::new(columns, WIDE_ROW);
        writer.write(group, options, HashMap::new()).unwrap();
    }
    let entry = |_| KeyValue::new("test".into(), None);
    writer.finish(entry, |_| ()).unwrap()
}

fn open(path: &Path, extent: Extent) -> Result<OpenFile, ColumnarError> {
    OpenFile::open(
        &RealDisk,
        path,
        1,
        extent,
        Arc::new(PageCache::new(1 << 20)),
    )
}

fn row() -> impl Strategy<Value = Row> {
    let id = prop_oneof![(0..3_u8).prop_map(|byte| [byte; 16]), any::<[u8; 16]>()];
    (
        prop::option::of("[a-c]{0,2}"),
        prop::option::of(id),
        any::<i64>(),
        prop::option::of(any::<u16>()),
        prop::option::of(any::<bool>()),
    )
        .prop_map(|(word, id, time, number, truth)| Row {
            word,
            id,
            time,
            number,
            truth,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read_by_pages_by_rows_and_by_parquet(
        groups in prop::collection::vec(prop::collection::vec(row(), 1..300), 1..3),
        step in 1..70_usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let open = open(&path, write(&path, &groups)).unwrap();
        let all: Vec<Row> = groups.concat();

        let pages = PageBatches::new(open.clone());
        let read: Vec<Row> = pages.flat_map(|batch| rows_of(&batch.unwrap())).collect();
        prop_assert_eq!(&read, &all);

        let (file, metadata) = (open.file.clone(), open.metadata.clone());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        let batches = reader.build().unwrap();
        let read: Vec<Row> = batches.flat_map(|batch| rows_of(&batch.unwrap())).collect();
        prop_assert_eq!(&read, &all);

        for (at, rows) in groups.iter().enumerate() {
            let places: Vec<usize> = (0..rows.len()).step_by(step).collect();
            let taken = (0..schema().fields().len())
                .map(|column| ColumnReader::new(&open, at, column).unwrap().take(&places).unwrap());
            let batch = RecordBatch::try_new(schema(), taken.collect()).unwrap();
            let wanted: Vec<Row> = places.iter().map(|row| rows[*row].clone()).collect();
            prop_assert_eq!(rows_of(&batch), wanted);
        }
    }

    #[test]
    fn filters_find_the_rows_that_a_look_at_each_row_finds(
        rows in prop::collection::vec(row(), 1..300),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let open = open(&path, write(&path, std::slice::from_ref(&rows))).unwrap();
        let words = WordFilter::new(&open, (0, WORD), &|word| word == b"a").unwrap();
        let times = NumberFilter::new(&open, (0, TIME), (0, i64::MAX)).unwrap();
        let (mut with_word, mut with_time) = (Vec::new(), Vec::new());
        for page in 0..times.reader().page_count() {
            let first = times.reader().rows_of(page).start;
            words.find(page, |row| with_word.push(first + row)).unwrap();
            let mut kept: Vec<usize> = (0..times.reader().rows_of(page).len()).collect();
            times.retain(page, &mut kept, &mut Vec::new()).unwrap();
            prop_assert!(kept.is_empty() || !times.excludes(page));
            with_time.extend(kept.into_iter().map(|row| first + row));
        }
        let places = |is: &dyn Fn(&Row) -> bool| -> Vec<usize> {
            (0..rows.len()).filter(|at| is(&rows[*at])).collect()
        };
        prop_assert_eq!(words.is_hopeless(), with_word.is_empty());
        prop_assert_eq!(with_word, places(&|row| row.word.as_deref() == Some("a")));
        prop_assert_eq!(with_time, places(&|row| row.time >= 0));
    }
}

#[test]
fn a_failed_read_says_that_the_file_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let row = Row {
        word: Some("a".into()),
        id: Some([1; 16]),
        time: 1,
        number: None,
        truth: Some(true),
    };
    let extent = write(&path, &[vec![row; 100]]);
    let file = RealDisk.open(&path).unwrap();
    let mut bytes = vec![0; extent.bytes as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let mut rewrite = |at: usize| {
        bytes[at] ^= 1;
        RealDisk.remove(&path).unwrap();
        RealDisk.create(&path).unwrap().append(&bytes).unwrap();
    };

    rewrite(10);
    let open_file = open(&path, extent).unwrap();
    assert!(open_file.file.take_failure().is_none());
    let taken = ColumnReader::new(&open_file, 0, WORD).unwrap().take(&[0]);
    assert!(matches!(taken, Err(ColumnarError::Columns(_))));
    let failure = open_file.file.take_failure();
    assert!(matches!(failure, Some(ColumnarError::Damaged(_))));

    rewrite(extent.bytes as usize - 1);
    assert!(matches!(
        open(&path, extent),
        Err(ColumnarError::Damaged(_))
    ));
}
