//! The outline of a statement: cheap to make, and statements with equal outlines have equal
//! fingerprints. It is the key of a cache of fingerprints, so that statements with literal values
//! are tokenised only once.
//!
//! Only values that every dialect reads the same way are removed: whole decimal numbers, and plain
//! texts in single quotes. A statement with comments, other quotes or escapes is its own outline.

use std::borrow::Cow;

/// The outline of a statement. Statements with the same outline have the same fingerprint, in any
/// dialect.
pub fn outline(statement: &str) -> Cow<'_, str> {
    let bytes = statement.as_bytes();
    let plain = |byte: &u8| !matches!(byte, b'"' | b'`' | b'$' | b'\\' | b'#' | b'@' | b'{');
    let values = |byte: &u8| byte.is_ascii_digit() || *byte == b'\'';
    let commented = statement.contains("--") || statement.contains("/*");
    // Three quotes are an escaped quote at the edge of a text, or, in some dialects, the start of a
    // text.
    let tripled = statement.contains("'''");
    if commented || tripled || !bytes.iter().all(plain) || !bytes.iter().any(values) {
        return Cow::Borrowed(statement);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let joined = at > 0 && is_word(bytes[at - 1]);
        match bytes[at] {
            b'0'..=b'9' if !joined => {
                let end = end_of(bytes, at, |byte| byte.is_ascii_digit());
                if bytes.get(end).is_some_and(|next| is_word(*next)) {
                    let end = end_of(bytes, at, is_word);
                    out.extend_from_slice(&bytes[at..end]);
                    at = end;
                } else {
                    out.push(b'0');
                    at = end;
                }
            }
            b'\'' if joined => return Cow::Borrowed(statement),
            b'\'' => match end_of_text(bytes, at + 1) {
                Some(end) => {
                    out.extend_from_slice(b"''");
                    at = end;
                }
                None => return Cow::Borrowed(statement),
            },
            other => {
                out.push(other);
                at += 1;
            }
        }
    }
    match String::from_utf8(out) {
        Ok(outline) => Cow::Owned(outline),
        Err(_) => Cow::Borrowed(statement),
    }
}

/// Whether the byte can be part of a word or number.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || byte >= 0x80
}

fn end_of(bytes: &[u8], from: usize, inside: impl Fn(u8) -> bool) -> usize {
    let length = bytes[from..]
        .iter()
        .take_while(|byte| inside(**byte))
        .count();
    from + length
}

/// The end of the text that begins at `from`. A doubled quote does not end it.
fn end_of_text(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let end = from + bytes[from..].iter().position(|byte| *byte == b'\'')?;
        if bytes.get(end + 1) != Some(&b'\'') {
            return Some(end + 1);
        }
        from = end + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, fingerprint};
    use proptest::prelude::*;

    #[test]
    fn values_go_and_everything_else_stays() {
        let same = "SELECT a1 FROM t2 WHERE x = 0 AND y = '' LIMIT 0";
        assert_eq!(
            outline("SELECT a1 FROM t2 WHERE x = 42 AND y = 'O''Brien' LIMIT 7"),
            same
        );
        for own in [
            "SELECT \"a\" WHERE x = 1",
            "SELECT 1 -- 2",
            "x = E'a'",
            "x = 'a",
            "a = $1",
            "a = '''b' c '''",
        ] {
            assert_eq!(outline(own), own);
        }
        assert_eq!(
            outline("x = 1.5 AND y = 1e5 AND z = 0x1f"),
            "x = 1.5 AND y = 1e5 AND z = 0x1f"
        );
    }

    proptest! {
        #[test]
        fn statements_of_one_outline_have_one_fingerprint(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "SELECT", " ", "x", "=", ",", "(", ")", "''", "'", "1", "23", ".", "-", "IN",
                    "VALUES", "é", "e", ";", "?", ":p", "LIMIT", "N", "\n", "*", "||",
                ]),
                0..24,
            ),
        ) {
            let text: String = parts.concat();
            let outline = outline(&text).into_owned();
            for dialect in Dialect::ALL {
                prop_assert_eq!(
                    fingerprint(&text, dialect).text,
                    fingerprint(&outline, dialect).text,
                    "{:?} and {:?}", text, outline
                );
            }
        }
    }
}
