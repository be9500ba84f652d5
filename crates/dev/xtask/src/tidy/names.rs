//! No two public types of the product have one name: a reader who meets a name knows the type.

use super::Violation;
use crate::workspace::SourceFile;
use std::collections::{BTreeMap, btree_map::Entry};

/// Groups of crates that are part of the product, beside `dev`.
const PRODUCT: [&str; 7] = ["app", "front", "answers", "intake", "store", "wire", "base"];

/// Every public type whose name another one has already.
pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    let mut violations = Vec::new();
    for file in files.iter().filter(|file| is_product(&file.path)) {
        for (at, line) in file.text.iter().flat_map(|text| text.lines()).enumerate() {
            let Some(name) = public_type(line) else {
                continue;
            };
            match first.entry(name) {
                Entry::Vacant(free) => {
                    free.insert(format!("{}:{}", file.path, at + 1));
                }
                Entry::Occupied(other) => {
                    let sentence = format!(
                        "{name} is also the public type of {}; give one of them another name",
                        other.get()
                    );
                    violations.push(Violation::new(&file.path, at + 1, sentence));
                }
            }
        }
    }
    violations
}

/// Whether the file is a source of a product's crate.
pub(super) fn is_product(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("crates")
        && parts.next().is_some_and(|group| PRODUCT.contains(&group))
        && parts.nth(1) == Some("src")
        && path.ends_with(".rs")
}

/// The name of the type that a line declares as public.
fn public_type(line: &str) -> Option<&str> {
    let declared = line.trim_start().strip_prefix("pub ")?;
    let rest = ["struct ", "enum ", "trait ", "type "]
        .iter()
        .find_map(|kind| declared.strip_prefix(kind))?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = &rest[..end.unwrap_or(rest.len())];
    // Associated types are lower in the line's indentation and belong to their trait.
    (!name.is_empty() && !line.starts_with(' ')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};

    #[test]
    fn two_public_types_of_one_name_are_refused() {
        let first = ("crates/store/lake/src/a.rs", "pub struct Page {\n");
        let same = "crates/store/lake/src/a.rs:1; give one of them another name";
        for (path, text, is_same) in [
            (
                "crates/answers/query/src/b.rs",
                "//! b\npub enum Page {",
                true,
            ),
            (
                "crates/answers/query/src/b.rs",
                "//! b\npub(crate) enum Page {",
                false,
            ),
            (
                "crates/answers/query/src/b.rs",
                "//! b\npub enum Pages<T> {",
                false,
            ),
            (
                "crates/answers/query/tests/b.rs",
                "//! b\npub enum Page {",
                false,
            ),
            ("crates/dev/sim/src/b.rs", "//! b\npub enum Page {", false),
        ] {
            let violations = found(check(&files(&[first, (path, text)])));
            let expected = format!("{path}:2: Page is also the public type of {same}");
            let expected = if is_same { vec![expected] } else { Vec::new() };
            assert_eq!(violations, expected, "{path} {text}");
        }
    }
}
