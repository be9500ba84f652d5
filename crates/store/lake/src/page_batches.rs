//! The rows of a segment of spans or transactions, a page of every column at a time: what a merge
//! reads.
//!
//! Promises that beside the batch at hand it holds the dictionaries of one row group and nothing
//! else. Parquet's own reader keeps a page, a dictionary and a decompressor for each column of each
//! file that is open, and in a merge of many wide segments that was most of the memory.

use crate::{
    LakeError,
    column_reader::{ColumnReader, Slot},
    segment::OpenSegment,
};
use arrow_array::RecordBatch;

/// Reads a segment from its first row to its last.
pub(crate) struct PageBatches {
    open: OpenSegment,
    group: usize,
    page: usize,
    /// Of the row group, by column; read when a page needs it.
    dictionaries: Vec<Slot>,
}

impl PageBatches {
    pub fn new(open: OpenSegment) -> Self {
        Self {
            open,
            group: 0,
            page: 0,
            dictionaries: Vec::new(),
        }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, LakeError> {
        let schema = self.open.metadata.schema().clone();
        while self.group < self.open.metadata.metadata().num_row_groups() {
            let reader =
                |at| Ok::<_, LakeError>(ColumnReader::new(&self.open, self.group, at)?.once());
            let first = reader(0)?;
            if self.page >= first.page_count() {
                self.group += 1;
                self.page = 0;
                self.dictionaries.clear();
                continue;
            }
            let columns = schema.fields().len();
            self.dictionaries.resize_with(columns, Slot::default);
            let rows = first.rows_of(self.page);
            let slots = self.dictionaries.iter_mut().enumerate();
            let arrays = slots.map(|(at, slot)| {
                let reader = reader(at)?;
                // Columns that are cut at other rows: none of ours, but a file may have them.
                if self.page >= reader.page_count() || reader.rows_of(self.page) != rows {
                    return reader.take(&rows.clone().collect::<Vec<_>>());
                }
                reader.page_array(self.page, slot)
            });
            let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
            self.page += 1;
            return Ok(Some(RecordBatch::try_new(schema, arrays)?));
        }
        Ok(None)
    }
}

impl Iterator for PageBatches {
    type Item = Result<RecordBatch, LakeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
