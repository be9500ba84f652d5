//! Builders of plain columns.

use arrow_array::{ArrayRef, FixedSizeBinaryArray, TimestampNanosecondArray};
use arrow_buffer::{Buffer, NullBuffer};
use arrow_schema::ArrowError;
use std::sync::Arc;

/// A column of instants, in Unix nanoseconds.
pub fn instants(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(values).with_timezone("UTC"))
}

/// A column of byte strings of equal width, which are concatenated in `bytes`.
pub fn binary(
    width: i32,
    bytes: Vec<u8>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let bytes = Buffer::from_vec(bytes);
    Ok(Arc::new(FixedSizeBinaryArray::try_new(
        width, bytes, nulls,
    )?))
}
