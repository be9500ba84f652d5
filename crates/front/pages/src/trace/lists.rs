//! View models for the tables of statements, calls and exceptions.

use super::groups::{CallGroup, ExceptionGroup};
use hinomi_webkit::{format::duration, i18n::Translations};
use std::time::Duration;

/// A group of equal statements or calls.
pub(crate) struct GroupView {
    pub(crate) detail: String,
    pub(crate) target: String,
    pub(crate) internal: bool,
    pub(crate) count: usize,
    pub(crate) looped: bool,
    pub(crate) total: String,
    pub(crate) max: String,
    pub(crate) slowest: String,
    pub(crate) failed: String,
    pub(crate) note: String,
    pub(crate) results: String,
}

/// An exception.
pub(crate) struct ExceptionView {
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) place: String,
    pub(crate) seen: String,
    pub(crate) span: String,
    pub(crate) stack: super::stack::Stack,
    pub(crate) more: String,
}

pub(super) fn statements_count(groups: &[CallGroup], words: &Translations) -> String {
    let calls: usize = groups.iter().map(|group| group.count).sum();
    let total: Duration = groups.iter().map(|group| group.total).sum();
    let args = [
        ("calls", calls.into()),
        ("groups", groups.len().into()),
        ("total", duration(total).to_string().into()),
    ];
    words.say_with("trace-statements-count", &args)
}

pub(super) fn worst_loop(groups: &[CallGroup], words: &Translations) -> Option<String> {
    let worst = groups
        .iter()
        .filter(|group| group.in_loop.is_some())
        .max_by_key(|g| g.total)?;
    let args = [
        ("count", worst.in_loop.unwrap_or(worst.count).into()),
        ("total", duration(worst.total).to_string().into()),
    ];
    Some(words.say_with("trace-loop", &args))
}

pub(super) fn group_views(groups: Vec<CallGroup>, words: &Translations) -> Vec<GroupView> {
    let count = |key, number: usize| words.say_with(key, &[("count", number.into())]);
    groups
        .into_iter()
        .map(|group| GroupView {
            failed: if group.errors > 0 {
                count("trace-failed-count", group.errors)
            } else {
                String::new()
            },
            note: group
                .in_loop
                .map(|number| count("trace-loop-note", number))
                .unwrap_or_default(),
            looped: group.in_loop.is_some(),
            detail: group.detail,
            target: group.target,
            internal: group.internal,
            count: group.count,
            total: duration(group.total).to_string(),
            max: duration(group.max).to_string(),
            slowest: group.slowest.to_string(),
            results: group.results,
        })
        .collect()
}

pub(super) fn exception_view(group: ExceptionGroup, words: &Translations) -> ExceptionView {
    let place = [
        ("service", group.service.into()),
        ("name", group.name.into()),
    ];
    ExceptionView {
        kind: if group.kind.is_empty() {
            words.say("trace-exception-untyped")
        } else {
            group.kind
        },
        message: group.message,
        place: words.say_with("trace-exception-in", &place),
        seen: words.say_with("trace-exception-seen", &[("count", group.count.into())]),
        span: group.span_id.to_string(),
        more: words.say_with(
            "trace-more-frames",
            &[("count", group.stack.rest.len().into())],
        ),
        stack: group.stack,
    }
}
