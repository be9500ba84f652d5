//! A place in a list as an opaque text: hex of end, trace id and span id.

use hinomi_model::{Cursor, SpanId, TraceId, UnixNanos};

/// The text of a cursor.
pub(crate) fn encode(cursor: &Cursor) -> String {
    format!("{:016x}{}{}", cursor.end.0, cursor.trace_id, cursor.span_id)
}

/// The cursor of a text; `None` when it is none.
pub(crate) fn decode(text: &str) -> Option<Cursor> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let end = u64::from_str_radix(&text[..16], 16).ok()?;
    Some(Cursor {
        end: UnixNanos(end.cast_signed()),
        trace_id: text[16..48].parse::<TraceId>().ok()?,
        span_id: text[48..].parse::<SpanId>().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        for end in [0, -1, i64::MAX, 1_700_000_000_000_000_000] {
            let cursor = Cursor {
                end: UnixNanos(end),
                trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap(),
                span_id: "00f067aa0ba902b7".parse().unwrap(),
            };
            assert_eq!(decode(&encode(&cursor)), Some(cursor));
        }
    }

    #[test]
    fn other_texts_are_no_cursors() {
        for text in ["", "zz", &"0".repeat(64), &"é".repeat(32), &"+".repeat(64)] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
