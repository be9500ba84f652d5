//! The columns of the rollup tables: positions and schema.

use crate::tables::fields::{columns, instant, list, optional, required, word};
use arrow_schema::DataType;

columns! {
    BUCKET => required("bucket_start", instant()),
    FAMILY => required("family", DataType::UInt8),
    SERVICE => required("service", word()),
    NAMESPACE => required("namespace", word()),
    ENVIRONMENT => required("environment", word()),
    OPERATION => optional("operation", word()),
    INSTANCE => optional("instance", word()),
    VERSION => optional("version", word()),
    CATEGORY => optional("category", DataType::UInt8),
    TARGET => optional("target", word()),
    DETAIL => optional("detail", word()),
    ERROR_TYPE => optional("error_type", word()),
    COUNT => required("count", DataType::UInt64),
    ERRORS => required("errors", DataType::UInt64),
    TOTAL => required("total_ns", DataType::UInt64),
    LATENCY_BUCKETS => required("latency_buckets", list(DataType::UInt16)),
    LATENCY_COUNTS => required("latency_counts", list(DataType::UInt32)),
    CELL_ROWS => required("cell_rows", list(DataType::UInt8)),
    CELL_OK => required("cell_ok", list(DataType::UInt32)),
    CELL_ERROR => required("cell_error", list(DataType::UInt32)),
}
