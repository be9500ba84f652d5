//! Converts columns to spans, for trace answers.

use crate::{
    LakeError,
    tables::spans::resource_text,
    tables::{
        spans::columns::{self as s, KIND_BITS, OUTCOME_MASK, attribute_of},
        transactions::columns::{OUTCOME_ERROR, OUTCOME_OK},
    },
};
use arrow_array::{
    Array, BooleanArray, FixedSizeBinaryArray, RecordBatch, UInt8Array, UInt16Array,
};
use hinomi_columnar::{BatchColumns, Texts, WordColumn, optional_u8, optional_u16};
use hinomi_model::{
    CallCategory, ClientCall, Outcome, Resource, Span, SpanId, SpanKind, SpanStatus, TraceId,
    Transaction, TransactionKind, UnixNanos,
    batch::{ValueKind, join_attributes},
};
use std::{collections::HashMap, sync::Arc};

/// Reads spans from one batch of table `spans`, row by row.
pub(crate) struct SpanReader<'a> {
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    parent: &'a FixedSizeBinaryArray,
    start: &'a [i64],
    duration: &'a [i64],
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
    events: WordColumn<'a>,
    links: WordColumn<'a>,
    attributes: WordColumn<'a>,
    other_attributes: WordColumn<'a>,
    own_attributes: Vec<OwnColumn<'a>>,
}

/// Column of a single attribute.
struct OwnColumn<'a> {
    kind: ValueKind,
    key: &'a str,
    values: WordColumn<'a>,
}

impl<'a> SpanReader<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<Self, LakeError> {
        let columns = BatchColumns(batch);
        let texts = |at| columns.words(at).map(Texts::new);
        let fields = batch.schema_ref().fields().iter().enumerate();
        let own = fields.skip(s::FIXED).filter_map(|(at, field)| {
            let (kind, key) = attribute_of(field.name())?;
            Some((at, kind, key))
        });
        let own_attributes = own
            .map(|(at, kind, key)| {
                let values = columns.words(at)?;
                Ok(OwnColumn { kind, key, values })
            })
            .collect::<Result<_, LakeError>>()?;
        Ok(Self {
            trace_id: columns.binary(s::TRACE_ID)?,
            span_id: columns.binary(s::SPAN_ID)?,
            parent: columns.binary(s::PARENT_SPAN_ID)?,
            start: columns.instants(s::START)?,
            duration: columns.i64s(s::DURATION)?,
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
            events: columns.words(s::EVENTS)?,
            links: columns.words(s::LINKS)?,
            attributes: columns.words(s::ATTRIBUTES)?,
            other_attributes: columns.words(s::OTHER_ATTRIBUTES)?,
            own_attributes,
        })
    }

    /// The span in a row.
    pub fn span(&mut self, row: usize) -> Result<Span, LakeError> {
        let parent = self
            .parent
            .is_valid(row)
            .then(|| span_id(self.parent, row))
            .transpose()?;
        let text = |column: WordColumn<'_>| column.get(row).unwrap_or_default().to_owned();
        let start = UnixNanos(self.start[row]);
        Ok(Span {
            trace_id: trace_id(self.trace_id, row)?,
            span_id: span_id(self.span_id, row)?,
            parent_span_id: parent,
            start,
            end: UnixNanos(start.0.saturating_add(self.duration[row])),
            kind: SpanKind::from_otlp(i32::from(self.kind.value(row))),
            status: SpanStatus::from_otlp(i32::from(self.status.value(row))),
            status_message: self.message.required(row),
            name: self.name.required(row),
            resource: self.resources.get(row)?,
            scope: self.scope.required(row),
            http_status: optional_u16(self.http_status, row),
            error_type: self.error_type.get(row),
            transaction: self.transaction(row)?,
            call: self.call(row)?,
            attributes: self.attributes(row),
            events: text(self.events),
            links: text(self.links),
        })
    }

    /// All attributes of a row: the shared ones, those with their own column, and the others.
    fn attributes(&self, row: usize) -> String {
        let shared = self.attributes.get(row).unwrap_or("{}");
        let own = self.own_attributes.iter().filter_map(|column| {
            let value = column.values.get(row)?;
            Some((column.key, column.kind, value))
        });
        let mut json = join_attributes(shared, own);
        let others = self.other_attributes.get(row).unwrap_or_default();
        if let Some(members) = others.strip_prefix('{')
            && members.len() > 1
        {
            json.pop();
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(members);
        }
        json
    }

    fn transaction(&mut self, row: usize) -> Result<Option<Transaction>, LakeError> {
        let Some(number) = optional_u8(self.outcome, row) else {
            return Ok(None);
        };
        let outcome = outcome(number)?;
        Ok(Some(Transaction {
            operation: self.operation.required(row),
            outcome,
            kind: kind(number >> KIND_BITS)?,
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

/// Trace id of a row.
pub(crate) fn trace_id(column: &FixedSizeBinaryArray, row: usize) -> Result<TraceId, LakeError> {
    TraceId::from_slice(column.value(row)).map_err(|error| LakeError::Columns(error.to_string()))
}

/// Span id of a row.
pub(crate) fn span_id(column: &FixedSizeBinaryArray, row: usize) -> Result<SpanId, LakeError> {
    SpanId::from_slice(column.value(row)).map_err(|error| LakeError::Columns(error.to_string()))
}

/// Converts a stored number to an outcome. In table `spans` it tells the kind of the transaction, too.
pub(crate) fn outcome(number: u8) -> Result<Outcome, LakeError> {
    match number & OUTCOME_MASK {
        OUTCOME_OK => Ok(Outcome::Ok),
        OUTCOME_ERROR => Ok(Outcome::Error),
        _ => Err(LakeError::Columns(format!("{number} is no outcome"))),
    }
}

/// Converts a stored number to a kind of transaction.
pub(crate) fn kind(number: u8) -> Result<TransactionKind, LakeError> {
    TransactionKind::from_number(number)
        .ok_or_else(|| LakeError::Columns(format!("{number} is no kind of transaction")))
}

/// Converts a stored number to a call category.
pub(crate) fn category(number: u8) -> Result<CallCategory, LakeError> {
    CallCategory::from_number(number)
        .ok_or_else(|| LakeError::Columns(format!("{number} is no category of call")))
}

/// Resources of one batch. Each distinct resource is created once.
struct ResourceReader<'a> {
    columns: [WordColumn<'a>; 4],
    made: HashMap<[usize; 4], Arc<Resource>>,
    last: Option<([usize; 4], Arc<Resource>)>,
}

impl<'a> ResourceReader<'a> {
    fn new(columns: BatchColumns<'a>) -> Result<Self, LakeError> {
        let columns = [
            columns.words(s::SERVICE)?,
            columns.words(s::NAMESPACE)?,
            columns.words(s::ENVIRONMENT)?,
            columns.words(s::RESOURCE)?,
        ];
        Ok(Self {
            columns,
            made: HashMap::new(),
            last: None,
        })
    }

    fn get(&mut self, row: usize) -> Result<Arc<Resource>, LakeError> {
        let keys = self
            .columns
            .map(|column| column.key(row).unwrap_or(usize::MAX));
        if let Some((last, resource)) = &self.last
            && *last == keys
        {
            return Ok(resource.clone());
        }
        let resource = match self.made.get(&keys) {
            Some(resource) => resource.clone(),
            None => {
                let [service, namespace, environment, rest] = self
                    .columns
                    .map(|column| column.get(row).unwrap_or_default());
                let made = resource_text::read(service, namespace, environment, rest)?;
                self.made.entry(keys).or_insert(Arc::new(made)).clone()
            }
        };
        self.last = Some((keys, resource.clone()));
        Ok(resource)
    }
}
