//! Late materialization: decodes the filter columns of a segment first, newest pages first, and
//! decodes whole rows only for transactions that belong to the requested page of the list.

use crate::{
    LakeError,
    query::cancel::Cancel,
    scan::{
        filter::{PageFilter, TransactionFilter},
        page::{Page, Place},
    },
    segment::OpenSegment,
    tables::TableId,
};
use arrow_array::RecordBatch;
use hinomi_columnar::{ColumnReader, Condition};
use hinomi_model::UnixNanos;
use std::{cmp::Reverse, collections::BTreeMap};

/// Counts the selected rows of a segment, and adds to `list` those that may belong to its page.
pub(crate) fn find(
    open: &OpenSegment,
    segment: usize,
    filter: &TransactionFilter,
    list: &mut Page,
    cancel: &Cancel,
) -> Result<(), LakeError> {
    let conditions = filter.conditions();
    let mut groups = BTreeMap::new();
    for (group, metadata) in open.metadata.metadata().row_groups().iter().enumerate() {
        cancel.check()?;
        let mut conditions = conditions.iter();
        if conditions.all(|condition: &Condition| condition.allows_group(metadata))
            && let Some(filter) = PageFilter::new(filter, open, group)?
        {
            groups.insert(group, filter);
        }
    }
    let of_group = |(group, filter): (&usize, &PageFilter<'_>)| {
        let group = *group;
        let pages = (0..filter.page_count()).map(|page| (filter.newest(page), group, page));
        pages.collect::<Vec<_>>()
    };
    // Newest first: most rows of later pages then only need to be counted.
    let mut pages: Vec<(i64, usize, usize)> = groups.iter().flat_map(of_group).collect();
    pages.sort_unstable_by_key(|(newest, ..)| Reverse(*newest));
    for (newest, group, page) in pages {
        cancel.check()?;
        let Some(filter) = groups.get_mut(&group) else {
            continue;
        };
        let rows = filter.select(page)?;
        list.count(rows.len());
        if rows.is_empty() || list.is_below(UnixNanos(newest), rows.len()) {
            continue;
        }
        let first = filter.first_row(page);
        let ends = filter.ends(page)?;
        for row in rows {
            let end = ends.get(row).copied().map(UnixNanos);
            let end = end.ok_or_else(|| LakeError::Columns("a page ends early".into()))?;
            let place = Place {
                segment,
                group,
                row: first + row,
            };
            list.found(end, place);
        }
    }
    Ok(())
}

/// Whole rows of a row group; `rows` is ascending.
pub(crate) fn read(
    open: &OpenSegment,
    group: usize,
    rows: &[usize],
) -> Result<RecordBatch, LakeError> {
    let schema = TableId::TRANSACTIONS.kind().schema().clone();
    let columns = (0..schema.fields().len())
        .map(|column| ColumnReader::new(open, group, column)?.take(rows))
        .collect::<Result<_, _>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}
