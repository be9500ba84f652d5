//! Excludes row groups by statistics and bloom filters, and pages by the page index.
//!
//! In doubt data is kept: pruning never loses a row.

use crate::{ColumnarError, OpenFile};
use parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
    file::{
        metadata::RowGroupMetaData, page_index::column_index::ColumnIndexMetaData,
        statistics::Statistics,
    },
};

/// A condition that statistics can refute. Columns are positions in a flat schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The column's number is within these bounds, both inclusive.
    Between(usize, i64, i64),
    /// The column's bytes equal these.
    Equals(usize, Vec<u8>),
}

impl Condition {
    fn column(&self) -> usize {
        match self {
            Self::Between(column, ..) | Self::Equals(column, _) => *column,
        }
    }

    fn allows_numbers(&self, least: Option<i64>, most: Option<i64>) -> bool {
        match self {
            Self::Between(_, from, to) => {
                least.is_none_or(|least| least <= *to) && most.is_none_or(|most| *from <= most)
            }
            Self::Equals(..) => true,
        }
    }

    fn allows_bytes(&self, least: Option<&[u8]>, most: Option<&[u8]>) -> bool {
        match self {
            Self::Equals(_, wanted) => {
                let wanted = wanted.as_slice();
                least.is_none_or(|least| least <= wanted) && most.is_none_or(|most| wanted <= most)
            }
            Self::Between(..) => true,
        }
    }

    /// Whether the row group's statistics allow matching rows.
    pub fn allows_group(&self, group: &RowGroupMetaData) -> bool {
        match group
            .columns()
            .get(self.column())
            .and_then(|column| column.statistics())
        {
            Some(Statistics::Int64(values)) => {
                self.allows_numbers(values.min_opt().copied(), values.max_opt().copied())
            }
            Some(values @ (Statistics::ByteArray(_) | Statistics::FixedLenByteArray(_))) => {
                self.allows_bytes(values.min_bytes_opt(), values.max_bytes_opt())
            }
            _ => true,
        }
    }

    /// Whether the page index allows matching rows in a page.
    pub fn allows_page(&self, index: &ColumnIndexMetaData, page: usize) -> bool {
        match index {
            ColumnIndexMetaData::INT64(index) => self.allows_numbers(
                index.min_value(page).copied(),
                index.max_value(page).copied(),
            ),
            ColumnIndexMetaData::BYTE_ARRAY(index)
            | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index) => {
                self.allows_bytes(index.min_value(page), index.max_value(page))
            }
            _ => true,
        }
    }
}

/// Whether the column's bloom filter allows matching rows in the row group. Only equality uses it,
/// and only after the statistics, because each check costs a read.
pub fn bloom_allows(
    open: &OpenFile,
    group: usize,
    condition: &Condition,
) -> Result<bool, ColumnarError> {
    let Condition::Equals(column, wanted) = condition else {
        return Ok(true);
    };
    let (file, metadata) = (open.file.clone(), open.metadata.clone());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let bloom = builder.get_row_group_column_bloom_filter(group, *column)?;
    Ok(bloom.is_none_or(|bloom| bloom.check(wanted.as_slice())))
}
