//! The columns of table `logs`: positions and schema.

use crate::tables::fields::{columns, instant, required, word};
use arrow_schema::DataType;

columns! {
    TIME => required("time", instant()),
    OBSERVED => required("observed_time", instant()),
    SEVERITY => required("severity", DataType::UInt8),
    SEVERITY_TEXT => required("severity_text", word()),
    SERVICE => required("service", word()),
    NAMESPACE => required("namespace", word()),
    ENVIRONMENT => required("environment", word()),
    RESOURCE => required("resource", word()),
    SCOPE => required("scope", word()),
    EVENT_NAME => required("event_name", word()),
    BODY => required("body", word()),
    BODY_IS_JSON => required("body_is_json", DataType::Boolean),
    ATTRIBUTES => required("attributes", word()),
    /// Zeros when the record was written in no trace.
    TRACE_ID => required("trace_id", DataType::FixedSizeBinary(16)),
    /// Zeros when the record was written in no span.
    SPAN_ID => required("span_id", DataType::FixedSizeBinary(8)),
}
