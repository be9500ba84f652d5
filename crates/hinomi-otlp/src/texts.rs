//! The texts of one request: cleaned, cut to their limits, and equal ones stored once.

use crate::{
    Limits,
    sql::{self, Dialect},
};
use hinomi_model::Text;
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// Per-request interner. Lives as long as the request it borrows statements from, so it cannot
/// grow beyond it.
pub(crate) struct Texts<'r> {
    pub limits: &'r Limits,
    /// Things cut or dropped so far.
    pub truncated: u64,
    seen: HashSet<Text>,
    statements: HashMap<(Dialect, &'r str), Text>,
}

impl<'r> Texts<'r> {
    pub fn new(limits: &'r Limits) -> Self {
        Self {
            limits,
            truncated: 0,
            seen: HashSet::new(),
            statements: HashMap::new(),
        }
    }

    /// `text` as a name: cleaned and cut to the limit of names.
    pub fn name(&mut self, text: &str) -> Text {
        self.cleaned(text, self.limits.max_name_bytes)
    }

    /// `text` as a message: as sent, cut to the limit of messages.
    pub fn message(&mut self, text: &str) -> Text {
        let cut = self.cut(text, self.limits.max_message_bytes);
        self.intern(cut)
    }

    /// The fingerprint of a statement. Tokenised once for all spans that carry the same text.
    pub fn fingerprint(&mut self, dialect: Dialect, statement: &'r str) -> Text {
        if let Some(known) = self.statements.get(&(dialect, statement)) {
            return known.clone();
        }
        // Cut uncounted: the attribute that holds the same text is cut and counted in the JSON.
        let head = head(statement, self.limits.max_value_bytes);
        let print = sql::fingerprint_capped(head, dialect, self.limits.max_fingerprint_bytes);
        let print = self.cleaned(&print.text, self.limits.max_fingerprint_bytes);
        self.statements.insert((dialect, statement), print.clone());
        print
    }

    /// `text` cut to `max` bytes at a character boundary, counted when it was longer.
    pub fn cut<'t>(&mut self, text: &'t str, max: usize) -> &'t str {
        let kept = head(text, max);
        self.truncated += u64::from(kept.len() < text.len());
        kept
    }

    fn cleaned(&mut self, text: &str, max: usize) -> Text {
        let cut = self.cut(text.trim(), max);
        let clean = clean(cut);
        // A replacement character may be longer than what it replaces.
        let fitted = head(&clean, max);
        self.intern(fitted)
    }

    fn intern(&mut self, text: &str) -> Text {
        if let Some(known) = self.seen.get(text) {
            return known.clone();
        }
        let new = Text::from(text);
        self.seen.insert(new.clone());
        new
    }
}

/// The longest prefix of at most `max` bytes that ends at a character boundary.
pub(crate) fn head(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// Names are keys, columns and lines of a table: white space becomes a blank, and characters that
/// hide (controls, NUL, which PostgreSQL cannot store) or reorder the line (bidirectional
/// overrides, with which a name could pass for another) become U+FFFD.
fn clean(text: &str) -> Cow<'_, str> {
    let shown = |character: char| match character {
        '\t' | '\n' | '\r' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => '\u{fffd}',
        control if control.is_control() => '\u{fffd}',
        other => other,
    };
    if text.chars().all(|character| shown(character) == character) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_a_character_and_lose_what_hides_or_reorders() {
        let limits = Limits {
            max_name_bytes: 8,
            ..Limits::default()
        };
        let mut texts = Texts::new(&limits);
        assert_eq!(&*texts.name("  orders "), "orders");
        assert_eq!(texts.truncated, 0);
        assert_eq!(&*texts.name("火の見櫓"), "火の");
        assert_eq!(texts.truncated, 1);
        assert_eq!(&*texts.name("a\0b\u{202e}c"), "a\u{fffd}b\u{fffd}");
        assert_eq!(&*texts.name("a\r\nb"), "a  b");
    }

    #[test]
    fn equal_names_share_one_allocation() {
        let limits = Limits::default();
        let mut texts = Texts::new(&limits);
        let first = texts.name("GET /orders");
        assert!(std::sync::Arc::ptr_eq(&first, &texts.name("GET /orders")));
    }
}
