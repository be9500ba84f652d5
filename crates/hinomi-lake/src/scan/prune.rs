//! Leaving out row groups by statistics and bloom filters, and pages by the page index.
//!
//! What cannot be told apart is kept: pruning never loses a row.

use crate::{LakeError, segment::SegmentFile};
use parquet::{
    arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        page_index::column_index::ColumnIndexMetaData,
        statistics::Statistics,
    },
};

/// A condition that statistics can refute. Columns are positions in a flat schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// The column's number is from the first to the second, both inside.
    Between(usize, i64, i64),
    /// The column's bytes are these.
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

    fn allows_group(&self, group: &RowGroupMetaData) -> bool {
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

    fn allows_page(&self, index: &ColumnIndexMetaData, page: usize) -> bool {
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

/// The row groups that may hold wanted rows, and which of their rows, unless that is all.
pub(crate) fn prune(
    builder: &ParquetRecordBatchReaderBuilder<SegmentFile>,
    metadata: &ParquetMetaData,
    conditions: &[Condition],
) -> Result<(Vec<usize>, Option<RowSelection>), LakeError> {
    let (mut groups, mut selectors, mut narrowed) = (Vec::new(), Vec::new(), false);
    for (at, group) in metadata.row_groups().iter().enumerate() {
        if !conditions
            .iter()
            .all(|condition| condition.allows_group(group))
            || !bloom_allows(builder, at, conditions)?
        {
            continue;
        }
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        match pages(metadata, at, rows, conditions) {
            Some(selection) if !selection.selects_any() => continue,
            Some(selection) => {
                narrowed = true;
                selectors.extend(Vec::<RowSelector>::from(selection));
            }
            None => selectors.push(RowSelector::select(rows)),
        }
        groups.push(at);
    }
    Ok((groups, narrowed.then(|| RowSelection::from(selectors))))
}

/// Only equality asks bloom filters, and only after the statistics: each costs a read.
fn bloom_allows(
    builder: &ParquetRecordBatchReaderBuilder<SegmentFile>,
    group: usize,
    conditions: &[Condition],
) -> Result<bool, LakeError> {
    for condition in conditions {
        if let Condition::Equals(column, wanted) = condition
            && let Some(bloom) = builder.get_row_group_column_bloom_filter(group, *column)?
            && !bloom.check(wanted.as_slice())
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The rows of a row group whose pages the page index does not exclude; `None` when it says
/// nothing.
fn pages(
    metadata: &ParquetMetaData,
    group: usize,
    rows: usize,
    conditions: &[Condition],
) -> Option<RowSelection> {
    let index = metadata.page_index_for_row_group(group);
    let mut selection: Option<RowSelection> = None;
    for condition in conditions {
        let column = condition.column();
        let (Some(values), Some(offsets)) =
            (index.column_index(column), index.offset_index(column))
        else {
            continue;
        };
        let starts = offsets
            .page_locations()
            .iter()
            .map(|page| page.first_row_index as usize);
        let ends = starts.clone().skip(1).chain([rows]);
        let selectors = starts.zip(ends).enumerate().map(|(page, (start, end))| {
            let rows = end.saturating_sub(start);
            if condition.allows_page(values, page) {
                RowSelector::select(rows)
            } else {
                RowSelector::skip(rows)
            }
        });
        let allowed = RowSelection::from(selectors.collect::<Vec<_>>());
        selection = Some(match selection {
            Some(selection) => selection.intersection(&allowed),
            None => allowed,
        });
    }
    selection
}
