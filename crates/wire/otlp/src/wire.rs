//! Converts OTLP/JSON to protobuf while reading it. Nothing is built in between, so a body of a
//! million empty objects takes no more memory than its own bytes.
//!
//! Lenient, as agents and collectors need it: absent and `null` values are defaults, unknown fields
//! are ignored, 64-bit integers and doubles may be texts, enums may be names, ids may have either
//! case. An error inside a span or a metric, or nesting that is too deep, is written in a form that
//! the protobuf reader refuses, together with that one record. An error outside of records refuses
//! the body.

mod mend;
mod output;
mod scalar;
mod schema;

use crate::Limits;
use output::Output;
use scalar::Scalar;
use schema::{Field, Kind, LOGS, METRICS, Message, TRACES};
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use std::fmt;

/// The kind of a body.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body {
    /// Body of `POST /v1/traces`.
    Traces,
    /// Body of `POST /v1/metrics`.
    Metrics,
    /// Body of `POST /v1/logs`.
    Logs,
}

/// Values with more objects and lists around them are left out. The JSON reader refuses a body with
/// more than 128. A span's attributes are at depth ten, and [`Limits::max_depth`] allows sixteen
/// lists of three levels each.
const MAX_DEPTH: usize = 100;

/// Members that stand beside a list and are not read.
const BESIDE_LISTS: [&str; 4] = ["schemaUrl", "schema_url", "resource", "scope"];

/// Most characters of an unknown name in an error.
const MAX_NAME: usize = 60;

/// The protobuf form of a body.
pub(crate) fn protobuf(
    body: &[u8],
    of: Body,
    limits: &Limits,
) -> Result<Vec<u8>, serde_json::Error> {
    let text = mend::mend(body);
    // Enough for almost every body. Unused capacity is never touched.
    let mut out = Output::with_capacity(text.len(), limits.max_empty_messages);
    let mut json = serde_json::Deserializer::from_str(&text);
    let root = Members {
        out: &mut out,
        message: match of {
            Body::Traces => &TRACES,
            Body::Metrics => &METRICS,
            Body::Logs => &LOGS,
        },
        depth: 1,
    };
    root.deserialize(&mut json)?;
    json.end()?;
    Ok(out.into_bytes())
}

/// Writes the members of an object as the fields of a message.
struct Members<'o> {
    out: &'o mut Output,
    message: &'static Message,
    /// Number of objects and lists around the members.
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut unknown, mut has_list) = (None, false);
        while let Some(member) = map.next_key_seed(Name(self.message))? {
            match member {
                Member::Known(field) => {
                    has_list |= field.is_list;
                    map.next_value_seed(Place {
                        out: self.out,
                        field,
                        is_element: false,
                        is_strict: self.message.holds_records,
                        depth: self.depth,
                    })?;
                }
                Member::Ignored => {
                    map.next_value::<IgnoredAny>()?;
                }
                Member::Unknown(name) => {
                    map.next_value::<IgnoredAny>()?;
                    unknown.get_or_insert(name);
                }
            }
        }
        match (unknown, self.message.list()) {
            (Some(name), Some(list)) if !has_list => Err(A::Error::custom(format_args!(
                "there is `{name}` where `{list}` is expected"
            ))),
            _ => Ok(()),
        }
    }
}

/// A member of an object.
enum Member {
    Known(&'static Field),
    /// Later versions of OTLP may have more fields.
    Ignored,
    /// A name that is not known, on the way to the records. Without the list that is expected
    /// there, nothing would be read, so the body is refused.
    Unknown(Box<str>),
}

/// Finds the field of a name.
struct Name(&'static Message);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Member;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Member;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(
            match self.0.fields.iter().find(|field| is_named(field, name)) {
                Some(field) => Member::Known(field),
                None if self.0.list().is_some() && !BESIDE_LISTS.contains(&name) => {
                    Member::Unknown(name.chars().take(MAX_NAME).collect())
                }
                None => Member::Ignored,
            },
        )
    }
}

/// Whether `name` is the field's name: `startTimeUnixNano`, or `start_time_unix_nano` as the
/// protocol's definition has it. Libraries for protobuf write either and must read both.
fn is_named(field: &Field, name: &str) -> bool {
    if field.name == name {
        return true;
    }
    let mut characters = name.chars();
    name.contains('_')
        && field.name.chars().all(|expected| match characters.next() {
            Some('_') if expected.is_ascii_uppercase() => {
                characters.next() == Some(expected.to_ascii_lowercase())
            }
            other => other == Some(expected),
        })
        && characters.next().is_none()
}

/// The place where a value is written.
struct Place<'o> {
    out: &'o mut Output,
    field: &'static Field,
    /// Whether the value is an element of a list.
    is_element: bool,
    /// Whether a value of another type refuses the body.
    is_strict: bool,
    /// Number of objects and lists around the value.
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth < MAX_DEPTH {
            return deserializer.deserialize_any(self);
        }
        // Skips the value without recursion.
        deserializer.deserialize_ignored_any(IgnoredAny)?;
        self.visit_unit()
    }
}

impl Place<'_> {
    /// The message type that is allowed here.
    fn message(&self) -> Option<&'static Message> {
        match self.field.kind {
            Kind::Message(message) if self.field.is_list == self.is_element => Some(message),
            _ => None,
        }
    }

    fn scalar<E: Error>(self, scalar: Scalar<'_>) -> Result<(), E> {
        if scalar.write(self.field, self.out) {
            Ok(())
        } else {
            self.wrong(scalar.unexpected())
        }
    }

    /// Handles a value of another type.
    fn wrong<E: Error>(self, found: Unexpected<'_>) -> Result<(), E> {
        if self.is_strict {
            return Err(E::invalid_type(found, &self));
        }
        if self.is_element {
            self.out.wrong_element(self.field.number);
        } else {
            self.out.wrong(self.field.number);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.field.kind {
            _ if self.field.is_list && !self.is_element => "a list",
            Kind::Message(_) => "an object",
            _ => "another kind of value",
        };
        write!(f, "{what} for `{}`", self.field.name)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // In a list, `null` keeps its place: as an empty span, or as an attribute value without a
        // type.
        if self.is_element {
            self.out.message(self.field.number, |_| Ok(()))?;
            self.out.empty_element()?;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<(), E> {
        self.scalar(Scalar::Bool(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.scalar(Scalar::Whole(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.scalar(Scalar::Whole(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.scalar(Scalar::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.scalar(Scalar::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.field.is_list || self.is_element {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return self.wrong(Unexpected::Seq);
        }
        while list
            .next_element_seed(Place {
                out: self.out,
                field: self.field,
                is_element: true,
                is_strict: matches!(self.field.kind, Kind::Message(of) if of.holds_records),
                depth: self.depth + 1,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some(message) = self.message() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return self.wrong(Unexpected::Map);
        };
        let depth = self.depth + 1;
        let mut is_empty = false;
        self.out.message(self.field.number, |out| {
            let before = out.len();
            let members = Members {
                out,
                message,
                depth,
            };
            members.visit_map(map)?;
            is_empty = out.len() == before;
            Ok(())
        })?;
        if self.is_element && is_empty {
            self.out.empty_element()?;
        }
        Ok(())
    }
}
