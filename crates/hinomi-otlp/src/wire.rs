//! OTLP/JSON's shapes, read by hand into the protobuf types.
//!
//! `opentelemetry-proto` has serde implementations, but they refuse a whole request over what
//! agents and collectors do send: an empty `arrayValue` without `values`, `null` for an absent
//! field, doubles as `"NaN"`, an id that is no hex; and they buffer each nested value once a level.
//! Here a bad id only fails its own span, and everything absent is a default.

mod scalar;

use crate::base64;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{self as common, any_value::Value},
    resource::v1 as resource,
    trace::v1 as trace,
};
use scalar::{Double, Hex, Number};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};
use std::fmt;

/// The body of `POST /v1/traces`.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Request {
    #[serde(deserialize_with = "or_default")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ResourceSpans {
    #[serde(deserialize_with = "or_default")]
    resource: Resource,
    #[serde(deserialize_with = "or_default")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Resource {
    #[serde(deserialize_with = "or_default")]
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ScopeSpans {
    #[serde(deserialize_with = "or_default")]
    scope: Scope,
    #[serde(deserialize_with = "or_default")]
    spans: Vec<Span>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Scope {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    version: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Span {
    trace_id: Hex,
    span_id: Hex,
    parent_span_id: Hex,
    #[serde(deserialize_with = "or_default")]
    name: String,
    kind: Number,
    start_time_unix_nano: Number,
    end_time_unix_nano: Number,
    #[serde(deserialize_with = "or_default")]
    attributes: Vec<KeyValue>,
    #[serde(deserialize_with = "or_default")]
    events: Vec<Event>,
    #[serde(deserialize_with = "or_default")]
    links: Vec<Link>,
    #[serde(deserialize_with = "or_default")]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    time_unix_nano: Number,
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Link {
    trace_id: Hex,
    span_id: Hex,
    #[serde(deserialize_with = "or_default")]
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    code: Number,
    #[serde(deserialize_with = "or_default")]
    message: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct KeyValue {
    #[serde(deserialize_with = "or_default")]
    key: String,
    #[serde(deserialize_with = "or_default")]
    value: AnyValue,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Array {
    #[serde(deserialize_with = "or_default")]
    values: Vec<AnyValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Map {
    #[serde(deserialize_with = "or_default")]
    values: Vec<KeyValue>,
}

#[derive(Default)]
struct AnyValue(Option<Value>);

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl<'de> Deserialize<'de> for AnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyValueVisitor)
    }
}

struct AnyValueVisitor;

impl<'de> Visitor<'de> for AnyValueVisitor {
    type Value = AnyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one of OTLP's values, such as {\"stringValue\":\"…\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AnyValue, A::Error> {
        let mut found = None;
        while let Some(key) = map.next_key::<String>()? {
            let value = match key.as_str() {
                "stringValue" => map.next_value::<Option<_>>()?.map(Value::StringValue),
                "boolValue" => map.next_value::<Option<_>>()?.map(Value::BoolValue),
                "intValue" => map
                    .next_value::<Option<Number>>()?
                    .map(|number| Value::IntValue(number.signed())),
                "doubleValue" => map
                    .next_value::<Option<Double>>()?
                    .map(|Double(number)| Value::DoubleValue(number)),
                "bytesValue" => map
                    .next_value::<Option<String>>()?
                    .map(|text| base64::decode(&text).ok_or_else(|| Error::custom("no base64")))
                    .transpose()?
                    .map(Value::BytesValue),
                "arrayValue" => map.next_value::<Option<Array>>()?.map(|array| {
                    let values = array.values.into_iter().map(Into::into).collect();
                    Value::ArrayValue(common::ArrayValue { values })
                }),
                "kvlistValue" => map.next_value::<Option<Map>>()?.map(|list| {
                    Value::KvlistValue(common::KeyValueList {
                        values: pairs(list.values),
                    })
                }),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            found = value.or(found);
        }
        Ok(AnyValue(found))
    }
}

fn pairs(pairs: Vec<KeyValue>) -> Vec<common::KeyValue> {
    let pair = |pair: KeyValue| common::KeyValue {
        key: pair.key,
        value: Some(pair.value.into()),
        ..common::KeyValue::default()
    };
    pairs.into_iter().map(pair).collect()
}

impl From<AnyValue> for common::AnyValue {
    fn from(value: AnyValue) -> Self {
        Self { value: value.0 }
    }
}

impl From<Request> for ExportTraceServiceRequest {
    fn from(request: Request) -> Self {
        Self {
            resource_spans: request.resource_spans.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ResourceSpans> for trace::ResourceSpans {
    fn from(group: ResourceSpans) -> Self {
        Self {
            resource: Some(resource::Resource {
                attributes: pairs(group.resource.attributes),
                ..resource::Resource::default()
            }),
            scope_spans: group.scope_spans.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

impl From<ScopeSpans> for trace::ScopeSpans {
    fn from(group: ScopeSpans) -> Self {
        Self {
            scope: Some(common::InstrumentationScope {
                name: group.scope.name,
                version: group.scope.version,
                ..common::InstrumentationScope::default()
            }),
            spans: group.spans.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}

impl From<Span> for trace::Span {
    fn from(span: Span) -> Self {
        let status = trace::Status {
            message: span.status.message,
            code: span.status.code.variant(),
        };
        Self {
            trace_id: span.trace_id.0,
            span_id: span.span_id.0,
            parent_span_id: span.parent_span_id.0,
            name: span.name,
            kind: span.kind.variant(),
            start_time_unix_nano: span.start_time_unix_nano.unsigned(),
            end_time_unix_nano: span.end_time_unix_nano.unsigned(),
            attributes: pairs(span.attributes),
            events: span.events.into_iter().map(Into::into).collect(),
            links: span.links.into_iter().map(Into::into).collect(),
            status: Some(status),
            ..Self::default()
        }
    }
}

impl From<Event> for trace::span::Event {
    fn from(event: Event) -> Self {
        Self {
            time_unix_nano: event.time_unix_nano.unsigned(),
            name: event.name,
            attributes: pairs(event.attributes),
            ..Self::default()
        }
    }
}

impl From<Link> for trace::span::Link {
    fn from(link: Link) -> Self {
        Self {
            trace_id: link.trace_id.0,
            span_id: link.span_id.0,
            attributes: pairs(link.attributes),
            ..Self::default()
        }
    }
}
