//! Decodes log records from batches of the table.

use super::columns as l;
use crate::{LakeError, tables::spans::resource_text};
use arrow_array::{BooleanArray, FixedSizeBinaryArray, RecordBatch, UInt8Array};
use hinomi_columnar::{BatchColumns, Texts, WordColumn};
use hinomi_model::{LogRecord, Resource, SpanId, TraceId, UnixNanos};
use std::{collections::HashMap, sync::Arc};

/// Decodes rows of one batch.
pub(super) struct RowReader<'a> {
    times: &'a [i64],
    observed: &'a [i64],
    severities: &'a UInt8Array,
    severity_text: Texts<'a>,
    /// Service, namespace, environment, and the rest of the resource.
    resource: [WordColumn<'a>; 4],
    resources: HashMap<[Option<usize>; 4], Arc<Resource>>,
    scope: Texts<'a>,
    event_name: Texts<'a>,
    body: Texts<'a>,
    body_is_json: &'a BooleanArray,
    attributes: WordColumn<'a>,
    trace_ids: &'a FixedSizeBinaryArray,
    span_ids: &'a FixedSizeBinaryArray,
}

impl<'a> RowReader<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<Self, LakeError> {
        let columns = BatchColumns(batch);
        let texts = |at| columns.words(at).map(Texts::new);
        Ok(Self {
            times: columns.instants(l::TIME)?,
            observed: columns.instants(l::OBSERVED)?,
            severities: columns.u8s(l::SEVERITY)?,
            severity_text: texts(l::SEVERITY_TEXT)?,
            resource: [
                columns.words(l::SERVICE)?,
                columns.words(l::NAMESPACE)?,
                columns.words(l::ENVIRONMENT)?,
                columns.words(l::RESOURCE)?,
            ],
            resources: HashMap::new(),
            scope: texts(l::SCOPE)?,
            event_name: texts(l::EVENT_NAME)?,
            body: texts(l::BODY)?,
            body_is_json: columns.booleans(l::BODY_IS_JSON)?,
            attributes: columns.words(l::ATTRIBUTES)?,
            trace_ids: columns.binary(l::TRACE_ID)?,
            span_ids: columns.binary(l::SPAN_ID)?,
        })
    }

    /// The record of a row.
    pub fn record(&mut self, row: usize) -> Result<LogRecord, LakeError> {
        Ok(LogRecord {
            time: UnixNanos(self.times[row]),
            observed: UnixNanos(self.observed[row]),
            severity: self.severities.value(row),
            severity_text: self.severity_text.required(row),
            body: self.body.required(row),
            body_is_json: self.body_is_json.value(row),
            event_name: self.event_name.required(row),
            scope: self.scope.required(row),
            attributes: match self.attributes.get(row) {
                None | Some("") => "{}".to_owned(),
                Some(attributes) => attributes.to_owned(),
            },
            // An id of zeros is none.
            trace_id: TraceId::from_slice(self.trace_ids.value(row)).ok(),
            span_id: SpanId::from_slice(self.span_ids.value(row)).ok(),
            resource: self.resource(row)?,
        })
    }

    fn resource(&mut self, row: usize) -> Result<Arc<Resource>, LakeError> {
        let key = self.resource.each_ref().map(|column| column.key(row));
        if let Some(known) = self.resources.get(&key) {
            return Ok(known.clone());
        }
        let words = self.resource.each_ref();
        let [service, namespace, environment, rest] =
            words.map(|column| column.get(row).unwrap_or_default());
        let resource = resource_text::read(service, namespace, environment, rest)?;
        let resource = Arc::new(resource);
        self.resources.insert(key, resource.clone());
        Ok(resource)
    }
}
