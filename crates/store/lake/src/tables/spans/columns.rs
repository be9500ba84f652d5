//! The columns of table `spans`: positions, and the columns of attributes.

use crate::tables::fields::{columns, instant, optional, required, word};
use arrow_schema::{DataType, Schema, SchemaRef};
use hinomi_model::batch::ValueKind;

columns! {
    TRACE_ID => required("trace_id", DataType::FixedSizeBinary(16)),
    SPAN_ID => required("span_id", DataType::FixedSizeBinary(8)),
    PARENT_SPAN_ID => optional("parent_span_id", DataType::FixedSizeBinary(8)),
    PARENT_OFFSET => optional("parent_offset", DataType::UInt8),
    START => required("start_time", instant()),
    DURATION => required("duration_ns", DataType::Int64),
    KIND => required("kind", DataType::UInt8),
    STATUS => required("status", DataType::UInt8),
    STATUS_MESSAGE => required("status_message", word()),
    NAME => required("name", word()),
    SCOPE => required("scope", word()),
    SERVICE => required("service", word()),
    NAMESPACE => required("namespace", word()),
    ENVIRONMENT => required("environment", word()),
    RESOURCE => required("resource", word()),
    HTTP_STATUS => optional("http_status", DataType::UInt16),
    ERROR_TYPE => optional("error_type", word()),
    OPERATION => optional("operation", word()),
    OUTCOME => optional("outcome", DataType::UInt8),
    CALL_CATEGORY => optional("call_category", DataType::UInt8),
    CALL_TARGET => optional("call_target", word()),
    CALL_DETAIL => optional("call_detail", word()),
    CALL_FAILED => optional("call_failed", DataType::Boolean),
    EVENTS => optional("events", word()),
    LINKS => optional("links", word()),
    ATTRIBUTES => required("attributes", word()),
    OTHER_ATTRIBUTES => optional("other_attributes", word()),
}

/// Column `outcome` holds the outcome in its lower bits, and above them what began the transaction.
pub(crate) const KIND_BITS: u32 = 4;
/// The bits of column `outcome` that hold the outcome.
pub(crate) const OUTCOME_MASK: u8 = (1 << KIND_BITS) - 1;

/// Number of these columns. Each file has further columns after them, one per attribute whose
/// values differ from span to span.
pub const FIXED: usize = OTHER_ATTRIBUTES + 1;

/// Prefix of the names of text attribute columns; the attribute's key follows.
pub const TEXT_PREFIX: &str = "attributes.";
/// Prefix of the names of columns with other values, written as JSON.
pub const JSON_PREFIX: &str = "json_attributes.";

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
