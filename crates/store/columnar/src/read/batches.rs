//! Reads all rows of a file, one page of every column at a time. Merges use it.
//!
//! Promises to hold nothing but the current batch and the dictionaries of one row group. Parquet's
//! own reader keeps a page, a dictionary and a decompressor per column of each open file, which
//! took most of the memory in a merge of many wide files.

use crate::{
    ColumnarError, OpenFile,
    read::column::{ColumnReader, Slot},
};
use arrow_array::RecordBatch;

/// Reads a file of flat columns from its first row to its last.
pub struct PageBatches {
    open: OpenFile,
    group: usize,
    page: usize,
    /// Dictionaries of the current row group, by column; each is read when a page first needs it.
    dictionaries: Vec<Slot>,
}

impl PageBatches {
    /// Starts at the first row.
    pub fn new(open: OpenFile) -> Self {
        Self {
            open,
            group: 0,
            page: 0,
            dictionaries: Vec::new(),
        }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>, ColumnarError> {
        let schema = self.open.metadata.schema().clone();
        while self.group < self.open.metadata.metadata().num_row_groups() {
            let reader =
                |at| Ok::<_, ColumnarError>(ColumnReader::new(&self.open, self.group, at)?.once());
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
                // The column's pages start at other rows. Hinomi writes no such file, but one could
                // exist.
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
    type Item = Result<RecordBatch, ColumnarError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
