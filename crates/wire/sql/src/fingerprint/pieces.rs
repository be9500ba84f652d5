//! Turns a statement's tokens into pieces: values become marks, keywords get one case, comments and
//! white space are removed.

use crate::{
    Dialect,
    keywords::KEYWORDS,
    lexer::{self, Tokens, is_literal, is_value},
};
use sqlparser::tokenizer::{Token, Word};

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

/// The pieces of `text`. When a quote is never closed, the rest becomes one mark.
pub(super) fn read(text: &str, dialect: Dialect) -> Vec<Piece> {
    let tokens = lexer::read(text, dialect);
    let mut reader = Reader {
        tokens: &tokens,
        at: 0,
        pieces: Vec::with_capacity(tokens.len()),
    };
    while let Some(token) = tokens.get(reader.at) {
        reader.step(token);
    }
    if !tokens.complete {
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
    tokens: &'t Tokens,
    at: usize,
    pieces: Vec<Piece>,
}

impl Reader<'_> {
    fn step(&mut self, token: &Token) {
        let taken = self.tokens.placeholder(self.at);
        if taken > 0 {
            self.mark();
            self.at += taken;
            return;
        }
        match token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::Word(word) => self.word(word),
            Token::Char(blank) if blank.is_whitespace() || blank.is_control() => {}
            symbol => {
                let text = symbol.to_string();
                if is_literal(&text) {
                    self.mark();
                } else {
                    self.pieces.push(Piece::Symbol(text));
                }
            }
        }
        self.at += 1;
    }

    fn word(&mut self, word: &Word) {
        if word.quote_style.is_some() {
            self.pieces.push(Piece::Word(word.to_string()));
            return;
        }
        if is_value(&word.value) {
            self.mark();
            return;
        }
        let qualified = self.pieces.last().is_some_and(|piece| piece.is_symbol("."))
            || self.tokens.get(self.at + 1) == Some(&Token::Period);
        let upper = word.value.to_ascii_uppercase();
        if qualified || !KEYWORDS.contains(&&*upper) {
            // The verb of a statement is in upper case even when it is not in the list: PRAGMA,
            // VACUUM, COPY. A single name with an underscore is a stored procedure.
            let verb = self.pieces.is_empty() && !qualified && !upper.contains('_');
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
