//! Checks that every language has every catalogue, every key in it, and the same variables in every
//! message.
//!
//! Catalogues are Fluent files, `<language>.ftl` in the folder of the page or part that says them. No
//! two catalogues of a language have one key: they are read as one.

use super::{Violation, ours};
use crate::workspace::SourceFile;
use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

const FOLDER: &str = "crates/front/";
/// The languages that must be complete.
const LANGUAGES: [&str; 3] = ["en", "ja", "ko"];

/// The catalogues by folder and language: path and text of each.
type Catalogues<'a> = BTreeMap<&'a str, BTreeMap<&'a str, (&'a str, &'a str)>>;

/// A message: its line and the variables that it uses.
#[derive(Debug, Default)]
struct Message {
    line: usize,
    variables: BTreeSet<String>,
}

/// Every catalogue, key or variable that one language has and another one misses.
pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut catalogues = Catalogues::new();
    let mut violations = Vec::new();
    for (path, text) in
        ours(files).filter(|(path, _)| path.starts_with(FOLDER) && path.ends_with(".ftl"))
    {
        let (folder, name) = path.rsplit_once('/').unwrap_or_default();
        let language = name.trim_end_matches(".ftl");
        if !LANGUAGES.contains(&language) {
            violations.push(Violation::new(
                path,
                1,
                format!("{language} is none of {LANGUAGES:?}"),
            ));
            continue;
        }
        catalogues
            .entry(folder)
            .or_default()
            .insert(language, (path, text));
    }
    violations.extend(said_elsewhere(&catalogues));
    for (folder, languages) in &catalogues {
        for language in LANGUAGES
            .iter()
            .filter(|language| !languages.contains_key(*language))
        {
            let path = format!("{folder}/{language}.ftl");
            violations.push(Violation::new(
                &path,
                1,
                "this catalogue is missing; other languages have it",
            ));
        }
        let (read, doubled): (Vec<_>, Vec<_>) = languages
            .values()
            .map(|(path, text)| {
                let (m, d) = messages(path, text);
                ((*path, m), d)
            })
            .unzip();
        violations.extend(doubled.into_iter().flatten());
        for (path, its) in &read {
            for (other_path, other) in read.iter().filter(|(other_path, _)| other_path != path) {
                violations.extend(lacking(path, its, other_path, other));
            }
        }
    }
    violations.sort();
    violations.dedup();
    violations
}

/// Keys that two catalogues of one language have.
fn said_elsewhere(catalogues: &Catalogues<'_>) -> Vec<Violation> {
    let mut first: BTreeMap<(&str, String), &str> = BTreeMap::new();
    let mut violations = Vec::new();
    for (language, (path, text)) in catalogues.values().flatten() {
        for (key, message) in messages(path, text).0 {
            if key.contains('.') {
                continue;
            }
            match first.entry((language, key)) {
                Entry::Vacant(free) => _ = free.insert(path),
                Entry::Occupied(other) => {
                    let sentence = format!("{} is also in {}", other.key().1, other.get());
                    violations.push(Violation::new(path, message.line, sentence));
                }
            }
        }
    }
    violations
}

/// Keys and variables that `other` has and `its` misses.
fn lacking(
    path: &str,
    its: &BTreeMap<String, Message>,
    other_path: &str,
    other: &BTreeMap<String, Message>,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (key, message) in other {
        let Some(mine) = its.get(key) else {
            violations.push(Violation::new(
                path,
                1,
                format!("{key} is missing; {other_path} has it"),
            ));
            continue;
        };
        for variable in message.variables.difference(&mine.variables) {
            let sentence = format!("{key} does not use ${variable}; in {other_path} it does");
            violations.push(Violation::new(path, mine.line, sentence));
        }
    }
    violations
}

/// The messages, terms and attributes of a Fluent file, and violations for keys that occur twice.
fn messages(path: &str, text: &str) -> (BTreeMap<String, Message>, Vec<Violation>) {
    let mut messages: BTreeMap<String, Message> = BTreeMap::new();
    let mut doubled = Vec::new();
    let (mut parent, mut current) = (String::new(), String::new());
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        if let Some(key) = key_of(line) {
            if let Some(attribute) = key.strip_prefix('.') {
                current = format!("{parent}.{attribute}");
            } else {
                key.clone_into(&mut parent);
                key.clone_into(&mut current);
            }
            let message = Message {
                line: index + 1,
                ..Message::default()
            };
            if messages.insert(current.clone(), message).is_some() {
                doubled.push(Violation::new(
                    path,
                    index + 1,
                    format!("{current} stands here twice"),
                ));
            }
        }
        if let Some(message) = messages.get_mut(&current) {
            message.variables.extend(variables(line));
        }
    }
    (messages, doubled)
}

/// The key that a line begins: `key =`, `-term =` or an indented `.attribute =`.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim_end();
    let name = match key.trim_start().strip_prefix('.') {
        Some(attribute) if key.starts_with([' ', '\t']) => attribute,
        _ => key.strip_prefix('-').unwrap_or(key),
    };
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let legal = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    (starts && legal).then(|| key.trim_start())
}

/// The `$variables` of a line.
fn variables(line: &str) -> impl Iterator<Item = String> {
    line.split('$').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        let legal = name.starts_with(|c: char| c.is_ascii_alphabetic());
        legal.then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};

    const GOOD: &str = "# A comment = not a key\nhitmap = Hitmap\n    .title = { $count } transactions\n\
                        slow = { $count ->\n    [one] one\n   *[other] { $count } of { $all }\n }\n";

    fn check_catalogues(en: &str, ja: &str, ko: &str, expected: &[&str]) {
        let catalogues = [
            ("crates/front/pages/src/a/en.ftl", en),
            ("crates/front/pages/src/a/ja.ftl", ja),
            ("crates/front/pages/src/a/ko.ftl", ko),
        ];
        assert_eq!(found(check(&files(&catalogues))), expected);
    }

    #[test]
    fn every_language_has_every_key() {
        check_catalogues(GOOD, GOOD, GOOD, &[]);
        let without = GOOD.replace("    .title = { $count } transactions\n", "");
        check_catalogues(
            GOOD,
            &without,
            GOOD,
            &[
                "crates/front/pages/src/a/ja.ftl:1: hitmap.title is missing; crates/front/pages/src/a/en.ftl has it",
                "crates/front/pages/src/a/ja.ftl:1: hitmap.title is missing; crates/front/pages/src/a/ko.ftl has it",
            ],
        );
    }

    #[test]
    fn every_language_uses_the_same_variables() {
        check_catalogues(
            "a = { $n } left\n",
            "a = 残り { $n }\n",
            "\na = 남음\n",
            &[
                "crates/front/pages/src/a/ko.ftl:2: a does not use $n; in crates/front/pages/src/a/en.ftl it does",
                "crates/front/pages/src/a/ko.ftl:2: a does not use $n; in crates/front/pages/src/a/ja.ftl it does",
            ],
        );
    }

    #[test]
    fn a_key_stands_once() {
        check_catalogues(
            "a = A\na = B\n",
            "a = A\n",
            "a = A\n",
            &["crates/front/pages/src/a/en.ftl:2: a stands here twice"],
        );
    }

    #[test]
    fn a_key_stands_in_one_catalogue() {
        let one = |folder: &str| {
            let path = |language| format!("crates/front/pages/src/{folder}/{language}.ftl");
            LANGUAGES.map(|language| (path(language), "x = X\n"))
        };
        let [first, second] = [one("a"), one("b")];
        let both = first.iter().chain(&second);
        let both: Vec<_> = both.map(|(path, text)| (path.as_str(), *text)).collect();
        let violations = found(check(&files(&both)));
        assert_eq!(violations.len(), LANGUAGES.len());
        assert_eq!(
            violations[0],
            "crates/front/pages/src/b/en.ftl:1: x is also in crates/front/pages/src/a/en.ftl"
        );
    }

    #[test]
    fn every_language_has_every_catalogue() {
        let two = files(&[
            ("crates/front/pages/src/a/en.ftl", "a = A\n"),
            ("crates/front/pages/src/a/ja.ftl", "a = A\n"),
        ]);
        assert_eq!(
            found(check(&two)),
            [
                "crates/front/pages/src/a/ko.ftl:1: this catalogue is missing; other languages have it",
            ]
        );
        let unknown = files(&[("crates/front/pages/src/a/fr.ftl", "a = A\n")]);
        assert_eq!(
            found(check(&unknown)),
            [r#"crates/front/pages/src/a/fr.ftl:1: fr is none of ["en", "ja", "ko"]"#]
        );
    }
}
