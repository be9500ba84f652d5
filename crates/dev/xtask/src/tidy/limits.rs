//! `docs/limits.md` is made from the `*Limits` structs of the product, so that it names every limit
//! and no other. Other pages name a limit as `IngestLimits::keys`; such a limit must exist.
//!
//! A struct is read line by line: doc comments, then `pub name: Type,`.

use super::{Violation, names::is_product};
use crate::workspace::SourceFile;
use std::fmt::Write;

/// The page that is made.
pub const PAGE: &str = "docs/limits.md";

/// What the page begins with.
const HEAD: &str = "\
# Limits

`cargo xtask limits` writes this page from the source. These are the limits that depend on the machine or that an
operator may meet. The ones that can be set are in [configuration](configuration.md). The binary lowers those of memory
to the shares of the [memory limit](configuration.md#memory) and sets those of connections by memory and descriptors.
";

/// Headers of a table's first column that make each of its rows a limit. The second column then
/// names the limit.
const HEADERS: [&str; 2] = ["limit", "time-out"];
/// What the second column says of a limit that is a constant in the source.
const CONSTANT: &str = "constant";

/// A struct of limits.
struct Limits {
    /// The crate, such as `hinomi-lake`.
    owner: String,
    name: String,
    doc: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    doc: String,
    /// Path and line of the field.
    place: (String, usize),
    /// Whether the field holds further limits, which say their own defaults.
    nested: bool,
}

/// Limits without a default, limits of the pages that do not exist, and a page that is not current.
pub fn check(files: &[SourceFile]) -> Vec<Violation> {
    let limits = read(files);
    let mut violations = Vec::new();
    for field in limits.iter().flat_map(|limits| &limits.fields) {
        if !field.nested && !field.doc.to_lowercase().contains("default") {
            let sentence = format!("say the default of the limit {}", field.name);
            let (path, line) = &field.place;
            violations.push(Violation::new(path, *line, sentence));
        }
    }
    let pages = files
        .iter()
        .filter(|file| file.path.ends_with(".md") && file.path != PAGE);
    for page in pages {
        violations.extend(named(page, &limits));
    }
    let page = files.iter().find(|file| file.path == PAGE);
    if page.and_then(|page| page.text.as_deref()) != Some(&printed(&limits)) && !limits.is_empty() {
        let sentence = "it differs from the limits in the source; run `cargo xtask limits`";
        violations.push(Violation::new(PAGE, 1, sentence));
    }
    violations
}

/// The text of the page.
pub fn page(files: &[SourceFile]) -> String {
    printed(&read(files))
}

fn printed(limits: &[Limits]) -> String {
    let mut text = HEAD.to_owned();
    for limits in limits {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {} of {}\n\n{}\n\n| limit | means |\n|---|---|\n",
            limits.name, limits.owner, limits.doc
        );
        for field in &limits.fields {
            let doc = field.doc.replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | {doc} |", field.name);
        }
    }
    text
}

/// Limits of a page that do not exist, and rows of tables of limits that name none.
fn named(page: &SourceFile, limits: &[Limits]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut in_table = false;
    for (at, line) in page.text.iter().flat_map(|text| text.lines()).enumerate() {
        let mut complain = |sentence| {
            violations.push(Violation::new(&page.path, at + 1, sentence));
        };
        for code in line.split('`').skip(1).step_by(2) {
            let (name, field) = code.split_once("::").unwrap_or((code, ""));
            if !is_limits(name) {
                continue;
            }
            let known = limits.iter().find(|limits| limits.name == name);
            let has_field = |limits: &Limits| limits.fields.iter().any(|have| have.name == field);
            if !known.is_some_and(|known| field.is_empty() || has_field(known)) {
                complain(format!("there is no limit {code}"));
            }
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let &["", first, second, ..] = cells.as_slice() else {
            in_table = false;
            continue;
        };
        if HEADERS.contains(&first) {
            in_table = true;
        } else if in_table
            && !first.starts_with("---")
            && !second.contains("Limits::")
            && second != CONSTANT
        {
            complain(format!(
                "the second column names the limit of \"{first}\" as `IngestLimits::keys`, or says {CONSTANT}"
            ));
        }
    }
    violations
}

/// Whether a type's name is that of a struct of limits.
fn is_limits(name: &str) -> bool {
    name.ends_with("Limits") && name.chars().all(char::is_alphanumeric)
}

/// The public structs of limits, by crate and name.
fn read(files: &[SourceFile]) -> Vec<Limits> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| is_product(&file.path)) {
        let mut lines = file.text.iter().flat_map(|text| text.lines()).enumerate();
        let mut doc = Vec::new();
        while let Some((_, line)) = lines.next() {
            let declared = line.strip_prefix("pub struct ");
            let name = declared.and_then(|rest| rest.strip_suffix(" {"));
            if let Some(name) = name.filter(|name| is_limits(name)) {
                let folder = file.path.split('/').nth(2).unwrap_or_default();
                found.push(Limits {
                    owner: format!("hinomi-{folder}"),
                    name: name.to_owned(),
                    doc: prose(&doc),
                    fields: fields(&file.path, &mut lines),
                });
            }
            remember(&mut doc, line);
        }
    }
    found.sort_by(|a, b| (&a.owner, &a.name).cmp(&(&b.owner, &b.name)));
    found
}

/// The public fields, up to the end of the struct.
fn fields<'a>(path: &str, lines: &mut impl Iterator<Item = (usize, &'a str)>) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut doc = Vec::new();
    for (at, line) in lines.take_while(|(_, line)| *line != "}") {
        if let Some((name, kind)) = line
            .strip_prefix("    pub ")
            .and_then(|field| field.split_once(": "))
        {
            let kind = kind.trim_end_matches(',');
            fields.push(Field {
                name: name.to_owned(),
                doc: prose(&doc),
                place: (path.to_owned(), at + 1),
                nested: kind.starts_with(char::is_uppercase)
                    && kind != "Duration"
                    && !kind.starts_with("Option<"),
            });
        }
        remember(&mut doc, line);
    }
    fields
}

/// Keeps the doc comment that is being read; attributes may stand below it.
fn remember<'a>(doc: &mut Vec<&'a str>, line: &'a str) {
    let line = line.trim_start();
    match line.strip_prefix("///") {
        Some(text) => doc.push(text.trim()),
        None if line.starts_with("#[") => {}
        None => doc.clear(),
    }
}

/// A doc comment as one line of Markdown: links to items become their names.
fn prose(doc: &[&str]) -> String {
    let text = doc.join(" ");
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((item, after)) = after.split_once("`]") else {
            break;
        };
        let item = ["crate::", "Self::"]
            .iter()
            .find_map(|path| item.strip_prefix(path))
            .unwrap_or(item);
        plain.push_str(before);
        plain.push('`');
        plain.push_str(item);
        plain.push('`');
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};

    const SOURCE: (&str, &str) = (
        "crates/store/lake/src/limits.rs",
        "//! Limits.\n\n/// Limits of one\n/// lake.\n#[derive(Debug)]\npub struct LakeLimits {\n    /// \
         Most rows. Default 7, see [`Self::wait`] and\n    /// [`crate::Full`].\n    pub rows: usize,\n    \
         /// Limits of waiting.\n    pub wait: WaitLimits,\n}\n",
    );
    const WAIT: &str =
        "pub struct WaitLimits {\n    /// Most that wait.\n    pub waiting: usize,\n}\n";

    #[test]
    fn the_page_has_every_limit_with_its_comment() {
        let expected = "\n## LakeLimits of hinomi-lake\n\nLimits of one lake.\n\n| limit | means |\n|---|---|\n\
             | `rows` | Most rows. Default 7, see `wait` and `Full`. |\n| `wait` | Limits of waiting. |\n";
        let page = page(&files(&[SOURCE]));
        assert_eq!(page.strip_prefix(HEAD), Some(expected));
        assert_eq!(found(check(&files(&[SOURCE, (PAGE, &page)]))), [""; 0]);
    }

    #[test]
    fn a_page_that_is_not_current_is_refused() {
        let sentence = "it differs from the limits in the source; run `cargo xtask limits`";
        let expected = [format!("{PAGE}:1: {sentence}")];
        assert_eq!(found(check(&files(&[SOURCE]))), expected);
        let old = page(&files(&[SOURCE])).replace("Default 7", "Default 6");
        assert_eq!(found(check(&files(&[SOURCE, (PAGE, &old)]))), expected);
    }

    #[test]
    fn a_limit_without_a_default_is_refused() {
        let wait = ("crates/store/lake/src/wait.rs", WAIT);
        let page = page(&files(&[wait]));
        assert_eq!(
            found(check(&files(&[wait, (PAGE, &page)]))),
            ["crates/store/lake/src/wait.rs:3: say the default of the limit waiting"]
        );
    }

    #[test]
    fn pages_name_limits_that_exist() {
        let page = page(&files(&[SOURCE]));
        let said = |text: &str| found(check(&files(&[SOURCE, (PAGE, &page), ("docs/a.md", text)])));
        let none: [&str; 0] = [];
        assert_eq!(
            said("`LakeLimits`, `LakeLimits::rows`, `Limits of x`"),
            none
        );
        assert_eq!(
            said("`WalLimits`"),
            ["docs/a.md:1: there is no limit WalLimits"]
        );
        assert_eq!(
            said("\n`LakeLimits::bytes`"),
            ["docs/a.md:2: there is no limit LakeLimits::bytes"]
        );
        let table = "| limit | field |\n|---|---|\n| most rows | `LakeLimits::rows` |\n| names | constant |\n";
        assert_eq!(said(table), none);
        assert_eq!(
            said(&format!("{table}| bytes | 7 |\n\n| other | 7 |\n")),
            [
                "docs/a.md:5: the second column names the limit of \"bytes\" as `IngestLimits::keys`, or says constant"
            ]
        );
    }
}
