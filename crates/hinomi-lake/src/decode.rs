//! Columns to spans: for trace answers, and for replay, which counts them again.

use crate::{
    LakeError,
    columns::{Columns, Texts, optional_u8, optional_u16},
    schema::{OUTCOME_ERROR, OUTCOME_OK, spans as s},
};
use arrow_array::{
    Array, BooleanArray, FixedSizeBinaryArray, RecordBatch, StringArray, UInt8Array, UInt16Array,
};
use hinomi_model::{
    CallCategory, ClientCall, Outcome, Resource, Span, SpanId, SpanKind, SpanStatus, TraceId,
    Transaction, UnixNanos,
};
use std::{collections::HashMap, sync::Arc};

/// How much of a span is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Everything.
    Full,
    /// All but the JSON texts: what rollups are counted from.
    Counted,
}

/// Reads spans from one batch of table `spans`, row by row.
pub(crate) struct SpanReader<'a> {
    depth: Depth,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    parent: &'a FixedSizeBinaryArray,
    start: &'a [i64],
    end: &'a [i64],
    kind: &'a UInt8Array,
    status: &'a UInt8Array,
    message: Texts<'a>,
    name: Texts<'a>,
    scope: Texts<'a>,
    resources: ResourceReader<'a>,
    http_status: &'a UInt16Array,
    error_type: Texts<'a>,
    operation: Texts<'a>,
    outcome: &'a UInt8Array,
    category: &'a UInt8Array,
    target: Texts<'a>,
    detail: Texts<'a>,
    failed: &'a BooleanArray,
    attributes: &'a StringArray,
    events: &'a StringArray,
    links: &'a StringArray,
}

impl<'a> SpanReader<'a> {
    pub fn new(batch: &'a RecordBatch, depth: Depth) -> Result<Self, LakeError> {
        let columns = Columns(batch);
        let texts = |at| columns.words(at).map(Texts::new);
        Ok(Self {
            depth,
            trace_id: columns.binary(s::TRACE_ID)?,
            span_id: columns.binary(s::SPAN_ID)?,
            parent: columns.binary(s::PARENT_SPAN_ID)?,
            start: columns.instants(s::START)?,
            end: columns.instants(s::END)?,
            kind: columns.u8s(s::KIND)?,
            status: columns.u8s(s::STATUS)?,
            message: texts(s::STATUS_MESSAGE)?,
            name: texts(s::NAME)?,
            scope: texts(s::SCOPE)?,
            resources: ResourceReader::new(columns)?,
            http_status: columns.u16s(s::HTTP_STATUS)?,
            error_type: texts(s::ERROR_TYPE)?,
            operation: texts(s::OPERATION)?,
            outcome: columns.u8s(s::OUTCOME)?,
            category: columns.u8s(s::CALL_CATEGORY)?,
            target: texts(s::CALL_TARGET)?,
            detail: texts(s::CALL_DETAIL)?,
            failed: columns.booleans(s::CALL_FAILED)?,
            attributes: columns.strings(s::ATTRIBUTES)?,
            events: columns.strings(s::EVENTS)?,
            links: columns.strings(s::LINKS)?,
        })
    }

    /// The span of a row.
    pub fn span(&mut self, row: usize) -> Result<Span, LakeError> {
        let parent = self
            .parent
            .is_valid(row)
            .then(|| span_id(self.parent, row))
            .transpose()?;
        let text = |column: &StringArray| match self.depth {
            Depth::Full => column.value(row).to_owned(),
            Depth::Counted => String::new(),
        };
        let (attributes, events, links) =
            (text(self.attributes), text(self.events), text(self.links));
        Ok(Span {
            trace_id: trace_id(self.trace_id, row)?,
            span_id: span_id(self.span_id, row)?,
            parent_span_id: parent,
            start: UnixNanos(self.start[row]),
            end: UnixNanos(self.end[row]),
            kind: SpanKind::from_otlp(i32::from(self.kind.value(row))),
            status: SpanStatus::from_otlp(i32::from(self.status.value(row))),
            status_message: self.message.required(row),
            name: self.name.required(row),
            resource: self.resources.get(row),
            scope: self.scope.required(row),
            http_status: optional_u16(self.http_status, row),
            error_type: self.error_type.get(row),
            transaction: self.transaction(row)?,
            call: self.call(row)?,
            attributes,
            events,
            links,
        })
    }

    fn transaction(&mut self, row: usize) -> Result<Option<Transaction>, LakeError> {
        let Some(number) = optional_u8(self.outcome, row) else {
            return Ok(None);
        };
        let outcome = outcome(number)?;
        Ok(Some(Transaction {
            operation: self.operation.required(row),
            outcome,
        }))
    }

    fn call(&mut self, row: usize) -> Result<Option<ClientCall>, LakeError> {
        let Some(number) = optional_u8(self.category, row) else {
            return Ok(None);
        };
        Ok(Some(ClientCall {
            category: category(number)?,
            target: self.target.required(row),
            detail: self.detail.required(row),
            failed: self.failed.is_valid(row) && self.failed.value(row),
        }))
    }
}

/// The trace id of a row.
pub(crate) fn trace_id(column: &FixedSizeBinaryArray, row: usize) -> Result<TraceId, LakeError> {
    TraceId::from_slice(column.value(row)).map_err(|error| LakeError::Columns(error.to_string()))
}

/// The span id of a row.
pub(crate) fn span_id(column: &FixedSizeBinaryArray, row: usize) -> Result<SpanId, LakeError> {
    SpanId::from_slice(column.value(row)).map_err(|error| LakeError::Columns(error.to_string()))
}

/// The outcome of a stored number.
pub(crate) fn outcome(number: u8) -> Result<Outcome, LakeError> {
    match number {
        OUTCOME_OK => Ok(Outcome::Ok),
        OUTCOME_ERROR => Ok(Outcome::Error),
        _ => Err(LakeError::Columns(format!("{number} is no outcome"))),
    }
}

/// The category of a stored number.
pub(crate) fn category(number: u8) -> Result<CallCategory, LakeError> {
    CallCategory::from_number(number)
        .ok_or_else(|| LakeError::Columns(format!("{number} is no category of call")))
}

/// Resources of one batch, each distinct one made once.
struct ResourceReader<'a> {
    columns: [crate::columns::WordColumn<'a>; 7],
    made: HashMap<[usize; 7], Arc<Resource>>,
    last: Option<([usize; 7], Arc<Resource>)>,
}

impl<'a> ResourceReader<'a> {
    fn new(columns: Columns<'a>) -> Result<Self, LakeError> {
        let columns = [
            columns.words(s::SERVICE)?,
            columns.words(s::NAMESPACE)?,
            columns.words(s::ENVIRONMENT)?,
            columns.words(s::INSTANCE)?,
            columns.words(s::VERSION)?,
            columns.words(s::HOST)?,
            columns.words(s::RESOURCE_ATTRIBUTES)?,
        ];
        Ok(Self {
            columns,
            made: HashMap::new(),
            last: None,
        })
    }

    fn get(&mut self, row: usize) -> Arc<Resource> {
        let keys = self
            .columns
            .map(|column| column.key(row).unwrap_or(usize::MAX));
        if let Some((last, resource)) = &self.last
            && *last == keys
        {
            return resource.clone();
        }
        let part = |at: usize| {
            let key = keys[at];
            if key == usize::MAX {
                ""
            } else {
                self.columns[at].value(key)
            }
            .into()
        };
        let resource = self.made.entry(keys).or_insert_with(|| {
            Arc::new(Resource {
                service: part(0),
                namespace: part(1),
                environment: part(2),
                instance: part(3),
                version: part(4),
                host: part(5),
                attributes: part(6),
            })
        });
        let resource = resource.clone();
        self.last = Some((keys, resource.clone()));
        resource
    }
}
