//! The columns of table `logs`: positions and schema.

use crate::tables::fields::{instant, required, schema, word};
use arrow_schema::{DataType, SchemaRef};
use std::sync::LazyLock;

pub const TIME: usize = 0;
pub const OBSERVED: usize = 1;
pub const SEVERITY: usize = 2;
pub const SEVERITY_TEXT: usize = 3;
pub const SERVICE: usize = 4;
pub const NAMESPACE: usize = 5;
pub const ENVIRONMENT: usize = 6;
pub const RESOURCE: usize = 7;
pub const SCOPE: usize = 8;
pub const EVENT_NAME: usize = 9;
pub const BODY: usize = 10;
pub const BODY_IS_JSON: usize = 11;
pub const ATTRIBUTES: usize = 12;
/// Zeros when the record was written in no trace.
pub const TRACE_ID: usize = 13;
/// Zeros when the record was written in no span.
pub const SPAN_ID: usize = 14;

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    schema([
        required("time", instant()),
        required("observed_time", instant()),
        required("severity", DataType::UInt8),
        required("severity_text", word()),
        required("service", word()),
        required("namespace", word()),
        required("environment", word()),
        required("resource", word()),
        required("scope", word()),
        required("event_name", word()),
        required("body", word()),
        required("body_is_json", DataType::Boolean),
        required("attributes", word()),
        required("trace_id", DataType::FixedSizeBinary(16)),
        required("span_id", DataType::FixedSizeBinary(8)),
    ])
});
