//! Attributes, events and links to JSON text, written straight into one string.
//!
//! Always valid JSON, whatever was sent: a key or value that does not fit is left out whole.
//! Integers and doubles are numbers; NaN and the infinities, which JSON lacks, are the texts
//! `"NaN"`, `"Infinity"`, `"-Infinity"`; bytes are base64. Of equal keys the first wins, so that
//! what is stored is what was read.

use crate::{Limits, base64, texts::head};
use hinomi_model::{SpanId, TraceId};
use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::span::{Event, Link},
};
use std::fmt::Write;

/// Writes one JSON text.
pub(crate) struct Writer<'l> {
    out: String,
    limits: &'l Limits,
    /// Things cut or dropped so far.
    truncated: u64,
}

/// An attribute that Hinomi adds to what was sent.
pub(crate) type Added<'a> = Option<(&'a str, i64)>;

/// The object of `attributes`, with `added` in it in place of one of the same name, and how many
/// things were cut.
pub(crate) fn attributes(
    attributes: &[KeyValue],
    added: Added<'_>,
    limits: &Limits,
) -> (String, u64) {
    let mut writer = Writer::new(limits);
    writer.object(attributes, added, 1);
    writer.finish()
}

/// The array of `events`, their times moved back by `shift_ns`; empty text when there are none.
pub(crate) fn events(events: &[Event], shift_ns: i64, limits: &Limits) -> (String, u64) {
    let mut writer = Writer::new(limits);
    writer.list(events, limits.max_events, |writer, event| {
        writer.out.push_str("{\"name\":");
        writer.text(&event.name, limits.max_name_bytes);
        let time = i64::try_from(event.time_unix_nano).unwrap_or(i64::MAX);
        writer.number(",\"time_unix_ns\":", time.saturating_sub(shift_ns));
        writer.out.push_str(",\"attributes\":");
        writer.object(&event.attributes, None, 2);
        writer.out.push('}');
    });
    writer.finish()
}

/// The array of `links`; empty text when there are none. A link whose ids name nothing is dropped.
pub(crate) fn links(links: &[Link], limits: &Limits) -> (String, u64) {
    let mut writer = Writer::new(limits);
    let mut named = Vec::with_capacity(links.len().min(limits.max_links));
    for link in links {
        match (
            TraceId::from_slice(&link.trace_id),
            SpanId::from_slice(&link.span_id),
        ) {
            (Ok(trace_id), Ok(span_id)) => named.push((trace_id, span_id, &link.attributes)),
            _ => writer.truncated += 1,
        }
    }
    writer.list(
        &named,
        limits.max_links,
        |writer, (trace_id, span_id, attributes)| {
            // Writing to a String cannot fail.
            let _ = write!(
                writer.out,
                "{{\"trace_id\":\"{trace_id}\",\"span_id\":\"{span_id}\""
            );
            writer.out.push_str(",\"attributes\":");
            writer.object(attributes, None, 2);
            writer.out.push('}');
        },
    );
    writer.finish()
}

impl<'l> Writer<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            out: String::new(),
            limits,
            truncated: 0,
        }
    }

    fn finish(self) -> (String, u64) {
        (self.out, self.truncated)
    }

    fn object(&mut self, pairs: &[KeyValue], added: Added<'_>, depth: usize) {
        self.out.push('{');
        let begin = self.out.len();
        let kept = &pairs[..pairs.len().min(self.limits.max_attributes)];
        self.truncated += (pairs.len() - kept.len()) as u64;
        for (index, pair) in kept.iter().enumerate() {
            let known = kept[..index].iter().any(|earlier| earlier.key == pair.key)
                || added.is_some_and(|(key, _)| key == pair.key);
            let fits = !pair.key.is_empty() && pair.key.len() <= self.limits.max_key_bytes;
            if known || !fits || self.is_full() {
                self.truncated += 1;
                continue;
            }
            self.separate(begin);
            self.attribute(pair, depth);
        }
        if let Some((key, number)) = added {
            self.separate(begin);
            self.text(key, self.limits.max_key_bytes);
            self.number(":", number);
        }
        self.out.push('}');
    }

    /// The one place that every attribute's key and value passes on its way to the store: where a
    /// masking policy acts.
    fn attribute(&mut self, pair: &KeyValue, depth: usize) {
        self.text(&pair.key, self.limits.max_key_bytes);
        self.out.push(':');
        self.value(
            pair.value.as_ref().and_then(|value| value.value.as_ref()),
            depth,
        );
    }

    fn value(&mut self, value: Option<&Value>, depth: usize) {
        match value {
            Some(Value::StringValue(text)) => self.text(text, self.limits.max_value_bytes),
            Some(Value::BoolValue(truth)) => {
                self.out.push_str(if *truth { "true" } else { "false" })
            }
            Some(Value::IntValue(number)) => self.number("", *number),
            Some(Value::DoubleValue(number)) => self.double(*number),
            Some(Value::BytesValue(bytes)) => {
                let kept = &bytes[..bytes.len().min(self.limits.max_value_bytes / 4 * 3)];
                self.truncated += u64::from(kept.len() < bytes.len());
                self.out.push('"');
                base64::encode_into(&mut self.out, kept);
                self.out.push('"');
            }
            Some(Value::ArrayValue(_) | Value::KvlistValue(_))
                if depth >= self.limits.max_depth =>
            {
                self.truncated += 1;
                self.out.push_str("null");
            }
            Some(Value::ArrayValue(array)) => {
                self.out.push('[');
                let begin = self.out.len();
                for (index, element) in array.values.iter().enumerate() {
                    if self.is_full() {
                        self.truncated += (array.values.len() - index) as u64;
                        break;
                    }
                    self.separate(begin);
                    self.value(element.value.as_ref(), depth + 1);
                }
                self.out.push(']');
            }
            Some(Value::KvlistValue(list)) => self.object(&list.values, None, depth + 1),
            // The index form belongs to profiles, whose dictionary spans do not have.
            Some(Value::StringValueStrindex(_)) | None => self.out.push_str("null"),
        }
    }

    fn list<T>(&mut self, items: &[T], max: usize, write: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.out.push('[');
        let begin = self.out.len();
        for (index, item) in items.iter().enumerate() {
            if index == max || self.is_full() {
                self.truncated += (items.len() - index) as u64;
                break;
            }
            self.separate(begin);
            write(self, item);
        }
        self.out.push(']');
    }

    fn is_full(&self) -> bool {
        self.out.len() >= self.limits.max_json_bytes
    }

    fn separate(&mut self, begin: usize) {
        if self.out.len() > begin {
            self.out.push(',');
        }
    }

    fn number(&mut self, label: &str, number: i64) {
        let _ = write!(self.out, "{label}{number}");
    }

    fn double(&mut self, number: f64) {
        match number {
            nan if nan.is_nan() => self.out.push_str("\"NaN\""),
            f64::INFINITY => self.out.push_str("\"Infinity\""),
            f64::NEG_INFINITY => self.out.push_str("\"-Infinity\""),
            // `{:?}` keeps the exponent, where `{}` would write 300 zeros.
            finite => {
                let _ = write!(self.out, "{finite:?}");
            }
        }
    }

    fn text(&mut self, text: &str, max: usize) {
        let kept = head(text, max);
        self.truncated += u64::from(kept.len() < text.len());
        self.out.push('"');
        let mut clean_from = 0;
        for (at, byte) in kept.bytes().enumerate() {
            if byte >= 0x20 && byte != b'"' && byte != b'\\' {
                continue;
            }
            self.out.push_str(&kept[clean_from..at]);
            clean_from = at + 1;
            match byte {
                b'"' => self.out.push_str("\\\""),
                b'\\' => self.out.push_str("\\\\"),
                b'\n' => self.out.push_str("\\n"),
                b'\r' => self.out.push_str("\\r"),
                b'\t' => self.out.push_str("\\t"),
                control => {
                    let _ = write!(self.out, "\\u{control:04x}");
                }
            }
        }
        self.out.push_str(&kept[clean_from..]);
        self.out.push('"');
    }
}
