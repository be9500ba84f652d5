//! The columns of the rollup tables: positions and schema.

use crate::tables::fields::{instant, list, optional, required, schema, word};
use arrow_schema::{DataType, SchemaRef};
use std::sync::LazyLock;

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

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
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
