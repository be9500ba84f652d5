//! Checks that vendored files are exactly those of their manifest,
//! `crates/front/webkit/assets/vendor/manifest.json`.
//!
//! The manifest is `{"files": [{"path", "sha256", …}]}`, with paths from the manifest's folder. A
//! file that is not in the manifest, a missing file and a file with another hash are violations.

use super::Violation;
use crate::{
    shell,
    workspace::{SourceFile, Workspace},
};
use serde_json::Value;
use std::collections::BTreeSet;

const FOLDER: &str = "crates/front/webkit/assets/vendor/";
const MANIFEST: &str = "crates/front/webkit/assets/vendor/manifest.json";

/// Every difference between the manifest and the files beside it.
pub fn check(files: &[SourceFile], sha256: impl Fn(&str) -> Option<String>) -> Vec<Violation> {
    let vendored: BTreeSet<&str> = files
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| path.starts_with(FOLDER) && *path != MANIFEST)
        .collect();
    let manifest = files
        .iter()
        .find(|file| file.path == MANIFEST)
        .and_then(|file| file.text.as_deref());
    let Some(text) = manifest else {
        let unlisted = vendored
            .first()
            .map(|path| Violation::new(path, 1, format!("there is no {MANIFEST}")));
        return unlisted.into_iter().collect();
    };
    let entries: Vec<Value> = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(manifest)) if manifest.get("files").is_some_and(Value::is_array) => {
            manifest["files"].as_array().cloned().unwrap_or_default()
        }
        Ok(_) => return vec![Violation::new(MANIFEST, 1, "it has no array named files")],
        Err(error) => {
            return vec![Violation::new(
                MANIFEST,
                error.line(),
                format!("it is no JSON: {error}"),
            )];
        }
    };

    let mut violations = Vec::new();
    let mut listed = BTreeSet::new();
    for entry in &entries {
        let (Some(name), Some(hash)) = (entry["path"].as_str(), entry["sha256"].as_str()) else {
            violations.push(Violation::new(
                MANIFEST,
                1,
                "an entry lacks its path or its sha256",
            ));
            continue;
        };
        let path = format!("{FOLDER}{name}");
        let line = text
            .lines()
            .position(|line| line.contains(name))
            .map_or(1, |index| index + 1);
        match sha256(&path) {
            Some(actual) if actual == hash => {}
            Some(actual) => violations.push(Violation::new(
                MANIFEST,
                line,
                format!("{name} has the hash {actual}, not the one it was vendored with"),
            )),
            None => violations.push(Violation::new(
                MANIFEST,
                line,
                format!("{name} is not there"),
            )),
        }
        listed.insert(path);
    }
    for path in vendored.into_iter().filter(|path| !listed.contains(*path)) {
        violations.push(Violation::new(
            path,
            1,
            format!("{MANIFEST} does not name this file"),
        ));
    }
    violations
}

/// A file's SHA-256 in hexadecimal, computed by `sha256sum`; `None` when the file cannot be read.
pub fn sha256(workspace: &Workspace, path: &str) -> Option<String> {
    let output = shell::read(workspace.command("sha256sum").arg(path))?;
    output.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};

    fn check_manifest(manifest: &str, expected: &[&str]) {
        let all = files(&[
            (MANIFEST, manifest),
            ("crates/front/webkit/assets/vendor/a.js", "a"),
            ("crates/front/webkit/assets/b.js", "b"),
        ]);
        let hash = |path: &str| {
            (path == "crates/front/webkit/assets/vendor/a.js").then(|| "11".to_owned())
        };
        assert_eq!(found(check(&all, hash)), expected, "{manifest}");
    }

    #[test]
    fn the_manifest_tells_the_truth() {
        check_manifest(r#"{"files": [{"path": "a.js", "sha256": "11"}]}"#, &[]);
        check_manifest(
            "{\"files\": [\n{\"path\": \"a.js\", \"sha256\": \"22\"}]}",
            &[
                "crates/front/webkit/assets/vendor/manifest.json:2: a.js has the hash 11, not the one it was vendored with",
            ],
        );
        check_manifest(
            r#"{"files": []}"#,
            &[
                "crates/front/webkit/assets/vendor/a.js:1: crates/front/webkit/assets/vendor/manifest.json does not name this file",
            ],
        );
        let gone =
            r#"{"files": [{"path": "a.js", "sha256": "11"}, {"path": "c.js", "sha256": "33"}]}"#;
        check_manifest(
            gone,
            &["crates/front/webkit/assets/vendor/manifest.json:1: c.js is not there"],
        );
        check_manifest(
            "{}",
            &["crates/front/webkit/assets/vendor/manifest.json:1: it has no array named files"],
        );
        check_manifest(
            r#"{"files": [{"path": "a.js"}]}"#,
            &[
                "crates/front/webkit/assets/vendor/a.js:1: crates/front/webkit/assets/vendor/manifest.json does not name this file",
                "crates/front/webkit/assets/vendor/manifest.json:1: an entry lacks its path or its sha256",
            ],
        );
    }

    #[test]
    fn vendored_files_need_a_manifest() {
        let all = files(&[("crates/front/webkit/assets/vendor/a.js", "a")]);
        assert_eq!(
            found(check(&all, |_| None)),
            [
                "crates/front/webkit/assets/vendor/a.js:1: there is no crates/front/webkit/assets/vendor/manifest.json",
            ]
        );
        assert!(check(&[], |_| None).is_empty());
    }

    #[test]
    fn hashes_are_read_from_coreutils() {
        let workspace = Workspace::find().unwrap();
        let hash = sha256(&workspace, "LICENSE").unwrap();
        assert_eq!(hash.len(), 64);
        assert_eq!(sha256(&workspace, "no such file"), None);
    }
}
