//! Texts, numbers and ids of OTLP/JSON, which can be written in more than one way.

use super::{
    output::Output,
    schema::{Field, Kind},
};
use crate::base64;
use serde::de::Unexpected;

/// A value that is neither a list nor an object.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Whole(i128),
    Float(f64),
    Text(&'a str),
}

/// Names of enum values, as other protobuf libraries write them.
const NAMES: [(&str, i128); 12] = [
    ("SPAN_KIND_UNSPECIFIED", 0),
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
    ("STATUS_CODE_UNSET", 0),
    ("STATUS_CODE_OK", 1),
    ("STATUS_CODE_ERROR", 2),
    ("AGGREGATION_TEMPORALITY_UNSPECIFIED", 0),
    ("AGGREGATION_TEMPORALITY_DELTA", 1),
    ("AGGREGATION_TEMPORALITY_CUMULATIVE", 2),
];

impl<'a> Scalar<'a> {
    /// Writes the value into `field`. Returns false when the field does not allow it.
    pub fn write(self, field: &Field, out: &mut Output) -> bool {
        self.try_write(field, out).is_some()
    }

    /// The value in serde's terms, for an error.
    pub fn unexpected(self) -> Unexpected<'a> {
        match self {
            Self::Bool(truth) => Unexpected::Bool(truth),
            Self::Whole(_) => Unexpected::Other("a whole number"),
            Self::Float(number) => Unexpected::Float(number),
            Self::Text(_) => Unexpected::Other("a text"),
        }
    }

    fn try_write(self, field: &Field, out: &mut Output) -> Option<()> {
        if field.is_list {
            return None;
        }
        let number = field.number;
        match field.kind {
            Kind::Text => out.bytes(number, self.text()?.as_bytes()),
            // An id that is not hex becomes empty: the span then has no trace id, or no parent.
            Kind::Id => match bytes_of_hex(self.text()?) {
                Some(id) => out.bytes(number, &id),
                None => out.bytes(number, &[]),
            },
            Kind::Bytes => out.bytes(number, &base64::decode(self.text()?)?),
            Kind::Bool => match self {
                Self::Bool(truth) => out.varint(number, truth.into()),
                _ => return None,
            },
            Kind::Double => out.fixed64(number, self.double()?.to_bits()),
            // Whole numbers outside of the range saturate.
            Kind::Int => {
                let value = self.whole()?.clamp(i64::MIN.into(), i64::MAX.into());
                out.varint(number, value as i64 as u64);
            }
            Kind::Fixed64 => {
                let value = self.whole()?.clamp(0, u64::MAX.into());
                out.fixed64(number, value as u64);
            }
            Kind::Sfixed64 => {
                let value = self.whole()?.clamp(i64::MIN.into(), i64::MAX.into());
                out.fixed64(number, value as i64 as u64);
            }
            // A number outside of the range is unknown, which OTLP reads as unspecified.
            Kind::Enum => {
                let value = self.named().or_else(|| self.whole())?;
                let value = i32::try_from(value).unwrap_or_default();
                out.varint(number, i64::from(value) as u64);
            }
            Kind::Message(_) => return None,
        }
        Some(())
    }

    fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn whole(self) -> Option<i128> {
        match self {
            Self::Whole(number) => Some(number),
            Self::Float(number) => Some(number as i128),
            Self::Text("") => Some(0),
            Self::Text(text) => text.parse().ok(),
            Self::Bool(_) => None,
        }
    }

    fn double(self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
            Self::Bool(_) => None,
        }
    }

    fn named(self) -> Option<i128> {
        let text = self.text()?;
        let known = NAMES.iter().find(|(name, _)| *name == text);
        known.map(|(_, number)| *number)
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}
