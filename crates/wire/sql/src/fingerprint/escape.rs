//! The escape of JDBC and ODBC for calls of stored procedures: `{call f(?)}`, `{? = call f(?)}`.

/// Whether the text is such a call.
pub fn is_escaped_call(text: &str) -> bool {
    inner(text).is_some()
}

/// The call inside the escape. Its end may be cut off.
pub(super) fn inner(text: &str) -> Option<&str> {
    let text = text.trim().strip_prefix('{')?.trim_start();
    let text = match text.strip_prefix('?') {
        Some(rest) => rest.trim_start().strip_prefix('=')?.trim_start(),
        None => text,
    };
    let (verb, rest) = text.split_at_checked("call".len())?;
    let is_call = verb.eq_ignore_ascii_case("call") && rest.starts_with(char::is_whitespace);
    is_call.then(|| text.trim_end_matches(|c: char| matches!(c, '}' | ';') || c.is_whitespace()))
}
