//! Comma-separated values (RFC 4180) that a spreadsheet opens without running formulas.

use std::time::Duration;

/// One line, with CRLF at its end as RFC 4180 requires.
pub fn line<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push(&mut line, field);
    }
    line.push_str("\r\n");
    line
}

/// A time in milliseconds.
pub fn millis(time: Duration) -> String {
    format!("{}", time.as_nanos() as f64 / 1e6)
}

/// A time in milliseconds; empty when there is none.
pub fn some_millis(time: Option<Duration>) -> String {
    time.map(millis).unwrap_or_default()
}

fn push(line: &mut String, field: &str) {
    // A spreadsheet takes a field with such a first character for a formula. A negative number is
    // no formula.
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r'])
        && !(field.starts_with('-') && field.parse::<f64>().is_ok());
    let quoted = formula || field.contains([',', '"', '\n', '\r']);
    if !quoted {
        line.push_str(field);
        return;
    }
    line.push('"');
    if formula {
        line.push('\'');
    }
    for letter in field.chars() {
        if letter == '"' {
            line.push('"');
        }
        line.push(letter);
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_kept_from_it() {
        let cases = [
            ("GET /a", "GET /a"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(1)", "\"'=HYPERLINK(1)\""),
            ("+1", "\"'+1\""),
            ("-1.5", "-1.5"),
            ("-cmd", "\"'-cmd\""),
            ("@x", "\"'@x\""),
            ("two\nlines", "\"two\nlines\""),
        ];
        for (field, expected) in cases {
            assert_eq!(line([field]), format!("{expected}\r\n"), "{field}");
        }
    }
}
