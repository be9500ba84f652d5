//! Reads attributes. When a meaning has several keys, the first key with a value is used.

use crate::{
    protobuf::Fields,
    value::{Pair, Value},
};
use hinomi_model::attribute::Keys;
use std::{borrow::Cow, cell::Cell};

/// The attributes of one span, event or resource. Of equal keys the first counts, as in the stored
/// JSON. Empty texts count as absent.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a> {
    pairs: &'a [Pair<'a>],
    /// Set to true when an own value is read: what is made of it then differs from span to span.
    touched_own: Option<&'a Cell<bool>>,
}

impl<'a> Attributes<'a> {
    pub fn new(pairs: &'a [Pair<'a>]) -> Self {
        Self {
            pairs,
            touched_own: None,
        }
    }

    /// Attributes that record in `touched_own` when an own value is read.
    pub fn watched(pairs: &'a [Pair<'a>], touched_own: &'a Cell<bool>) -> Self {
        Self {
            pairs,
            touched_own: Some(touched_own),
        }
    }

    /// The value of the first of `keys` that has a text; of a list, its first text.
    pub fn text(self, keys: Keys) -> Option<&'a str> {
        self.first(keys, |value| match value {
            Value::Text(text) => non_empty(text),
            Value::Array(list) => first_text(list),
            _ => None,
        })
    }

    /// Like [`Self::text`], with numbers and booleans as text.
    pub fn word(self, keys: Keys) -> Option<Cow<'a, str>> {
        self.first(keys, |value| match value {
            Value::Text(text) => non_empty(text).map(Cow::Borrowed),
            Value::Int(number) => Some(Cow::Owned(number.to_string())),
            Value::Double(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(truth) => Some(Cow::Borrowed(if truth { "true" } else { "false" })),
            _ => None,
        })
    }

    /// The value of the first of `keys` that has a whole number, also when it was sent as a text.
    pub fn integer(self, keys: Keys) -> Option<i64> {
        self.first(keys, |value| match value {
            Value::Int(number) => Some(number),
            Value::Double(number) if number.fract() == 0.0 => Some(number as i64),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// Whether the first of `keys` that has a value is true.
    pub fn flag(self, keys: Keys) -> bool {
        self.word(keys).is_some_and(|word| word == "true")
    }

    fn first<T>(self, keys: Keys, read: impl Fn(Value<'a>) -> Option<T>) -> Option<T> {
        keys.iter().find_map(|key| {
            let pair = self.pairs.iter().find(|pair| pair.key == *key)?;
            if pair.is_own
                && let Some(touched) = self.touched_own
            {
                touched.set(true);
            }
            read(pair.value)
        })
    }
}

/// The first element of an encoded `ArrayValue`, when it is a text.
fn first_text(list: &[u8]) -> Option<&str> {
    let (number, element) = Fields(list).next().ok().flatten()?;
    match (number, Value::read(element.bytes().ok()?).ok()?) {
        (1, Value::Text(text)) => non_empty(text),
        _ => None,
    }
}

fn non_empty(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}
