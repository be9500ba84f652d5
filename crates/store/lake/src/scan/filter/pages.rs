//! Applies a filter to the pages of a row group, one column after the other. The columns of a text
//! search are read only for the rows that are left.

use super::{Needle, TransactionFilter};
use crate::{LakeError, segment::OpenSegment, tables::transactions::columns as t};
use arrow_array::FixedSizeBinaryArray;
use hinomi_columnar::{ColumnReader, NumberFilter, WordFilter};

/// A filter prepared for a row group of table `transactions`.
pub(crate) struct PageFilter<'a> {
    end: NumberFilter<'a>,
    duration: NumberFilter<'a>,
    tests: Vec<WordFilter<'a>>,
    text: Option<TextTest<'a>>,
    /// Numbers of the current page.
    numbers: Vec<i64>,
}

impl<'a> PageFilter<'a> {
    /// `None` if the filter excludes the whole row group.
    pub fn new(
        filter: &'a TransactionFilter,
        open: &'a OpenSegment,
        group: usize,
    ) -> Result<Option<Self>, LakeError> {
        let mut tests = Vec::new();
        for (column, word) in &filter.words {
            let is = |have: &[u8]| have == word.as_bytes();
            tests.push(WordFilter::new(open, (group, *column), &is)?);
        }
        for status in &filter.http_statuses {
            let is = |have: &[u8]| have == i32::from(*status).to_le_bytes();
            tests.push(WordFilter::new(open, (group, t::HTTP_STATUS), &is)?);
        }
        if let Some(outcome) = filter.outcome {
            let is = |have: &[u8]| have == i32::from(outcome).to_le_bytes();
            tests.push(WordFilter::new(open, (group, t::OUTCOME), &is)?);
        }
        if tests.iter().any(WordFilter::is_hopeless) {
            return Ok(None);
        }
        let text = filter.text.as_ref();
        let text = text.map(|needle| TextTest::new(open, group, needle));
        let last = |end: i64| end.saturating_sub(1);
        let longest = filter.max_duration.map_or(i64::MAX, last);
        let within = (filter.end.0, last(filter.end.1));
        Ok(Some(Self {
            end: NumberFilter::new(open, (group, t::END), within)?,
            duration: NumberFilter::new(
                open,
                (group, t::DURATION),
                (filter.min_duration, longest),
            )?,
            tests,
            text: text.transpose()?,
            numbers: Vec::new(),
        }))
    }

    /// Number of pages.
    pub fn page_count(&self) -> usize {
        self.end.reader().page_count()
    }

    /// First row of a page, numbered within the row group.
    pub fn first_row(&self, page: usize) -> usize {
        self.end.reader().rows_of(page).start
    }

    /// Upper bound of the ends in a page, in Unix nanoseconds.
    pub fn newest(&self, page: usize) -> i64 {
        self.end.bounds(page).map_or(i64::MAX, |(_, newest)| newest)
    }

    /// Ends of a page's rows, in Unix nanoseconds.
    pub fn ends(&mut self, page: usize) -> Result<&[i64], LakeError> {
        self.end.reader().numbers(page, &mut self.numbers)?;
        Ok(&self.numbers)
    }

    /// Durations of a page's rows, in nanoseconds.
    pub fn durations(&mut self, page: usize) -> Result<&[i64], LakeError> {
        self.duration.reader().numbers(page, &mut self.numbers)?;
        Ok(&self.numbers)
    }

    /// The selected rows of a page, numbered within the page, ascending.
    pub fn select(&mut self, page: usize) -> Result<Vec<usize>, LakeError> {
        if self.end.excludes(page) || self.duration.excludes(page) {
            return Ok(Vec::new());
        }
        let mut rows: Option<Vec<usize>> = None;
        for test in &self.tests {
            let mut found = Vec::new();
            test.find(page, |row| found.push(row))?;
            rows = Some(match rows {
                Some(rows) => both(&rows, &found),
                None => found,
            });
            if rows.as_ref().is_some_and(Vec::is_empty) {
                return Ok(Vec::new());
            }
        }
        let mut rows = rows.unwrap_or_else(|| (0..self.end.reader().rows_of(page).len()).collect());
        for column in [&self.duration, &self.end] {
            column.retain(page, &mut rows, &mut self.numbers)?;
        }
        match &self.text {
            Some(text) if !rows.is_empty() => text.retain(page, self.first_row(page), rows),
            _ => Ok(rows),
        }
    }
}

/// A text that must occur in at least one of the text columns or ids.
struct TextTest<'a> {
    needle: &'a Needle,
    words: Vec<WordFilter<'a>>,
    ids: [ColumnReader<'a>; 2],
}

impl<'a> TextTest<'a> {
    fn new(open: &'a OpenSegment, group: usize, needle: &'a Needle) -> Result<Self, LakeError> {
        let has = |word: &[u8]| {
            let word = String::from_utf8_lossy(word);
            word.to_lowercase().contains(&needle.lower)
        };
        let columns = [t::OPERATION, t::ERROR_TYPE, t::INSTANCE, t::VERSION];
        let words = columns.map(|column| WordFilter::new(open, (group, column), &has));
        Ok(Self {
            needle,
            words: words.into_iter().collect::<Result<_, _>>()?,
            ids: [
                ColumnReader::new(open, group, t::TRACE_ID)?,
                ColumnReader::new(open, group, t::SPAN_ID)?,
            ],
        })
    }

    /// The rows of a page that contain the text.
    fn retain(
        &self,
        page: usize,
        first: usize,
        mut rows: Vec<usize>,
    ) -> Result<Vec<usize>, LakeError> {
        let mut has = vec![false; rows.last().map_or(0, |last| last + 1)];
        for words in self.words.iter().filter(|words| !words.is_hopeless()) {
            words.find(page, |row| {
                if let Some(has) = has.get_mut(row) {
                    *has = true;
                }
            })?;
        }
        if self.needle.is_hex {
            let left = rows.iter().copied().filter(|row| !has[*row]);
            let left: Vec<usize> = left.collect();
            let places: Vec<usize> = left.iter().map(|row| first + row).collect();
            for ids in &self.ids {
                let ids = ids.take(&places)?;
                let ids = ids.as_any().downcast_ref::<FixedSizeBinaryArray>();
                let ids = ids.ok_or_else(|| LakeError::Columns("ids are no bytes".into()))?;
                for (at, row) in left.iter().enumerate() {
                    has[*row] |= self.needle.has_id(ids.value(at));
                }
            }
        }
        rows.retain(|row| has[*row]);
        Ok(rows)
    }
}

/// Intersection of two ascending lists.
fn both(left: &[usize], right: &[usize]) -> Vec<usize> {
    let mut right = right.iter().peekable();
    let is_there = |row: &&usize| {
        while right.next_if(|other| other < row).is_some() {}
        right.peek() == Some(row)
    };
    left.iter().filter(is_there).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_both_stays() {
        assert_eq!(both(&[1, 3, 5, 9], &[0, 3, 4, 5, 10]), [3, 5]);
        assert!(both(&[1], &[]).is_empty());
    }
}
