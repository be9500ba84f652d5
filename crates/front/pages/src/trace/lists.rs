//! The tables of statements and calls, and the list of exceptions.

use super::groups::{CallGroup, ExceptionGroup};
use hinomi_webkit::{
    format::{self, duration},
    i18n::Translations,
    table::{Body, ROWS_SHOWN, Table, TableCell, TableColumn},
};
use std::time::Duration;

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

/// A row of the tables of statements and calls.
struct Line<'a> {
    group: &'a CallGroup,
    /// The page with the slowest span selected.
    href: String,
    /// How many failed; empty for none.
    failed: String,
    /// That it looks like calls in a loop; empty when it does not.
    looped: String,
    /// Whether one of our services or an outside host answers.
    side: String,
}

/// The table of database and cache calls. `keep` begins the links of the page.
pub(super) fn statements_table(groups: &[CallGroup], keep: &str, words: &Translations) -> Table {
    let say = |key| words.say(key);
    let columns = [
        TableColumn::new("", say("trace-statement"), |line: &Line<'_>| {
            goto(line, &line.group.detail).title(line.group.detail.as_str())
        })
        .cells("t-code-cell"),
        TableColumn::new("t-w-target", say("trace-database"), |line| {
            TableCell::text(line.group.target.as_str())
        }),
        count(words),
        total(words),
        longest(words),
        TableColumn::new("t-w-note", say("trace-note"), |line| {
            let notes = [
                ("t-err-text", line.failed.clone()),
                ("t-slow-text", line.looped.clone()),
            ];
            notes_cell(notes).title(line.looped.as_str())
        }),
    ];
    table("t-groups t-of-statements", &columns, groups, keep, words)
}

/// The table of calls to hosts, services and queues. `keep` begins the links of the page.
pub(super) fn calls_table(groups: &[CallGroup], keep: &str, words: &Translations) -> Table {
    let say = |key| words.say(key);
    let columns = [
        TableColumn::new("t-w-target", say("trace-host"), |line: &Line<'_>| {
            goto(line, &line.group.target)
        }),
        TableColumn::new("", say("trace-request"), |line| {
            let detail = line.group.detail.clone();
            notes_cell([("", detail), ("t-muted", line.side.clone())])
        }),
        count(words),
        total(words),
        longest(words),
        TableColumn::new("t-w-note", say("trace-result"), |line| {
            let class = if line.failed.is_empty() {
                ""
            } else {
                "t-err-text"
            };
            let results = line.group.results.clone();
            notes_cell([(class, results), ("t-slow-text", line.looped.clone())])
        }),
    ];
    table("t-groups t-of-calls", &columns, groups, keep, words)
}

fn table<'a>(
    class: &str,
    columns: &[TableColumn<Line<'a>>],
    groups: &'a [CallGroup],
    keep: &str,
    words: &Translations,
) -> Table {
    let counted = |key, number: usize| words.say_with(key, &[("count", number.into())]);
    let lines = groups.iter().take(ROWS_SHOWN).map(|group| Line {
        href: format!("?{keep}span={}", group.slowest),
        failed: match group.errors {
            0 => String::new(),
            errors => counted("trace-failed-count", errors),
        },
        looped: group
            .in_loop
            .map(|number| counted("trace-loop-note", number))
            .unwrap_or_default(),
        side: words.say(if group.internal {
            "trace-kind-internal"
        } else {
            "trace-kind-external"
        }),
        group,
    });
    let lines: Vec<_> = lines.collect();
    let left = groups.len() - lines.len();
    Table {
        class: class.to_owned(),
        more: (left > 0).then(|| counted("trace-groups-more", left)),
        ..Table::of(columns, &lines)
    }
}

fn goto(line: &Line<'_>, text: &str) -> TableCell {
    TableCell::link("t-goto", line.href.clone(), text.to_owned())
}

fn notes_cell(notes: [(&'static str, String); 2]) -> TableCell {
    let notes = notes.into_iter().filter(|(_, text)| !text.is_empty());
    Body::Notes(notes.collect()).into()
}

fn count<'a>(words: &Translations) -> TableColumn<Line<'a>> {
    TableColumn::new("t-w-count t-n", words.say("trace-count"), |line| {
        let many = line.group.in_loop.is_some();
        TableCell::text(format::count(line.group.count as u64)).class(if many {
            "t-looped"
        } else {
            ""
        })
    })
}

fn total<'a>(words: &Translations) -> TableColumn<Line<'a>> {
    TableColumn::new("t-w-time t-n", words.say("trace-total"), |line| {
        TableCell::text(duration(line.group.total).to_string())
    })
}

fn longest<'a>(words: &Translations) -> TableColumn<Line<'a>> {
    TableColumn::new("t-w-time t-n", words.say("trace-max"), |line| {
        TableCell::text(duration(line.group.max).to_string())
    })
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
        span: group.span.to_string(),
        more: words.say_with(
            "trace-more-frames",
            &[("count", group.stack.rest.len().into())],
        ),
        stack: group.stack,
    }
}
