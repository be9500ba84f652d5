//! Decides whether an attribute matches a search term: on single values, on JSON objects, and on
//! raw bytes that may hold either.
//!
//! The test on raw bytes has no false negatives: in doubt it accepts.

use crate::{Matched, Term};
use memchr::memmem::Finder;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, sync::Arc};

/// A term, prepared for comparison.
pub(crate) struct Matcher {
    pub term: Term,
    /// Texts that a matching JSON object must contain, apart from escapes.
    in_json: Vec<Needle>,
    /// A value as it is stored in a Parquet page: its length, then its bytes.
    in_page: Option<Finder<'static>>,
}

impl Matcher {
    pub fn new(term: &Term) -> Self {
        let (in_json, value): (Vec<&str>, Option<&str>) = match term {
            Term::Is { key, value } => (vec![key, value], Some(value)),
            Term::Any { value } => (vec![value], Some(value)),
            Term::Has { key } => (vec![key], None),
            Term::HttpStatus(_) => (Vec::new(), None),
        };
        let in_page = value.map(|value| {
            let mut bytes = (value.len() as u32).to_le_bytes().to_vec();
            bytes.extend_from_slice(value.as_bytes());
            Finder::new(&bytes).into_owned()
        });
        Self {
            term: term.clone(),
            in_json: in_json.into_iter().map(Needle::new).collect(),
            in_page,
        }
    }

    /// Whether values of this key can match the term.
    pub fn concerns(&self, key: &str) -> bool {
        match &self.term {
            Term::Is { key: wanted, .. } | Term::Has { key: wanted } => **wanted == *key,
            Term::Any { .. } => true,
            Term::HttpStatus(_) => false,
        }
    }

    /// Whether a value matches the term. The key must be one that [`Self::concerns`] accepts.
    pub fn has_value(&self, have: &str) -> bool {
        match &self.term {
            Term::Is { value, .. } | Term::Any { value } => **value == *have,
            Term::Has { .. } => true,
            Term::HttpStatus(_) => false,
        }
    }

    /// The first member of a JSON object that matches the term.
    pub fn in_object(&self, json: &str) -> Option<Arc<Matched>> {
        if !self.may_be_in(json.as_bytes()) {
            return None;
        }
        let mut found = None;
        members(json, |key, value| {
            if found.is_none() && self.concerns(key) && self.has_value(value) {
                found = Some(matched(key, value));
            }
        });
        found
    }

    /// Whether these bytes of one or more JSON objects may match the term.
    pub fn may_be_in(&self, json: &[u8]) -> bool {
        self.in_json.iter().all(|needle| needle.may_be_in(json))
    }

    /// Whether a page or a dictionary of single values contains a matching value. May be true by
    /// coincidence of bytes.
    pub fn may_be_in_page(&self, page: &[u8]) -> bool {
        self.in_page
            .as_ref()
            .is_none_or(|value| value.find(page).is_some())
    }

    /// Whether the texts of a batch contain everything that a matching single value needs.
    pub fn may_be_in_words(&self, words: &str) -> bool {
        let mut needles = self.in_json.iter();
        needles.all(|needle| needle.plain.find(words.as_bytes()).is_some())
    }
}

pub(crate) fn matched(key: &str, value: &str) -> Arc<Matched> {
    Arc::new(Matched {
        key: key.into(),
        value: value.into(),
    })
}

/// A text to find in JSON, where it may be written with escapes.
struct Needle {
    plain: Finder<'static>,
    /// If an object contains none of these, it contains the text unescaped or not at all.
    escapes: Vec<Finder<'static>>,
}

impl Needle {
    fn new(text: &str) -> Self {
        let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        let escapes: &[&str] = if text.bytes().any(special) {
            &["\\"]
        } else if text.contains('/') {
            &["\\u", "\\/"]
        } else {
            &["\\u"]
        };
        Self {
            plain: Finder::new(text.as_bytes()).into_owned(),
            escapes: escapes
                .iter()
                .map(|escape| Finder::new(escape.as_bytes()).into_owned())
                .collect(),
        }
    }

    fn may_be_in(&self, json: &[u8]) -> bool {
        self.plain.find(json).is_some()
            || self
                .escapes
                .iter()
                .any(|escape| escape.find(json).is_some())
    }
}

/// Calls `each` with each member of a JSON object: its key, and its value in the form that is
/// compared. Text that is no JSON object has no members.
pub(crate) fn members(json: &str, mut each: impl FnMut(&str, &str)) {
    struct Members<'f, F>(&'f mut F);
    impl<'de, F: FnMut(&str, &str)> Visitor<'de> for Members<'_, F> {
        type Value = ();

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                let value = value.get();
                let text = value
                    .starts_with('"')
                    .then(|| serde_json::from_str::<Key<'de>>(value).ok())
                    .flatten();
                match text {
                    Some(text) => (self.0)(&key.0, &text.0),
                    None => (self.0)(&key.0, value),
                }
            }
            Ok(())
        }
    }
    let mut reader = serde_json::Deserializer::from_str(json);
    // On a syntax error, the members before it have been reported, so a match there is not lost.
    let _ = reader.deserialize_map(Members(&mut each));
}

/// A JSON string, borrowed if it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn is(key: &str, value: &str) -> Matcher {
        Matcher::new(&Term::Is {
            key: key.into(),
            value: value.into(),
        })
    }

    #[test]
    fn a_value_is_found_as_text_and_as_json_and_however_it_is_escaped() {
        for json in [
            r#"{"order.id":"12"}"#,
            r#"{"order.id":12}"#,
            r#"{"a":{"b":1},"order.id":"\u00312"}"#,
            r#"{"\u006frder.id":"12","z":[1]}"#,
        ] {
            assert!(is("order.id", "12").in_object(json).is_some(), "{json}");
        }
        for json in [
            r#"{"order.id":"123"}"#,
            r#"{"order.id":12.0}"#,
            r#"{"other":{"order.id":"12"}}"#,
            r#"{"other":"12"}"#,
            "{}",
            "",
            "12",
            r#"{"order.id":"#,
        ] {
            assert!(is("order.id", "12").in_object(json).is_none(), "{json}");
        }
        assert!(is("u", "a/b").in_object(r#"{"u":"a\/b"}"#).is_some());
        assert!(is("u", "a\"\n").in_object(r#"{"u":"a\"\n"}"#).is_some());
        assert!(is("u", "").in_object(r#"{"u":""}"#).is_some());
    }

    #[test]
    fn a_bare_value_tells_which_key_has_it() {
        let any = Matcher::new(&Term::Any { value: "x".into() });
        let found = any.in_object(r#"{"a":"y","b":"x"}"#).unwrap();
        assert_eq!((&*found.key, &*found.value), ("b", "x"));
        let has = Matcher::new(&Term::Has { key: "a".into() });
        assert_eq!(&*has.in_object(r#"{"a":[1, 2]}"#).unwrap().value, "[1, 2]");
    }
}
