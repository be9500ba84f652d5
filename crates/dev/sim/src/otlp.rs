//! Converts the workload's spans to OTLP messages.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value},
    resource::v1::Resource,
    trace::v1::{
        ResourceSpans, ScopeSpans, Span, Status,
        span::{Event, Link},
        status::StatusCode,
    },
};

use crate::{
    release::{Instance, ReleasePlan},
    service::{Dialect, ENVIRONMENT, Language},
    span::{Scope, SimSpan, Value},
};

/// The spans of one instance and one scope, in the order of their ends.
pub(crate) struct Group<'a> {
    pub(crate) instance: u32,
    pub(crate) scope: Scope,
    pub(crate) spans: Vec<&'a SimSpan>,
}

/// The spans, grouped by instance, then by scope.
pub(crate) fn groups(spans: &[SimSpan]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(u32, Scope), Vec<&SimSpan>> = BTreeMap::new();
    for span in spans {
        groups
            .entry((span.instance, span.scope))
            .or_default()
            .push(span);
    }
    groups
        .into_iter()
        .map(|((instance, scope), spans)| Group {
            instance,
            scope,
            spans,
        })
        .collect()
}

/// The request with these groups.
pub(crate) fn request(plan: &ReleasePlan, groups: &[Group<'_>]) -> ExportTraceServiceRequest {
    let resource_spans = groups
        .chunk_by(|left, right| left.instance == right.instance)
        .map(|groups| {
            let instance = &plan.instances()[groups[0].instance as usize];
            let language = instance.service.language;
            let scope_spans = groups.iter().map(|group| ScopeSpans {
                scope: Some(instrumentation_scope(language, group.scope)),
                spans: group
                    .spans
                    .iter()
                    .map(|span| to_proto(span, language))
                    .collect(),
                schema_url: String::new(),
            });
            ResourceSpans {
                resource: Some(resource(instance)),
                scope_spans: scope_spans.collect(),
                schema_url: String::new(),
            }
        })
        .collect();
    ExportTraceServiceRequest { resource_spans }
}

fn to_proto(span: &SimSpan, language: Language) -> Span {
    Span {
        trace_id: span.trace_id.to_vec(),
        span_id: span.span_id.to_vec(),
        trace_state: String::new(),
        parent_span_id: span.parent_span_id.map_or_else(Vec::new, |id| id.to_vec()),
        flags: language.flags(span.remote_parent),
        name: span.name.to_owned(),
        kind: span.kind as i32,
        start_time_unix_nano: span.start_unix_ns as u64,
        end_time_unix_nano: span.end_unix_ns as u64,
        attributes: span
            .attributes
            .iter()
            .map(|attribute| key_value(attribute.key, attribute.value.clone()))
            .collect(),
        dropped_attributes_count: 0,
        events: event(span).into_iter().collect(),
        dropped_events_count: 0,
        links: link(span).into_iter().collect(),
        dropped_links_count: 0,
        status: status(span),
    }
}

/// The exception as a span event, which all SDKs still send.
pub(crate) fn event(span: &SimSpan) -> Option<Event> {
    span.exception.map(|exception| Event {
        time_unix_nano: (span.end_unix_ns as u64).saturating_sub(1_000),
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", exception.kind),
            text("exception.message", exception.message),
            text("exception.stacktrace", exception.stack),
        ],
        dropped_attributes_count: 0,
    })
}

pub(crate) fn link(span: &SimSpan) -> Option<Link> {
    span.link.map(|(trace_id, span_id)| Link {
        trace_id: trace_id.to_vec(),
        span_id: span_id.to_vec(),
        flags: 0x301,
        ..Link::default()
    })
}

pub(crate) fn status(span: &SimSpan) -> Option<Status> {
    span.failed.then(|| Status {
        message: span
            .exception
            .map_or_else(String::new, |exception| exception.message.to_owned()),
        code: StatusCode::Error as i32,
    })
}

pub(crate) fn resource(instance: &Instance) -> Resource {
    let service = instance.service;
    let environment = match service.language.others() {
        Dialect::New => "deployment.environment.name",
        Dialect::Old => "deployment.environment",
    };
    Resource {
        attributes: vec![
            text("service.name", service.name),
            text("service.namespace", service.namespace),
            text("service.version", &instance.version),
            text("service.instance.id", &instance.id),
            text(environment, ENVIRONMENT),
            text("host.name", instance.host),
            text("telemetry.sdk.name", "opentelemetry"),
            text("telemetry.sdk.language", service.language.sdk_language()),
            text("telemetry.sdk.version", service.language.sdk_version()),
            text("k8s.cluster.name", "oak-production"),
            text("k8s.namespace.name", service.namespace),
            text("k8s.deployment.name", service.name),
            text("k8s.pod.name", &instance.id),
            text("k8s.node.name", instance.host),
        ],
        ..Resource::default()
    }
}

pub(crate) fn instrumentation_scope(language: Language, scope: Scope) -> InstrumentationScope {
    use Language::{DotNet, Go, Java, Node, Python};
    use Scope::{Cache, Code, HttpClient, HttpServer, Messaging, Rpc, Sql};
    let (name, version) = match (language, scope) {
        (Go, HttpServer | HttpClient) => (
            "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp",
            "0.69.0",
        ),
        (Go, Rpc) => (
            "go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc",
            "0.69.0",
        ),
        (Go, Sql) => ("github.com/exaring/otelpgx", "0.10.0"),
        (Go, Cache) => ("github.com/redis/go-redis/extra/redisotel", "9.17.0"),
        (Go, Messaging) => ("github.com/twmb/franz-go/plugin/kotel", "1.6.0"),
        (Java, HttpServer) => ("io.opentelemetry.tomcat-10.0", "2.28.0-alpha"),
        (Java, HttpClient) => ("io.opentelemetry.java-http-client", "2.28.0-alpha"),
        (Java, Rpc) => ("io.opentelemetry.grpc-1.6", "2.28.0-alpha"),
        (Java, Sql) => ("io.opentelemetry.jdbc", "2.28.0-alpha"),
        (Java, Cache) => ("io.opentelemetry.lettuce-5.1", "2.28.0-alpha"),
        (Java, Messaging) => ("io.opentelemetry.kafka-clients-0.11", "2.28.0-alpha"),
        (Node, HttpServer | HttpClient) => ("@opentelemetry/instrumentation-http", "0.218.0"),
        (Node, Rpc) => ("@opentelemetry/instrumentation-grpc", "0.218.0"),
        (Node, Sql) => ("@opentelemetry/instrumentation-pg", "0.66.0"),
        (Node, Cache) => ("@opentelemetry/instrumentation-ioredis", "0.62.0"),
        (Node, Messaging) => ("@opentelemetry/instrumentation-kafkajs", "0.23.0"),
        (Python, HttpServer) => ("opentelemetry.instrumentation.fastapi", "0.64b0"),
        (Python, HttpClient) => ("opentelemetry.instrumentation.httpx", "0.64b0"),
        (Python, Rpc) => ("opentelemetry.instrumentation.grpc", "0.64b0"),
        (Python, Sql) => ("opentelemetry.instrumentation.psycopg", "0.64b0"),
        (Python, Cache) => ("opentelemetry.instrumentation.redis", "0.64b0"),
        (Python, Messaging) => ("opentelemetry.instrumentation.kafka", "0.64b0"),
        (DotNet, HttpServer) => ("Microsoft.AspNetCore", ""),
        (DotNet, HttpClient) => ("System.Net.Http", ""),
        (DotNet, Rpc) => (
            "OpenTelemetry.Instrumentation.GrpcNetClient",
            "1.15.0-beta.1",
        ),
        (DotNet, Sql) => ("MySqlConnector", "2.5.0"),
        (DotNet, Cache) => (
            "OpenTelemetry.Instrumentation.StackExchangeRedis",
            "1.15.0-beta.1",
        ),
        (DotNet, Messaging) => (
            "OpenTelemetry.Instrumentation.ConfluentKafka",
            "0.1.0-alpha.5",
        ),
        (_, Code) => ("jp.oak", "1.0"),
    };
    InstrumentationScope {
        name: name.to_owned(),
        version: version.to_owned(),
        ..InstrumentationScope::default()
    }
}

fn text(key: &'static str, value: &str) -> KeyValue {
    key_value(key, Value::Owned(value.to_owned()))
}

fn key_value(key: &'static str, value: Value) -> KeyValue {
    let value = match value {
        Value::Static(text) => any_value::Value::StringValue(text.to_owned()),
        Value::Shared(text) => any_value::Value::StringValue(text.as_ref().to_owned()),
        Value::Owned(text) => any_value::Value::StringValue(text),
        Value::Int(number) => any_value::Value::IntValue(number),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}
