//! Reads one column of one row group, page by page; the counterpart of [`crate::FileWriter`].
//!
//! The reader of the `parquet` crate decodes whole pages into arrays and creates a decompressor per
//! column. A query that needs a few rows of many columns, or one number of many rows, would spend
//! most of its time there. Here pages come from a cache, single rows can be decoded, and a
//! condition on a dictionary column compares positions only.

mod whole_page;

pub(super) use whole_page::Slot;

use crate::{
    ColumnarError, OpenFile, VerifiedFile, binary, dictionary_array,
    page::{
        self, CachedPage, DataPage, Dictionary, DictionaryValues, PageCache, PageEncoding,
        PageKind, hybrid,
    },
};
use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, StringArray, TimestampNanosecondArray, UInt8Array,
    UInt16Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::{
    basic::{Compression, Type},
    file::{
        metadata::ColumnChunkMetaData, page_index::offset_index::PageLocation, reader::ChunkReader,
    },
};
use std::{collections::HashMap, ops::Range, sync::Arc};

/// Largest page that is accepted, in bytes. Written pages are far smaller.
const LONGEST_PAGE: usize = 1 << 30;

/// Reads one column of one row group.
pub struct ColumnReader<'a> {
    file: &'a VerifiedFile,
    cache: &'a PageCache,
    id: i64,
    chunk: &'a ColumnChunkMetaData,
    data_type: &'a DataType,
    pages: &'a [PageLocation],
    rows: usize,
    /// Whether pages are put into the cache.
    keeps: bool,
}

impl<'a> ColumnReader<'a> {
    /// A reader of a column, by its index.
    pub fn new(open: &'a OpenFile, group: usize, column: usize) -> Result<Self, ColumnarError> {
        let metadata = open.metadata.metadata();
        let of = metadata.row_group(group);
        let schema = open.metadata.schema();
        let (Some(chunk), Some(field)) = (of.columns().get(column), schema.fields().get(column))
        else {
            return Err(unfit("is missing"));
        };
        let index = metadata.page_index();
        let pages = index.and_then(|index| index.offset_index(group, column));
        let pages = pages.ok_or_else(|| unfit("has no page index"))?;
        Ok(Self {
            file: &open.file,
            cache: open.pages(),
            id: open.id,
            chunk,
            data_type: field.data_type(),
            pages: pages.page_locations(),
            rows: usize::try_from(of.num_rows()).unwrap_or(0),
            keeps: true,
        })
    }

    /// Same reader, but without caching: for pages that are not needed again.
    #[inline]
    pub fn once(self) -> Self {
        Self {
            keeps: false,
            ..self
        }
    }

    fn keep(&self, key: (i64, u64), page: CachedPage) {
        if self.keeps {
            self.cache.put(key, page);
        }
    }

    /// Number of pages.
    #[inline]
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// The rows of a page, numbered within the row group.
    #[inline]
    pub fn rows_of(&self, page: usize) -> Range<usize> {
        let start = |page: &PageLocation| usize::try_from(page.first_row_index).unwrap_or(0);
        let end = self.pages.get(page + 1).map_or(self.rows, start);
        start(&self.pages[page])..end
    }

    /// Calls `each` with the rows of a page whose dictionary position is wanted, and with the
    /// position. Rows are numbered within the page.
    pub fn find(
        &self,
        page: usize,
        wanted: impl Fn(u32) -> bool,
        mut each: impl FnMut(usize, u32),
    ) -> Result<(), ColumnarError> {
        let page = self.page(page)?;
        let (levels, values) = self.split(&page)?;
        if page.encoding != PageEncoding::Dictionary {
            // The page has only nulls.
            return match values.is_empty() {
                true => Ok(()),
                false => Err(unfit("is no dictionary")),
            };
        }
        let (width, positions) = values.split_first().ok_or_else(|| unfit("is cut short"))?;
        let unreadable = || unfit("has positions that cannot be read");
        let present = match levels {
            Some(levels) => hybrid::count(levels, page.rows).ok_or_else(unreadable)?,
            None => page.rows,
        };
        let Some(levels) = levels.filter(|_| present < page.rows) else {
            return hybrid::find(positions, *width, present, wanted, each).ok_or_else(unreadable);
        };
        let mut found = Vec::new();
        hybrid::find(positions, *width, present, wanted, |at, position| {
            found.push((at, position));
        })
        .ok_or_else(unreadable)?;
        if found.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(present);
        let is = |level| level > 0;
        hybrid::find(levels, 1, page.rows, is, |row, _| rows.push(row)).ok_or_else(unreadable)?;
        for (at, position) in found {
            each(*rows.get(at).ok_or_else(unreadable)?, position);
        }
        Ok(())
    }

    /// The rows of a page whose plain-encoded texts pass a test, numbered within the page. Null
    /// rows never match. Returns an error if the page is not plain-encoded.
    pub fn find_text(
        &self,
        page: usize,
        is: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<usize>, ColumnarError> {
        let page = self.page(page)?;
        let (levels, mut values) = self.split(&page)?;
        let unreadable = || unfit("has texts that cannot be read");
        if page.encoding != PageEncoding::Plain {
            return Err(unfit("is no column of texts"));
        }
        let mut rows = Vec::new();
        match levels {
            Some(levels) => {
                hybrid::find(
                    levels,
                    1,
                    page.rows,
                    |level| level > 0,
                    |at, _| rows.push(at),
                )
                .ok_or_else(unreadable)?;
            }
            None => rows.extend(0..page.rows),
        }
        let mut found = Vec::new();
        for row in rows {
            let (text, rest) = split_text(values).ok_or_else(unreadable)?;
            values = rest;
            if is(text) {
                found.push(row);
            }
        }
        Ok(found)
    }

    /// The concatenated values of a page of fixed-length byte strings, which must have neither a
    /// dictionary nor nulls.
    pub fn fixed(&self, page: usize) -> Result<Bytes, ColumnarError> {
        let page = self.page(page)?;
        let width = usize::try_from(self.chunk.column_descr().type_length()).unwrap_or(0);
        let has_levels = self.chunk.column_descr().max_def_level() > 0;
        if has_levels
            || page.encoding != PageEncoding::Plain
            || page.body.len() != page.rows * width
        {
            return Err(unfit("is not of byte strings of one width"));
        }
        Ok(page.body)
    }

    /// The numbers of a page, which must have no nulls.
    pub fn numbers(&self, page: usize, numbers: &mut Vec<i64>) -> Result<(), ColumnarError> {
        let page = self.page(page)?;
        let (_, values) = self.split(&page)?;
        if page.encoding != PageEncoding::Split || values.len() != page.rows * 8 {
            return Err(unfit("has no numbers"));
        }
        numbers.clear();
        numbers.resize(page.rows, 0);
        for (byte, plane) in values.chunks_exact(page.rows.max(1)).enumerate() {
            for (number, part) in numbers.iter_mut().zip(plane) {
                *number |= i64::from(*part) << (8 * byte);
            }
        }
        Ok(())
    }

    /// The column's dictionary; `None` if it has none in this row group.
    pub fn dictionary(&self) -> Result<Option<Arc<Dictionary>>, ColumnarError> {
        let Some(offset) = self.chunk.dictionary_page_offset() else {
            return Ok(None);
        };
        let start = u64::try_from(offset).map_err(|_| unfit("has no place"))?;
        let key = (self.id, start);
        if let Some(CachedPage::Dictionary(dictionary)) = self.cache.get(key) {
            return Ok(Some(dictionary));
        }
        let length = self.chunk.data_page_offset().saturating_sub(offset);
        let length = usize::try_from(length).map_err(|_| unfit("has no place"))?;
        let (kind, page) = self.read(start, length)?;
        if kind != PageKind::Dictionary || page.encoding != PageEncoding::Plain {
            return Err(unfit("has a dictionary of an unknown kind"));
        }
        let values = match self.chunk.column_type() {
            Type::BYTE_ARRAY => DictionaryValues::Texts(text_ends(&page.body)?),
            Type::FIXED_LEN_BYTE_ARRAY => {
                let width = self.chunk.column_descr().type_length();
                DictionaryValues::Fixed(usize::try_from(width).unwrap_or(0))
            }
            Type::INT32 => DictionaryValues::Fixed(4),
            _ => return Err(unfit("has a dictionary of an unknown type")),
        };
        let bytes = page.body;
        let dictionary = Arc::new(Dictionary { bytes, values });
        self.keep(key, CachedPage::Dictionary(dictionary.clone()));
        Ok(Some(dictionary))
    }

    /// The values of the given rows of the row group, as an array of the column's type. `rows` is
    /// ascending.
    pub fn take(&self, rows: &[usize]) -> Result<ArrayRef, ColumnarError> {
        let mut taken = Taken::default();
        let mut rest = rows;
        while let Some(first) = rest.first() {
            let page = self.pages.partition_point(|page| {
                usize::try_from(page.first_row_index).is_ok_and(|start| start <= *first)
            });
            let page = page
                .checked_sub(1)
                .ok_or_else(|| unfit("has no such row"))?;
            let inside = self.rows_of(page);
            if *first >= inside.end {
                return Err(unfit("has no such row"));
            }
            let (now, later) = rest.split_at(rest.partition_point(|row| *row < inside.end));
            let places: Vec<usize> = now.iter().map(|row| row - inside.start).collect();
            self.take_of(page, &places, &mut taken)?;
            rest = later;
        }
        self.array(taken)
    }

    /// Adds the values at the given rows of a page.
    fn take_of(
        &self,
        page: usize,
        places: &[usize],
        taken: &mut Taken,
    ) -> Result<(), ColumnarError> {
        let page = self.page(page)?;
        let (levels, values) = self.split(&page)?;
        let unreadable = || unfit("has values that cannot be read");
        let ranks = match levels {
            Some(levels) => hybrid::ranks(levels, places).ok_or_else(unreadable)?,
            None => places.iter().copied().map(Some).collect(),
        };
        taken.present.extend(ranks.iter().map(Option::is_some));
        let ranks = || ranks.iter().flatten().copied();
        if ranks().next().is_none() {
            return Ok(());
        }
        let width = match self.chunk.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => self.chunk.column_descr().type_length(),
            Type::INT64 => 8,
            Type::INT32 => 4,
            _ => 0,
        };
        let width = usize::try_from(width).unwrap_or(0);
        match (page.encoding, self.chunk.column_type()) {
            (PageEncoding::Dictionary, _) => {
                let dictionary = self.dictionary()?.ok_or_else(unreadable)?;
                let (bits, positions) = values.split_first().ok_or_else(unreadable)?;
                let mut all = Some(());
                hybrid::pick(positions, *bits, ranks(), |position| {
                    match dictionary.get(position as usize) {
                        Some(value) => taken.push(value),
                        None => all = None,
                    }
                })
                .and(all)
                .ok_or_else(unreadable)
            }
            (PageEncoding::Split, Type::INT64) => {
                let count = values.len() / 8;
                for rank in ranks() {
                    let mut number = [0; 8];
                    for (byte, to) in number.iter_mut().enumerate() {
                        *to = *values.get(byte * count + rank).ok_or_else(unreadable)?;
                    }
                    taken.push(&number);
                }
                Ok(())
            }
            (PageEncoding::Plain, Type::BYTE_ARRAY) => {
                let (mut rest, mut at) = (values, 0);
                for rank in ranks() {
                    loop {
                        let (text, behind) = split_text(rest).ok_or_else(unreadable)?;
                        rest = behind;
                        at += 1;
                        if at > rank {
                            taken.push(text);
                            break;
                        }
                    }
                }
                Ok(())
            }
            (PageEncoding::Plain, Type::BOOLEAN) => {
                for rank in ranks() {
                    let byte = values.get(rank / 8).ok_or_else(unreadable)?;
                    taken.push(&[byte >> (rank % 8) & 1]);
                }
                Ok(())
            }
            (PageEncoding::Plain, _) if width > 0 => {
                for rank in ranks() {
                    let value = values.get(rank * width..(rank + 1) * width);
                    taken.push(value.ok_or_else(unreadable)?);
                }
                Ok(())
            }
            _ => Err(unreadable()),
        }
    }

    fn array(&self, taken: Taken) -> Result<ArrayRef, ColumnarError> {
        let nulls = taken.present.iter().any(|present| !present);
        let nulls = nulls.then(|| NullBuffer::from(taken.present.clone()));
        let number = |value: Option<&[u8]>| {
            let bytes = value.unwrap_or_default().iter().rev();
            bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let each = || taken.iter();
        Ok(match self.data_type {
            DataType::Dictionary(..) => {
                let mut keys = Vec::with_capacity(taken.present.len());
                let (mut known, mut texts) = (HashMap::new(), Vec::new());
                for value in each() {
                    let Some(value) = value else {
                        keys.push(0);
                        continue;
                    };
                    let key = *known.entry(value).or_insert(texts.len());
                    if key == texts.len() {
                        let text = std::str::from_utf8(value);
                        texts.push(text.map_err(|_| unfit("has what is no text"))?);
                    }
                    keys.push(key as i32);
                }
                if texts.is_empty() {
                    texts.push("");
                }
                let texts = Arc::new(StringArray::from(texts));
                dictionary_array(keys.into(), nulls, texts)?
            }
            DataType::FixedSizeBinary(width) => {
                let mut bytes = Vec::with_capacity(taken.present.len() * *width as usize);
                let none = vec![0; *width as usize];
                each().for_each(|value| bytes.extend_from_slice(value.unwrap_or(&none)));
                binary(*width, bytes, nulls)?
            }
            DataType::Timestamp(..) => {
                let numbers: Vec<i64> = each().map(|value| number(value).cast_signed()).collect();
                let array = TimestampNanosecondArray::try_new(numbers.into(), nulls)?;
                Arc::new(array.with_data_type(self.data_type.clone()))
            }
            DataType::Int64 => {
                let numbers: Vec<i64> = each().map(|value| number(value).cast_signed()).collect();
                Arc::new(Int64Array::try_new(numbers.into(), nulls)?)
            }
            DataType::UInt16 => {
                let numbers: Vec<u16> = each().map(|value| number(value) as u16).collect();
                Arc::new(UInt16Array::try_new(numbers.into(), nulls)?)
            }
            DataType::UInt8 => {
                let numbers: Vec<u8> = each().map(|value| number(value) as u8).collect();
                Arc::new(UInt8Array::try_new(numbers.into(), nulls)?)
            }
            DataType::Boolean => {
                let truths: Vec<bool> = each().map(|value| number(value) > 0).collect();
                Arc::new(BooleanArray::new(truths.into(), nulls))
            }
            other => return Err(unfit(&format!("is of {other}"))),
        })
    }

    /// A page's definition levels, if the column is nullable, and its values.
    #[inline]
    fn split<'p>(&self, page: &'p DataPage) -> Result<(Option<&'p [u8]>, &'p [u8]), ColumnarError> {
        if self.chunk.column_descr().max_def_level() == 0 {
            return Ok((None, &page.body));
        }
        let split = || {
            let (length, rest) = page.body.split_first_chunk::<4>()?;
            rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        };
        let (levels, values) = split().ok_or_else(|| unfit("is cut short"))?;
        Ok((Some(levels), values))
    }

    fn page(&self, page: usize) -> Result<DataPage, ColumnarError> {
        let location = self
            .pages
            .get(page)
            .ok_or_else(|| unfit("has no such page"))?;
        let start = u64::try_from(location.offset).map_err(|_| unfit("has no place"))?;
        let key = (self.id, start);
        if let Some(CachedPage::Data(page)) = self.cache.get(key) {
            return Ok(page);
        }
        let length = usize::try_from(location.compressed_page_size).unwrap_or(0);
        let rows = self.rows_of(page).len();
        let (kind, page) = self.read(start, length)?;
        if kind != PageKind::Data || page.rows != rows {
            return Err(unfit("has a page that its index does not know"));
        }
        self.keep(key, CachedPage::Data(page.clone()));
        Ok(page)
    }

    /// Reads a page. `length` includes its header.
    fn read(&self, start: u64, length: usize) -> Result<(PageKind, DataPage), ColumnarError> {
        let bytes = self.file.get_bytes(start, length)?;
        let header = page::parse(&bytes).ok_or_else(|| unfit("has a page of no kind known"))?;
        let end = header.length.saturating_add(header.compressed);
        if end > bytes.len() || header.uncompressed > LONGEST_PAGE {
            return Err(unfit("has a page that ends outside its place"));
        }
        let body = bytes.slice(header.length..end);
        let body = match self.chunk.compression() {
            // Copied, because a slice would keep the whole block alive and the cache counts only
            // what it stores.
            Compression::UNCOMPRESSED if self.keeps => Bytes::copy_from_slice(&body),
            Compression::UNCOMPRESSED => body,
            Compression::ZSTD(_) => self.cache.decompress(&body, header.uncompressed)?,
            other => return Err(unfit(&format!("is compressed by {other}"))),
        };
        let page = DataPage {
            body,
            encoding: header.encoding,
            rows: header.values,
        };
        Ok((header.kind, page))
    }
}

/// Collected values, concatenated.
#[derive(Default)]
struct Taken {
    /// Per row: whether it has a value.
    present: Vec<bool>,
    bytes: Vec<u8>,
    /// End offset of each value.
    ends: Vec<usize>,
}

impl Taken {
    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
    }

    fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let mut values = self.ends.iter().scan(0, |start, end| {
            let value = &self.bytes[*start..*end];
            *start = *end;
            Some(value)
        });
        self.present
            .iter()
            .map(move |present| if *present { values.next() } else { None })
    }
}

fn text_ends(bytes: &[u8]) -> Result<Vec<u32>, ColumnarError> {
    let (mut ends, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (_, behind) = split_text(rest).ok_or_else(|| unfit("has a broken dictionary"))?;
        rest = behind;
        ends.push((bytes.len() - rest.len()) as u32);
    }
    Ok(ends)
}

/// Splits off a text that is preceded by its length; returns the text and the rest.
#[inline]
fn split_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

fn unfit(why: &str) -> ColumnarError {
    ColumnarError::Columns(format!("a column {why}"))
}
