//! Turns a statement's tokens into pieces: values become marks, keywords get one case, comments and
//! white space are removed.

use sqlparser::{
    dialect::Dialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer, Word},
};

/// An element of a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A value or a placeholder for one.
    Mark,
    /// A keyword, in upper case.
    Keyword(String),
    /// Any other word, as written, quotes included.
    Word(String),
    /// Punctuation or an operator.
    Symbol(String),
}

impl Piece {
    pub fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Keyword(text) if text == keyword)
    }

    pub fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self, Self::Symbol(text) if text == symbol)
    }
}

/// Words that are written in upper case when they stand alone. Words that are often column names
/// (`key`, `name`, `value`, `type`) are not in the list: two fingerprints of one statement are
/// better than a column name in upper case.
const KEYWORDS: &[&str] = &[
    "ALL",
    "ALTER",
    "ANALYZE",
    "AND",
    "ANY",
    "AS",
    "ASC",
    "AVG",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CALL",
    "CASE",
    "CAST",
    "COALESCE",
    "COMMIT",
    "CONFLICT",
    "COUNT",
    "CREATE",
    "CROSS",
    "DECLARE",
    "DEFAULT",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DO",
    "DROP",
    "DUPLICATE",
    "ELSE",
    "END",
    "EXCEPT",
    "EXEC",
    "EXECUTE",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FETCH",
    "FOR",
    "FROM",
    "FULL",
    "GRANT",
    "GROUP",
    "HAVING",
    "IF",
    "ILIKE",
    "IN",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTERVAL",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCKED",
    "MAX",
    "MERGE",
    "MIN",
    "NATURAL",
    "NOT",
    "NOTHING",
    "NOWAIT",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "RECURSIVE",
    "REPLACE",
    "RETURNING",
    "REVOKE",
    "RIGHT",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SKIP",
    "SUM",
    "TABLE",
    "THEN",
    "TOP",
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

/// The pieces of `text`. When the tokenizer fails at a quote that is never closed, the rest becomes
/// one mark.
pub(super) fn read(text: &str, dialect: &dyn Dialect) -> Vec<Piece> {
    let mut tokens = Vec::new();
    let mut tokenizer = Tokenizer::new(dialect, text).with_unescape(false);
    let complete = tokenizer
        .tokenize_with_location_into_buf(&mut tokens)
        .is_ok();
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        pieces: Vec::with_capacity(tokens.len()),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    if !complete {
        reader.mark();
    }
    while reader
        .pieces
        .last()
        .is_some_and(|piece| piece.is_symbol(";"))
    {
        reader.pieces.pop();
    }
    reader.pieces
}

struct Reader<'t> {
    tokens: &'t [TokenWithSpan],
    at: usize,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    fn step(&mut self) {
        let token = &self.tokens[self.at].token;
        let taken = self.placeholder();
        if taken > 0 {
            self.mark();
            self.at += taken;
            return;
        }
        match token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::Word(word) => self.word(word),
            Token::Char(blank) if blank.is_whitespace() || blank.is_control() => {}
            Token::Question => self.mark(),
            symbol => {
                let text = symbol.to_string();
                // This covers every literal and placeholder, also those that later versions add: an
                // operator has no letter, no digit and no quote.
                let literal = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '"' | '$' | '_');
                if text == "?" || text.contains(literal) {
                    self.mark();
                } else {
                    self.pieces.push(Piece::Symbol(text));
                }
            }
        }
        self.at += 1;
    }

    /// Number of tokens from here that form one placeholder: `:name`, `:1`, `@p`, `%s`, `%(name)s`.
    fn placeholder(&self) -> usize {
        let token = |ahead: usize| self.tokens.get(self.at + ahead).map(|token| &token.token);
        let glued = self.at > 0
            && matches!(
                self.tokens[self.at - 1].token,
                Token::Word(_) | Token::Number(..) | Token::RParen
            );
        let format = |word: &Word| {
            word.quote_style.is_none() && matches!(&*word.value, "s" | "d" | "b" | "t")
        };
        match (token(0), token(1)) {
            (Some(Token::Colon | Token::AtSign), Some(Token::Word(_) | Token::Number(..))) => 2,
            (Some(Token::Mod), Some(Token::Word(word))) if !glued && format(word) => 2,
            (Some(Token::Mod), Some(Token::LParen)) if !glued => {
                match (token(2), token(3), token(4)) {
                    (Some(Token::Word(_)), Some(Token::RParen), Some(Token::Word(word)))
                        if format(word) =>
                    {
                        5
                    }
                    _ => 0,
                }
            }
            _ => 0,
        }
    }

    fn word(&mut self, word: &Word) {
        if word.quote_style.is_some() {
            self.pieces.push(Piece::Word(word.to_string()));
            return;
        }
        // A parameter; or a number, because MySQL's names may begin with digits and the tokenizer
        // reads some numbers as names.
        let parameter = word.value.starts_with('@') && !word.value.starts_with("@@");
        if parameter || is_number(&word.value) {
            self.mark();
            return;
        }
        let qualified = self.pieces.last().is_some_and(|piece| piece.is_symbol("."))
            || self
                .tokens
                .get(self.at + 1)
                .is_some_and(|next| next.token == Token::Period);
        let upper = word.value.to_ascii_uppercase();
        if qualified || !KEYWORDS.contains(&&*upper) {
            // The verb of a statement is in upper case even when it is not in the list: PRAGMA,
            // VACUUM, COPY.
            let verb = self.pieces.is_empty() && !qualified;
            self.pieces
                .push(Piece::Word(if verb { upper } else { word.value.clone() }));
            return;
        }
        let tests = |piece: &Piece| piece.is_keyword("IS") || piece.is_keyword("NOT");
        let literal = matches!(&*upper, "NULL" | "TRUE" | "FALSE");
        if literal && !self.pieces.last().is_some_and(tests) {
            self.mark();
        } else {
            self.pieces.push(Piece::Keyword(upper));
        }
    }

    /// Adds a mark. A sign that belongs to the number, not to the expression, becomes part of it.
    fn mark(&mut self) {
        while let [before @ .., Piece::Symbol(sign)] = &*self.pieces {
            let operand = match before.last() {
                Some(Piece::Mark | Piece::Word(_)) => true,
                Some(Piece::Symbol(symbol)) => matches!(&**symbol, ")" | "]"),
                Some(Piece::Keyword(_)) | None => false,
            };
            if operand || !matches!(&**sign, "-" | "+") {
                break;
            }
            self.pieces.pop();
        }
        self.pieces.push(Piece::Mark);
    }
}

/// Whether a word is a number such as `.1e5` or `1e5`.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c == '.' || c.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E'))
}
