//! Fast OTLP encoding: writes spans directly into the buffer.
//!
//! Produces the same bytes as [`crate::otlp`], which a test checks, at a fraction of the cost.
//! prost computes the length of nested messages once for each level above them, and needs every
//! text as an owned string. Field numbers are those of opentelemetry-proto's `trace.proto` and
//! `common.proto`.

use bytes::BufMut;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len, message};

use crate::{
    otlp::{self, Group},
    release::ReleasePlan,
    service::Language,
    span::{Attribute, SimSpan, Value},
};

/// Tag byte, length byte, and the bytes of an id.
const TRACE_ID_LEN: usize = 2 + 16;
const SPAN_ID_LEN: usize = 2 + 8;
/// Twice a tag byte with eight bytes: start and end.
const TIMES_LEN: usize = 2 * 9;
/// Two tag bytes (the field's number is 16) and four bytes.
const FLAGS_LEN: usize = 6;

/// The encoded request with these groups.
pub(crate) fn request(plan: &ReleasePlan, groups: &[Group<'_>]) -> Vec<u8> {
    let mut buffer = Vec::with_capacity(
        groups
            .iter()
            .map(|group| group.spans.len() * 420 + 800)
            .sum(),
    );
    for resource in groups.chunk_by(|left, right| left.instance == right.instance) {
        let instance = &plan.instances()[resource[0].instance as usize];
        let language = instance.service.language;
        let described = otlp::resource(instance);
        let scopes: Vec<_> = resource
            .iter()
            .map(|group| Measured::of(group, language))
            .collect();
        let scopes_len: usize = scopes.iter().map(|scope| nested_len(scope.len)).sum();
        nest(
            1,
            message::encoded_len(1, &described) + scopes_len,
            &mut buffer,
        );
        message::encode(1, &described, &mut buffer);
        for scope in scopes {
            nest(2, scope.len, &mut buffer);
            message::encode(1, &scope.name, &mut buffer);
            for (span, len) in scope.spans {
                nest(2, len, &mut buffer);
                put_span(span, language, &mut buffer);
            }
        }
    }
    buffer
}

/// The spans of a scope with their encoded lengths.
struct Measured<'a> {
    name: opentelemetry_proto::tonic::common::v1::InstrumentationScope,
    spans: Vec<(&'a SimSpan, usize)>,
    len: usize,
}

impl<'a> Measured<'a> {
    fn of(group: &Group<'a>, language: Language) -> Self {
        let name = otlp::instrumentation_scope(language, group.scope);
        let spans: Vec<_> = group
            .spans
            .iter()
            .map(|span| (*span, span_len(span)))
            .collect();
        let spans_len: usize = spans.iter().map(|(_, len)| nested_len(*len)).sum();
        let len = message::encoded_len(1, &name) + spans_len;
        Self { name, spans, len }
    }
}

fn span_len(span: &SimSpan) -> usize {
    let parent = if span.parent_span_id.is_some() {
        SPAN_ID_LEN
    } else {
        0
    };
    let attributes: usize = span
        .attributes
        .iter()
        .map(|attribute| nested_len(attribute_len(attribute)))
        .sum();
    TRACE_ID_LEN
        + SPAN_ID_LEN
        + parent
        + nested_len(span.name.len())
        + 2 // kind
        + TIMES_LEN
        + attributes
        + otlp::event(span).map_or(0, |event| message::encoded_len(11, &event))
        + otlp::link(span).map_or(0, |link| message::encoded_len(13, &link))
        + otlp::status(span).map_or(0, |status| message::encoded_len(15, &status))
        + FLAGS_LEN
}

fn put_span(span: &SimSpan, language: Language, buffer: &mut Vec<u8>) {
    put_bytes(1, &span.trace_id, buffer);
    put_bytes(2, &span.span_id, buffer);
    if let Some(parent) = &span.parent_span_id {
        put_bytes(4, parent, buffer);
    }
    put_bytes(5, span.name.as_bytes(), buffer);
    encode_key(6, WireType::Varint, buffer);
    buffer.put_u8(span.kind as u8);
    encode_key(7, WireType::SixtyFourBit, buffer);
    buffer.put_u64_le(span.start_unix_ns as u64);
    encode_key(8, WireType::SixtyFourBit, buffer);
    buffer.put_u64_le(span.end_unix_ns as u64);
    for attribute in &span.attributes {
        nest(9, attribute_len(attribute), buffer);
        put_bytes(1, attribute.key.as_bytes(), buffer);
        nest(2, value_len(&attribute.value), buffer);
        match &attribute.value {
            Value::Static(text) => put_bytes(1, text.as_bytes(), buffer),
            Value::Shared(text) => put_bytes(1, text.as_bytes(), buffer),
            Value::Owned(text) => put_bytes(1, text.as_bytes(), buffer),
            Value::Int(number) => {
                encode_key(3, WireType::Varint, buffer);
                encode_varint(*number as u64, buffer);
            }
        }
    }
    if let Some(event) = otlp::event(span) {
        message::encode(11, &event, buffer);
    }
    if let Some(link) = otlp::link(span) {
        message::encode(13, &link, buffer);
    }
    if let Some(status) = otlp::status(span) {
        message::encode(15, &status, buffer);
    }
    encode_key(16, WireType::ThirtyTwoBit, buffer);
    buffer.put_u32_le(language.flags(span.remote_parent));
}

fn attribute_len(attribute: &Attribute) -> usize {
    nested_len(attribute.key.len()) + nested_len(value_len(&attribute.value))
}

fn value_len(value: &Value) -> usize {
    match value {
        Value::Static(text) => nested_len(text.len()),
        Value::Shared(text) => nested_len(text.len()),
        Value::Owned(text) => nested_len(text.len()),
        Value::Int(number) => 1 + encoded_len_varint(*number as u64),
    }
}

/// Encoded length of a nested field, with its length prefix and a tag below 16.
fn nested_len(len: usize) -> usize {
    key_len(1) + encoded_len_varint(len as u64) + len
}

/// Writes the start of a nested field.
fn nest(tag: u32, len: usize, buffer: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, buffer);
    encode_varint(len as u64, buffer);
}

fn put_bytes(tag: u32, bytes: &[u8], buffer: &mut Vec<u8>) {
    nest(tag, bytes.len(), buffer);
    buffer.extend_from_slice(bytes);
}
