//! OTLP attributes, read in place.

use crate::protobuf::{Fields, Malformed};

/// An attribute's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    /// Absent, or of a type that spans do not have.
    None,
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    /// An encoded `ArrayValue`.
    Array(&'a [u8]),
    /// An encoded `KeyValueList`.
    Map(&'a [u8]),
}

impl<'a> Value<'a> {
    /// Reads an encoded `AnyValue`. Of several values the last one counts, as protobuf defines.
    pub fn read(any_value: &'a [u8]) -> Result<Self, Malformed> {
        let mut value = Self::None;
        let mut fields = Fields(any_value);
        while let Some((number, field)) = fields.next()? {
            value = match number {
                1 => Self::Text(field.text()?),
                2 => Self::Bool(field.varint()? != 0),
                3 => Self::Int(field.varint()? as i64),
                4 => Self::Double(f64::from_bits(field.fixed64()?)),
                5 => Self::Array(field.bytes()?),
                6 => Self::Map(field.bytes()?),
                7 => Self::Bytes(field.bytes()?),
                _ => value,
            };
        }
        Ok(value)
    }
}

/// An encoded `KeyValue` whose value is not decoded yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawPair<'a> {
    pub key: &'a [u8],
    /// An encoded `AnyValue`.
    pub value: &'a [u8],
}

impl<'a> RawPair<'a> {
    #[inline]
    pub fn read(key_value: &'a [u8]) -> Result<Self, Malformed> {
        let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
        let mut fields = Fields(key_value);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => key = field.bytes()?,
                2 => value = field.bytes()?,
                _ => {}
            }
        }
        Ok(Self { key, value })
    }
}

/// An attribute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub key: &'a str,
    pub value: Value<'a>,
    /// Whether the value is own, that is, not part of the span's shape.
    pub is_own: bool,
}

impl<'a> Pair<'a> {
    /// Reads an encoded `KeyValue`.
    pub fn read(key_value: &'a [u8]) -> Result<Self, Malformed> {
        let raw = RawPair::read(key_value)?;
        Ok(Self {
            key: crate::protobuf::text(raw.key)?,
            value: Value::read(raw.value)?,
            is_own: false,
        })
    }

    /// Reads several encoded `KeyValue`s.
    pub fn read_all(key_values: &[&'a [u8]]) -> Result<Vec<Self>, Malformed> {
        key_values.iter().map(|raw| Self::read(raw)).collect()
    }
}

/// The first attributes of a message. Attributes beyond the limit are counted but not read, so that
/// two bytes on the wire cannot become fifty in memory.
#[derive(Default)]
pub(crate) struct Pairs<'a> {
    pub kept: Vec<Pair<'a>>,
    pub dropped: u64,
}

impl<'a> Pairs<'a> {
    /// The attributes in field `wanted` of `message`.
    pub fn read(message: &'a [u8], wanted: u32, max: usize) -> Result<Self, Malformed> {
        let mut pairs = Self::default();
        let mut fields = Fields(message);
        while let Some((number, field)) = fields.next()? {
            if number == wanted {
                pairs.take(field.bytes()?, max)?;
            }
        }
        Ok(pairs)
    }

    /// Adds an encoded attribute.
    pub fn take(&mut self, key_value: &'a [u8], max: usize) -> Result<(), Malformed> {
        if self.kept.len() < max {
            self.kept.push(Pair::read(key_value)?);
        } else {
            self.dropped += 1;
        }
        Ok(())
    }
}
