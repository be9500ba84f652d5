//! Checks single files: header, length, unfinished work, and paths of one machine.

use super::{Violation, ours};
use crate::workspace::SourceFile;

/// Most lines of a file, so that a person can read it as a whole.
const MAX_LINES: usize = 600;
/// Endings of files that people write by hand. The length limit applies to them.
const MEASURED: [&str; 8] = [".rs", ".js", ".mjs", ".ts", ".css", ".html", ".py", ".sql"];
/// Words that mark unfinished work. Split in two, so that this file does not break its own rule.
const LEFTOVERS: [&str; 3] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];
/// Paths that exist on a developer's machine only. Split in two for the same reason.
const OUTSIDE: [&str; 4] = [
    concat!("../", "shared"),
    concat!("/work", "/main"),
    concat!("/work", "/shared"),
    concat!("/ro", "ot/"),
];

/// Every violation in single files, and a missing changelog.
pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, text) in ours(files) {
        violations.extend(header(path, text));
        violations.extend(length(path, text));
        violations.extend(leftovers(path, text));
        violations.extend(outside(path, text));
    }
    if !files.iter().any(|file| file.path == "CHANGELOG.md") {
        violations.push(Violation::new(
            "CHANGELOG.md",
            1,
            "there is no CHANGELOG.md",
        ));
    }
    violations
}

fn header(path: &str, text: &str) -> Option<Violation> {
    let wanted = path.ends_with(".rs") && !text.starts_with("//!");
    wanted.then(|| {
        Violation::new(
            path,
            1,
            "a Rust file opens with //!: what it is, promises and refuses",
        )
    })
}

fn length(path: &str, text: &str) -> Option<Violation> {
    let lines = text.lines().count();
    let long = lines > MAX_LINES && MEASURED.iter().any(|ending| path.ends_with(ending));
    long.then(|| {
        Violation::new(
            path,
            lines,
            format!("{lines} lines, and {MAX_LINES} is the limit; divide it"),
        )
    })
}

fn leftovers(path: &str, text: &str) -> Vec<Violation> {
    each_line(text, |line| {
        LEFTOVERS.into_iter().find(|word| has_word(line, word))
    })
    .map(|(line, word)| {
        Violation::new(path, line, format!("{word}: do it, or file it as an issue"))
    })
    .collect()
}

fn outside(path: &str, text: &str) -> Vec<Violation> {
    each_line(text, |line| {
        OUTSIDE.into_iter().find(|place| line.contains(place))
    })
    .map(|(line, place)| {
        Violation::new(
            path,
            line,
            format!("{place} is no part of the project; nobody else has it"),
        )
    })
    .collect()
}

/// The lines in which `find` finds something, with their numbers from 1.
fn each_line<T>(text: &str, find: impl Fn(&str) -> Option<T>) -> impl Iterator<Item = (usize, T)> {
    text.lines()
        .enumerate()
        .filter_map(move |(index, line)| Some((index + 1, find(line)?)))
}

/// Whether `word` occurs in `line` with no letter, digit or underscore on either side.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};

    fn check_file(path: &str, text: &str, expected: &[&str]) {
        let violations = check(&files(&[("CHANGELOG.md", "# Changes\n"), (path, text)]));
        assert_eq!(found(violations), expected, "{path}");
    }

    #[test]
    fn a_rust_file_says_what_it_is() {
        check_file("crates/a/src/lib.rs", "//! What it is.\n", &[]);
        check_file("crates/front/webkit/assets/a.js", "export {};\n", &[]);
        check_file(
            "crates/a/src/lib.rs",
            "use std::fmt;\n",
            &[
                "crates/a/src/lib.rs:1: a Rust file opens with //!: what it is, promises and refuses",
            ],
        );
    }

    #[test]
    fn a_long_file_is_divided() {
        check_file(
            "crates/front/webkit/assets/a.css",
            &"a{}\n".repeat(600),
            &[],
        );
        check_file(
            "crates/front/webkit/assets/vendor/a.js",
            &"a\n".repeat(601),
            &[],
        );
        check_file("docs/a.md", &"a\n".repeat(601), &[]);
        check_file(
            "crates/front/webkit/assets/a.css",
            &"a{}\n".repeat(601),
            &["crates/front/webkit/assets/a.css:601: 601 lines, and 600 is the limit; divide it"],
        );
    }

    #[test]
    fn nothing_is_put_off() {
        let word = LEFTOVERS[0];
        check_file("docs/a.md", &format!("to do: a {word}LIST\n"), &[]);
        check_file(
            "docs/a.md",
            &format!("one\n# {word}: two\n"),
            &[&format!(
                "docs/a.md:2: {word}: do it, or file it as an issue"
            )],
        );
    }

    #[test]
    fn nothing_points_out_of_the_tree() {
        for place in OUTSIDE {
            check_file(
                "docs/a.md",
                &format!("one\n`{place}`\n"),
                &[&format!(
                    "docs/a.md:2: {place} is no part of the project; nobody else has it"
                )],
            );
        }
        check_file("docs/a.md", "a/shared/b and /usr/bin/chromium\n", &[]);
    }

    #[test]
    fn there_is_a_changelog() {
        assert_eq!(
            found(check(&[])),
            ["CHANGELOG.md:1: there is no CHANGELOG.md"]
        );
    }
}
