//! The columns of table `spans`: positions, schema, and the columns of attributes.

use crate::tables::fields::{instant, optional, required, schema, word};
use arrow_schema::{DataType, Schema, SchemaRef};
use hinomi_model::batch::ValueKind;
use std::sync::LazyLock;

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

pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
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
    let fixed = SCHEMA.fields().iter().map(|field| field.as_ref().clone());
    let own = attributes.map(|(kind, key)| {
        let prefix = match kind {
            ValueKind::Text => TEXT_PREFIX,
            ValueKind::Json => JSON_PREFIX,
        };
        optional(&format!("{prefix}{key}"), word())
    });
    Schema::new(fixed.chain(own).collect::<Vec<_>>()).into()
}

/// Name of the column with an attribute's text values.
pub(crate) fn text_column(key: &str) -> String {
    format!("{}{key}", TEXT_PREFIX)
}

/// Name of the column with an attribute's other values.
pub(crate) fn json_column(key: &str) -> String {
    format!("{}{key}", JSON_PREFIX)
}

/// The attribute of a column that is not a fixed one.
pub(crate) fn attribute_of(column: &str) -> Option<(ValueKind, &str)> {
    let text = column
        .strip_prefix(TEXT_PREFIX)
        .map(|key| (ValueKind::Text, key));
    text.or_else(|| Some((ValueKind::Json, column.strip_prefix(JSON_PREFIX)?)))
}
