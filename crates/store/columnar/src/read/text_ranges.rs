//! Predicate pushdown: finds where in a column a value may be, from its dictionary and the raw
//! bytes of its pages, before any row is decoded.
//!
//! If the dictionary lacks the value, the row group is excluded at the cost of reading one page.
//! Otherwise a page is excluded if it holds none of the wanted dictionary positions or, with plain
//! encoding, if its bytes do not contain the value. In doubt a page is kept.

use crate::{ColumnarError, OpenFile, VerifiedFile};
use bytes::{Buf, Bytes, buf::Reader};
use parquet::{
    basic::Encoding,
    column::page::{Page, PageReader},
    errors::ParquetError,
    file::{
        metadata::ColumnChunkMetaData,
        reader::{ChunkReader, Length, SerializedPageReader},
    },
};
use std::{ops::Range, sync::Arc};

/// What is looked for in a column of texts.
pub trait TextPredicate {
    /// Whether these raw bytes of a dictionary or a page may contain a text that matches. Each text
    /// follows its length in four bytes. `true` in doubt.
    fn may_be_in(&self, bytes: &[u8]) -> bool;

    /// Whether a text matches.
    fn matches(&self, text: &str) -> bool;
}

/// Rows of a row group, as ascending disjoint ranges, where a column may hold a matching text.
/// Calls `proceed` between pages; its error ends the search.
pub fn text_ranges<E: From<ColumnarError>>(
    open: &OpenFile,
    (group, column): (usize, usize),
    predicate: &impl TextPredicate,
    proceed: impl Fn() -> Result<(), E>,
) -> Result<Vec<Range<usize>>, E> {
    let group = open.metadata.metadata().row_group(group);
    let rows = usize::try_from(group.num_rows()).unwrap_or(0);
    let chunk = group.column(column);
    let mut pages = Pages {
        predicate,
        has_levels: chunk.column_descr().max_def_level() > 0,
        wanted: None,
        row: 0,
        found: Vec::new(),
    };
    let file = &open.file;
    if let Some(dictionary) = dictionary(file, chunk, rows)? {
        match pages.read_dictionary(&dictionary) {
            Some(wanted) if wanted.iter().all(|wanted| !wanted) => return Ok(Vec::new()),
            wanted => pages.wanted = wanted,
        }
    }
    let (start, length) = chunk.byte_range();
    let window = Window::read(file, start, length)?;
    let reader = SerializedPageReader::new(Arc::new(window), chunk, rows, None);
    let mut reader = reader.map_err(ColumnarError::from)?;
    while let Some(page) = reader.get_next_page().map_err(ColumnarError::from)? {
        proceed()?;
        pages.read(&page);
    }
    if pages.row < rows {
        let short = "a column ends before its rows do";
        return Err(ColumnarError::Columns(short.into()).into());
    }
    Ok(pages.found)
}

/// The dictionary page, if the column chunk starts with one.
fn dictionary(
    file: &VerifiedFile,
    chunk: &ColumnChunkMetaData,
    rows: usize,
) -> Result<Option<Bytes>, ColumnarError> {
    let Some(offset) = chunk.dictionary_page_offset() else {
        return Ok(None);
    };
    let length = chunk.data_page_offset().saturating_sub(offset);
    let (Ok(start), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
        return Ok(None);
    };
    let window = Window::read(file, start, length)?;
    let mut reader = SerializedPageReader::new(Arc::new(window), chunk, rows, None)?;
    Ok(match reader.get_next_page()? {
        Some(Page::DictionaryPage {
            buf,
            encoding: Encoding::PLAIN,
            ..
        }) => Some(buf),
        _ => None,
    })
}

struct Pages<'p, P> {
    predicate: &'p P,
    /// Whether pages start with definition levels, which mark null rows.
    has_levels: bool,
    /// Per dictionary position: whether the value is wanted. `None` if there is no readable
    /// dictionary.
    wanted: Option<Vec<bool>>,
    /// Number of rows in the pages read so far.
    row: usize,
    found: Vec<Range<usize>>,
}

impl<P: TextPredicate> Pages<'_, P> {
    /// Which dictionary entries may match; `None` if the dictionary is malformed.
    fn read_dictionary(&self, words: &[u8]) -> Option<Vec<bool>> {
        if !self.predicate.may_be_in(words) {
            return Some(Vec::new());
        }
        let mut wanted = Vec::new();
        let mut rest = words;
        while !rest.is_empty() {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let length = u32::from_le_bytes(*length) as usize;
            let (word, behind) = behind.split_at_checked(length)?;
            let word = std::str::from_utf8(word).ok()?;
            wanted.push(self.predicate.matches(word));
            rest = behind;
        }
        Some(wanted)
    }

    fn read(&mut self, page: &Page) {
        let (rows, may) = match page {
            Page::DictionaryPage { .. } => return,
            Page::DataPage {
                buf,
                num_values,
                encoding,
                ..
            } => (*num_values as usize, self.may_hold(buf, *encoding)),
            Page::DataPageV2 { num_values, .. } => (*num_values as usize, true),
        };
        let range = self.row..self.row + rows;
        self.row = range.end;
        if !may {
            return;
        }
        match self.found.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => self.found.push(range),
        }
    }

    fn may_hold(&self, page: &[u8], encoding: Encoding) -> bool {
        match (encoding, &self.wanted) {
            // The page starts with definition levels, which may only cause false positives.
            (Encoding::PLAIN, _) => self.predicate.may_be_in(page),
            (Encoding::RLE_DICTIONARY, Some(wanted)) => {
                let positions = if self.has_levels {
                    behind_levels(page)
                } else {
                    Some(page)
                };
                // If the positions do not decode, the page is kept.
                let has = positions.and_then(|positions| has_position(positions, wanted));
                has.unwrap_or(true)
            }
            _ => true,
        }
    }
}

/// The part of a page after its definition levels.
fn behind_levels(page: &[u8]) -> Option<&[u8]> {
    let (length, rest) = page.split_first_chunk::<4>()?;
    rest.get(u32::from_le_bytes(*length) as usize..)
}

/// Whether the dictionary positions include a wanted one. The positions use Parquet's
/// RLE/bit-packing hybrid encoding, after one byte with the bit width. `None` if they cannot be
/// decoded.
fn has_position(bytes: &[u8], wanted: &[bool]) -> Option<bool> {
    let (width, mut rest) = bytes.split_first()?;
    let width = usize::from(*width);
    if width > 32 {
        return None;
    }
    while !rest.is_empty() {
        let header = varint(&mut rest)?;
        let count = usize::try_from(header >> 1).ok()?;
        if header & 1 == 0 {
            let (value, behind) = rest.split_at_checked(width.div_ceil(8))?;
            let position = value
                .iter()
                .rev()
                .fold(0, |position, byte| position << 8 | usize::from(*byte));
            if count > 0 && *wanted.get(position)? {
                return Some(true);
            }
            rest = behind;
            continue;
        }
        // The last group may be shorter than its header says.
        let length = count.checked_mul(width)?.min(rest.len());
        let (packed, behind) = rest.split_at_checked(length)?;
        if has_packed(packed, width, wanted) {
            return Some(true);
        }
        rest = behind;
    }
    Some(false)
}

/// Whether the bit-packed positions include a wanted one. A position beyond the dictionary is
/// padding, or damage that decoding the page will report.
fn has_packed(packed: &[u8], width: usize, wanted: &[bool]) -> bool {
    if width == 0 {
        return wanted.first().copied().unwrap_or(true);
    }
    let mask = (1_u64 << width) - 1;
    let (mut bits, mut have) = (0_u64, 0);
    for byte in packed {
        bits |= u64::from(*byte) << have;
        have += 8;
        while have >= width {
            let position = (bits & mask) as usize;
            if wanted.get(position).copied().unwrap_or(false) {
                return true;
            }
            bits >>= width;
            have -= width;
        }
    }
    false
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A byte range of a file in memory, addressed by file offsets.
struct Window {
    start: u64,
    bytes: Bytes,
}

impl Window {
    fn read(file: &VerifiedFile, start: u64, length: u64) -> Result<Self, ColumnarError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let bytes = file.get_bytes(start, length)?;
        Ok(Self { start, bytes })
    }

    fn from(&self, offset: u64) -> Result<Bytes, ParquetError> {
        let at = offset.checked_sub(self.start);
        let at = at.and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|at| *at <= self.bytes.len());
        at.map(|at| self.bytes.slice(at..))
            .ok_or_else(|| ParquetError::EOF("a page lies outside its column".into()))
    }
}

impl Length for Window {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Window {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.from(start)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF("a page ends outside its column".into()));
        }
        Ok(bytes.slice(..length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_found_in_runs_and_in_packed_groups() {
        let wanted = |position: usize| {
            let mut wanted = vec![false; 8];
            wanted[position] = true;
            wanted
        };
        // Bit width 3; a run of five 4s; then eight packed positions: 0 to 7.
        let bytes = [3, 5 << 1, 4, 3, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        for position in 0..8 {
            assert_eq!(has_position(&bytes, &wanted(position)), Some(true));
        }
        let run = &bytes[..3];
        assert_eq!(has_position(run, &wanted(4)), Some(true));
        assert_eq!(has_position(run, &wanted(5)), Some(false));
        assert_eq!(has_position(&[3, 10], &wanted(5)), None);
        assert_eq!(has_position(&[60, 10, 1], &wanted(5)), None);
    }
}
