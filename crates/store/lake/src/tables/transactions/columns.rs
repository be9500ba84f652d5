//! The columns of table `transactions`: positions and schema.

use crate::tables::fields::{instant, optional, required, schema, word};
use arrow_schema::{DataType, SchemaRef};
use std::sync::LazyLock;

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

/// Value of column `outcome` for a transaction that succeeded.
pub(crate) const OUTCOME_OK: u8 = 0;
/// Value of column `outcome` for a transaction that failed.
pub(crate) const OUTCOME_ERROR: u8 = 1;

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
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
