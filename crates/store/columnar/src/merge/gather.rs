//! Combines rows of many batches, whose schemas may differ, into one batch.

use crate::{BatchColumns, ColumnarError, WordList, dictionary_array};
use arrow_array::{Array, ArrayRef, RecordBatch, new_empty_array, new_null_array};
use arrow_buffer::{NullBufferBuilder, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrow_select::interleave::interleave;
use std::{collections::BTreeMap, sync::Arc};

/// A row, as (index of its batch, row number in that batch).
pub(crate) type RowRef = (usize, usize);

/// The union of the schemas' columns: first those of `first`, then the others sorted by name. A
/// column that some schema lacks becomes nullable. Returns an error if two schemas have different
/// types for the same name.
pub fn union_schema(first: &SchemaRef, schemas: &[SchemaRef]) -> Result<SchemaRef, ColumnarError> {
    let mut others: BTreeMap<&str, Field> = BTreeMap::new();
    let mut fields: Vec<Field> = Vec::new();
    let all = || schemas.iter().map(|schema| schema.fields());
    let merged = |name: &str| -> Result<Option<Field>, ColumnarError> {
        let found: Vec<&Field> = all()
            .filter_map(|fields| fields.find(name).map(|(_, field)| &**field))
            .collect();
        let Some(one) = found.first() else {
            return Ok(None);
        };
        if found
            .iter()
            .any(|other| other.data_type() != one.data_type())
        {
            return Err(ColumnarError::Columns(format!(
                "the column {name:?} has another type in another file"
            )));
        }
        let optional = found.len() < schemas.len() || found.iter().any(|field| field.is_nullable());
        Ok(Some((*one).clone().with_nullable(optional)))
    };
    for field in first.fields() {
        fields.extend(merged(field.name())?);
    }
    for field in all().flatten() {
        let known = first.fields().find(field.name()).is_some();
        if !known
            && !others.contains_key(field.name().as_str())
            && let Some(field_of_all) = merged(field.name())?
        {
            others.insert(field.name(), field_of_all);
        }
    }
    fields.extend(others.into_values());
    Ok(Arc::new(Schema::new(fields)))
}

/// The columns of a batch in the order of a schema; null where the batch lacks a column.
pub(crate) fn align(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ColumnarError> {
    let column = |field: &Arc<Field>| match batch.column_by_name(field.name()) {
        Some(column) => column.clone(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = schema.fields().iter().map(column).collect();
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

/// The rows in the given order, from batches that all have the given schema. The result's
/// dictionaries hold only the words it uses.
pub(crate) fn gather(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    rows: &[RowRef],
) -> Result<RecordBatch, ColumnarError> {
    let column = |at: usize| -> Result<ArrayRef, ColumnarError> {
        if matches!(schema.field(at).data_type(), DataType::Dictionary(..)) {
            return words(batches, at, rows);
        }
        if batches.is_empty() {
            return Ok(new_empty_array(schema.field(at).data_type()));
        }
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| &**batch.column(at)).collect();
        Ok(interleave(&arrays, rows)?)
    };
    let columns = (0..schema.fields().len())
        .map(column)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn words(batches: &[RecordBatch], at: usize, rows: &[RowRef]) -> Result<ArrayRef, ColumnarError> {
    let columns = batches
        .iter()
        .map(|batch| BatchColumns(batch).words(at))
        .collect::<Result<Vec<_>, _>>()?;
    // New position of each dictionary_array entry, assigned on first use.
    let mut places: Vec<Vec<Option<i32>>> = columns
        .iter()
        .map(|column| vec![None; column.dictionary_len()])
        .collect();
    let mut values = WordList::default();
    let (mut keys, mut valid) = (
        Vec::with_capacity(rows.len()),
        NullBufferBuilder::new(rows.len()),
    );
    for &(batch, row) in rows {
        let Some(key) = columns[batch].key(row) else {
            valid.append_null();
            keys.push(0);
            continue;
        };
        valid.append_non_null();
        let place = &mut places[batch][key];
        keys.push(*place.get_or_insert_with(|| values.key(columns[batch].value(key))));
    }
    Ok(dictionary_array(
        ScalarBuffer::from(keys),
        valid.finish(),
        values.finish()?,
    )?)
}
