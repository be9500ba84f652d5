//! OTLP/JSON's numbers and ids, which arrive in more than one spelling.

use opentelemetry_proto::tonic::trace::v1 as trace;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use std::fmt;

/// A 64-bit integer as a number or a text, or an enum as its number or, as other protobuf
/// libraries write it, its name. Whole numbers beyond both ranges saturate.
#[derive(Default, Clone, Copy)]
pub(super) struct Number(i128);

/// A double as a number or a text.
pub(super) struct Double(pub f64);

/// An id. What is no hex is no bytes, so that the span with it is refused and no other.
#[derive(Default)]
pub(super) struct Hex(pub Vec<u8>);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or a text of one")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        Ok(Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number(number as i128))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Number, E> {
        let named = || {
            let kind = trace::span::SpanKind::from_str_name(text).map(|kind| kind as i128);
            kind.or(trace::status::StatusCode::from_str_name(text).map(|code| code as i128))
        };
        match text.parse::<i128>() {
            Ok(number) => Ok(Number(number)),
            Err(_) if text.is_empty() => Ok(Number(0)),
            Err(_) => named()
                .map(Number)
                .ok_or_else(|| E::custom("a text that is no whole number")),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Number, E> {
        Ok(Number(0))
    }
}

impl Number {
    pub fn signed(self) -> i64 {
        self.0.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    pub fn unsigned(self) -> u64 {
        self.0.clamp(0, u64::MAX.into()) as u64
    }

    /// An enum's number; beyond its range it is unknown, which OTLP reads as unspecified.
    pub fn variant(self) -> i32 {
        i32::try_from(self.0).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DoubleVisitor)
    }
}

struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = Double;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a text of one")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Double, E> {
        Ok(Double(number as f64))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Double, E> {
        Ok(Double(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Double, E> {
        Ok(Double(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Double, E> {
        text.parse().map(Double).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self(bytes_of_hex(&text).unwrap_or_default()))
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
