//! The search language: what a person types to find a span or a transaction.
//!
//! ```text
//! q     = term { " " term }
//! term  = key "=" value | key "=*" | "status=" 3 digits | value
//! value = characters without space | "\"" characters, with \" and \\ , "\""
//! key   = letter or "_", then letters, digits, ".", "_", "-", ":", "/" | a quoted value
//! ```

use hinomi_store::Term;

/// Most terms of one search. Each term is tested on every span that fulfils the terms before it.
pub const MOST_TERMS: usize = 8;

/// The reasons for which a text is not a valid search.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The text has no terms.
    #[error("the search has no terms: write `key=value`, or the value of an attribute")]
    Empty,
    /// A quotation mark is not closed.
    #[error("a quotation mark is missing: write `key=\"some value\"`")]
    Quote,
    /// `key=` without a value.
    #[error("`{0}=` has no value: write `{0}=*` for any value or `{0}=\"\"` for an empty one")]
    NoValue(String),
    /// More than [`MOST_TERMS`].
    #[error("a search has at most {MOST_TERMS} terms; remove some")]
    TooMany,
}

/// The terms of a text. A word without `=` stands for the value of any attribute.
pub fn parse(text: &str) -> Result<Vec<Term>, TermsError> {
    let pieces = pieces(text)?;
    let terms: Vec<Term> = pieces
        .into_iter()
        .map(|(piece, _)| match piece {
            Piece::Term(term) => term,
            Piece::Bare(value) => Term::Any {
                value: value.into(),
            },
        })
        .collect();
    match terms.len() {
        0 => Err(TermsError::Empty),
        1..=MOST_TERMS => Ok(terms),
        _ => Err(TermsError::TooMany),
    }
}

/// Splits a text into the terms that name their attribute and the remaining words. A text without
/// such terms remains whole, with its quotation marks.
pub(crate) fn split(text: &str) -> Result<(Vec<Term>, Option<String>), TermsError> {
    let read = read(text)?;
    let terms = read.terms.into_iter().map(|(term, _)| term).collect();
    Ok((terms, read.rest))
}

/// The search of a list in pieces, so that each piece can be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces {
    /// The terms that name their attribute, as typed.
    pub terms: Vec<String>,
    /// The remaining words, searched as text.
    pub text: Option<String>,
}

impl Pieces {
    /// The pieces of a list's search text.
    pub fn of(question: &str) -> Result<Self, TermsError> {
        let read = read(question)?;
        let terms = read.terms.into_iter();
        Ok(Self {
            terms: terms.map(|(_, written)| written.to_owned()).collect(),
            text: read.rest,
        })
    }

    /// The search text made of these pieces.
    pub fn question(&self) -> String {
        if self.terms.is_empty() {
            return self.text.clone().unwrap_or_default();
        }
        let text = self.text.iter().flat_map(|text| {
            // Next to terms, a quotation mark would begin a quoted value.
            let quoted = text.contains('"');
            let words = text.split(' ').filter(|word| !word.is_empty());
            words.map(move |word| if quoted { quote(word) } else { word.to_owned() })
        });
        self.terms
            .iter()
            .cloned()
            .chain(text)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The term for an attribute with this value. An empty value or `*` stands for any value.
pub fn term(key: &str, value: &str) -> String {
    let plain_key = is_key(key);
    let key_text = if plain_key {
        key.to_owned()
    } else {
        quote(key)
    };
    let plain = !value.contains(|letter: char| letter.is_whitespace() || letter == '"')
        && (key != "status" || http_status(value).is_none());
    match value {
        "" | "*" => format!("{key_text}=*"),
        value if plain => format!("{key_text}={value}"),
        value => format!("{key_text}={}", quote(value)),
    }
}

fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// The terms, each with its source text, and the remaining words.
struct Read<'a> {
    terms: Vec<(Term, &'a str)>,
    rest: Option<String>,
}

fn read(text: &str) -> Result<Read<'_>, TermsError> {
    let pieces = match pieces(text) {
        Ok(pieces) => pieces,
        // A single quotation mark may be a searched character.
        Err(TermsError::Quote) if !text.contains('=') => Vec::new(),
        Err(error) => return Err(error),
    };
    let (mut terms, mut words) = (Vec::new(), Vec::new());
    for (piece, written) in pieces {
        match piece {
            Piece::Term(term) => terms.push((term, written)),
            Piece::Bare(word) => words.push(word),
        }
    }
    if terms.len() > MOST_TERMS {
        return Err(TermsError::TooMany);
    }
    let rest = if terms.is_empty() {
        text.trim().to_owned()
    } else {
        words.join(" ")
    };
    let rest = Some(rest).filter(|rest| !rest.is_empty());
    Ok(Read { terms, rest })
}

enum Piece {
    Term(Term),
    Bare(String),
}

/// The pieces of a text, each with its source text.
fn pieces(text: &str) -> Result<Vec<(Piece, &str)>, TermsError> {
    let mut rest = text.trim_start();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, behind) = piece(rest)?;
        pieces.push((piece, &rest[..rest.len() - behind.len()]));
        rest = behind.trim_start();
    }
    Ok(pieces)
}

fn piece(text: &str) -> Result<(Piece, &str), TermsError> {
    let (key, behind, quoted) = match text.strip_prefix('"') {
        Some(inside) => {
            let (key, behind) = unquote(inside)?;
            (key, behind, true)
        }
        None => {
            let end = text
                .find(|letter: char| letter == '=' || letter.is_whitespace())
                .unwrap_or(text.len());
            (text[..end].to_owned(), &text[end..], false)
        }
    };
    let value = behind.strip_prefix('=');
    let Some(value) = value.filter(|_| quoted || is_key(&key)) else {
        if quoted {
            return Ok((Piece::Bare(key), behind));
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((Piece::Bare(text[..end].to_owned()), &text[end..]));
    };
    if let Some(inside) = value.strip_prefix('"') {
        let (value, behind) = unquote(inside)?;
        let (key, value) = (key.into(), value.into());
        return Ok((Piece::Term(Term::Is { key, value }), behind));
    }
    let end = value.find(char::is_whitespace).unwrap_or(value.len());
    let (value, behind) = value.split_at(end);
    let term = match value {
        "" => return Err(TermsError::NoValue(key)),
        "*" => Term::Has { key: key.into() },
        value => match http_status(value).filter(|_| key == "status" && !quoted) {
            Some(status) => Term::HttpStatus(status),
            None => Term::Is {
                key: key.into(),
                value: value.into(),
            },
        },
    };
    Ok((Piece::Term(term), behind))
}

/// Splits the text behind an opening quotation mark into the quoted value and the rest.
fn unquote(inside: &str) -> Result<(String, &str), TermsError> {
    let mut value = String::new();
    let mut letters = inside.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((value, &inside[at + 1..])),
            '\\' => match letters.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            letter => value.push(letter),
        }
    }
    Err(TermsError::Quote)
}

fn is_key(text: &str) -> bool {
    let mut letters = text.chars();
    letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || "._-:/".contains(letter))
}

fn http_status(text: &str) -> Option<u16> {
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    let status = text.parse().ok().filter(|_| digits)?;
    (100..600).contains(&status).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(key: &str, value: &str) -> Term {
        Term::Is {
            key: key.into(),
            value: value.into(),
        }
    }

    fn any(value: &str) -> Term {
        Term::Any {
            value: value.into(),
        }
    }

    #[test]
    fn a_text_is_its_terms() {
        for (text, expected) in [
            ("12345", vec![any("12345")]),
            ("order.id=12345", vec![is("order.id", "12345")]),
            ("  a=1   b=2 ", vec![is("a", "1"), is("b", "2")]),
            (
                r#"a="x \"y\" \\ z" q"#,
                vec![is("a", r#"x "y" \ z"#), any("q")],
            ),
            (r#""two words""#, vec![any("two words")]),
            (r#""odd key"=1"#, vec![is("odd key", "1")]),
            (r#"a="""#, vec![is("a", "")]),
            (r#"a="*""#, vec![is("a", "*")]),
            ("a=*", vec![Term::Has { key: "a".into() }]),
            ("status=500", vec![Term::HttpStatus(500)]),
            ("status=paid", vec![is("status", "paid")]),
            (r#"status="500""#, vec![is("status", "500")]),
            ("status=999", vec![is("status", "999")]),
            ("/x?a=b", vec![any("/x?a=b")]),
            ("a=b=c", vec![is("a", "b=c")]),
            ("注文=12", vec![is("注文", "12")]),
            (
                "app.kubernetes.io/name=x",
                vec![is("app.kubernetes.io/name", "x")],
            ),
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_question_says_why() {
        assert_eq!(parse("  "), Err(TermsError::Empty));
        assert_eq!(parse("a=\"b"), Err(TermsError::Quote));
        assert_eq!(parse("\"b\\"), Err(TermsError::Quote));
        assert_eq!(parse("a= b"), Err(TermsError::NoValue("a".into())));
        assert_eq!(parse("a b c d e f g h i"), Err(TermsError::TooMany));
    }

    #[test]
    fn a_list_takes_terms_and_leaves_the_rest_as_text() {
        let split = |text: &str| split(text).unwrap();
        assert_eq!(split("GET  /x"), (vec![], Some("GET  /x".into())));
        assert_eq!(split("say \"hi"), (vec![], Some("say \"hi".into())));
        assert_eq!(split(""), (vec![], None));
        assert_eq!(split("/x?a=b"), (vec![], Some("/x?a=b".into())));
        assert_eq!(split("status=500"), (vec![Term::HttpStatus(500)], None));
        let both = (vec![is("a", "1")], Some("slow pod".into()));
        assert_eq!(split("slow a=1 pod"), both);
    }

    #[test]
    fn a_question_is_its_pieces_and_each_can_be_taken_out() {
        let mut pieces = Pieces::of(r#"slow  a=1 b="x y" pod"#).unwrap();
        assert_eq!(pieces.terms, ["a=1", r#"b="x y""#]);
        assert_eq!(pieces.text.as_deref(), Some("slow pod"));
        assert_eq!(pieces.question(), r#"a=1 b="x y" slow pod"#);
        pieces.terms.remove(0);
        assert_eq!(pieces.question(), r#"b="x y" slow pod"#);
        pieces.text = None;
        assert_eq!(pieces.question(), r#"b="x y""#);
        assert_eq!(Pieces::of("say \"hi").unwrap().question(), "say \"hi");
        assert_eq!(Pieces::of("a="), Err(TermsError::NoValue("a".into())));
    }

    #[test]
    fn text_with_quotation_marks_stays_text_beside_a_term() {
        let pieces = Pieces {
            terms: vec!["a=1".into()],
            text: Some(r#"say "hi" \now"#.into()),
        };
        let expected = (vec![is("a", "1")], Some(r#"say "hi" \now"#.into()));
        assert_eq!(split(&pieces.question()).unwrap(), expected);
    }

    #[test]
    fn a_term_that_is_put_together_asks_for_just_that() {
        for (key, value) in [
            ("order.id", "12345"),
            ("user.name", "A B"),
            ("odd key", r#"say "hi" \"#),
            ("status", "500"),
            ("注文", "十二"),
            ("a", "b=c"),
            ("a\"b", "\""),
        ] {
            assert_eq!(
                parse(&term(key, value)).unwrap(),
                [is(key, value)],
                "{key}={value}"
            );
        }
        for value in ["", "*"] {
            let any = Term::Has { key: "a".into() };
            assert_eq!(parse(&term("a", value)).unwrap(), [any]);
        }
    }
}
