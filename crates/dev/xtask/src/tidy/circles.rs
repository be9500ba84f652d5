//! The modules of a crate do not import each other in a circle. A module and its own submodules may.
//!
//! Whoever reads a file then knows that what it imports can be understood without it. Tests in a file
//! are not looked at.

use super::Violation;
use crate::workspace::SourceFile;
use std::collections::{BTreeMap, BTreeSet};

/// A violation for each circle, in the file of its first module.
pub(super) fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut crates: BTreeMap<&str, Modules<'_>> = BTreeMap::new();
    for file in files {
        let Some((of_crate, inside)) = file.path.split_once("/src/") else {
            continue;
        };
        if file.path.starts_with("crates/") && inside.ends_with(".rs") {
            let modules = crates.entry(of_crate).or_default();
            modules.insert(name(inside), file);
        }
    }
    crates.values().flat_map(circles).collect()
}

/// The files of a crate by the paths of their modules.
type Modules<'a> = BTreeMap<String, &'a SourceFile>;

/// The path of a file's module: `scan::filter` of `scan/filter.rs` and of `scan/filter/mod.rs`.
fn name(inside: &str) -> String {
    let path = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    path.replace('/', "::")
}

fn circles(modules: &Modules<'_>) -> Vec<Violation> {
    let edges: BTreeMap<&str, BTreeSet<&str>> = modules
        .iter()
        .filter(|(module, _)| !matches!(module.as_str(), "lib" | "main"))
        .map(|(module, file)| {
            (
                module.as_str(),
                imported(modules, module, file.text.as_deref().unwrap_or("")),
            )
        })
        .collect();
    let mut violations = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for module in edges.keys() {
        let circle: Vec<&str> = reached(&edges, module)
            .into_iter()
            .filter(|other| reached(&edges, other).contains(module))
            .collect();
        if circle.len() > 1 && told.insert(circle[0]) {
            let path = &modules[*module].path;
            let sentence = format!("these modules import each other: {}", circle.join(", "));
            violations.push(Violation::new(path, 1, sentence));
        }
    }
    violations
}

/// The modules that can be reached from a module, itself included when it is in a circle.
fn reached<'a>(edges: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &str) -> BTreeSet<&'a str> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in edges.get(module).into_iter().flatten() {
            if found.insert(*next) {
                open.push(next);
            }
        }
    }
    found
}

/// The modules of the crate that a file imports, without its own submodules and the modules above it.
fn imported<'a>(modules: &'a Modules<'_>, module: &str, text: &str) -> BTreeSet<&'a str> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let code: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .collect();
    let code = code.join("\n");
    let is_family = |other: &str| {
        let is_below = |child: &str, parent: &str| child.starts_with(&format!("{parent}::"));
        is_below(other, module) || is_below(module, other)
    };
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let mut paths = Vec::new();
        paths_of(rest, "", &mut paths);
        for path in paths {
            let target = longest(modules, &path);
            found.extend(target.filter(|target| *target != module && !is_family(target)));
        }
    }
    found
}

/// The module that a path leads to or into.
fn longest<'a>(modules: &'a Modules<'_>, path: &str) -> Option<&'a str> {
    let mut path = path;
    loop {
        if let Some((module, _)) = modules.get_key_value(path) {
            return Some(module);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// The paths at the start of `text`, each after `prefix`: `a::b`, or all of `a::{b, c::d}`. Returns
/// what follows them.
fn paths_of<'t>(text: &'t str, prefix: &str, paths: &mut Vec<String>) -> &'t str {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix('{') {
        let mut rest = inside;
        loop {
            rest = rest.trim_start_matches([',', ' ', '\n', '\t']);
            match rest.chars().next() {
                None => return rest,
                Some('}') => return &rest[1..],
                Some(_) => {
                    let before = rest.len();
                    rest = paths_of(rest, prefix, paths);
                    // ` as name` and whatever else is no part of a path.
                    let end = rest.find([',', '}']).unwrap_or(rest.len());
                    rest = &rest[end..];
                    if rest.len() == before {
                        return rest;
                    }
                }
            }
        }
    }
    let word = text
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(text.len());
    let (word, rest) = text.split_at(word);
    let path = match (prefix, word) {
        (_, "self" | "") => prefix.to_owned(),
        ("", word) => word.to_owned(),
        (prefix, word) => format!("{prefix}::{word}"),
    };
    match rest.strip_prefix("::") {
        Some(rest) => paths_of(rest, &path, paths),
        None => {
            paths.push(path);
            rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: Some(text.into()),
        }
    }

    fn sentences(files: &[SourceFile]) -> Vec<String> {
        let violations = check(files).into_iter();
        violations.map(|violation| violation.sentence).collect()
    }

    #[test]
    fn a_circle_is_told_once_with_all_its_modules() {
        let files = [
            file("crates/x/y/src/a.rs", "use crate::{b::{self, B}, z};\n"),
            file("crates/x/y/src/b.rs", "fn f() { crate::c::g() }\n"),
            file("crates/x/y/src/c/mod.rs", "use crate::a::A as Other;\n"),
            file("crates/x/y/src/z.rs", "// use crate::a::A;\n"),
            file("crates/x/other/src/a.rs", "use crate::b;\n"),
        ];
        assert_eq!(
            sentences(&files),
            ["these modules import each other: a, b, c"]
        );
    }

    #[test]
    fn parents_children_and_tests_are_no_circle() {
        let files = [
            file("crates/x/y/src/a.rs", "mod b;\nuse crate::a::b::B;\n"),
            file("crates/x/y/src/a/b.rs", "use crate::a::A;\n"),
            file("crates/x/y/src/c.rs", "use crate::d::{D,\n    E};\n"),
            file(
                "crates/x/y/src/d.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::c::C;\n}\n",
            ),
        ];
        assert!(sentences(&files).is_empty());
    }
}
