//! Finds the rows of one segment that match all terms.
//!
//! Excludes row groups by time and service, then by the bloom filters of promoted attributes, then
//! by the dictionaries and pages of the attribute columns. Decodes only the remaining rows, and
//! only the columns where something was found.

use super::filter::{BatchTerm, InColumn, Projected, Source, SpanFilter, sources};
use crate::{
    LakeError, Matched, Term,
    query::cancel::Cancel,
    segment::OpenSegment,
    tables::spans::columns::{self as s, text_column},
};
use hinomi_columnar::{VerifiedFile, text_ranges};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection},
    },
    file::{metadata::RowGroupMetaData, statistics::Statistics},
};
use std::{collections::BTreeSet, ops::Range, sync::Arc};

/// Rows per decoded batch.
const SCAN_ROWS: usize = 16 << 10;

/// A row that matches.
pub(crate) struct FoundRow {
    /// Row number in its row group.
    pub at: usize,
    /// Row number in its batch.
    pub row: usize,
    pub end: i64,
    pub matched: Arc<Matched>,
}

/// A search in one file.
pub(crate) struct FileSearch<'a> {
    pub open: &'a OpenSegment,
    pub filter: &'a SpanFilter,
    /// Columns to read in addition to those that the terms need.
    pub columns: &'a [usize],
    pub cancel: &'a Cancel,
}

impl FileSearch<'_> {
    /// Calls `each` with every batch that has matching rows and with its row group. Before reading
    /// a row group it asks `is_old` with the end of the group's newest row; `true` skips the group.
    pub fn run(
        &self,
        mut each: impl FnMut(usize, Projected<'_>, Vec<FoundRow>) -> Result<(), LakeError>,
        mut is_old: impl FnMut(i64) -> bool,
    ) -> Result<(), LakeError> {
        let schema = self.open.metadata.schema();
        let matchers = self.filter.matchers.iter();
        let sources: Vec<Vec<Source>> = matchers.map(|matcher| sources(schema, matcher)).collect();
        let builder = self.builder();
        for (group, metadata) in self
            .open
            .metadata
            .metadata()
            .row_groups()
            .iter()
            .enumerate()
        {
            self.cancel.check()?;
            let newest = newest(metadata);
            if !self.allows(metadata)
                || newest.is_some_and(&mut is_old)
                || !self.blooms_allow(&builder, group)?
            {
                continue;
            }
            let (rows, read) = self.candidates(group, &sources)?;
            if !rows.is_empty() {
                self.read(group, &rows, read, &sources, &mut each)?;
            }
        }
        Ok(())
    }

    fn builder(&self) -> ParquetRecordBatchReaderBuilder<VerifiedFile> {
        let OpenSegment { file, metadata, .. } = self.open.clone();
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
    }

    /// Whether the statistics of a row group allow rows of the range and service.
    fn allows(&self, group: &RowGroupMetaData) -> bool {
        let (from, to) = self.filter.end;
        let oldest = extremes(group, s::START).map(|(least, _)| least);
        let words = self.filter.words.iter();
        newest(group).is_none_or(|newest| from <= newest)
            && oldest.is_none_or(|oldest| oldest < to)
            && words.into_iter().all(|(column, word)| {
                let Some(statistics) = group.column(*column).statistics() else {
                    return true;
                };
                let word = word.as_bytes();
                let (least, most) = (statistics.min_bytes_opt(), statistics.max_bytes_opt());
                least.is_none_or(|least| least <= word) && most.is_none_or(|most| word <= most)
            })
    }

    /// Checks the bloom filters of promoted attributes, which contain all values of their key.
    fn blooms_allow(
        &self,
        builder: &ParquetRecordBatchReaderBuilder<VerifiedFile>,
        group: usize,
    ) -> Result<bool, LakeError> {
        for matcher in &self.filter.matchers {
            let Term::Is { key, value } = &matcher.term else {
                continue;
            };
            let name = text_column(key);
            let Ok(column) = self.open.metadata.schema().index_of(&name) else {
                continue;
            };
            if let Some(bloom) = builder.get_row_group_column_bloom_filter(group, column)?
                && !bloom.check(&**value)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Rows that may match all terms, and the columns where a term may match.
    fn candidates(
        &self,
        group: usize,
        sources: &[Vec<Source>],
    ) -> Result<(Vec<Range<usize>>, BTreeSet<usize>), LakeError> {
        let metadata = self.open.metadata.metadata().row_group(group);
        let mut rows = std::iter::once(0..usize::try_from(metadata.num_rows()).unwrap_or(0))
            .collect::<Vec<_>>();
        let mut read = BTreeSet::new();
        for (matcher, sources) in self.filter.matchers.iter().zip(sources) {
            if let Term::HttpStatus(_) = matcher.term {
                read.insert(s::HTTP_STATUS);
                continue;
            }
            let mut of_term = Vec::new();
            for source in sources {
                let place = (group, source.column);
                let term = InColumn {
                    matcher,
                    holds: source.holds,
                };
                let found = text_ranges(self.open, place, &term, || self.cancel.check())?;
                if !found.is_empty() {
                    read.insert(source.column);
                    of_term.extend(found);
                }
            }
            rows = intersection(&rows, &union(of_term));
            if rows.is_empty() {
                return Ok((rows, read));
            }
        }
        Ok((rows, read))
    }

    /// Decodes the rows and reports those that match all terms.
    fn read(
        &self,
        group: usize,
        rows: &[Range<usize>],
        mut columns: BTreeSet<usize>,
        sources: &[Vec<Source>],
        each: &mut impl FnMut(usize, Projected<'_>, Vec<FoundRow>) -> Result<(), LakeError>,
    ) -> Result<(), LakeError> {
        columns.extend([s::START, s::DURATION]);
        columns.extend(self.columns);
        columns.extend(self.filter.words.iter().map(|(column, _)| *column));
        let columns: Vec<usize> = columns.into_iter().collect();
        let builder = self.builder();
        let mask = ProjectionMask::leaves(builder.parquet_schema(), columns.iter().copied());
        let all = self.open.metadata.metadata().row_group(group).num_rows();
        let all = usize::try_from(all).unwrap_or(0);
        let selection = RowSelection::from_consecutive_ranges(rows.iter().cloned(), all);
        let reader = builder
            .with_projection(mask)
            .with_row_groups(vec![group])
            .with_row_selection(selection)
            .with_batch_size(SCAN_ROWS)
            .build()?;
        let mut places = rows.iter().cloned().flatten();
        for batch in reader {
            self.cancel.check()?;
            let batch = batch?;
            let batch = Projected {
                batch: &batch,
                columns: &columns,
            };
            let found = self.select(batch, sources, &mut places)?;
            if !found.is_empty() {
                each(group, batch, found)?;
            }
        }
        Ok(())
    }

    fn select(
        &self,
        batch: Projected<'_>,
        sources: &[Vec<Source>],
        places: &mut impl Iterator<Item = usize>,
    ) -> Result<Vec<FoundRow>, LakeError> {
        let ends = batch.ends()?;
        let words = self.filter.words.iter();
        let words = words
            .map(|(column, word)| Ok((batch.words(*column)?, &**word)))
            .collect::<Result<Vec<_>, LakeError>>()?;
        let matchers = self.filter.matchers.iter().zip(sources);
        let mut terms = matchers
            .map(|(matcher, sources)| BatchTerm::new(matcher, sources, batch))
            .collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::new();
        for (row, end) in ends.into_iter().enumerate() {
            let at = places.next().unwrap_or(0);
            let mut first = None;
            let all = self.filter.has_end(end)
                && terms.iter_mut().all(|term| match term.matched(row) {
                    Some(matched) => {
                        first.get_or_insert(matched);
                        true
                    }
                    None => false,
                })
                && words
                    .iter()
                    .all(|(column, word)| column.get(row) == Some(*word));
            if all && let Some(matched) = first {
                found.push(FoundRow {
                    at,
                    row,
                    end,
                    matched,
                });
            }
        }
        Ok(found)
    }
}

/// Upper bound of the end of every row of the group; `None` if the footer lacks statistics.
fn newest(group: &RowGroupMetaData) -> Option<i64> {
    let (_, start) = extremes(group, s::START)?;
    let (_, duration) = extremes(group, s::DURATION)?;
    Some(start.saturating_add(duration))
}

fn extremes(group: &RowGroupMetaData, column: usize) -> Option<(i64, i64)> {
    match group.column(column).statistics() {
        Some(Statistics::Int64(values)) => Some((*values.min_opt()?, *values.max_opt()?)),
        _ => None,
    }
}

/// Union of the ranges, ascending and disjoint.
fn union(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut all: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

/// Intersection of two lists of ranges, each ascending and disjoint.
fn intersection(left: &[Range<usize>], right: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut both = Vec::new();
    let (mut a, mut b) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        let (start, end) = (one.start.max(other.start), one.end.min(other.end));
        if start < end {
            both.push(start..end);
        }
        if one.end < other.end {
            a.next();
        } else {
            b.next();
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_cut() {
        let joined = union(vec![8..9, 0..4, 4..6, 2..3]);
        assert_eq!(joined, [0..6, 8..9]);
        assert_eq!(intersection(&joined, &[3..5, 5..12]), [3..5, 5..6, 8..9]);
        assert!(intersection(&joined, &[]).is_empty());
    }
}
