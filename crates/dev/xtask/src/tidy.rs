//! `cargo xtask tidy`: checks rules that neither the compiler nor clippy can check.
//!
//! Each check is a function from files to violations, so that a test can make it fail. A test also
//! runs the same checks on the real tree.

mod circles;
mod layers;
pub mod limits;
mod links;
mod locales;
mod names;
mod text;
mod vendored;

use crate::workspace::{SourceFile, Workspace};
use anyhow::Result;
use std::fmt;

/// A broken rule, and where it is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Path of the file, from the repository's root.
    pub path: String,
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl Violation {
    /// A violation in a line of a file.
    fn new(path: &str, line: usize, sentence: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            sentence: sentence.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.sentence)
    }
}

/// Prints every violation. Returns whether there was none.
pub fn run(workspace: &Workspace) -> Result<bool> {
    let violations = check(workspace)?;
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        println!("tidy: nothing to say");
    } else {
        println!("tidy: {} violations", violations.len());
    }
    Ok(violations.is_empty())
}

/// Every violation in the repository, sorted by path and line.
fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let files = workspace.files()?;
    let mut violations = Vec::new();
    violations.extend(layers::check(&workspace.metadata()?, &files));
    violations.extend(circles::check(&files));
    violations.extend(names::check(&files));
    violations.extend(text::check(&files));
    violations.extend(locales::check(&files));
    violations.extend(links::check(&files));
    violations.extend(limits::check(&files));
    violations.extend(vendored::check(&files, |path| {
        vendored::sha256(workspace, path)
    }));
    violations.sort();
    Ok(violations)
}

/// Files that others wrote or that tools generate. No rule applies to them.
fn is_foreign(path: &str) -> bool {
    path.contains("/vendor/") || path.ends_with(".lock") || path.ends_with("package-lock.json")
}

/// The text files that the rules apply to.
fn ours(files: &[SourceFile]) -> impl Iterator<Item = (&str, &str)> {
    let texts = files
        .iter()
        .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)));
    texts.filter(|(path, _)| !is_foreign(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files for a check, as `(path, text)`.
    pub fn files(files: &[(&str, &str)]) -> Vec<SourceFile> {
        let file = |(path, text): &(&str, &str)| SourceFile {
            path: (*path).to_owned(),
            text: Some((*text).to_owned()),
        };
        files.iter().map(file).collect()
    }

    /// Violations as `path:line: sentence`, sorted, for comparing.
    pub fn found(violations: impl IntoIterator<Item = Violation>) -> Vec<String> {
        let mut lines: Vec<_> = violations
            .into_iter()
            .map(|found| found.to_string())
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn tree_is_tidy() {
        let workspace = Workspace::find().unwrap();
        let violations = found(check(&workspace).unwrap());
        assert!(violations.is_empty(), "\n{}", violations.join("\n"));
    }

    #[test]
    fn a_violation_names_its_line() {
        let violation = Violation::new("docs/a.md", 7, "Say why.");
        assert_eq!(violation.to_string(), "docs/a.md:7: Say why.");
    }
}
