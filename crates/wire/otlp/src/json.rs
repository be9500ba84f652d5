//! Writes attributes, events and links as JSON text, directly into one string.
//!
//! The result is valid JSON for any input: a key or value that does not fit is left out as a whole.
//! Integers and doubles become numbers. NaN and the infinities, which JSON does not have, become
//! the texts `"NaN"`, `"Infinity"`, `"-Infinity"`. Bytes become base64. Of equal keys the first one
//! is used, the same that the normalisers read.

use crate::{
    Limits, base64,
    protobuf::{Fields, Malformed},
    texts::head,
    value::{Pair, Pairs, Value},
};
use hinomi_model::{SpanId, TraceId};
use std::fmt::Write;

/// Writes one JSON text.
pub(crate) struct Writer<'l> {
    out: String,
    limits: &'l Limits,
    /// Elements that would begin after this many bytes are dropped.
    most_bytes: usize,
    /// Number of things cut or dropped so far.
    truncated: u64,
    /// The first error in a nested value.
    malformed: Option<Malformed>,
}

/// The JSON text, and how many things were cut.
pub(crate) type Written = Result<(String, u64), Malformed>;

/// The JSON object of the attributes that belong to the shape.
pub(crate) fn attributes(attributes: &[Pair<'_>], limits: &Limits) -> Written {
    let mut writer = Writer::new(limits);
    writer.object(attributes, 1);
    writer.finish()
}

/// The JSON text of one value.
pub(crate) fn value(value: Value<'_>, limits: &Limits) -> Written {
    let mut writer = Writer::new(limits);
    writer.value(value, 1);
    writer.finish()
}

/// The part of [`Limits::max_growth_bytes`] that is left for a request.
pub(crate) struct Growth(usize);

impl Growth {
    /// The limit for a request of `body` bytes.
    pub fn of(body: usize, limits: &Limits) -> Self {
        Self(limits.max_growth_bytes + body / 4)
    }

    /// Most bytes that the JSON of `items` may have.
    fn most(&self, items: &[&[u8]], limits: &Limits) -> usize {
        limits
            .max_json_bytes
            .min(self.0.saturating_add(wire_bytes(items)))
    }

    fn take(&mut self, items: &[&[u8]], json: usize) {
        self.0 = self
            .0
            .saturating_sub(json.saturating_sub(wire_bytes(items)));
    }
}

fn wire_bytes(items: &[&[u8]]) -> usize {
    items.iter().map(|item| item.len()).sum()
}

/// The JSON array of encoded `events`, with times moved back by `shift_ns`; empty text when there
/// are none.
pub(crate) fn events(
    events: &[&[u8]],
    shift_ns: i64,
    limits: &Limits,
    growth: &mut Growth,
) -> Written {
    let mut writer = Writer::new(limits);
    writer.most_bytes = growth.most(events, limits);
    writer.list(events, limits.max_events, |writer, event| {
        let (mut time, mut name, mut attributes) = (0, "", Pairs::default());
        let mut fields = Fields(event);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => time = field.fixed64()?,
                2 => name = field.text()?,
                3 => attributes.take(field.bytes()?, limits.max_attributes)?,
                _ => {}
            }
        }
        writer.out.push_str("{\"name\":");
        writer.text(name, limits.max_name_bytes);
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        writer.number(",\"time_unix_ns\":", time.saturating_sub(shift_ns));
        writer.out.push_str(",\"attributes\":");
        writer.pairs(&attributes, 2);
        writer.out.push('}');
        Ok(())
    })?;
    growth.take(events, writer.out.len());
    writer.finish()
}

/// The JSON array of encoded `links`; empty text when there are none. A link with invalid ids is
/// dropped.
pub(crate) fn links(links: &[&[u8]], limits: &Limits, growth: &mut Growth) -> Written {
    let mut writer = Writer::new(limits);
    writer.most_bytes = growth.most(links, limits);
    let mut named = Vec::with_capacity(links.len().min(limits.max_links));
    for link in links {
        let (mut trace_id, mut span_id, mut attributes): (&[u8], &[u8], _) =
            (&[], &[], Pairs::default());
        let mut fields = Fields(link);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => trace_id = field.bytes()?,
                2 => span_id = field.bytes()?,
                4 => attributes.take(field.bytes()?, limits.max_attributes)?,
                _ => {}
            }
        }
        match (TraceId::from_slice(trace_id), SpanId::from_slice(span_id)) {
            (Ok(trace_id), Ok(span_id)) => named.push((trace_id, span_id, attributes)),
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
            writer.pairs(attributes, 2);
            writer.out.push('}');
            Ok(())
        },
    )?;
    growth.take(links, writer.out.len());
    writer.finish()
}

impl<'l> Writer<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            out: String::new(),
            limits,
            most_bytes: limits.max_json_bytes,
            truncated: 0,
            malformed: None,
        }
    }

    fn finish(self) -> Written {
        match self.malformed {
            Some(malformed) => Err(malformed),
            None => Ok((self.out, self.truncated)),
        }
    }

    fn pairs(&mut self, pairs: &Pairs<'_>, depth: usize) {
        self.truncated += pairs.dropped;
        self.object(&pairs.kept, depth);
    }

    fn object(&mut self, pairs: &[Pair<'_>], depth: usize) {
        self.out.push('{');
        let begin = self.out.len();
        let kept = &pairs[..pairs.len().min(self.limits.max_attributes)];
        self.truncated += (pairs.len() - kept.len()) as u64;
        for (index, pair) in kept.iter().enumerate() {
            if pair.is_own {
                continue;
            }
            let known = kept[..index].iter().any(|earlier| earlier.key == pair.key);
            let fits = !pair.key.is_empty() && pair.key.len() <= self.limits.max_key_bytes;
            if known || !fits || self.is_full() {
                self.truncated += 1;
                continue;
            }
            self.separate(begin);
            self.text(pair.key, self.limits.max_key_bytes);
            self.out.push(':');
            self.value(pair.value, depth);
        }
        self.out.push('}');
    }

    fn value(&mut self, value: Value<'_>, depth: usize) {
        match value {
            Value::Text(text) => self.text(text, self.limits.max_value_bytes),
            Value::Bool(truth) => self.out.push_str(if truth { "true" } else { "false" }),
            Value::Int(number) => self.number("", number),
            Value::Double(number) => self.double(number),
            Value::Bytes(bytes) => {
                let kept = &bytes[..bytes.len().min(self.limits.max_value_bytes / 4 * 3)];
                self.truncated += u64::from(kept.len() < bytes.len());
                self.out.push('"');
                base64::encode_into(&mut self.out, kept);
                self.out.push('"');
            }
            Value::Array(_) | Value::Map(_) if depth >= self.limits.max_depth => {
                self.truncated += 1;
                self.out.push_str("null");
            }
            Value::Array(array) => {
                if let Err(malformed) = self.array(array, depth) {
                    self.malformed = Some(malformed);
                }
            }
            Value::Map(map) => match Pairs::read(map, 1, self.limits.max_attributes) {
                Ok(pairs) => self.pairs(&pairs, depth + 1),
                Err(malformed) => self.malformed = Some(malformed),
            },
            Value::None => self.out.push_str("null"),
        }
    }

    fn array(&mut self, array: &[u8], depth: usize) -> Result<(), Malformed> {
        self.out.push('[');
        let begin = self.out.len();
        let mut fields = Fields(array);
        while let Some((number, field)) = fields.next()? {
            if number != 1 {
                continue;
            }
            let element = Value::read(field.bytes()?)?;
            if self.is_full() {
                self.truncated += 1;
                continue;
            }
            self.separate(begin);
            self.value(element, depth + 1);
        }
        self.out.push(']');
        Ok(())
    }

    fn list<T>(
        &mut self,
        items: &[T],
        max: usize,
        write: impl Fn(&mut Self, &T) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        if items.is_empty() {
            return Ok(());
        }
        self.out.push('[');
        let begin = self.out.len();
        for (index, item) in items.iter().enumerate() {
            if index == max || self.is_full() {
                self.truncated += (items.len() - index) as u64;
                break;
            }
            self.separate(begin);
            write(self, item)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.out.len() >= self.most_bytes
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
            // `{:?}` writes an exponent, where `{}` would write 300 zeros.
            finite => {
                let _ = write!(self.out, "{finite:?}");
            }
        }
    }

    fn text(&mut self, text: &str, max: usize) {
        let kept = head(text, max);
        self.truncated += u64::from(kept.len() < text.len());
        hinomi_model::text::push_json(&mut self.out, kept);
    }
}
