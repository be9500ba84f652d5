//! The import graph of the embedded JavaScript modules, and the tags that load a page's modules.
//!
//! A browser learns what a module imports only when it has read the module. Without help it asks
//! level by level, one round trip each. A page therefore names every module of its scripts in its
//! head. The modules stay single files: pages share most of them, so a browser that has seen one
//! page has them in its cache, and an error names the file and the line that people wrote.
//!
//! Only static imports are followed. A statement begins at the start of a line and ends with a
//! semicolon.

use crate::embedded::Embedded;
use askama::Template;
use std::collections::{BTreeMap, VecDeque};

/// The paths of each module's static imports, in the order of the module.
#[derive(Debug)]
pub(crate) struct Graph(BTreeMap<String, Vec<String>>);

impl Graph {
    /// The graph of the modules among the embedded files, which do not change while the process
    /// runs.
    pub(crate) fn of(files: &[Embedded]) -> Self {
        let all = files.iter().flat_map(|files| {
            let modules = files.paths().into_iter();
            let modules = modules.filter(|path| path.ends_with(".js"));
            modules.map(|path| {
                let data = files.read(&path).unwrap_or_default();
                let text = String::from_utf8_lossy(&data);
                let imports = specifiers(&text);
                let imports = imports.map(|specifier| resolved(&path, specifier));
                (path.to_string(), imports.collect())
            })
        });
        Self(all.collect())
    }
}

/// The tags that load scripts: every module that they need, then the scripts themselves.
#[derive(Template)]
#[template(path = "scripts.html")]
struct Tags {
    preloads: Vec<String>,
    entries: Vec<String>,
}

/// The HTML that loads the modules at `entries`, which run in this order.
pub(crate) fn tags(graph: &Graph, url: impl Fn(&str) -> String, entries: &[&str]) -> String {
    let urls = |paths: &[&str]| paths.iter().map(|path| url(path)).collect();
    let tags = Tags {
        preloads: urls(&needed(graph, entries)),
        entries: urls(entries),
    };
    tags.render().unwrap_or_default()
}

/// The entries and every module that they import, directly or through others. Each is named once,
/// nearest first.
fn needed<'a>(graph: &'a Graph, entries: &[&str]) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    let mut open: VecDeque<&str> = entries.iter().copied().collect();
    while let Some(path) = open.pop_front() {
        let Some((path, imports)) = graph.0.get_key_value(path) else {
            continue;
        };
        if !found.contains(&path.as_str()) {
            found.push(path);
            open.extend(imports.iter().map(String::as_str));
        }
    }
    found
}

/// The specifiers of a module's static imports and re-exports.
fn specifiers(text: &str) -> impl Iterator<Item = &str> {
    let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    line_starts.filter_map(|start| {
        let rest = &text[start..];
        let statement = &rest[..rest.find(';')?];
        let clause = match statement.strip_prefix("import") {
            // `import(…)` and `import.meta` are expressions.
            Some(clause) => Some(clause).filter(|clause| !clause.starts_with(['(', '.'])),
            None => statement
                .strip_prefix("export")
                .filter(|clause| clause.trim_start().starts_with(['{', '*'])),
        }?;
        // `export { name }` without `from` has no specifier.
        let mut quoted = clause.split(['"', '\'']);
        quoted.nth(1)
    })
}

/// A relative specifier in the module at `from`, as a path of the embedded files.
fn resolved(from: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_imports_and_re_exports_are_found_and_nothing_else() {
        let text = r#"// import "./comment.js";
import "./effect.js";
import { one } from "./one.js";
import whole, {
  two,
} from '../two.js';
export { three } from "./three.js";
export * from "./all.js";
export { one };
export const four = "./four.js";
/** @typedef {import("./types.js").Type} Type */
const late = await import("./late.js");
import.meta.url;
"#;
        assert_eq!(
            specifiers(text).collect::<Vec<_>>(),
            [
                "./effect.js",
                "./one.js",
                "../two.js",
                "./three.js",
                "./all.js"
            ]
        );
    }

    #[test]
    fn specifiers_are_resolved_against_their_module() {
        let of = |specifier| resolved("parts/charts/chart.js", specifier);
        assert_eq!(of("./tip.js"), "parts/charts/tip.js");
        assert_eq!(of("../../lib/format.js"), "lib/format.js");
        assert_eq!(of("../../vendor/u/u.js"), "vendor/u/u.js");
    }

    #[test]
    fn a_circle_of_imports_ends_and_a_shared_module_is_named_once() {
        let imports = [("a", "b c"), ("b", "d a"), ("c", "d"), ("d", ""), ("e", "")].map(
            |(path, imports)| {
                let imports = imports.split_whitespace().map(str::to_owned);
                (path.to_owned(), imports.collect())
            },
        );
        let graph = Graph(imports.into());
        assert_eq!(needed(&graph, &["a", "c"]), ["a", "c", "b", "d"]);
        assert!(needed(&graph, &["absent"]).is_empty());
    }
}
