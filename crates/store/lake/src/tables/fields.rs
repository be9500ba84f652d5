//! Types of columns that several tables have, and their words.

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};
use hinomi_model::batch::Words;
use std::sync::Arc;

pub(crate) fn schema<const N: usize>(fields: [Field; N]) -> SchemaRef {
    Schema::new(fields.to_vec()).into()
}

pub(crate) fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

pub(crate) fn optional(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

/// Type of a text column with repeating values.
pub(crate) fn word() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

pub(crate) fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

/// The item field of a list column.
pub(crate) fn item(data_type: DataType) -> Field {
    Field::new("item", data_type, false)
}

pub(crate) fn list(data_type: DataType) -> DataType {
    DataType::List(item(data_type).into())
}

/// The words that the text columns of a row group share.
pub(crate) fn dictionary_of(words: Words) -> Result<ArrayRef, ArrowError> {
    let (text, ends) = words.into_parts();
    if i32::try_from(text.len()).is_err() {
        return Err(ArrowError::OffsetOverflowError(text.len()));
    }
    let offsets = std::iter::once(0).chain(ends.into_iter().map(|end| end as i32));
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.collect::<Vec<_>>()));
    let text = Buffer::from_vec(text.into_bytes());
    Ok(Arc::new(StringArray::try_new(offsets, text, None)?))
}

/// Names the columns that every file of a table has, in their order: a constant with the position of
/// each, and the schema.
macro_rules! columns {
    ($($(#[$about:meta])* $name:ident => $field:expr,)+) => {
        #[expect(
            clippy::upper_case_acronyms,
            non_camel_case_types,
            reason = "they count the constants below"
        )]
        enum Position { $($name),+ }

        $($(#[$about])* pub const $name: usize = Position::$name as usize;)+

        pub(super) static SCHEMA: std::sync::LazyLock<arrow_schema::SchemaRef> =
            std::sync::LazyLock::new(|| $crate::tables::fields::schema([$($field),+]));
    };
}

pub(crate) use columns;
