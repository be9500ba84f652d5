//! Lays out a SQL statement for reading: one clause a line, keywords right-aligned in a column, and
//! each token marked with its kind. A statement that already has line breaks keeps them. Words are
//! never changed.

use crate::{
    Dialect,
    keywords::is_shown,
    lexer::{self, is_literal, is_value},
};
use sqlparser::tokenizer::{Token, Whitespace, Word};

/// A piece of a statement and its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutPiece {
    /// Text of the piece, white space included.
    pub text: String,
    /// What the text is, for its colour.
    pub kind: Kind,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Names, operators, white space.
    Plain,
    /// A keyword, in any case.
    Keyword,
    /// A quoted text or a number.
    Literal,
    /// A placeholder: `?`, `$1`, `:name`, `@name`, `%s`.
    Parameter,
    /// A comment, with its marks.
    Comment,
}

/// The statement in pieces.
pub fn layout(statement: &str, dialect: Dialect) -> Vec<LayoutPiece> {
    let tokens = tokens(statement, dialect);
    let pieces = if statement.contains('\n') {
        tokens.iter().map(|token| token.piece()).collect()
    } else {
        laid_out(&tokens)
    };
    joined(pieces)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Shown<'a> {
    text: &'a str,
    kind: Kind,
}

impl Shown<'_> {
    fn piece(self) -> LayoutPiece {
        LayoutPiece {
            text: self.text.to_owned(),
            kind: self.kind,
        }
    }

    fn is(self, word: &str) -> bool {
        self.kind == Kind::Keyword && self.text.eq_ignore_ascii_case(word)
    }
}

/// The tokens of `text` and their kinds. Together they are the whole text.
fn tokens(text: &str, dialect: Dialect) -> Vec<Shown<'_>> {
    let tokens = lexer::read(text, dialect);
    let ends = tokens.ends(text);
    let mut out = Vec::with_capacity(ends.len() + 1);
    let (mut at, mut from) = (0, 0);
    while let Some(token) = tokens.get(at) {
        let placeholder = tokens.placeholder(at);
        at += placeholder.max(1);
        let to = ends[at - 1];
        let shown = &text[from..to];
        let kind = match token {
            _ if placeholder > 0 => Kind::Parameter,
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
            ) => Kind::Comment,
            Token::Placeholder(_) | Token::Question => Kind::Parameter,
            Token::Word(word) => kind_of_word(word, tokens.qualified(at - 1)),
            _ if is_literal(shown) => Kind::Literal,
            _ => Kind::Plain,
        };
        out.push(Shown { text: shown, kind });
        from = to;
    }
    // After a quote that is never closed, the rest may be a value.
    if from < text.len() {
        out.push(Shown {
            text: &text[from..],
            kind: Kind::Literal,
        });
    }
    out
}

fn kind_of_word(word: &Word, qualified: bool) -> Kind {
    match &*word.value {
        _ if word.quote_style.is_some() => Kind::Plain,
        parameter if parameter.starts_with('@') => Kind::Parameter,
        number if is_value(number) => Kind::Literal,
        keyword if !qualified && is_shown(keyword) => Kind::Keyword,
        _ => Kind::Plain,
    }
}

/// Width of the keyword column: the length of `SELECT`, `INSERT`, `UPDATE`, `DELETE`.
const RIVER: usize = 6;

fn laid_out(tokens: &[Shown<'_>]) -> Vec<LayoutPiece> {
    let mut out: Vec<LayoutPiece> = Vec::new();
    let mut depth = 0_usize;
    let mut between = false;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let previous = word_before(tokens, index);
        if token.is("BETWEEN") {
            between = true;
        } else if depth == 0
            && index > 0
            && begins_clause(*token, previous, word_after(tokens, index), between)
        {
            while out.last().is_some_and(|piece| piece.text.trim().is_empty()) {
                out.pop();
            }
            let indent = RIVER.saturating_sub(token.text.len());
            out.push(LayoutPiece {
                text: format!("\n{}", " ".repeat(indent)),
                kind: Kind::Plain,
            });
        } else if token.is("AND") {
            between = false;
        }
        out.push(token.piece());
    }
    out
}

fn begins_clause(
    token: Shown<'_>,
    previous: Option<Shown<'_>>,
    next: Option<Shown<'_>>,
    between: bool,
) -> bool {
    let after = |word: &str| previous.is_some_and(|previous| previous.is(word));
    let joins = ["LEFT", "RIGHT", "FULL", "INNER", "CROSS"];
    if token.kind != Kind::Keyword {
        return false;
    }
    match token.text.to_ascii_uppercase().as_str() {
        "FROM" => !after("DELETE") && !after("DISTINCT"),
        "WHERE" | "HAVING" | "LIMIT" | "OFFSET" | "RETURNING" | "UNION" | "EXCEPT"
        | "INTERSECT" | "VALUES" => true,
        "SELECT" => true,
        "AND" => !between,
        "OR" => !after("CREATE"),
        "GROUP" | "ORDER" => next.is_some_and(|next| next.is("BY")),
        "LEFT" | "RIGHT" | "FULL" | "INNER" | "CROSS" => {
            next.is_some_and(|next| next.is("JOIN") || next.is("OUTER"))
        }
        "JOIN" => !after("OUTER") && !joins.iter().any(|word| after(word)),
        "SET" => !after("UPDATE"),
        "ON" => next.is_some_and(|next| next.is("CONFLICT") || next.is("DUPLICATE")),
        "FOR" => next.is_some_and(|next| next.is("UPDATE") || next.is("SHARE")),
        _ => false,
    }
}

fn word_before<'a>(tokens: &[Shown<'a>], index: usize) -> Option<Shown<'a>> {
    tokens[..index]
        .iter()
        .rev()
        .find(|token| !token.text.trim().is_empty())
        .copied()
}

fn word_after<'a>(tokens: &[Shown<'a>], index: usize) -> Option<Shown<'a>> {
    tokens[index + 1..]
        .iter()
        .find(|token| !token.text.trim().is_empty())
        .copied()
}

/// Merges adjacent pieces of the same kind.
fn joined(pieces: Vec<LayoutPiece>) -> Vec<LayoutPiece> {
    let mut out: Vec<LayoutPiece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match out.last_mut() {
            Some(last) if last.kind == piece.kind && piece.kind == Kind::Plain => {
                last.text.push_str(&piece.text);
            }
            _ => out.push(piece),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(statement: &str, expected: &str) {
        let text: String = layout(statement, Dialect::Generic)
            .into_iter()
            .map(|piece| piece.text)
            .collect();
        assert_eq!(text, expected);
    }

    #[test]
    fn a_clause_a_line() {
        check(
            "SELECT a.id, a.held FROM ledger.account AS a LEFT JOIN t ON t.id = a.id \
             WHERE a.id = $1 AND a.at BETWEEN ? AND ? OR b ORDER BY a.id LIMIT 5 FOR UPDATE",
            "SELECT a.id, a.held\n  FROM ledger.account AS a\n  LEFT JOIN t ON t.id = a.id\n \
             WHERE a.id = $1\n   AND a.at BETWEEN ? AND ?\n    OR b\n ORDER BY a.id\n \
             LIMIT 5\n   FOR UPDATE",
        );
        check(
            "insert into t (a, b) values ($1, $2) on conflict (a) do update set b = $2 returning a",
            "insert into t (a, b)\nvalues ($1, $2)\n    on conflict (a) do update set b = $2\n\
             returning a",
        );
        check(
            "update t set a = 1 where b = 2",
            "update t\n   set a = 1\n where b = 2",
        );
        check(
            "DELETE FROM t WHERE a IN (SELECT b FROM c)",
            "DELETE FROM t\n WHERE a IN (SELECT b FROM c)",
        );
    }

    #[test]
    fn lines_that_were_sent_are_kept() {
        check("SELECT 1\n  FROM t WHERE a", "SELECT 1\n  FROM t WHERE a");
        check("ROLLBACK", "ROLLBACK");
        check("", "");
    }

    #[track_caller]
    fn check_kinds(dialect: Dialect, statement: &str, expected: &[(&str, Kind)]) {
        let kinds: Vec<_> = layout(statement, dialect)
            .into_iter()
            .filter(|piece| piece.kind != Kind::Plain)
            .map(|piece| (piece.text, piece.kind))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(text, kind)| ((*text).to_owned(), *kind))
            .collect();
        assert_eq!(kinds, expected, "{dialect:?}: {statement}");
    }

    #[test]
    fn kinds_of_words_are_told_apart() {
        use Kind::{Comment, Keyword, Literal, Parameter};
        check_kinds(
            Dialect::PostgreSql,
            "SELECT 'it''s', 4.5, :id, x::text, $1, \"from\", t.order -- why",
            &[
                ("SELECT", Keyword),
                ("'it''s'", Literal),
                ("4.5", Literal),
                (":id", Parameter),
                ("$1", Parameter),
                ("-- why", Comment),
            ],
        );
        check_kinds(
            Dialect::MySql,
            "SELECT \"a text\", `order` FROM t WHERE a = ? AND b = %s /* why */",
            &[
                ("SELECT", Keyword),
                ("\"a text\"", Literal),
                ("FROM", Keyword),
                ("WHERE", Keyword),
                ("?", Parameter),
                ("AND", Keyword),
                ("%s", Parameter),
                ("/* why */", Comment),
            ],
        );
        check_kinds(
            Dialect::MsSql,
            "UPDATE [order] SET a = @p WHERE b = 'never closed",
            &[
                ("UPDATE", Keyword),
                ("SET", Keyword),
                ("@p", Parameter),
                ("WHERE", Keyword),
                ("'never closed", Literal),
            ],
        );
    }

    proptest! {
        #[test]
        fn no_word_is_changed(
            text in "[-a-zA-Z(),'\"?$:*/@%#\\[\\]\\\\\n火 ]{0,80}|select [a-z ]* from .*",
            dialect in prop::sample::select(&Dialect::ALL[..]),
        ) {
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            let shown: String = layout(&text, dialect).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(squeezed(&shown), squeezed(&text));
        }
    }
}
