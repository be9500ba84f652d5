//! Lays out a SQL statement for reading: one clause a line, keywords right-aligned in a column, and
//! each token marked with its kind. A statement that already has line breaks keeps them. Words are
//! never changed.

use super::clean::{self, BODY_MAX};

/// A piece of a statement and its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Text of the piece, white space included.
    pub(crate) text: String,
    /// Its kind.
    pub(crate) kind: Kind,
}

/// The kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Names, operators, white space.
    Plain,
    /// A keyword.
    Keyword,
    /// A quoted text or a number.
    Literal,
    /// A placeholder: `?`, `$1`, `:name`, `@name`, `%s`.
    Parameter,
    /// A comment.
    Comment,
}

impl Kind {
    /// The CSS class, empty for plain text.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Keyword => "kw",
            Self::Literal => "lit",
            Self::Parameter => "par",
            Self::Comment => "com",
        }
    }
}

/// The statement in pieces.
pub(crate) fn pieces(statement: &str) -> Vec<Piece> {
    let text = clean::block(statement.trim(), BODY_MAX);
    let tokens = tokens(&text);
    let pieces = if text.contains('\n') {
        tokens.iter().map(|token| token.piece()).collect()
    } else {
        laid_out(&tokens)
    };
    joined(pieces)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Token<'a> {
    text: &'a str,
    kind: Kind,
}

impl Token<'_> {
    fn piece(self) -> Piece {
        Piece {
            text: self.text.to_owned(),
            kind: self.kind,
        }
    }

    fn is(self, word: &str) -> bool {
        self.kind == Kind::Keyword && self.text.eq_ignore_ascii_case(word)
    }
}

const KEYWORDS: &[&str] = &[
    "ALL",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COMMIT",
    "CONFLICT",
    "CREATE",
    "CROSS",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DO",
    "DROP",
    "DUPLICATE",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FETCH",
    "FIRST",
    "FOR",
    "FROM",
    "FULL",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCKED",
    "MERGE",
    "NEXT",
    "NOT",
    "NOTHING",
    "NOWAIT",
    "NULL",
    "NULLS",
    "LAST",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "RECURSIVE",
    "REPLACE",
    "RETURNING",
    "RIGHT",
    "ROLLBACK",
    "ROWS",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHARE",
    "SKIP",
    "START",
    "TABLE",
    "THEN",
    "TRANSACTION",
    "TRUE",
    "TRUNCATE",
    "UNION",
    "UPDATE",
    "UPSERT",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, kind) = measure(rest, first);
        let (token, after) = rest.split_at(length.max(first.len_utf8()));
        out.push(Token { text: token, kind });
        rest = after;
    }
    out
}

fn measure(rest: &str, first: char) -> (usize, Kind) {
    match first {
        _ if first.is_whitespace() => (run(rest, char::is_whitespace), Kind::Plain),
        '\'' => (quoted(rest, '\''), Kind::Literal),
        '"' | '`' => (quoted(rest, first), Kind::Plain),
        '-' if rest.starts_with("--") => (rest.find('\n').unwrap_or(rest.len()), Kind::Comment),
        '/' if rest.starts_with("/*") => (
            rest.find("*/").map_or(rest.len(), |at| at + 2),
            Kind::Comment,
        ),
        '0'..='9' => (
            run(rest, |c| c.is_alphanumeric() || c == '.'),
            Kind::Literal,
        ),
        '?' => (1, Kind::Parameter),
        '%' if rest.starts_with("%s") => (2, Kind::Parameter),
        '$' | '@' => (1 + run(&rest[1..], is_word), Kind::Parameter),
        ':' if rest.starts_with("::") => (2 + run(&rest[2..], is_word), Kind::Plain),
        ':' if rest[1..].starts_with(is_word) => (1 + run(&rest[1..], is_word), Kind::Parameter),
        _ if is_word(first) => {
            let length = run(rest, is_word);
            let keyword = KEYWORDS
                .iter()
                .any(|word| word.eq_ignore_ascii_case(&rest[..length]));
            (length, if keyword { Kind::Keyword } else { Kind::Plain })
        }
        _ => (first.len_utf8(), Kind::Plain),
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn run(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.find(|character| !inside(character))
        .unwrap_or(text.len())
}

/// Length of a quoted text. A doubled quote does not end it.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// Width of the keyword column: the length of `SELECT`, `INSERT`, `UPDATE`, `DELETE`.
const RIVER: usize = 6;

fn laid_out(tokens: &[Token<'_>]) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
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
            out.push(Piece {
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
    token: Token<'_>,
    previous: Option<Token<'_>>,
    next: Option<Token<'_>>,
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

fn word_before<'a>(tokens: &[Token<'a>], index: usize) -> Option<Token<'a>> {
    tokens[..index]
        .iter()
        .rev()
        .find(|token| !token.text.trim().is_empty())
        .copied()
}

fn word_after<'a>(tokens: &[Token<'a>], index: usize) -> Option<Token<'a>> {
    tokens[index + 1..]
        .iter()
        .find(|token| !token.text.trim().is_empty())
        .copied()
}

/// Merges adjacent pieces of the same kind.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::with_capacity(pieces.len());
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
        let text: String = pieces(statement)
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

    #[test]
    fn kinds_of_words_are_told_apart() {
        let kinds: Vec<_> = pieces("SELECT 'it''s', 4.5, :id, x::text -- why")
            .into_iter()
            .filter(|piece| piece.kind != Kind::Plain)
            .map(|piece| (piece.text, piece.kind))
            .collect();
        let expected = [
            ("SELECT", Kind::Keyword),
            ("'it''s'", Kind::Literal),
            ("4.5", Kind::Literal),
            (":id", Kind::Parameter),
            ("-- why", Kind::Comment),
        ];
        assert_eq!(kinds, expected.map(|(text, kind)| (text.to_owned(), kind)));
    }

    proptest! {
        #[test]
        fn no_word_is_changed(text in "[-a-zA-Z(),'\"?$:*/火 ]{0,80}|select [a-z ]* from .*") {
            let squeezed = |text: &str| text.split_whitespace().collect::<String>();
            let shown: String = pieces(&text).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(squeezed(&shown), squeezed(&clean::block(text.trim(), BODY_MAX)));
        }
    }
}
