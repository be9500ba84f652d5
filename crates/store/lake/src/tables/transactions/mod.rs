//! Table `transactions`: entry spans with few columns, sorted by service and end. What a drag over
//! the hitmap lists.

pub(crate) mod columns;

use crate::tables::{DAY, HOUR, MergeRule, Retained, TableKind};
use arrow_schema::SchemaRef;
use hinomi_columnar::ColumnOptions;
use std::time::Duration;

/// The table.
pub(crate) struct Transactions;

/// Rows per row group. It is larger than elsewhere, because each trace id is stored once per row
/// group, and narrow rows need little memory.
pub(crate) const GROUP_ROWS: usize = 1 << 20;

impl TableKind for Transactions {
    fn name(&self) -> &'static str {
        "transactions"
    }

    fn schema(&self) -> &'static SchemaRef {
        &columns::SCHEMA
    }

    fn sort_key(&self) -> &'static [&'static str] {
        &["service", "end_time"]
    }

    fn bucket(&self) -> Duration {
        HOUR
    }

    fn merge_rule(&self) -> MergeRule {
        MergeRule::Interleave
    }

    fn retention(&self) -> Retained {
        Retained {
            kept: 30 * DAY,
            help: "transactions are kept: what a drag over the hitmap lists",
        }
    }

    fn budget_priority(&self) -> u8 {
        20
    }

    fn group_rows(&self) -> usize {
        GROUP_ROWS
    }

    fn column_options(&self, column: usize) -> ColumnOptions {
        let none = ColumnOptions::default();
        match column {
            columns::TRACE_ID | columns::SPAN_ID => ColumnOptions {
                random: true,
                ..none
            },
            columns::SERVICE | columns::END | columns::DURATION => ColumnOptions {
                page_statistics: true,
                ..none
            },
            _ => none,
        }
    }
}
