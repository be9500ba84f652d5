//! Table `logs`: log records, sorted by service and time.

mod columns;
mod gather;
mod record;
mod rows;
pub(crate) mod scan;
pub(crate) mod signal;

use crate::tables::{DAY, HOUR, MergeRule, Retained, TableKind};
use arrow_schema::SchemaRef;
use hinomi_columnar::ColumnOptions;
use std::time::Duration;

/// The table.
pub(crate) struct Logs;

impl TableKind for Logs {
    fn name(&self) -> &'static str {
        "logs"
    }

    fn schema(&self) -> &'static SchemaRef {
        &columns::SCHEMA
    }

    fn sort_key(&self) -> &'static [&'static str] {
        &["service", "time"]
    }

    fn bucket(&self) -> Duration {
        HOUR
    }

    fn merge_rule(&self) -> MergeRule {
        MergeRule::Interleave
    }

    fn retention(&self) -> Retained {
        Retained {
            kept: 7 * DAY,
            help: "log records are kept",
        }
    }

    fn budget_priority(&self) -> u8 {
        5
    }

    fn column_options(&self, column: usize) -> ColumnOptions {
        let none = ColumnOptions::default();
        match column {
            columns::TIME => ColumnOptions {
                page_statistics: true,
                ..none
            },
            columns::TRACE_ID => ColumnOptions {
                bloom: true,
                ..none
            },
            _ => none,
        }
    }
}
