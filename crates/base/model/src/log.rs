//! Log records: as all other crates see them, and a batch of them in columns.

use crate::{
    Resource, SpanId, Text, TraceId, UnixNanos,
    batch::{Symbol, Words},
};
use std::sync::Arc;

/// The lowest severity number of OpenTelemetry's `ERROR`.
pub const SEVERITY_ERROR: u8 = 17;
/// The highest severity number.
pub const SEVERITY_MOST: u8 = 24;

/// One log record. `attributes` and a structured `body` are JSON texts, written once when the record
/// is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    /// When the event happened; when it was observed, if its sender does not say.
    pub time: UnixNanos,
    /// When the record was made.
    pub observed: UnixNanos,
    /// Severity number, 1 to 24; 0 when unset.
    pub severity: u8,
    /// Severity as the source names it; empty when unset.
    pub severity_text: Text,
    /// The message.
    pub body: Text,
    /// Whether `body` is the JSON of a number, an array or an object, and not a text.
    pub body_is_json: bool,
    /// Name of the event; empty when it is no event.
    pub event_name: Text,
    /// Name of the instrumentation scope; empty when there is none.
    pub scope: Text,
    /// JSON object of the record's attributes; `{}` when there are none.
    pub attributes: String,
    /// Trace in which it was written.
    pub trace_id: Option<TraceId>,
    /// Span in which it was written.
    pub span_id: Option<SpanId>,
    /// Resource of the process that sent it.
    pub resource: Arc<Resource>,
}

/// Log records of one project in columns, in order of arrival.
#[derive(Debug, Clone, Default)]
pub struct LogBatch {
    /// All texts, except those of the resources.
    pub words: Words,
    /// Resources of the senders.
    pub resources: Vec<Arc<Resource>>,
    /// One row a record.
    pub rows: Vec<LogRow>,
}

/// A log record of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRow {
    /// See [`LogRecord::time`].
    pub time: UnixNanos,
    /// See [`LogRecord::observed`].
    pub observed: UnixNanos,
    /// See [`LogRecord::severity`].
    pub severity: u8,
    /// See [`LogRecord::body_is_json`].
    pub body_is_json: bool,
    /// Trace in which it was written.
    pub trace_id: Option<TraceId>,
    /// Span in which it was written.
    pub span_id: Option<SpanId>,
    /// Index in [`LogBatch::resources`].
    pub resource: u32,
    /// See [`LogRecord::severity_text`].
    pub severity_text: Symbol,
    /// See [`LogRecord::body`].
    pub body: Symbol,
    /// See [`LogRecord::event_name`].
    pub event_name: Symbol,
    /// See [`LogRecord::scope`].
    pub scope: Symbol,
    /// JSON object of the record's attributes; the empty text when there are none.
    pub attributes: Symbol,
}

impl LogBatch {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the batch has no records.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Memory that the batch uses, roughly, in bytes.
    pub fn weight(&self) -> usize {
        self.words.weight() + self.rows.capacity() * size_of::<LogRow>() + size_of::<Self>()
    }

    /// The resource of a row.
    pub fn resource(&self, row: &LogRow) -> &Arc<Resource> {
        &self.resources[row.resource as usize]
    }

    /// Adds a record. Its resource is looked for among the last ones.
    pub fn push(&mut self, record: &LogRecord) {
        let mut last = self.resources.iter().rev().take(64);
        let back = last.position(|have| Arc::ptr_eq(have, &record.resource));
        let resource = match back {
            Some(back) => self.resources.len() - 1 - back,
            None => {
                self.resources.push(record.resource.clone());
                self.resources.len() - 1
            }
        };
        let attributes = match &*record.attributes {
            "{}" => "",
            attributes => attributes,
        };
        self.rows.push(LogRow {
            time: record.time,
            observed: record.observed,
            severity: record.severity,
            body_is_json: record.body_is_json,
            trace_id: record.trace_id,
            span_id: record.span_id,
            resource: resource as u32,
            severity_text: self.words.intern(&record.severity_text),
            body: self.words.intern(&record.body),
            event_name: self.words.intern(&record.event_name),
            scope: self.words.intern(&record.scope),
            attributes: self.words.intern(attributes),
        });
    }

    /// Frees the memory that only building the batch needs.
    pub fn settle(&mut self) {
        self.words.settle();
        self.rows.shrink_to_fit();
    }

    /// Assembles the record of the row at `at`.
    pub fn record(&self, at: usize) -> LogRecord {
        let row = &self.rows[at];
        let text = |symbol| Text::from(self.words.get(symbol));
        LogRecord {
            time: row.time,
            observed: row.observed,
            severity: row.severity,
            severity_text: text(row.severity_text),
            body: text(row.body),
            body_is_json: row.body_is_json,
            event_name: text(row.event_name),
            scope: text(row.scope),
            attributes: match self.words.get(row.attributes) {
                "" => "{}".to_owned(),
                attributes => attributes.to_owned(),
            },
            trace_id: row.trace_id,
            span_id: row.span_id,
            resource: self.resource(row).clone(),
        }
    }

    /// Assembles all records.
    pub fn records(&self) -> impl Iterator<Item = LogRecord> {
        (0..self.len()).map(|at| self.record(at))
    }
}

impl<'a> FromIterator<&'a LogRecord> for LogBatch {
    fn from_iter<T: IntoIterator<Item = &'a LogRecord>>(records: T) -> Self {
        let mut batch = Self::default();
        records.into_iter().for_each(|record| batch.push(record));
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let resource = Arc::new(Resource {
            service: "shop".into(),
            namespace: "".into(),
            environment: "prod".into(),
            instance: "a".into(),
            version: "".into(),
            host: "".into(),
            attributes: "{}".into(),
        });
        let first = LogRecord {
            time: UnixNanos(5),
            observed: UnixNanos(6),
            severity: SEVERITY_ERROR,
            severity_text: "ERROR".into(),
            body: "card declined".into(),
            body_is_json: false,
            event_name: "".into(),
            scope: "log4j".into(),
            attributes: r#"{"order":7}"#.into(),
            trace_id: TraceId::from_slice(&[7; 16]).ok(),
            span_id: None,
            resource: resource.clone(),
        };
        let second = LogRecord {
            body: "[1]".into(),
            body_is_json: true,
            attributes: "{}".into(),
            trace_id: None,
            ..first.clone()
        };
        let records = [first, second];
        let mut batch: LogBatch = records.iter().collect();
        batch.settle();
        assert!(batch.records().eq(records));
        assert_eq!(batch.resources.len(), 1);
    }
}
