//! Writes one column of one row group as Parquet pages.
//!
//! The writer of the `parquet` crate looks up every value of a dictionary column by its bytes,
//! which is most of the cost of writing a file. Here a column that has a dictionary in memory is
//! written by renumbering its positions, and each type of column has a suitable encoding.

use crate::{ColumnarError, page::hybrid};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, FixedSizeBinaryArray, Int64Array, StringArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, types::Int32Type,
};
use arrow_buffer::NullBuffer;
use bytes::Bytes;
use foldhash::fast::RandomState;
use parquet::{
    basic::{BoundaryOrder, Compression, Encoding, ZstdLevel},
    bloom_filter::Sbbf,
    column::{
        page::{CompressedPage, Page, PageWriter},
        writer::ColumnCloseResult,
    },
    data_type::{ByteArray, FixedLenByteArray},
    file::{
        metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder},
        statistics::Statistics,
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::ColumnDescPtr,
};
use std::collections::HashMap;

/// Most rows of a page: the minimum that reading a single row costs.
pub const PAGE_ROWS: usize = 4 << 10;
/// A dictionary does not pay off when more than this share of a column's values are distinct.
const MOST_DISTINCT: f64 = 0.6;
/// False positive rate of the bloom filters.
const BLOOM_FALSE_POSITIVES: f64 = 0.01;

/// Options for a column.
#[derive(Debug, Clone, Copy, Default)]
pub struct ColumnOptions {
    /// Write the minimum and maximum of each page.
    pub page_statistics: bool,
    /// Write a bloom filter of the values.
    pub bloom: bool,
    /// The values hardly compress, so they are stored as they are.
    pub random: bool,
}

/// Encodes columns. Reuses its buffers.
pub(crate) struct Encoder {
    zstd: zstd::bulk::Compressor<'static>,
    level: ZstdLevel,
    /// Rows per page; at most [`PAGE_ROWS`].
    pub page_rows: usize,
    /// By position in the in-memory dictionary: (number of the column that last used the entry,
    /// position in the file's dictionary).
    places: Vec<(u32, u32)>,
    column: u32,
}

/// A column's non-null values.
enum Values<'a> {
    /// Positions in a list of distinct values.
    Words(Vec<u32>, Distinct<'a>),
    Texts(Vec<&'a str>),
    Fixed(&'a [u8], usize, Option<Vec<usize>>),
    Numbers(Vec<i64>),
    Truths(Vec<bool>),
}

/// Distinct values, indexed by position.
enum Distinct<'a> {
    Texts(Vec<&'a str>),
    Ids(Vec<&'a [u8]>),
    Numbers(Vec<i32>),
}

impl Encoder {
    /// Creates an encoder with this zstd compression level.
    pub fn new(level: i32) -> Result<Self, ColumnarError> {
        let zstd = zstd::bulk::Compressor::new(level)
            .map_err(|error| ColumnarError::Internal(error.to_string()))?;
        Ok(Self {
            zstd,
            level: ZstdLevel::try_new(level)?,
            page_rows: PAGE_ROWS,
            places: Vec::new(),
            column: 0,
        })
    }

    /// The pages of a column, and its metadata for the footer. `is_distinct` says that a dictionary
    /// of the array has no duplicate texts.
    pub fn encode(
        &mut self,
        array: &ArrayRef,
        descriptor: &ColumnDescPtr,
        options: ColumnOptions,
        is_distinct: bool,
    ) -> Result<(Bytes, ColumnCloseResult), ColumnarError> {
        let values = match self.values(array, is_distinct)? {
            // Some readers may not expect an empty dictionary.
            Values::Words(positions, _) if positions.is_empty() => Values::Texts(Vec::new()),
            values => values,
        };
        let page_rows = self.page_rows.max(1);
        let mut chunk = Chunk {
            encoder: self,
            descriptor,
            options,
            rows: array.len(),
            nulls: array.nulls(),
            sink: TrackedWrite::new(Vec::new()),
            uncompressed: 0,
            dictionary: false,
            offsets: OffsetIndexBuilder::new(),
            index: ColumnIndexBuilder::new(descriptor.physical_type()),
        };
        if let Values::Words(_, distinct) = &values {
            chunk.dictionary_page(distinct)?;
        }
        let first_page = chunk.sink.bytes_written();
        let (mut row, mut at) = (0, 0);
        while row < chunk.rows {
            let rows = page_rows.min(chunk.rows - row);
            let present = chunk.present(row, rows);
            chunk.data_page(&values, (row, rows), (at, present))?;
            (row, at) = (row + rows, at + present);
        }
        chunk.finish(&values, first_page)
    }

    fn values<'a>(
        &mut self,
        array: &'a ArrayRef,
        is_distinct: bool,
    ) -> Result<Values<'a>, ColumnarError> {
        let any = array.as_any();
        if let Some(words) = any.downcast_ref::<DictionaryArray<Int32Type>>() {
            return self.words(words, is_distinct);
        }
        if let Some(ids) = any.downcast_ref::<FixedSizeBinaryArray>() {
            let width = ids.value_length() as usize;
            if width == 16 {
                let (positions, distinct) = distinct_ids(ids);
                if distinct.len() as f64 <= positions.len() as f64 * MOST_DISTINCT {
                    return Ok(Values::Words(positions, Distinct::Ids(distinct)));
                }
            }
            let present = ids.nulls().map(|nulls| nulls.valid_indices().collect());
            return Ok(Values::Fixed(ids.value_data(), width, present));
        }
        if let Some(numbers) = any.downcast_ref::<TimestampNanosecondArray>() {
            return Ok(Values::Numbers(numbers.values().to_vec()));
        }
        if let Some(numbers) = any.downcast_ref::<Int64Array>() {
            return Ok(Values::Numbers(numbers.values().to_vec()));
        }
        if let Some(numbers) = any.downcast_ref::<UInt8Array>() {
            return Ok(self.small(numbers.iter().flatten().map(u32::from)));
        }
        if let Some(numbers) = any.downcast_ref::<UInt16Array>() {
            return Ok(self.small(numbers.iter().flatten().map(u32::from)));
        }
        if let Some(truths) = any.downcast_ref::<BooleanArray>() {
            return Ok(Values::Truths(truths.iter().flatten().collect()));
        }
        Err(ColumnarError::Internal(format!(
            "columns of {} cannot be written",
            array.data_type()
        )))
    }

    fn words<'a>(
        &mut self,
        words: &'a DictionaryArray<Int32Type>,
        is_distinct: bool,
    ) -> Result<Values<'a>, ColumnarError> {
        let texts: &StringArray = words.values().as_any().downcast_ref().ok_or_else(|| {
            ColumnarError::Internal("only dictionaries of texts can be written".into())
        })?;
        let keys = words.keys();
        let present = keys.len() - keys.null_count();
        let mut positions = Vec::with_capacity(present);
        let mut distinct: Vec<usize> = Vec::new();
        // A dictionary that was combined from several may contain a text twice.
        let mut known: HashMap<&str, u32, RandomState> = HashMap::default();
        let column = self.begin(texts.len());
        let mut add = |key: i32| {
            let place = &mut self.places[key as usize];
            if place.0 != column {
                let new = distinct.len() as u32;
                let position = if is_distinct {
                    new
                } else {
                    *known.entry(texts.value(key as usize)).or_insert(new)
                };
                if position == new {
                    distinct.push(key as usize);
                }
                *place = (column, position);
            }
            positions.push(place.1);
        };
        match keys.nulls() {
            None => keys.values().iter().for_each(|key| add(*key)),
            Some(nulls) => nulls.valid_indices().for_each(|at| add(keys.values()[at])),
        }
        if present > 1_000 && distinct.len() as f64 > present as f64 * MOST_DISTINCT {
            let texts = positions
                .iter()
                .map(|at| texts.value(distinct[*at as usize]));
            return Ok(Values::Texts(texts.collect()));
        }
        let distinct = distinct.into_iter().map(|key| texts.value(key)).collect();
        Ok(Values::Words(positions, Distinct::Texts(distinct)))
    }

    fn small<'a>(&mut self, numbers: impl Iterator<Item = u32>) -> Values<'a> {
        let column = self.begin(1 << 16);
        let mut distinct = Vec::new();
        let positions = numbers.map(|number| {
            let place = &mut self.places[number as usize];
            if place.0 != column {
                *place = (column, distinct.len() as u32);
                distinct.push(number as i32);
            }
            place.1
        });
        let positions = positions.collect();
        Values::Words(positions, Distinct::Numbers(distinct))
    }

    /// Starts a column whose dictionary has this many entries.
    fn begin(&mut self, entries: usize) -> u32 {
        if self.places.len() < entries {
            self.places.resize(entries, (0, 0));
        }
        self.column += 1;
        self.column
    }
}

/// The position of each id that is not null, and the distinct ids. Equal ids are mostly adjacent.
fn distinct_ids(ids: &FixedSizeBinaryArray) -> (Vec<u32>, Vec<&[u8]>) {
    let mut distinct: Vec<&[u8]> = Vec::new();
    let mut known: HashMap<&[u8], u32, RandomState> = HashMap::default();
    let mut positions: Vec<u32> = Vec::with_capacity(ids.len());
    let mut last: Option<(&[u8], u32)> = None;
    for id in ids.iter().flatten() {
        let position = match last {
            Some((before, position)) if before == id => position,
            _ => *known.entry(id).or_insert_with(|| {
                distinct.push(id);
                distinct.len() as u32 - 1
            }),
        };
        last = Some((id, position));
        positions.push(position);
    }
    (positions, distinct)
}

/// A column chunk that is being written.
struct Chunk<'e> {
    encoder: &'e mut Encoder,
    descriptor: &'e ColumnDescPtr,
    options: ColumnOptions,
    rows: usize,
    nulls: Option<&'e NullBuffer>,
    sink: TrackedWrite<Vec<u8>>,
    uncompressed: usize,
    dictionary: bool,
    offsets: OffsetIndexBuilder,
    index: ColumnIndexBuilder,
}

impl Chunk<'_> {
    /// Number of non-null values among `rows` rows from `row` on.
    fn present(&self, row: usize, rows: usize) -> usize {
        let nulls = self
            .nulls
            .map_or(0, |nulls| nulls.slice(row, rows).null_count());
        rows - nulls
    }

    fn dictionary_page(&mut self, distinct: &Distinct<'_>) -> Result<(), ColumnarError> {
        let (mut plain, count) = (Vec::new(), distinct.len());
        match distinct {
            Distinct::Texts(texts) => texts.iter().for_each(|text| push_text(&mut plain, text)),
            Distinct::Ids(ids) => ids.iter().for_each(|id| plain.extend_from_slice(id)),
            Distinct::Numbers(numbers) => numbers
                .iter()
                .for_each(|number| plain.extend_from_slice(&number.to_le_bytes())),
        }
        let uncompressed = plain.len();
        let page = Page::DictionaryPage {
            buf: self.compress(plain)?,
            num_values: count as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.dictionary = true;
        self.write(page, uncompressed)?;
        Ok(())
    }

    fn data_page(
        &mut self,
        values: &Values<'_>,
        (row, rows): (usize, usize),
        (at, present): (usize, usize),
    ) -> Result<(), ColumnarError> {
        let mut page = Vec::with_capacity(rows * 4);
        if self.descriptor.max_def_level() > 0 {
            let levels: Vec<u32> = match self.nulls {
                Some(nulls) => (row..row + rows)
                    .map(|at| u32::from(nulls.is_valid(at)))
                    .collect(),
                None => vec![1; rows],
            };
            page.extend_from_slice(&[0; 4]);
            hybrid::encode(&mut page, &levels, 1);
            let length = page.len() as u32 - 4;
            page[..4].copy_from_slice(&length.to_le_bytes());
        }
        let inside = at..at + present;
        let encoding = match values {
            Values::Words(positions, distinct) => {
                let width = hybrid::width_of(distinct.len());
                page.push(width);
                if width > 0 {
                    hybrid::encode(&mut page, &positions[inside.clone()], width);
                } else if present > 0 {
                    // One distinct value: all positions are zero, one run.
                    hybrid::encode_run(&mut page, present);
                }
                Encoding::RLE_DICTIONARY
            }
            Values::Texts(texts) => {
                texts[inside.clone()]
                    .iter()
                    .for_each(|text| push_text(&mut page, text));
                Encoding::PLAIN
            }
            Values::Fixed(bytes, width, None) => {
                page.extend_from_slice(&bytes[at * width..(at + present) * width]);
                Encoding::PLAIN
            }
            Values::Fixed(bytes, width, Some(places)) => {
                for place in &places[inside.clone()] {
                    page.extend_from_slice(&bytes[place * width..(place + 1) * width]);
                }
                Encoding::PLAIN
            }
            Values::Numbers(numbers) => {
                split(&mut page, &numbers[inside.clone()]);
                Encoding::BYTE_STREAM_SPLIT
            }
            Values::Truths(truths) => {
                for eight in truths[inside.clone()].chunks(8) {
                    let bits = eight.iter().enumerate();
                    page.push(bits.fold(0, |byte, (at, truth)| byte | u8::from(*truth) << at));
                }
                Encoding::PLAIN
            }
        };
        if self.options.page_statistics {
            let (least, most) = extremes(values, inside);
            let nulls = (rows - present) as i64;
            self.index.append(present == 0, least, most, nulls, None);
        }
        let uncompressed = page.len();
        let page = Page::DataPage {
            buf: self.compress(page)?,
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (offset, size) = self.write(page, uncompressed)?;
        self.offsets.append_row_count(rows as i64);
        self.offsets
            .append_offset_and_size(offset as i64, size as i32);
        Ok(())
    }

    fn compress(&mut self, plain: Vec<u8>) -> Result<Bytes, ColumnarError> {
        if self.options.random {
            return Ok(plain.into());
        }
        let compressed = self.encoder.zstd.compress(&plain);
        let compressed = compressed.map_err(|error| ColumnarError::Internal(error.to_string()))?;
        Ok(compressed.into())
    }

    /// Writes a page. Returns its offset and length.
    fn write(&mut self, page: Page, uncompressed: usize) -> Result<(u64, u64), ColumnarError> {
        let page = CompressedPage::new(page, uncompressed);
        let spec = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.uncompressed += spec.uncompressed_size;
        Ok((spec.offset, spec.bytes_written))
    }

    fn finish(
        mut self,
        values: &Values<'_>,
        first_page: usize,
    ) -> Result<(Bytes, ColumnCloseResult), ColumnarError> {
        let compression = if self.options.random {
            Compression::UNCOMPRESSED
        } else {
            Compression::ZSTD(self.encoder.level)
        };
        let encodings = match values {
            Values::Words(..) => vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY],
            Values::Numbers(_) => vec![Encoding::BYTE_STREAM_SPLIT, Encoding::RLE],
            _ => vec![Encoding::PLAIN, Encoding::RLE],
        };
        let bytes_written = self.sink.bytes_written();
        let mut metadata = ColumnChunkMetaData::builder(self.descriptor.clone())
            .set_compression(compression)
            .set_encodings(encodings)
            .set_total_compressed_size(bytes_written as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(self.rows as i64)
            .set_data_page_offset(first_page as i64)
            .set_dictionary_page_offset(self.dictionary.then_some(0));
        let nulls = self.nulls.map_or(0, NullBuffer::null_count) as u64;
        if let Some(statistics) = statistics(values, nulls) {
            metadata = metadata.set_statistics(statistics);
        }
        let column_index = if self.options.page_statistics {
            self.index.set_boundary_order(BoundaryOrder::UNORDERED);
            Some(self.index.build()?)
        } else {
            None
        };
        let close = ColumnCloseResult {
            bytes_written: bytes_written as u64,
            rows_written: self.rows as u64,
            metadata: metadata.build()?,
            bloom_filter: if self.options.bloom {
                bloom(values)?
            } else {
                None
            },
            column_index,
            offset_index: Some(self.offsets.build()),
        };
        let bytes = self.sink.into_inner()?;
        Ok((bytes.into(), close))
    }
}

impl Distinct<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Ids(ids) => ids.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Byte-stream split encoding: the first bytes of all numbers, then the second ones. Corresponding
/// bytes of neighbours are often equal, which compresses well.
fn split(out: &mut Vec<u8>, numbers: &[i64]) {
    let begin = out.len();
    out.resize(begin + numbers.len() * 8, 0);
    let mut planes = out[begin..].chunks_exact_mut(numbers.len().max(1));
    for byte in 0..8 {
        if let Some(plane) = planes.next() {
            for (to, number) in plane.iter_mut().zip(numbers) {
                *to = (number >> (8 * byte)) as u8;
            }
        }
    }
}

/// Minimum and maximum of some values, as bytes.
fn extremes(values: &Values<'_>, inside: std::ops::Range<usize>) -> (Vec<u8>, Vec<u8>) {
    fn both<T: Ord>(
        values: impl Iterator<Item = T> + Clone,
        bytes: impl Fn(T) -> Vec<u8>,
    ) -> (Vec<u8>, Vec<u8>) {
        let least = values.clone().min().map(&bytes).unwrap_or_default();
        (least, values.max().map(&bytes).unwrap_or_default())
    }
    match values {
        Values::Words(positions, Distinct::Texts(texts)) => {
            let texts = positions[inside].iter().map(|at| texts[*at as usize]);
            both(texts, |text| text.as_bytes().to_vec())
        }
        Values::Words(positions, Distinct::Ids(ids)) => {
            let ids = positions[inside].iter().map(|at| ids[*at as usize]);
            both(ids, <[u8]>::to_vec)
        }
        Values::Words(positions, Distinct::Numbers(numbers)) => {
            let numbers = positions[inside].iter().map(|at| numbers[*at as usize]);
            both(numbers, |number| number.to_le_bytes().to_vec())
        }
        Values::Numbers(numbers) => both(numbers[inside].iter().copied(), |number| {
            number.to_le_bytes().to_vec()
        }),
        Values::Texts(texts) => both(texts[inside].iter().copied(), |text| {
            text.as_bytes().to_vec()
        }),
        Values::Fixed(bytes, width, None) => {
            let ids = bytes[inside.start * width..inside.end * width].chunks_exact(*width);
            both(ids, <[u8]>::to_vec)
        }
        Values::Fixed(..) | Values::Truths(_) => (Vec::new(), Vec::new()),
    }
}

/// Minimum and maximum of a column, for types whose statistics are used.
fn statistics(values: &Values<'_>, nulls: u64) -> Option<Statistics> {
    let nulls = Some(nulls);
    match values {
        Values::Words(_, Distinct::Texts(texts)) => {
            let text = |text: &&str| ByteArray::from(text.as_bytes().to_vec());
            let (least, most) = (texts.iter().min().map(text), texts.iter().max().map(text));
            // Nobody searches for long texts, so they have no statistics.
            let short = least.iter().chain(&most).all(|text| text.len() <= 256);
            short.then(|| Statistics::byte_array(least, most, None, nulls, false))
        }
        Values::Words(_, Distinct::Ids(ids)) => {
            let id = |id: &&[u8]| FixedLenByteArray::from(id.to_vec());
            let (least, most) = (ids.iter().min().map(id), ids.iter().max().map(id));
            Some(Statistics::fixed_len_byte_array(
                least, most, None, nulls, false,
            ))
        }
        Values::Words(_, Distinct::Numbers(numbers)) => {
            let (least, most) = (numbers.iter().min().copied(), numbers.iter().max().copied());
            Some(Statistics::int32(least, most, None, nulls, false))
        }
        Values::Numbers(numbers) => {
            let (least, most) = (numbers.iter().min().copied(), numbers.iter().max().copied());
            Some(Statistics::int64(least, most, None, nulls, false))
        }
        Values::Texts(_) | Values::Fixed(..) | Values::Truths(_) => None,
    }
}

fn bloom(values: &Values<'_>) -> Result<Option<Sbbf>, ColumnarError> {
    let filter = |count: usize| Sbbf::new_with_ndv_fpp(count.max(1) as u64, BLOOM_FALSE_POSITIVES);
    Ok(match values {
        Values::Words(_, Distinct::Texts(texts)) => {
            let mut bloom = filter(texts.len())?;
            texts.iter().for_each(|text| bloom.insert(*text));
            Some(bloom)
        }
        Values::Words(_, Distinct::Ids(ids)) => {
            let mut bloom = filter(ids.len())?;
            ids.iter().for_each(|id| bloom.insert(*id));
            Some(bloom)
        }
        Values::Texts(texts) => {
            let mut bloom = filter(texts.len())?;
            texts.iter().for_each(|text| bloom.insert(*text));
            Some(bloom)
        }
        _ => None,
    })
}
