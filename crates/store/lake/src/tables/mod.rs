//! The tables. Each is a folder that says everything about its kind of data: columns, order,
//! bucket, how segments of it are merged, how long it is kept, and what is deleted first.
//!
//! To add a table: a folder with a [`TableKind`], and a line in [`tables!`] below.
//! `docs/formats/segments.md` lists the columns.

pub(crate) mod fields;
pub(crate) mod logs;
pub(crate) mod rollups;
pub(crate) mod signals;
pub(crate) mod spans;
pub(crate) mod transactions;

use crate::{LakeError, Resolution};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use hinomi_columnar::{ColumnOptions, OpenFile, RowGroup, SortedBatches};
use hinomi_model::Text;
use parquet::bloom_filter::Sbbf;
use std::{collections::HashMap, fmt, time::Duration};

/// Version of the segment format, stored in every catalog row. Version 1 was never released. Every
/// change of a table's columns is a new version.
pub(crate) const FORMAT_VERSION: i64 = 2;

/// Rows per row group, unless the table says otherwise: the unit that footer statistics can exclude.
pub(crate) const ROW_GROUP_ROWS: usize = 128 << 10;

/// One hour.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// One day.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Names the tables, in the order in which metrics and settings list them.
macro_rules! tables {
    ($($name:ident => $kind:expr,)+) => {
        #[expect(clippy::upper_case_acronyms, non_camel_case_types, reason = "they count the constants of `TableId`")]
        enum Position { $($name),+ }

        static KINDS: &[&dyn TableKind] = &[$(&$kind),+];

        impl TableId {
            $(
                #[doc = concat!("The table of `", stringify!($kind), "`.")]
                pub const $name: Self = Self(Position::$name as u8);
            )+

            /// Every table.
            pub const ALL: [Self; [$(Position::$name),+].len()] = [$(Self::$name),+];
        }
    };
}

tables! {
    SPANS => spans::Spans,
    TRANSACTIONS => transactions::Transactions,
    ROLLUPS_5S => rollups::Rollups(Resolution::FiveSeconds),
    ROLLUPS_1M => rollups::Rollups(Resolution::Minute),
    ROLLUPS_1H => rollups::Rollups(Resolution::Hour),
    LOGS => logs::Logs,
}

/// A table. A segment belongs to one of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(u8);

impl TableId {
    /// Number of tables.
    pub const COUNT: usize = Self::ALL.len();

    /// Its name in the catalog, in paths, metrics and settings.
    pub fn name(self) -> &'static str {
        self.kind().name()
    }

    /// The table of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// How long its rows are kept unless the configuration says otherwise.
    pub fn default_retention(self) -> Duration {
        self.kind().retention().kept
    }

    /// What its rows are kept for, such as `spans are kept: what a trace is drawn from`.
    pub fn retention_help(self) -> &'static str {
        self.kind().retention().help
    }

    /// What its folder says about it.
    pub(crate) fn kind(self) -> &'static dyn TableKind {
        KINDS[self.position()]
    }

    /// Its position in [`Self::ALL`].
    pub const fn position(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for TableId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Everything about a kind of data that the rest of the engine has to know.
pub(crate) trait TableKind: Sync {
    /// Name in the catalog, in paths, metrics and settings.
    fn name(&self) -> &'static str;

    /// The columns with which every file begins.
    fn schema(&self) -> &'static SchemaRef;

    /// The columns by which every segment is sorted.
    fn sort_key(&self) -> &'static [&'static str];

    /// Width of the time bucket that one segment covers.
    fn bucket(&self) -> Duration;

    /// Time that a row stands for, from its instant on.
    fn row_width(&self) -> Duration {
        Duration::ZERO
    }

    /// How segments are merged.
    fn merge_rule(&self) -> MergeRule;

    /// How long rows are kept.
    fn retention(&self) -> Retained;

    /// What the disk budget deletes first: the lowest.
    fn budget_priority(&self) -> u8;

    /// Rows per row group.
    fn group_rows(&self) -> usize {
        ROW_GROUP_ROWS
    }

    /// The options of a column, according to what scans need.
    fn column_options(&self, _column: usize) -> ColumnOptions {
        ColumnOptions::default()
    }

    /// Paths of the columns whose numbers hardly repeat, so that a dictionary would be larger than the
    /// values. Only for tables that are added up.
    fn split_columns(&self) -> &'static [&'static [&'static str]] {
        &[]
    }

    /// Changes a row group to the form that is stored, and returns its additional bloom filters by
    /// column.
    fn store_group(
        &self,
        _group: &mut RowGroup,
        _schema: &SchemaRef,
        _promoted: &[Text],
    ) -> Result<HashMap<usize, Sbbf>, LakeError> {
        Ok(HashMap::new())
    }

    /// What a merge of these files changes beside the order of rows.
    fn merging(&self, _files: &[OpenFile], _promoted: &[Text]) -> Box<dyn Merging> {
        Box::new(AsStored)
    }
}

/// How segments of a table are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergeRule {
    /// Every row is kept; rows are interleaved in the order of the sort key.
    Interleave,
    /// Rollups of the same bucket and key become one row, their sum.
    AddUp,
}

/// How long a kind of data is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retained {
    /// Unless the configuration says otherwise.
    pub kept: Duration,
    /// See [`TableId::retention_help`].
    pub help: &'static str,
}

/// The rows of one input of a merge, in the order of its table.
pub(crate) type Source<'a> = SortedBatches<'a, LakeError>;

/// What a merge changes beside the order of rows.
pub(crate) trait Merging: Sync {
    /// The schema of the output, from the union of the inputs' schemas.
    fn schema(&self, union: SchemaRef) -> Result<SchemaRef, LakeError> {
        Ok(union)
    }

    /// Reads the batches of one input in the form in which they are merged.
    fn reader(&self) -> Box<dyn FnMut(RecordBatch) -> Result<RecordBatch, LakeError>> {
        Box::new(Ok)
    }
}

/// Nothing changes.
struct AsStored;

impl Merging for AsStored {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_and_names_mean_the_same_table() {
        for table in TableId::ALL {
            assert_eq!(TableId::parse(table.name()), Some(table));
        }
        assert_eq!(TableId::TRANSACTIONS.name(), "transactions");
        assert_eq!(TableId::ROLLUPS_1H.name(), "rollups_1h");
        assert_eq!(TableId::parse("spam"), None);
    }

    #[test]
    fn every_table_is_sorted_by_columns_that_it_has() {
        for table in TableId::ALL {
            for column in table.kind().sort_key() {
                let schema = table.kind().schema();
                assert!(schema.index_of(column).is_ok(), "{table:?} {column}");
            }
        }
    }

    #[test]
    fn the_documentation_names_every_table_and_column() {
        let page = include_str!("../../../../../docs/formats/segments.md");
        for table in TableId::ALL {
            let name = format!("`{}`", table.name());
            assert!(page.contains(&format!("| {name} |")), "{name}");
            let kind = table.kind();
            let columns = kind.schema().fields().iter().map(|field| field.name());
            for column in columns {
                assert!(page.contains(&format!("`{column}`")), "{column} of {name}");
            }
        }
    }
}
