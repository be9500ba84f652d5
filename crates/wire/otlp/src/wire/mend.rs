//! Repairs invalid Unicode in a JSON body, so that one bad character does not refuse the body.
//! Examples are a name that JavaScript's `slice` has cut in the middle of an emoji, and Latin-1
//! bytes of a header.
//!
//! Positions do not change: a single escaped surrogate becomes `\ufffd`, and each byte that is not
//! UTF-8 becomes a question mark.

use std::borrow::Cow;

/// The body as text that a JSON reader accepts, if the body is JSON.
pub(super) fn mend(body: &[u8]) -> Cow<'_, str> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(without_stray_bytes(body)),
    };
    let Some(mut at) = lone_half(text.as_bytes(), 0) else {
        return text;
    };
    let (mut mended, mut from) = (String::with_capacity(text.len()), 0);
    loop {
        mended.push_str(&text[from..at]);
        mended.push_str("\\ufffd");
        from = at + ESCAPE;
        match lone_half(text.as_bytes(), from) {
            Some(next) => at = next,
            None => break,
        }
    }
    mended.push_str(&text[from..]);
    Cow::Owned(mended)
}

/// Length of `\u` with four digits, in bytes.
const ESCAPE: usize = 6;

fn without_stray_bytes(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|_| text.push('?'));
    }
    text
}

/// Position, from `at` on, of an escaped surrogate without its other half. Only texts have
/// backslashes, so the start of texts need not be known.
fn lone_half(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'\\', text.get(at..)?)?;
        match half(text, at) {
            None => at += 2,
            Some(Half::High) if half(text, at + ESCAPE) == Some(Half::Low) => at += 2 * ESCAPE,
            Some(_) => return Some(at),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// The surrogate that is escaped at `at`.
fn half(text: &[u8], at: usize) -> Option<Half> {
    let escape = text.get(at..at + ESCAPE)?;
    let [b'\\', b'u', b'd' | b'D', second, third, fourth] = escape else {
        return None;
    };
    if !(third.is_ascii_hexdigit() && fourth.is_ascii_hexdigit()) {
        return None;
    }
    match second.to_ascii_lowercase() {
        b'8' | b'9' | b'a' | b'b' => Some(Half::High),
        b'c'..=b'f' => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_halves_and_stray_bytes_are_replaced_and_all_else_stays() {
        for (body, expected) in [
            (&br#"{"a":"b"}"#[..], r#"{"a":"b"}"#),
            (br#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (br#""\uD83D""#, r#""\ufffd""#),
            (br#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (
                br#""\ud83d\ud83d\ude00 \udc00""#,
                r#""\ufffd\ud83d\ude00 \ufffd""#,
            ),
            (br#""\\ud83d \\\ud83d""#, r#""\\ud83d \\\ufffd""#),
            (br#""\ud83""#, r#""\ud83""#),
            (br#""\u00e9\d""#, r#""\u00e9\d""#),
            (b"\"caf\xe9 \xf0\x9f\"", "\"caf? ??\""),
            (b"\\", "\\"),
            (b"", ""),
        ] {
            assert_eq!(mend(body), expected);
        }
        assert!(matches!(mend(b"{}"), Cow::Borrowed(_)));
    }
}
