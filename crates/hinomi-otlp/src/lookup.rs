//! Reading attributes: for a meaning with several keys, the first key that holds something wins.

use hinomi_model::attribute::Keys;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use std::borrow::Cow;

/// The attributes of one span, event or resource. Of equal keys the first counts, as in the JSON
/// that is stored. Empty texts are as good as absent.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a>(pub &'a [KeyValue]);

impl<'a> Attributes<'a> {
    /// The value under the first of `keys` that holds a text.
    pub fn text(self, keys: Keys) -> Option<&'a str> {
        self.first(keys, |value| match value {
            Value::StringValue(text) => non_empty(text),
            _ => None,
        })
    }

    /// The same, with numbers and truth values written out.
    pub fn word(self, keys: Keys) -> Option<Cow<'a, str>> {
        self.first(keys, |value| match value {
            Value::StringValue(text) => non_empty(text).map(Cow::Borrowed),
            Value::IntValue(number) => Some(Cow::Owned(number.to_string())),
            Value::DoubleValue(number) => Some(Cow::Owned(number.to_string())),
            Value::BoolValue(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            _ => None,
        })
    }

    /// The value under the first of `keys` that holds a whole number, be it sent as a text.
    pub fn integer(self, keys: Keys) -> Option<i64> {
        self.first(keys, |value| match value {
            Value::IntValue(number) => Some(*number),
            Value::DoubleValue(number) if number.fract() == 0.0 => Some(*number as i64),
            Value::StringValue(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// Whether the first of `keys` that holds anything says yes.
    pub fn flag(self, keys: Keys) -> bool {
        self.word(keys).is_some_and(|word| word == "true")
    }

    fn first<T>(self, keys: Keys, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        keys.iter().find_map(|key| {
            let pair = self.0.iter().find(|pair| pair.key == *key)?;
            read(pair.value.as_ref()?.value.as_ref()?)
        })
    }
}

fn non_empty(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}
