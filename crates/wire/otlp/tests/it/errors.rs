//! The type of an error.

use crate::support::{decode, event, span, with_status};
use hinomi_model::SpanKind;

#[track_caller]
fn check(code: i32, attributes: &str, exceptions: &[&str], expected: Option<&str>) {
    let mut sent = with_status(span(SpanKind::Server, "x", attributes), code, "boom 4711");
    sent.events = exceptions
        .iter()
        .map(|kind| {
            event(
                "exception",
                &format!("exception.type={kind}; exception.message=no"),
            )
        })
        .collect();
    sent.events.push(event("log", "message=after"));
    assert_eq!(
        decode(sent).error_type.as_deref(),
        expected,
        "{code} {attributes} {exceptions:?}"
    );
}

#[test]
fn error_type_is_the_first_word_that_says_why() {
    check(
        2,
        "error.type=timeout; http.status_code=#504",
        &["E"],
        Some("timeout"),
    );
    check(
        2,
        "http.status_code=#500",
        &["ValueError", "java.lang.IllegalState"],
        Some("java.lang.IllegalState"),
    );
    check(2, "error.type=_OTHER", &["ValueError"], Some("ValueError"));
    check(2, "exception.type=KeyError", &[], Some("KeyError"));
    check(2, "http.response.status_code=#503", &[], Some("503"));
    check(0, "http.response.status_code=#503", &[], Some("503"));
    check(2, "http.response.status_code=#200", &[], Some("error"));
    check(
        0,
        "rpc.system=grpc; rpc.grpc.status_code=#14",
        &[],
        Some("UNAVAILABLE"),
    );
    check(2, "db.response.status_code=40P01", &[], Some("40P01"));
    check(2, "error.type=#42", &[], Some("42"));
    check(2, "", &[], Some("error"));
}

#[test]
fn a_span_that_did_not_fail_has_no_error_type() {
    check(0, "", &["HandledError"], None);
    check(1, "error.type=timeout", &[], None);
    check(0, "http.response.status_code=#404", &[], None);
}

#[test]
fn the_status_message_is_kept_as_sent() {
    let sent = with_status(
        span(SpanKind::Server, "x", ""),
        2,
        "line 1\nline 2 \u{1b}[31m",
    );
    assert_eq!(&*decode(sent).status_message, "line 1\nline 2 \u{1b}[31m");
}
