//! One span in detail, read from the data that its agent sent. Invalid JSON shows as empty; the
//! download has it unchanged.

use super::{
    clean::{self, BODY_MAX, MESSAGE_MAX, NAME_MAX},
    groups,
    rows::{Colours, Label, failed},
    stack::Stack,
};
use hinomi_model::{
    CallCategory, SpanId, TraceId,
    attribute::{self, Keys},
};
use hinomi_query::{
    answer::{Trace, TraceSpan},
    trace::SpanAddress,
};
use hinomi_sql::{Dialect, Kind, LayoutPiece, layout};
use serde_json::{Map, Value};
use std::time::Duration;

/// Most attributes, events or links of one span that are listed.
const LISTED_MAX: usize = 300;

/// One span in detail.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Detail {
    /// Its address within the trace.
    pub(crate) address: SpanAddress,
    /// Its label in the waterfall.
    pub(crate) label: Label,
    /// Its colour class in the waterfall.
    pub(crate) colour: &'static str,
    /// Whether it failed.
    pub(crate) failed: bool,
    /// Whether its parent never arrived.
    pub(crate) orphan: bool,
    /// How long it took.
    pub(crate) took: Duration,
    /// Self time.
    pub(crate) own: Duration,
    /// Start, from the trace's start.
    pub(crate) started: Duration,
    /// Its length as a share of the trace's, 0 to 1.
    pub(crate) share: f64,
    /// OpenTelemetry's word for the kind.
    pub(crate) kind: &'static str,
    /// Sender: service, instance, version, host, scope. Empty texts are unknown.
    pub(crate) sender: Sender,
    /// Status description, may be empty.
    pub(crate) status_message: String,
    /// The statement, when it is a database or cache call that has one.
    pub(crate) statement: Option<Statement>,
    /// The call, when it is a client call other than a database or cache call.
    pub(crate) call: Option<Request>,
    /// Exceptions that the span recorded.
    pub(crate) exceptions: Vec<Exception>,
    /// Other events, in order.
    pub(crate) events: Vec<Event>,
    /// Its attributes by key.
    pub(crate) attributes: Vec<Attribute>,
    /// Its resource's attributes by key.
    pub(crate) resource: Vec<Attribute>,
    /// Links to spans of other traces.
    pub(crate) links: Vec<Link>,
}

/// The sender of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sender {
    /// `service.name`.
    pub(crate) service: String,
    /// Instance.
    pub(crate) instance: String,
    /// Version.
    pub(crate) version: String,
    /// Host.
    pub(crate) host: String,
    /// Instrumentation scope.
    pub(crate) scope: String,
}

/// A statement and its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// The text, highlighted when it is SQL.
    pub(crate) pieces: Vec<LayoutPiece>,
    /// Product and target: `postgresql, pg-ledger-1:5432`.
    pub(crate) target: String,
    /// Parameters as sent, by key.
    pub(crate) parameters: Vec<Attribute>,
}

impl Statement {
    /// The CSS class of a piece, empty for plain text.
    pub(crate) fn class(piece: &LayoutPiece) -> &'static str {
        match piece.kind {
            Kind::Plain => "",
            Kind::Keyword => "kw",
            Kind::Literal => "lit",
            Kind::Parameter => "par",
            Kind::Comment => "com",
        }
    }
}

/// A request to a host, a service or a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Host, service or queue that was called.
    pub(crate) target: String,
    /// Method and path, RPC method or destination.
    pub(crate) detail: String,
    /// Full URL of the request, may be empty.
    pub(crate) address: String,
    /// HTTP status or error type, may be empty.
    pub(crate) result: String,
}

/// A recorded exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    /// Type, may be empty.
    pub(crate) kind: String,
    /// Message, may be empty.
    pub(crate) message: String,
    /// Stack trace, may be empty.
    pub(crate) stack: Stack,
}

/// An event that is not an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Name.
    pub(crate) name: String,
    /// Time of the event, from the trace's start.
    pub(crate) at: Duration,
    /// Attributes by key.
    pub(crate) attributes: Vec<Attribute>,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    /// Key.
    pub(crate) key: String,
    /// Value as text.
    pub(crate) value: String,
}

/// A span of another trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its trace.
    pub(crate) trace_id: TraceId,
    /// The span.
    pub(crate) span_id: SpanId,
}

impl Detail {
    /// Details of span `index` of `trace`.
    pub(crate) fn of(trace: &Trace, index: usize, colours: &Colours) -> Option<Self> {
        let span = trace.spans.get(index)?;
        let attributes = object(&span.attributes);
        let total = trace.end.since(trace.start);
        let (statement, call) = requests(span, &attributes);
        Some(Self {
            address: span.address(),
            label: Label::of(span),
            colour: colours.class(span),
            failed: failed(span),
            orphan: span.orphan,
            took: span.duration,
            own: span.self_time,
            started: span.start.since(trace.start),
            share: if total.is_zero() {
                1.0
            } else {
                span.duration.div_duration_f64(total)
            },
            kind: span.kind.as_str(),
            sender: Sender {
                service: clean::line(&span.resource.service, NAME_MAX),
                instance: clean::line(&span.resource.instance, NAME_MAX),
                version: clean::line(&span.resource.version, NAME_MAX),
                host: clean::line(&span.resource.host, NAME_MAX),
                scope: clean::line(&span.scope, NAME_MAX),
            },
            status_message: clean::block(&span.status_message, MESSAGE_MAX),
            statement,
            call,
            exceptions: exceptions_of(span),
            events: events_of(trace, span),
            attributes: listed(&attributes),
            resource: listed(&object(&span.resource.attributes)),
            links: links_of(span),
        })
    }
}

/// The span that is selected when the URL names none: the deepest failed span, else the one that
/// the trace waited for longest.
pub(crate) fn first_look(trace: &Trace) -> Option<usize> {
    let deepest = trace
        .spans
        .iter()
        .enumerate()
        .filter(|(_, span)| failed(span));
    let deepest = deepest.max_by_key(|(index, span)| (span.depth, usize::MAX - index));
    deepest.map(|(index, _)| index).or_else(|| {
        hinomi_query::trace::critical_time(trace)
            .into_iter()
            .max_by_key(|part| (part.time, usize::MAX - part.span))
            .map(|part| part.span)
            .or(if trace.spans.is_empty() {
                None
            } else {
                Some(0)
            })
    })
}

/// The exceptions that a span recorded.
pub(crate) fn exceptions_of(span: &TraceSpan) -> Vec<Exception> {
    if !span.events.contains("exception") {
        return Vec::new();
    }
    array(&span.events)
        .iter()
        .filter(|event| event.get("name").and_then(Value::as_str) == Some("exception"))
        .filter_map(|event| event.get("attributes")?.as_object())
        .take(LISTED_MAX)
        .map(|attributes| {
            let text = |key: &str| attributes.get(key).map(text_of).unwrap_or_default();
            let message = clean::block(&text("exception.message"), MESSAGE_MAX);
            Exception {
                kind: clean::line(&text("exception.type"), NAME_MAX),
                stack: Stack::of(&text("exception.stacktrace"), &message),
                message,
            }
        })
        .collect()
}

fn requests(
    span: &TraceSpan,
    attributes: &Map<String, Value>,
) -> (Option<Statement>, Option<Request>) {
    let Some(call) = &span.call else {
        return (None, None);
    };
    if !matches!(call.category, CallCategory::Database | CallCategory::Cache) {
        let request = Request {
            target: clean::line(&call.target, NAME_MAX),
            detail: clean::line(&call.detail, NAME_MAX),
            address: clean::line(&first(attributes, attribute::URL_FULL), MESSAGE_MAX),
            result: groups::result(span).unwrap_or_default(),
        };
        return (None, Some(request));
    }
    let system = first(attributes, attribute::DB_SYSTEM);
    let sent = first(attributes, attribute::DB_QUERY_TEXT);
    let text = if sent.trim().is_empty() {
        call.detail.to_string()
    } else {
        sent
    };
    let text = clean::block(text.trim(), BODY_MAX);
    let pieces = if speaks_sql(&system, call.category) {
        layout(&text, Dialect::of(&system))
    } else {
        vec![LayoutPiece {
            text,
            kind: Kind::Plain,
        }]
    };
    let target = [
        clean::line(&system, NAME_MAX),
        clean::line(&call.target, NAME_MAX),
    ];
    let target: Vec<_> = target.into_iter().filter(|part| !part.is_empty()).collect();
    (
        Some(Statement {
            pieces,
            target: target.join(", "),
            parameters: parameters(attributes),
        }),
        None,
    )
}

fn speaks_sql(system: &str, category: CallCategory) -> bool {
    const OTHERS: &[&str] = &[
        "mongodb",
        "redis",
        "memcached",
        "elasticsearch",
        "opensearch",
        "couchbase",
        "couchdb",
        "neo4j",
        "dynamodb",
        "aws.dynamodb",
        "azure.cosmosdb",
        "cosmosdb",
        "hbase",
        "geode",
    ];
    category == CallCategory::Database && !OTHERS.contains(&system)
}

/// The parameters: numbered ones by number, then named ones by name.
fn parameters(attributes: &Map<String, Value>) -> Vec<Attribute> {
    const PREFIXES: [&str; 2] = ["db.query.parameter.", "db.operation.parameter."];
    let mut found: Vec<Attribute> = attributes
        .iter()
        .filter_map(|(key, value)| {
            let name = PREFIXES
                .iter()
                .find_map(|prefix| key.strip_prefix(prefix))?;
            Some(Attribute {
                key: clean::line(name, NAME_MAX),
                value: clean::line(&text_of(value), MESSAGE_MAX),
            })
        })
        .take(LISTED_MAX)
        .collect();
    let number = |name: &str| name.parse::<u64>().unwrap_or(u64::MAX);
    found.sort_by(|a, b| (number(&a.key), &a.key).cmp(&(number(&b.key), &b.key)));
    found
}

fn events_of(trace: &Trace, span: &TraceSpan) -> Vec<Event> {
    array(&span.events)
        .iter()
        .filter_map(|event| {
            let name = event.get("name")?.as_str()?;
            let time = event
                .get("time_unix_ns")
                .map(text_of)
                .and_then(|time| time.parse().ok());
            // Event times are as sent, but the span may have been moved by clock alignment.
            let sent = time.map(|time: i64| time.saturating_add(trace.moved_ns(span)));
            let time = hinomi_model::UnixNanos(sent.unwrap_or(span.start.0));
            (name != "exception").then(|| Event {
                name: clean::line(name, NAME_MAX),
                at: time.since(trace.start),
                attributes: event
                    .get("attributes")
                    .and_then(Value::as_object)
                    .map(listed)
                    .unwrap_or_default(),
            })
        })
        .take(LISTED_MAX)
        .collect()
}

fn links_of(span: &TraceSpan) -> Vec<Link> {
    let id = |link: &Value, key: &str| link.get(key).and_then(Value::as_str).map(str::to_owned);
    array(&span.links)
        .iter()
        .filter_map(|link| {
            Some(Link {
                trace_id: id(link, "trace_id")?.parse().ok()?,
                span_id: id(link, "span_id")?.parse().ok()?,
            })
        })
        .take(LISTED_MAX)
        .collect()
}

fn listed(attributes: &Map<String, Value>) -> Vec<Attribute> {
    let mut listed: Vec<Attribute> = attributes
        .iter()
        .take(LISTED_MAX)
        .map(|(key, value)| Attribute {
            key: clean::line(key, NAME_MAX),
            value: clean::line(&text_of(value), MESSAGE_MAX),
        })
        .collect();
    listed.sort_by(|a, b| a.key.cmp(&b.key));
    listed
}

fn first(attributes: &Map<String, Value>, keys: Keys) -> String {
    keys.iter()
        .find_map(|key| attributes.get(*key))
        .map(text_of)
        .unwrap_or_default()
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn object(json: &str) -> Map<String, Value> {
    serde_json::from_str(json).unwrap_or_default()
}

fn array(json: &str) -> Vec<Value> {
    serde_json::from_str(json).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;

    fn of(trace: &Trace, name: &str) -> Detail {
        let index = trace
            .spans
            .iter()
            .position(|span| &*span.name == name)
            .unwrap();
        Detail::of(trace, index, &Colours::of(trace)).unwrap()
    }

    #[test]
    fn a_statement_is_shown_with_its_parameters_in_order() {
        let statement = of(&sample::checkout(), "SELECT FOR UPDATE")
            .statement
            .unwrap();
        let text: String = statement
            .pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        assert!(text.contains("\n  FROM ledger.account AS a\n"), "{text}");
        assert_eq!(statement.target, "postgresql, pg-ledger-1:5432");
        let keys: Vec<_> = statement
            .parameters
            .iter()
            .map(|parameter| &*parameter.key)
            .collect();
        assert_eq!(keys, ["1", "2", "10"]);
    }

    #[test]
    fn the_deepest_failure_is_looked_at_first_else_the_longest_wait() {
        let trace = sample::checkout();
        assert_eq!(
            &*trace.spans[first_look(&trace).unwrap()].name,
            "SELECT FOR UPDATE"
        );
        assert_eq!(first_look(&sample::one()), Some(0));
        assert_eq!(first_look(&sample::empty()), None);
    }

    #[test]
    fn what_cannot_be_read_shows_as_nothing() {
        let mut trace = sample::one();
        trace.spans[0].attributes = "{broken".to_owned();
        trace.spans[0].events = "[[[[".to_owned();
        trace.spans[0].links = r#"[{"trace_id":"zz","span_id":1}, 7]"#.to_owned();
        let detail = Detail::of(&trace, 0, &Colours::of(&trace)).unwrap();
        assert!(detail.attributes.is_empty() && detail.events.is_empty());
        assert!(detail.links.is_empty());
    }
}
