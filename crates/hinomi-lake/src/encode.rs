//! Spans to columns: done once, in the task of the caller; everything after works on the columns.

use crate::{
    LakeError,
    columns::Columns,
    schema::{OUTCOME_ERROR, OUTCOME_OK, Table, spans as s},
    words::{Values, Words, dictionary},
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, builder::BooleanBuilder,
    builder::PrimitiveBuilder, types::ArrowPrimitiveType,
};
use arrow_buffer::{Buffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;
use arrow_select::filter::FilterBuilder;
use hinomi_model::{Outcome, Resource, Span, SpanId};
use std::{collections::HashMap, sync::Arc};

/// The spans as a batch of table `spans`.
pub(crate) fn spans(spans: &[Span]) -> Result<RecordBatch, LakeError> {
    let rows = spans.len();
    let mut parents = NullBufferBuilder::new(rows);
    let mut parent_ids = Vec::with_capacity(rows * SpanId::LEN);
    let mut resources = Resources::default();
    let [
        mut message,
        mut name,
        mut scope,
        mut error,
        mut operation,
        mut target,
        mut detail,
    ] = std::array::from_fn(|_| Words::with_capacity(rows));
    let (mut status, mut outcome, mut category) = (numbers(rows), numbers(rows), numbers(rows));
    let mut failed = BooleanBuilder::with_capacity(rows);
    for span in spans {
        parents.append(span.parent_span_id.is_some());
        parent_ids.extend(
            span.parent_span_id
                .map_or([0; SpanId::LEN], |id| *id.as_bytes()),
        );
        resources.push(&span.resource);
        message.push(&span.status_message);
        name.push(&span.name);
        scope.push(&span.scope);
        status.append_option(span.http_status);
        error.push_option(span.error_type.as_deref());
        let transaction = span.transaction.as_ref();
        operation.push_option(transaction.map(|t| &*t.operation));
        outcome.append_option(transaction.map(|t| outcome_number(t.outcome)));
        let call = span.call.as_ref();
        category.append_option(call.map(|call| call.category as u8));
        target.push_option(call.map(|call| &*call.target));
        detail.push_option(call.map(|call| &*call.detail));
        failed.append_option(call.map(|call| call.failed));
    }
    let [
        service,
        namespace,
        environment,
        instance,
        version,
        host,
        attributes,
    ] = resources.finish()?;
    let columns: Vec<ArrayRef> = vec![
        binary(
            16,
            spans.iter().flat_map(|span| *span.trace_id.as_bytes()),
            rows,
        )?,
        binary(
            8,
            spans.iter().flat_map(|span| *span.span_id.as_bytes()),
            rows,
        )?,
        Arc::new(FixedSizeBinaryArray::try_new(
            8,
            parent_ids.into(),
            parents.finish(),
        )?),
        instants(spans.iter().map(|span| span.start.0)),
        instants(spans.iter().map(|span| span.end.0)),
        Arc::new(UInt8Array::from_iter_values(
            spans.iter().map(|span| span.kind as u8),
        )),
        Arc::new(UInt8Array::from_iter_values(
            spans.iter().map(|span| span.status as u8),
        )),
        message.finish()?,
        name.finish()?,
        scope.finish()?,
        service,
        namespace,
        environment,
        instance,
        version,
        host,
        attributes,
        Arc::new(UInt16Array::from(status.finish())),
        error.finish()?,
        operation.finish()?,
        Arc::new(UInt8Array::from(outcome.finish())),
        Arc::new(UInt8Array::from(category.finish())),
        target.finish()?,
        detail.finish()?,
        Arc::new(failed.finish()),
        strings(spans.iter().map(|span| &*span.attributes))?,
        strings(spans.iter().map(|span| &*span.events))?,
        strings(spans.iter().map(|span| &*span.links))?,
    ];
    Ok(RecordBatch::try_new(
        Table::Spans.schema().clone(),
        columns,
    )?)
}

/// The entry spans of a batch of table `spans`, as a batch of table `transactions`.
pub(crate) fn transactions(spans: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let columns = Columns(spans);
    let outcome = columns.u8s(s::OUTCOME)?;
    let entries: BooleanArray = (0..spans.num_rows())
        .map(|row| Some(outcome.is_valid(row)))
        .collect();
    let filter = FilterBuilder::new(&entries).optimize().build();
    let pick = |at: usize| filter.filter(spans.column(at));
    let (start, end) = (columns.instants(s::START)?, columns.instants(s::END)?);
    let durations = Int64Array::from_iter_values(
        (0..spans.num_rows())
            .filter(|row| entries.value(*row))
            .map(|row| end[row].saturating_sub(start[row]).max(0)),
    );
    let columns: Vec<ArrayRef> = vec![
        pick(s::TRACE_ID)?,
        pick(s::SPAN_ID)?,
        pick(s::END)?,
        Arc::new(durations),
        pick(s::OUTCOME)?,
        pick(s::HTTP_STATUS)?,
        pick(s::SERVICE)?,
        pick(s::NAMESPACE)?,
        pick(s::ENVIRONMENT)?,
        pick(s::OPERATION)?,
        pick(s::INSTANCE)?,
        pick(s::VERSION)?,
        pick(s::ERROR_TYPE)?,
    ];
    Ok(RecordBatch::try_new(
        Table::Transactions.schema().clone(),
        columns,
    )?)
}

fn outcome_number(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Ok => OUTCOME_OK,
        Outcome::Error => OUTCOME_ERROR,
    }
}

fn numbers<T: ArrowPrimitiveType>(rows: usize) -> PrimitiveBuilder<T> {
    PrimitiveBuilder::with_capacity(rows)
}

fn binary(
    width: i32,
    bytes: impl Iterator<Item = u8>,
    rows: usize,
) -> Result<ArrayRef, ArrowError> {
    let mut buffer = Vec::with_capacity(rows * width as usize);
    buffer.extend(bytes);
    Ok(Arc::new(FixedSizeBinaryArray::try_new(
        width,
        Buffer::from_vec(buffer),
        None,
    )?))
}

/// A column of instants.
pub(crate) fn instants(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(values).with_timezone("UTC"))
}

fn strings<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Result<ArrayRef, ArrowError> {
    let bytes: usize = values.clone().map(str::len).sum();
    if i32::try_from(bytes).is_err() {
        return Err(ArrowError::OffsetOverflowError(bytes));
    }
    let (mut offsets, mut buffer) = (vec![0_i32], Vec::with_capacity(bytes));
    for value in values {
        buffer.extend_from_slice(value.as_bytes());
        offsets.push(buffer.len() as i32);
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Ok(Arc::new(StringArray::try_new(
        offsets,
        Buffer::from_vec(buffer),
        None,
    )?))
}

/// The seven columns that a resource makes. They share one column of keys, the position of the
/// resource, so a dictionary may hold a word twice; readers compare words, never keys.
#[derive(Default)]
struct Resources<'a> {
    keys: Vec<i32>,
    positions: HashMap<*const Resource, i32>,
    distinct: Vec<&'a Resource>,
    last: Option<(*const Resource, i32)>,
}

impl<'a> Resources<'a> {
    fn push(&mut self, resource: &'a Arc<Resource>) {
        let address = Arc::as_ptr(resource);
        let key = match self.last {
            Some((last, key)) if last == address => key,
            _ => *self.positions.entry(address).or_insert_with(|| {
                self.distinct.push(resource);
                self.distinct.len() as i32 - 1
            }),
        };
        self.last = Some((address, key));
        self.keys.push(key);
    }

    fn finish(self) -> Result<[ArrayRef; 7], ArrowError> {
        let parts: [fn(&Resource) -> &str; 7] = [
            |r| &r.service,
            |r| &r.namespace,
            |r| &r.environment,
            |r| &r.instance,
            |r| &r.version,
            |r| &r.host,
            |r| &r.attributes,
        ];
        let keys = ScalarBuffer::from(self.keys);
        let column = |part: fn(&Resource) -> &str| {
            let values = strings(self.distinct.iter().map(|resource| part(resource)))?;
            dictionary(keys.clone(), None, values)
        };
        let columns = parts
            .into_iter()
            .map(column)
            .collect::<Result<Vec<_>, _>>()?;
        Ok(columns
            .try_into()
            .unwrap_or_else(|_| unreachable!("seven parts make seven columns")))
    }
}

/// The distinct words of many dictionaries, and for each dictionary where its words went.
pub(crate) fn unify<'a>(
    dictionaries: impl Iterator<Item = &'a StringArray>,
) -> Result<(ArrayRef, Vec<Vec<i32>>), ArrowError> {
    let mut values = Values::default();
    let places = dictionaries
        .map(|words| {
            (0..words.len())
                .map(|at| values.key(words.value(at)))
                .collect()
        })
        .collect();
    Ok((values.finish()?, places))
}
