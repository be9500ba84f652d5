//! Filters on single columns, applied page by page with as little decoding as possible: numbers are
//! decoded only if the page index does not decide, texts are compared by dictionary position.

use crate::{ColumnReader, ColumnarError, Dictionary, OpenFile};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use std::sync::Arc;

/// A filter on a column of numbers: bounds for its values.
pub struct NumberFilter<'a> {
    reader: ColumnReader<'a>,
    index: Option<&'a ColumnIndexMetaData>,
    /// Minimum and maximum, both inclusive.
    within: (i64, i64),
}

impl<'a> NumberFilter<'a> {
    /// A filter on a column of a row group. Both bounds are inclusive.
    pub fn new(
        open: &'a OpenFile,
        (group, column): (usize, usize),
        within: (i64, i64),
    ) -> Result<Self, ColumnarError> {
        let index = open.metadata.metadata().page_index();
        Ok(Self {
            reader: ColumnReader::new(open, group, column)?,
            index: index.and_then(|index| index.column_index(group, column)),
            within,
        })
    }

    /// The column's reader.
    pub fn reader(&self) -> &ColumnReader<'a> {
        &self.reader
    }

    /// Minimum and maximum of a page; `None` if unknown.
    pub fn bounds(&self, page: usize) -> Option<(i64, i64)> {
        match self.index? {
            ColumnIndexMetaData::INT64(index) => {
                Some((*index.min_value(page)?, *index.max_value(page)?))
            }
            _ => None,
        }
    }

    /// Whether no row of a page passes, according to the page index.
    pub fn excludes(&self, page: usize) -> bool {
        let bounds = self.bounds(page);
        bounds.is_some_and(|(least, most)| most < self.within.0 || self.within.1 < least)
    }

    fn includes(&self, page: usize) -> bool {
        let bounds = self.bounds(page);
        self.within == (i64::MIN, i64::MAX)
            || bounds.is_some_and(|(least, most)| self.within.0 <= least && most <= self.within.1)
    }

    /// Keeps those of the rows that pass. Rows are numbered within the page. `numbers` is a buffer.
    pub fn retain(
        &self,
        page: usize,
        rows: &mut Vec<usize>,
        numbers: &mut Vec<i64>,
    ) -> Result<(), ColumnarError> {
        if rows.is_empty() || self.includes(page) {
            return Ok(());
        }
        self.reader.numbers(page, numbers)?;
        let (least, most) = self.within;
        rows.retain(|row| {
            let number = numbers.get(*row);
            number.is_some_and(|number| least <= *number && *number <= most)
        });
        Ok(())
    }
}

/// A filter on a column of texts or of other values with a dictionary. The test runs once per
/// distinct value.
pub struct WordFilter<'a> {
    reader: ColumnReader<'a>,
    /// Per dictionary position: whether the text passes. `None` if there is no dictionary.
    wanted: Option<Vec<bool>>,
    /// Without a dictionary: the rows of each page that pass.
    own: Option<Vec<Vec<usize>>>,
}

impl<'a> WordFilter<'a> {
    /// A filter on a column of a row group. `is` gets the bytes of a value.
    pub fn new(
        open: &'a OpenFile,
        (group, column): (usize, usize),
        is: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Self, ColumnarError> {
        let reader = ColumnReader::new(open, group, column)?;
        let dictionary = reader.dictionary()?;
        let wanted = dictionary.map(|words: Arc<Dictionary>| words.iter().map(is).collect());
        let own = match wanted {
            Some(_) => None,
            // No dictionary: the texts are mostly distinct, or all rows are null.
            None => Some(
                (0..reader.page_count())
                    .map(|page| reader.find_text(page, is))
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Self {
            reader,
            wanted,
            own,
        })
    }

    /// Whether no row of the row group passes.
    pub fn is_hopeless(&self) -> bool {
        let wanted = self.wanted.iter().flatten();
        let own = self.own.iter().flatten();
        !wanted.into_iter().any(|wanted| *wanted) && own.into_iter().all(Vec::is_empty)
    }

    /// Calls `each` with the rows of a page that pass, ascending.
    pub fn find(&self, page: usize, mut each: impl FnMut(usize)) -> Result<(), ColumnarError> {
        if let Some(own) = self.own.as_ref().and_then(|own| own.get(page)) {
            own.iter().copied().for_each(each);
            return Ok(());
        }
        let wanted = self.wanted.as_deref().unwrap_or_default();
        let is = |position: u32| wanted.get(position as usize).copied().unwrap_or(false);
        self.reader.find(page, is, |row, _| each(row))
    }
}
