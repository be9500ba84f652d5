//! A place in a list as an opaque text: hex of end, trace id and span id. A place in a trace: hex
//! of start, end, span id and the number of the span's kind.

use hinomi_model::{Cursor, SpanId, SpanKind, TraceId, UnixNanos};
use hinomi_query::answer::TracePlace;

/// The text of a cursor.
pub fn encode(cursor: &Cursor) -> String {
    format!("{:016x}{}{}", cursor.end.0, cursor.trace_id, cursor.span_id)
}

/// The cursor that a text stands for; `None` when the text is not a cursor.
pub fn decode(text: &str) -> Option<Cursor> {
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

/// The text of a place in a trace.
pub fn encode_place(place: &TracePlace) -> String {
    let TracePlace {
        start,
        end,
        span_id,
        kind,
    } = place;
    format!("{:016x}{:016x}{span_id}{:x}", start.0, end.0, *kind as u8)
}

/// The place that a text stands for; `None` when the text is not a place.
pub fn decode_place(text: &str) -> Option<TracePlace> {
    // Links of older versions have no kind: they go on after all spans of that place.
    let (text, kind) = match text.len() {
        48 => (text, SpanKind::Consumer),
        49 if text.is_ascii() => {
            let kind = i32::from_str_radix(&text[48..], 16).ok()?;
            (&text[..48], SpanKind::from_otlp(kind))
        }
        _ => return None,
    };
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let instant = |text| {
        let bits = u64::from_str_radix(text, 16).ok()?;
        Some(UnixNanos(bits.cast_signed()))
    };
    Some(TracePlace {
        start: instant(&text[..16])?,
        end: instant(&text[16..32])?,
        span_id: text[32..].parse().ok()?,
        kind,
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

    #[test]
    fn a_place_in_a_trace_survives_its_text() {
        let place = TracePlace {
            start: UnixNanos(-5),
            end: UnixNanos(i64::MAX),
            span_id: "00f067aa0ba902b7".parse().unwrap(),
            kind: SpanKind::Server,
        };
        let text = encode_place(&place);
        assert_eq!(decode_place(&text), Some(place));
        let of_before = decode_place(&text[..48]).unwrap();
        assert!(of_before > place && of_before.span_id == place.span_id);
        for other in ["", &text[2..], &text.replace('f', "+"), &"0".repeat(48)] {
            assert_eq!(decode_place(other), None, "{other}");
        }
    }
}
