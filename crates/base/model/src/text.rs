//! Shared, immutable strings: spans carry many equal names, and each is stored once per batch.

use std::sync::Arc;

/// A string that is cheap to clone. Names, hosts and statements are `Text`; bodies are `String`.
pub type Text = Arc<str>;

/// Replaces every name beyond a cardinality limit.
pub const OTHER: &str = "(other)";

/// Appends `text` as a JSON string.
pub fn push_json(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    let mut clean_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[clean_from..at]);
        clean_from = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                out.push_str("\\u00");
                out.push(char::from(DIGITS[usize::from(control >> 4)]));
                out.push(char::from(DIGITS[usize::from(control & 15)]));
            }
        }
    }
    out.push_str(&text[clean_from..]);
    out.push('"');
}
