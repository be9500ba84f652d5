//! Cleans texts, cuts them to their limits, and stores equal ones once.

use crate::Limits;
use foldhash::fast::RandomState;
use hinomi_model::Text;
use hinomi_sql::{self as sql, Dialect};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

/// Most names that are kept; beyond it all are forgotten. A name takes about 100 bytes.
const MAX_NAMES: usize = 32 << 10;
/// Most bytes of statements that are kept; beyond it all are forgotten.
const MAX_STATEMENT_BYTES: usize = 4 << 20;

/// An interner of bounded size, kept from request to request.
pub(crate) struct Texts {
    pub limits: Limits,
    /// Number of things cut or dropped so far.
    pub truncated: u64,
    seen: HashSet<Text, RandomState>,
    statements: HashMap<Dialect, HashMap<Box<str>, Text, RandomState>>,
    statement_bytes: usize,
}

impl Texts {
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            truncated: 0,
            seen: HashSet::default(),
            statements: HashMap::new(),
            statement_bytes: 0,
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

    /// The fingerprint of a statement. It is tokenised once for all spans that have the same text.
    pub fn fingerprint(&mut self, dialect: Dialect, statement: &str) -> Text {
        // This cut is not counted: the attribute with the same text is cut and counted when the
        // JSON is written.
        let statement = head(statement, self.limits.max_value_bytes);
        let outline = sql::outline(statement);
        let known = self.statements.get(&dialect);
        if let Some(known) = known.and_then(|known| known.get(&*outline)) {
            return known.clone();
        }
        let print = sql::fingerprint_capped(statement, dialect, self.limits.max_fingerprint_bytes);
        let print = self.cleaned(&print.text, self.limits.max_fingerprint_bytes);
        self.statement_bytes += outline.len() + print.len();
        if self.statement_bytes > MAX_STATEMENT_BYTES {
            self.statements.clear();
            self.statement_bytes = outline.len() + print.len();
        }
        let known = self.statements.entry(dialect).or_default();
        known.insert(outline.into(), print.clone());
        print
    }

    /// `text` cut to `max` bytes at a character boundary. Counts the cut when the text was longer.
    pub fn cut<'t>(&mut self, text: &'t str, max: usize) -> &'t str {
        let kept = head(text, max);
        self.truncated += u64::from(kept.len() < text.len());
        kept
    }

    fn cleaned(&mut self, text: &str, max: usize) -> Text {
        let cut = self.cut(text.trim(), max);
        let clean = clean(cut);
        // A replacement character may take more bytes than the character it replaces.
        let fitted = head(&clean, max);
        self.intern(fitted)
    }

    fn intern(&mut self, text: &str) -> Text {
        if let Some(known) = self.seen.get(text) {
            return known.clone();
        }
        if self.seen.len() >= MAX_NAMES {
            self.seen.clear();
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

/// Cleans a name, since names are keys, columns and rows of tables. White space becomes a space.
/// Characters that are invisible (control characters, NUL, which PostgreSQL cannot store) or
/// reorder the text (bidirectional overrides, with which a name could look like another) become
/// U+FFFD.
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
