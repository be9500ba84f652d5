//! Transactions from rows in memory and in segments.

use crate::{
    LakeError, TransactionRow,
    tables::{spans::decode, transactions::columns as t},
};
use arrow_array::RecordBatch;
use hinomi_columnar::{BatchColumns, Texts, optional_u16};
use hinomi_model::{Cursor, SpanBatch};
use std::time::Duration;

/// The transaction of a row in memory; `None` if the span is no transaction.
pub(crate) fn row_of(spans: &SpanBatch, at: usize) -> Option<TransactionRow> {
    let row = &spans.rows[at];
    let (shape, resource) = (spans.shape(row), spans.resource(row));
    let transaction = shape.transaction?;
    Some(TransactionRow {
        trace_id: row.trace_id,
        span_id: row.span_id,
        service: resource.service.clone(),
        namespace: resource.namespace.clone(),
        environment: resource.environment.clone(),
        operation: spans.words.get(transaction.operation).into(),
        instance: resource.instance.clone(),
        version: resource.version.clone(),
        end: row.end,
        duration: row.end.since(row.start),
        outcome: transaction.outcome,
        http_status: shape.http_status,
        error_type: (!shape.error_type.is_empty())
            .then(|| spans.words.get(shape.error_type).into()),
    })
}

/// Decodes rows of one batch.
pub(crate) struct RowReader<'a> {
    columns: BatchColumns<'a>,
    durations: &'a [i64],
    service: Texts<'a>,
    namespace: Texts<'a>,
    environment: Texts<'a>,
    operation: Texts<'a>,
    instance: Texts<'a>,
    version: Texts<'a>,
    error_type: Texts<'a>,
}

impl<'a> RowReader<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<Self, LakeError> {
        let columns = BatchColumns(batch);
        let texts = |at| columns.words(at).map(Texts::new);
        Ok(Self {
            columns,
            durations: columns.i64s(t::DURATION)?,
            service: texts(t::SERVICE)?,
            namespace: texts(t::NAMESPACE)?,
            environment: texts(t::ENVIRONMENT)?,
            operation: texts(t::OPERATION)?,
            instance: texts(t::INSTANCE)?,
            version: texts(t::VERSION)?,
            error_type: texts(t::ERROR_TYPE)?,
        })
    }

    pub fn row(&mut self, place: Cursor, row: usize) -> Result<TransactionRow, LakeError> {
        Ok(TransactionRow {
            trace_id: place.trace_id,
            span_id: place.span_id,
            service: self.service.required(row),
            namespace: self.namespace.required(row),
            environment: self.environment.required(row),
            operation: self.operation.required(row),
            instance: self.instance.required(row),
            version: self.version.required(row),
            end: place.end,
            duration: Duration::from_nanos(self.durations[row].max(0) as u64),
            outcome: decode::outcome(self.columns.u8s(t::OUTCOME)?.value(row))?,
            http_status: optional_u16(self.columns.u16s(t::HTTP_STATUS)?, row),
            error_type: self.error_type.get(row),
        })
    }
}
