//! The columns of table `transactions`: positions and schema.

use crate::tables::fields::{columns, instant, optional, required, word};
use arrow_schema::DataType;

columns! {
    TRACE_ID => required("trace_id", DataType::FixedSizeBinary(16)),
    SPAN_ID => required("span_id", DataType::FixedSizeBinary(8)),
    END => required("end_time", instant()),
    DURATION => required("duration_ns", DataType::Int64),
    OUTCOME => required("outcome", DataType::UInt8),
    HTTP_STATUS => optional("http_status", DataType::UInt16),
    SERVICE => required("service", word()),
    NAMESPACE => required("namespace", word()),
    ENVIRONMENT => required("environment", word()),
    OPERATION => required("operation", word()),
    INSTANCE => required("instance", word()),
    VERSION => required("version", word()),
    ERROR_TYPE => optional("error_type", word()),
}

/// Value of column `outcome` for a transaction that succeeded.
pub(crate) const OUTCOME_OK: u8 = 0;
/// Value of column `outcome` for a transaction that failed.
pub(crate) const OUTCOME_ERROR: u8 = 1;
