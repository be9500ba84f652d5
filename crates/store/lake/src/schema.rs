//! The columns of every table, as one Arrow schema per table.
//!
//! Every change here is a new format version. `docs/formats/segments.md` lists the columns.

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use hinomi_model::batch::ValueKind;
use std::sync::LazyLock;

/// Version of the segment format, stored in every catalog row. Version 1 was never released.
pub(crate) const FORMAT_VERSION: i64 = 2;

/// The tables. A segment belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Table {
    /// All spans, sorted by trace id and start.
    Spans,
    /// Entry spans with few columns, sorted by service and end.
    Transactions,
    /// Rollups of 5 s.
    Rollups5s,
    /// Rollups of 1 min.
    Rollups1m,
    /// Rollups of 1 h.
    Rollups1h,
}

impl Table {
    pub const ALL: [Self; 5] = [
        Self::Spans,
        Self::Transactions,
        Self::Rollups5s,
        Self::Rollups1m,
        Self::Rollups1h,
    ];

    /// Name of the table in the catalog and in paths.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spans => "spans",
            Self::Transactions => "transactions",
            Self::Rollups5s => "rollups_5s",
            Self::Rollups1m => "rollups_1m",
            Self::Rollups1h => "rollups_1h",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == word)
    }

    /// Width of the time bucket that one segment covers.
    pub fn bucket(self) -> std::time::Duration {
        let hours = match self {
            Self::Spans | Self::Transactions | Self::Rollups5s => 1,
            Self::Rollups1m => 24,
            Self::Rollups1h => 30 * 24,
        };
        std::time::Duration::from_secs(hours * 3_600)
    }

    /// The columns by which every segment is sorted. In the rollup tables, rows with equal values
    /// are further sorted by the rest of their key, in the order of [`hinomi_model::RollupKey`].
    pub fn sort_key(self) -> &'static [&'static str] {
        match self {
            Self::Spans => &["trace_id", "start_time"],
            Self::Transactions => &["service", "end_time"],
            Self::Rollups5s | Self::Rollups1m | Self::Rollups1h => {
                &["service", "namespace", "environment", "bucket_start"]
            }
        }
    }

    /// The columns with which every file of the table begins.
    pub fn schema(self) -> &'static SchemaRef {
        match self {
            Self::Spans => &SPANS,
            Self::Transactions => &TRANSACTIONS,
            Self::Rollups5s | Self::Rollups1m | Self::Rollups1h => &ROLLUPS,
        }
    }
}

/// Positions of the columns that every `spans` file has.
pub(crate) mod spans {
    pub const TRACE_ID: usize = 0;
    pub const SPAN_ID: usize = 1;
    pub const PARENT_SPAN_ID: usize = 2;
    pub const PARENT_OFFSET: usize = 3;
    pub const START: usize = 4;
    pub const DURATION: usize = 5;
    pub const KIND: usize = 6;
    pub const STATUS: usize = 7;
    pub const STATUS_MESSAGE: usize = 8;
    pub const NAME: usize = 9;
    pub const SCOPE: usize = 10;
    pub const SERVICE: usize = 11;
    pub const NAMESPACE: usize = 12;
    pub const ENVIRONMENT: usize = 13;
    pub const RESOURCE: usize = 14;
    pub const HTTP_STATUS: usize = 15;
    pub const ERROR_TYPE: usize = 16;
    pub const OPERATION: usize = 17;
    pub const OUTCOME: usize = 18;
    pub const CALL_CATEGORY: usize = 19;
    pub const CALL_TARGET: usize = 20;
    pub const CALL_DETAIL: usize = 21;
    pub const CALL_FAILED: usize = 22;
    pub const EVENTS: usize = 23;
    pub const LINKS: usize = 24;
    pub const ATTRIBUTES: usize = 25;
    pub const OTHER_ATTRIBUTES: usize = 26;
    /// Number of these columns. Each file has further columns after them, one per attribute whose
    /// values differ from span to span.
    pub const FIXED: usize = 27;

    /// Prefix of the names of text attribute columns; the attribute's key follows.
    pub const TEXT_PREFIX: &str = "attributes.";
    /// Prefix of the names of columns with other values, written as JSON.
    pub const JSON_PREFIX: &str = "json_attributes.";
}

/// Positions of the columns of `transactions`.
pub(crate) mod transactions {
    pub const TRACE_ID: usize = 0;
    pub const SPAN_ID: usize = 1;
    pub const END: usize = 2;
    pub const DURATION: usize = 3;
    pub const OUTCOME: usize = 4;
    pub const HTTP_STATUS: usize = 5;
    pub const SERVICE: usize = 6;
    pub const NAMESPACE: usize = 7;
    pub const ENVIRONMENT: usize = 8;
    pub const OPERATION: usize = 9;
    pub const INSTANCE: usize = 10;
    pub const VERSION: usize = 11;
    pub const ERROR_TYPE: usize = 12;
}

/// Positions of the columns of the rollup tables.
pub(crate) mod rollups {
    pub const BUCKET: usize = 0;
    pub const FAMILY: usize = 1;
    pub const SERVICE: usize = 2;
    pub const NAMESPACE: usize = 3;
    pub const ENVIRONMENT: usize = 4;
    pub const OPERATION: usize = 5;
    pub const INSTANCE: usize = 6;
    pub const VERSION: usize = 7;
    pub const CATEGORY: usize = 8;
    pub const TARGET: usize = 9;
    pub const DETAIL: usize = 10;
    pub const ERROR_TYPE: usize = 11;
    pub const COUNT: usize = 12;
    pub const ERRORS: usize = 13;
    pub const TOTAL: usize = 14;
    pub const LATENCY_BUCKETS: usize = 15;
    pub const LATENCY_COUNTS: usize = 16;
    pub const CELL_ROWS: usize = 17;
    pub const CELL_OK: usize = 18;
    pub const CELL_ERROR: usize = 19;
}

/// Value of column `outcome` for a transaction that succeeded.
pub(crate) const OUTCOME_OK: u8 = 0;
/// Value of column `outcome` for a transaction that failed.
pub(crate) const OUTCOME_ERROR: u8 = 1;

static SPANS: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema([
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("span_id", DataType::FixedSizeBinary(8)),
        optional("parent_span_id", DataType::FixedSizeBinary(8)),
        optional("parent_offset", DataType::UInt8),
        required("start_time", instant()),
        required("duration_ns", DataType::Int64),
        required("kind", DataType::UInt8),
        required("status", DataType::UInt8),
        required("status_message", word()),
        required("name", word()),
        required("scope", word()),
        required("service", word()),
        required("namespace", word()),
        required("environment", word()),
        required("resource", word()),
        optional("http_status", DataType::UInt16),
        optional("error_type", word()),
        optional("operation", word()),
        optional("outcome", DataType::UInt8),
        optional("call_category", DataType::UInt8),
        optional("call_target", word()),
        optional("call_detail", word()),
        optional("call_failed", DataType::Boolean),
        optional("events", word()),
        optional("links", word()),
        required("attributes", word()),
        optional("other_attributes", word()),
    ])
});

/// Schema of a `spans` file with columns for these attributes.
pub(crate) fn spans_with<'a>(attributes: impl Iterator<Item = (ValueKind, &'a str)>) -> SchemaRef {
    let fixed = SPANS.fields().iter().map(|field| field.as_ref().clone());
    let own = attributes.map(|(kind, key)| {
        let prefix = match kind {
            ValueKind::Text => spans::TEXT_PREFIX,
            ValueKind::Json => spans::JSON_PREFIX,
        };
        optional(&format!("{prefix}{key}"), word())
    });
    Schema::new(fixed.chain(own).collect::<Vec<_>>()).into()
}

/// Name of the column with an attribute's text values.
pub(crate) fn text_column(key: &str) -> String {
    format!("{}{key}", spans::TEXT_PREFIX)
}

/// Name of the column with an attribute's other values.
pub(crate) fn json_column(key: &str) -> String {
    format!("{}{key}", spans::JSON_PREFIX)
}

/// The attribute of a column that is not a fixed one.
pub(crate) fn attribute_of(column: &str) -> Option<(ValueKind, &str)> {
    let text = column
        .strip_prefix(spans::TEXT_PREFIX)
        .map(|key| (ValueKind::Text, key));
    text.or_else(|| Some((ValueKind::Json, column.strip_prefix(spans::JSON_PREFIX)?)))
}

static TRANSACTIONS: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema([
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("span_id", DataType::FixedSizeBinary(8)),
        required("end_time", instant()),
        required("duration_ns", DataType::Int64),
        required("outcome", DataType::UInt8),
        optional("http_status", DataType::UInt16),
        required("service", word()),
        required("namespace", word()),
        required("environment", word()),
        required("operation", word()),
        required("instance", word()),
        required("version", word()),
        optional("error_type", word()),
    ])
});

static ROLLUPS: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema([
        required("bucket_start", instant()),
        required("family", DataType::UInt8),
        required("service", word()),
        required("namespace", word()),
        required("environment", word()),
        optional("operation", word()),
        optional("instance", word()),
        optional("version", word()),
        optional("category", DataType::UInt8),
        optional("target", word()),
        optional("detail", word()),
        optional("error_type", word()),
        required("count", DataType::UInt64),
        required("errors", DataType::UInt64),
        required("total_ns", DataType::UInt64),
        required("latency_buckets", list(DataType::UInt16)),
        required("latency_counts", list(DataType::UInt32)),
        required("cell_rows", list(DataType::UInt8)),
        required("cell_ok", list(DataType::UInt32)),
        required("cell_error", list(DataType::UInt32)),
    ])
});

fn schema<const N: usize>(fields: [Field; N]) -> SchemaRef {
    Schema::new(fields.to_vec()).into()
}

fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

fn optional(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

/// Type of a text column with repeating values.
fn word() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

/// The item field of a list column.
pub(crate) fn item(data_type: DataType) -> Field {
    Field::new("item", data_type, false)
}

fn list(data_type: DataType) -> DataType {
    DataType::List(item(data_type).into())
}
