//! Tables `rollups_5s`, `rollups_1m` and `rollups_1h`: counts and latencies by bucket and key, and
//! rollups in the form that queries read.
//!
//! A flush appends rows of all three widths, and late data appends another row. Rows with equal
//! values of the sort key are further sorted by the rest of their key, in the order of
//! [`hinomi_model::RollupKey`].

pub(crate) mod added;
pub(crate) mod cache;
pub(crate) mod columns;
pub(crate) mod flush;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod table;

use crate::{
    Resolution,
    tables::{DAY, HOUR, MergeRule, Retained, TableId, TableKind},
};
use arrow_schema::SchemaRef;
use std::time::Duration;

/// The table of a resolution.
pub(crate) struct Rollups(pub Resolution);

/// The table with rollups of this resolution.
pub(crate) fn table_of(resolution: Resolution) -> TableId {
    match resolution {
        Resolution::FiveSeconds => TableId::ROLLUPS_5S,
        Resolution::Minute => TableId::ROLLUPS_1M,
        Resolution::Hour => TableId::ROLLUPS_1H,
    }
}

impl TableKind for Rollups {
    fn name(&self) -> &'static str {
        match self.0 {
            Resolution::FiveSeconds => "rollups_5s",
            Resolution::Minute => "rollups_1m",
            Resolution::Hour => "rollups_1h",
        }
    }

    fn schema(&self) -> &'static SchemaRef {
        &columns::SCHEMA
    }

    fn sort_key(&self) -> &'static [&'static str] {
        &["service", "namespace", "environment", "bucket_start"]
    }

    fn bucket(&self) -> Duration {
        match self.0 {
            Resolution::FiveSeconds => HOUR,
            Resolution::Minute => DAY,
            Resolution::Hour => 30 * DAY,
        }
    }

    fn row_width(&self) -> Duration {
        self.0.width()
    }

    fn merge_rule(&self) -> MergeRule {
        MergeRule::AddUp
    }

    fn retention(&self) -> Retained {
        let (kept, help) = match self.0 {
            Resolution::FiveSeconds => (3 * DAY, "counts of 5 seconds are kept"),
            Resolution::Minute => (60 * DAY, "counts of a minute are kept"),
            // A year and its comparison.
            Resolution::Hour => (400 * DAY, "counts of an hour are kept"),
        };
        Retained { kept, help }
    }

    fn split_columns(&self) -> &'static [&'static [&'static str]] {
        &[
            &["total_ns"],
            &["latency_buckets", "list", "item"],
            &["cell_rows", "list", "item"],
            &["cell_ok", "list", "item"],
        ]
    }

    fn budget_priority(&self) -> u8 {
        match self.0 {
            Resolution::FiveSeconds => 30,
            Resolution::Minute => 40,
            Resolution::Hour => 50,
        }
    }
}
