//! Splits a statement into tokens, and says which of them form one placeholder.

use crate::Dialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

/// The tokens of a statement, white space and comments included.
pub(crate) struct Tokens {
    tokens: Vec<TokenWithSpan>,
    /// Whether the whole statement was read. The tokenizer stops at a quote that is never closed.
    pub(crate) complete: bool,
}

/// The tokens of `text`. Quoted texts stay as written.
pub(crate) fn read(text: &str, dialect: Dialect) -> Tokens {
    let mut tokens = Vec::new();
    let mut tokenizer = Tokenizer::new(dialect.parser(), text).with_unescape(false);
    let complete = tokenizer
        .tokenize_with_location_into_buf(&mut tokens)
        .is_ok();
    Tokens { tokens, complete }
}

impl Tokens {
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|token| &token.token)
    }

    /// Whether the word at `at` is a part of a qualified name: there is a point beside it.
    pub(crate) fn qualified(&self, at: usize) -> bool {
        let point = |at: Option<usize>| at.and_then(|at| self.get(at)) == Some(&Token::Period);
        point(at.checked_sub(1)) || point(Some(at + 1))
    }

    /// Number of tokens from `at` that form one placeholder: `:name`, `:1`, `@p`, `%s`, `%(name)s`.
    /// 0 when there is none, or when it is a token of its own, as `?` and `$1` are.
    pub(crate) fn placeholder(&self, at: usize) -> usize {
        let token = |ahead: usize| self.get(at + ahead);
        let glued = at > 0
            && matches!(
                self.tokens[at - 1].token,
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

    /// Where each token ends in `text`, in bytes. `text` is the text that was read.
    pub(crate) fn ends(&self, text: &str) -> Vec<usize> {
        let (mut line, mut column) = (1, 1);
        let mut characters = text.char_indices().peekable();
        self.tokens
            .iter()
            .map(|token| {
                let end = (token.span.end.line, token.span.end.column);
                while (line, column) < end
                    && let Some((_, character)) = characters.next()
                {
                    (line, column) = match character {
                        '\n' => (line + 1, 1),
                        _ => (line, column + 1),
                    };
                }
                characters.peek().map_or(text.len(), |(at, _)| *at)
            })
            .collect()
    }
}

/// Whether an unquoted word is a value: a parameter `@p`, or a number such as `.1e5` or `1e5`,
/// because MySQL's names may begin with digits and the tokenizer reads some numbers as names.
pub(crate) fn is_value(word: &str) -> bool {
    let parameter = word.starts_with('@') && !word.starts_with("@@");
    parameter || is_number(word)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c == '.' || c.is_ascii_digit())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E'))
}

/// Whether the text of a token other than a word is a literal or a placeholder. This covers those
/// that later versions of the tokenizer add: an operator has no letter, no digit and no quote.
pub(crate) fn is_literal(text: &str) -> bool {
    text == "?"
        || text.contains(|c: char| c.is_alphanumeric() || matches!(c, '\'' | '"' | '$' | '_'))
}
