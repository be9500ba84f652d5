//! OTLP's messages, as far as they are read: JSON names and protobuf numbers of their fields.

/// A message.
pub(super) struct Message {
    pub fields: &'static [Field],
    /// Whether the message contains records. An error in it then affects all of them.
    pub holds_records: bool,
    /// Whether the message only leads to records, by its list.
    pub leads_to_records: bool,
}

impl Message {
    /// The name of the list that leads to the records.
    pub fn list(&self) -> Option<&'static str> {
        let list = || self.fields.iter().find(|field| field.is_list);
        self.leads_to_records.then(list)?.map(|field| field.name)
    }
}

/// A field of a message.
pub(super) struct Field {
    pub name: &'static str,
    pub number: u32,
    pub is_list: bool,
    pub kind: Kind,
}

/// The type of a field.
pub(super) enum Kind {
    Text,
    /// Bytes, written in hex.
    Id,
    /// Bytes, written in base64.
    Bytes,
    Bool,
    Double,
    /// A signed number, written as a varint.
    Int,
    /// An unsigned number of eight bytes.
    Fixed64,
    /// A signed number of eight bytes.
    Sfixed64,
    /// A number, or the name of an enum value.
    Enum,
    Message(&'static Message),
}

const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field {
        name,
        number,
        is_list: false,
        kind,
    }
}

const fn list(name: &'static str, number: u32, of: &'static Message) -> Field {
    Field {
        name,
        number,
        is_list: true,
        kind: Kind::Message(of),
    }
}

const fn leading_to_records(fields: &'static [Field]) -> Message {
    Message {
        fields,
        holds_records: true,
        leads_to_records: true,
    }
}

const fn around_records(fields: &'static [Field]) -> Message {
    Message {
        fields,
        holds_records: true,
        leads_to_records: false,
    }
}

const fn within(fields: &'static [Field]) -> Message {
    Message {
        fields,
        holds_records: false,
        leads_to_records: false,
    }
}

/// `ExportTraceServiceRequest`.
pub(super) static TRACES: Message =
    leading_to_records(&[list("resourceSpans", 1, &RESOURCE_SPANS)]);

static RESOURCE_SPANS: Message = leading_to_records(&[
    one("resource", 1, Kind::Message(&RESOURCE)),
    list("scopeSpans", 2, &SCOPE_SPANS),
    // Its name and that of the scope until 2022.
    list("instrumentationLibrarySpans", 2, &SCOPE_SPANS),
]);

/// `ExportMetricsServiceRequest`.
pub(super) static METRICS: Message =
    leading_to_records(&[list("resourceMetrics", 1, &RESOURCE_METRICS)]);

static RESOURCE_METRICS: Message = leading_to_records(&[
    one("resource", 1, Kind::Message(&RESOURCE)),
    list("scopeMetrics", 2, &SCOPE_METRICS),
]);

static SCOPE_METRICS: Message = leading_to_records(&[list("metrics", 2, &METRIC)]);

static METRIC: Message = within(&[
    one("name", 1, Kind::Text),
    one("gauge", 5, Kind::Message(&NUMBERS)),
    one("sum", 7, Kind::Message(&NUMBERS)),
    one("histogram", 9, Kind::Message(&POINTS)),
    one("exponentialHistogram", 10, Kind::Message(&POINTS)),
    one("summary", 11, Kind::Message(&POINTS)),
]);

static NUMBERS: Message = within(&[
    list("dataPoints", 1, &NUMBER),
    one("aggregationTemporality", 2, Kind::Enum),
]);

static NUMBER: Message = within(&[
    one("asDouble", 4, Kind::Double),
    one("asInt", 6, Kind::Sfixed64),
    list("attributes", 7, &KEY_VALUE),
    one("flags", 8, Kind::Int),
]);

/// Data points that are only counted.
static POINTS: Message = within(&[list("dataPoints", 1, &EMPTY)]);

static EMPTY: Message = within(&[]);

/// `ExportLogsServiceRequest`.
pub(super) static LOGS: Message = leading_to_records(&[list("resourceLogs", 1, &RESOURCE_LOGS)]);

static RESOURCE_LOGS: Message = leading_to_records(&[list("scopeLogs", 2, &SCOPE_LOGS)]);

static SCOPE_LOGS: Message = leading_to_records(&[list("logRecords", 2, &EMPTY)]);

static RESOURCE: Message = around_records(&[list("attributes", 1, &KEY_VALUE)]);

static SCOPE_SPANS: Message = leading_to_records(&[
    one("scope", 1, Kind::Message(&SCOPE)),
    one("instrumentationLibrary", 1, Kind::Message(&SCOPE)),
    list("spans", 2, &SPAN),
]);

static SCOPE: Message =
    around_records(&[one("name", 1, Kind::Text), one("version", 2, Kind::Text)]);

static SPAN: Message = within(&[
    one("traceId", 1, Kind::Id),
    one("spanId", 2, Kind::Id),
    one("parentSpanId", 4, Kind::Id),
    one("name", 5, Kind::Text),
    one("kind", 6, Kind::Enum),
    one("startTimeUnixNano", 7, Kind::Fixed64),
    one("endTimeUnixNano", 8, Kind::Fixed64),
    list("attributes", 9, &KEY_VALUE),
    list("events", 11, &EVENT),
    list("links", 13, &LINK),
    one("status", 15, Kind::Message(&STATUS)),
]);

static EVENT: Message = within(&[
    one("timeUnixNano", 1, Kind::Fixed64),
    one("name", 2, Kind::Text),
    list("attributes", 3, &KEY_VALUE),
]);

static LINK: Message = within(&[
    one("traceId", 1, Kind::Id),
    one("spanId", 2, Kind::Id),
    list("attributes", 4, &KEY_VALUE),
]);

static STATUS: Message = within(&[one("message", 2, Kind::Text), one("code", 3, Kind::Enum)]);

static KEY_VALUE: Message = within(&[
    one("key", 1, Kind::Text),
    one("value", 2, Kind::Message(&ANY_VALUE)),
]);

static ANY_VALUE: Message = within(&[
    one("stringValue", 1, Kind::Text),
    one("boolValue", 2, Kind::Bool),
    one("intValue", 3, Kind::Int),
    one("doubleValue", 4, Kind::Double),
    one("arrayValue", 5, Kind::Message(&ARRAY_VALUE)),
    one("kvlistValue", 6, Kind::Message(&KEY_VALUE_LIST)),
    one("bytesValue", 7, Kind::Bytes),
]);

static ARRAY_VALUE: Message = within(&[list("values", 1, &ANY_VALUE)]);

static KEY_VALUE_LIST: Message = within(&[list("values", 1, &KEY_VALUE)]);
