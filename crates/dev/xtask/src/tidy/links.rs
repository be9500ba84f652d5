//! Checks that relative links in Markdown lead to a file of the project, and to a heading that
//! exists.

use super::{Violation, ours};
use crate::workspace::SourceFile;
use std::collections::HashSet;

/// Every broken link.
pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut violations = Vec::new();
    for (path, text) in ours(files).filter(|(path, _)| path.ends_with(".md")) {
        for (line, target) in links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() {
                path.to_owned()
            } else {
                resolve(path, file)
            };
            if !exists(&paths, &file) {
                violations.push(Violation::new(
                    path,
                    line,
                    format!("there is no {file} to link to"),
                ));
            } else if !heading.is_empty() && !has_heading(files, &file, heading) {
                violations.push(Violation::new(
                    path,
                    line,
                    format!("{file} has no heading #{heading}"),
                ));
            }
        }
    }
    violations
}

/// The targets of `[text](target)` outside code, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if in_fence {
            continue;
        }
        // Every second piece between back-quotes is code.
        for prose in line.split('`').step_by(2) {
            for (at, _) in prose.match_indices("](") {
                let rest = &prose[at + 2..];
                let target = rest.split([')', ' ']).next().unwrap_or_default();
                found.push((index + 1, target));
            }
        }
    }
    found
}

/// `link` resolved against the file `from`, with `.` and `..` removed.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if let Some(absolute) = link.strip_prefix('/') {
        return absolute.trim_end_matches('/').to_owned();
    }
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

/// Whether the path is a file of the project, or a folder with one.
fn exists(paths: &HashSet<&str>, path: &str) -> bool {
    let folder = format!("{path}/");
    path.is_empty() || paths.contains(path) || paths.iter().any(|other| other.starts_with(&folder))
}

fn has_heading(files: &[SourceFile], path: &str, heading: &str) -> bool {
    let text = files
        .iter()
        .find(|file| file.path == path)
        .and_then(|file| file.text.as_deref());
    text.is_some_and(|text| {
        let headings = text.lines().filter(|line| line.starts_with('#'));
        headings
            .map(|line| anchor(line.trim_start_matches('#')))
            .any(|anchor| anchor == heading)
    })
}

/// The anchor that repository hosts give a heading: lower case, no punctuation, spaces as hyphens.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};

    fn check_text(text: &str, expected: &[&str]) {
        let others = [
            ("docs/b.md", "# B and C\n"),
            ("README.md", ""),
            ("docs/a.md", text),
        ];
        assert_eq!(found(check(&files(&others))), expected, "{text}");
    }

    #[test]
    fn links_lead_somewhere() {
        check_text(
            "[b](b.md) [c](b.md#b-and-c) [r](../README.md) [d](../docs/) [o](https://a.b/c)",
            &[],
        );
        check_text("# Here\n[h](#here)", &[]);
        check_text(
            "one\n[b](../b.md)",
            &["docs/a.md:2: there is no b.md to link to"],
        );
        check_text("[b](b.md#d)", &["docs/a.md:1: docs/b.md has no heading #d"]);
        check_text(
            "[b](b.md) [h](#there)",
            &["docs/a.md:1: docs/a.md has no heading #there"],
        );
        check_text(
            "[b](../../b.md)",
            &["docs/a.md:1: there is no ../b.md to link to"],
        );
    }

    #[test]
    fn code_holds_no_links() {
        check_text("`[a](none.md)`\n```\n[a](none.md)\n```\n", &[]);
        check_text(
            "`code` [a](none.md)",
            &["docs/a.md:1: there is no docs/none.md to link to"],
        );
    }
}
