//! Splits stack traces of any runtime into lines, and tells frames of the application from those of
//! libraries and runtimes.

use super::clean::{self, BODY_MAX};

/// Lines that are visible before the rest is folded.
const HEAD_LINES: usize = 12;

/// A stack trace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stack {
    /// Lines that are visible at once.
    pub(crate) head: Vec<Line>,
    /// Lines that are shown on request.
    pub(crate) rest: Vec<Line>,
    /// The whole text as sent, cut to the limit.
    pub(crate) text: String,
}

/// A line of a stack trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Package before a frame's class, such as `com.shop.`; may be empty. The page shows it only in
    /// the tooltip, to leave room for file and line.
    pub(crate) package: String,
    /// Function, or the whole line when it is not a frame.
    pub(crate) code: String,
    /// File and line number; may be empty.
    pub(crate) place: String,
    /// Whether the frame looks like application code.
    pub(crate) own: bool,
}

impl Stack {
    /// The lines of `text`, without the first line when it only repeats `message`.
    pub(crate) fn of(text: &str, message: &str) -> Self {
        let text = clean::block(text.trim_end(), BODY_MAX);
        let mut lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let repeats =
            |line: &&str| !is_frame(line) && !message.is_empty() && line.contains(message);
        if lines.first().is_some_and(repeats) {
            lines.remove(0);
        }
        let mut lines: Vec<Line> = lines.into_iter().map(line).collect();
        // Folding only one or two lines is not worth a click.
        let head = if lines.len() <= HEAD_LINES + 2 {
            lines.len()
        } else {
            HEAD_LINES
        };
        let rest = lines.split_off(head);
        Self {
            head: lines,
            rest,
            text,
        }
    }
}

fn line(text: &str) -> Line {
    let text = text.trim_end();
    let own = is_frame(text) && !is_library(text);
    let split = is_frame(text)
        .then(|| text.rfind(" (").or_else(|| text.find('(')))
        .flatten();
    let (code, place) = split.map_or((text, ""), |at| text.split_at(at));
    let code = unindented(code);
    let (package, code) = without_package(&code);
    Line {
        package,
        code,
        place: place.to_owned(),
        own,
    }
}

/// Splits `at com.shop.Cart.add` into `com.shop.` and `at Cart.add`, with a space that does not
/// break after `at`. Other lines are unchanged.
fn without_package(code: &str) -> (String, String) {
    let frame = code
        .strip_prefix("at ")
        .filter(|frame| !frame.contains([' ', '(']));
    let class = frame.and_then(|frame| {
        let begins = frame.match_indices(['.', '/']).map(|(at, _)| at + 1);
        begins
            .into_iter()
            .find(|at| frame[*at..].starts_with(char::is_uppercase))
    });
    match (frame, class) {
        (Some(frame), Some(at)) if frame[..at].chars().all(is_package) => {
            (frame[..at].to_owned(), format!("at\u{a0}{}", &frame[at..]))
        }
        _ => (String::new(), code.to_owned()),
    }
}

fn is_package(character: char) -> bool {
    character.is_ascii_lowercase() || character.is_ascii_digit() || "._/@-".contains(character)
}

/// Removes the indent of `at …` lines, which costs width. Python's two levels have a meaning and
/// stay.
fn unindented(text: &str) -> String {
    let trimmed = text.trim_start();
    if trimmed.starts_with("at ") || trimmed.starts_with("... ") {
        trimmed.to_owned()
    } else {
        text.replace('\t', "  ")
    }
}

fn is_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("at ")
        || line.starts_with("File \"")
        || line.starts_with('#')
        || (line.contains(".go:") || line.contains(".rb:") || line.contains(".rs:"))
}

/// Prefixes of functions, or parts of paths, that do not belong to the application.
const LIBRARY_STARTS: &[&str] = &[
    "java.",
    "javax.",
    "jakarta.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.",
    "kotlinx.",
    "scala.",
    "org.springframework.",
    "org.apache.",
    "org.hibernate.",
    "org.postgresql.",
    "com.mysql.",
    "org.mariadb.",
    "com.zaxxer.",
    "io.netty.",
    "io.grpc.",
    "reactor.",
    "org.eclipse.jetty.",
    "io.opentelemetry.",
    "io.undertow.",
    "io.vertx.",
    "io.micrometer.",
    "com.fasterxml.",
    "com.google.common.",
    "okhttp3.",
    "org.jboss.",
    "redis.clients.",
    "io.lettuce.",
    "System.",
    "Microsoft.",
    "Npgsql.",
    "Grpc.",
    "node:",
    "internal/",
    "process.",
    "Module._",
    "std::",
    "core::",
    "tokio::",
    "hyper::",
    "axum::",
    "runtime.",
    "net/http.",
];
const LIBRARY_PARTS: &[&str] = &[
    "node_modules/",
    "(node:",
    "node:internal",
    "site-packages/",
    "dist-packages/",
    "/usr/lib/python",
    "/usr/local/lib/python",
    "<frozen ",
    "/usr/local/go/src/",
    "/pkg/mod/",
    "/gems/",
    "/vendor/",
    "/rustc/",
    "/.cargo/registry/",
    "java.base/",
    "Unknown Source",
];

fn is_library(line: &str) -> bool {
    let function = line.trim_start();
    let function = function.strip_prefix("at ").unwrap_or(function);
    let function = function.strip_prefix("async ").unwrap_or(function);
    LIBRARY_STARTS
        .iter()
        .any(|start| function.starts_with(start))
        || LIBRARY_PARTS.iter().any(|part| line.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, bool)]) {
        let stack = Stack::of(text, "");
        let lines: Vec<_> = stack
            .head
            .iter()
            .map(|line| (line.code.as_str(), line.place.as_str(), line.own))
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn own_frames_of_many_runtimes_are_recognised() {
        check(
            "org.x.E: no\n\tat com.shop.Cart.add(Cart.java:12)\n\tat java.base/java.lang.Thread.run(Thread.java:1)\n\t... 7 more",
            &[
                ("org.x.E: no", "", false),
                ("at\u{a0}Cart.add", "(Cart.java:12)", true),
                ("at\u{a0}Thread.run", "(Thread.java:1)", false),
                ("... 7 more", "", false),
            ],
        );
        check(
            "    at charge (/app/src/pay.js:8:3)\n    at async next (/app/node_modules/koa/a.js:1:1)",
            &[
                ("at charge", " (/app/src/pay.js:8:3)", true),
                ("at async next", " (/app/node_modules/koa/a.js:1:1)", false),
            ],
        );
        check(
            "  File \"/app/main.py\", line 3, in pay\n    raise E\n  File \"/usr/lib/python3/x.py\", line 1, in y",
            &[
                ("  File \"/app/main.py\", line 3, in pay", "", true),
                ("    raise E", "", false),
                ("  File \"/usr/lib/python3/x.py\", line 1, in y", "", false),
            ],
        );
    }

    #[test]
    fn a_long_stack_folds_after_twelve_lines_and_nothing_is_lost() {
        let text = (0..40)
            .map(|n| format!("\tat a.B.c{n}(B.java:{n})\n"))
            .collect::<String>();
        let stack = Stack::of(&text, "");
        assert_eq!((stack.head.len(), stack.rest.len()), (12, 28));
        assert_eq!(Stack::of("", ""), Stack::default());
    }

    #[test]
    fn the_message_is_not_said_twice() {
        assert_eq!(
            Stack::of("E: it broke\n\tat a.b(c:1)", "it broke")
                .head
                .len(),
            1
        );
    }
}
