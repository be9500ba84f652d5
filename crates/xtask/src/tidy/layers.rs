//! Checks that a crate depends on lower layers only, and on no library that is forbidden for its
//! layer.
//!
//! The table is the one in docs/architecture.md. Development crates are outside of the layers: they
//! may use any crate. Of the product, only the binary may use one of them (the demo's workload).

use super::Violation;
use crate::workspace::SourceFile;
use serde_json::Value;

/// The layer of a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    Product(u8),
    Development,
}
use Layer::{Development, Product};

/// Every crate with its layer and the libraries that are forbidden for it.
const CRATES: &[(&str, Layer, &[&str])] = &[
    (
        "hinomi-model",
        Product(0),
        &[
            "tokio",
            "prost",
            "opentelemetry-proto",
            "tonic",
            "axum",
            "sqlx",
        ],
    ),
    (
        "hinomi-io",
        Product(0),
        &["prost", "opentelemetry-proto", "tonic", "axum", "sqlx"],
    ),
    (
        "hinomi-listen",
        Product(0),
        &["prost", "opentelemetry-proto", "tonic", "sqlx", "askama"],
    ),
    (
        "hinomi-otlp",
        Product(1),
        &["tokio", "tonic", "axum", "sqlx", "parquet"],
    ),
    (
        "hinomi-wal",
        Product(1),
        &["prost", "opentelemetry-proto", "tonic", "axum", "sqlx"],
    ),
    (
        "hinomi-lake",
        Product(2),
        &["prost", "opentelemetry-proto", "tonic", "axum", "askama"],
    ),
    (
        "hinomi-live",
        Product(2),
        &["parquet", "sqlx", "tonic", "axum", "askama"],
    ),
    (
        "hinomi-ingest",
        Product(3),
        &[
            "opentelemetry-proto",
            "tonic",
            "axum",
            "askama",
            "parquet",
            "sqlx",
        ],
    ),
    (
        "hinomi-query",
        Product(3),
        &["opentelemetry-proto", "tonic", "axum", "askama"],
    ),
    (
        "hinomi-insight",
        Product(4),
        &["tokio", "tonic", "axum", "askama", "parquet", "sqlx"],
    ),
    (
        "hinomi-collector",
        Product(5),
        &["askama", "parquet", "sqlx"],
    ),
    (
        "hinomi-web",
        Product(5),
        &["opentelemetry-proto", "tonic", "parquet", "sqlx"],
    ),
    ("hinomi", Product(6), &[]),
    ("hinomi-sim", Development, &[]),
    ("hinomi-testkit", Development, &[]),
    ("hinomi-fuzz", Development, &[]),
    ("hinomi-bench", Development, &[]),
    ("xtask", Development, &[]),
];

/// The only allowed dependency of the product on a development crate: `hinomi demo` runs the
/// workload.
const DEMO: (&str, &str) = ("hinomi", "hinomi-sim");

/// Every forbidden dependency, from the output of `cargo metadata --no-deps`.
pub fn check(metadata: &Value, files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in items(&metadata["packages"]) {
        let name = package["name"].as_str().unwrap_or_default();
        let path = format!("crates/{name}/Cargo.toml");
        let Some((_, layer, unknown)) = CRATES.iter().find(|(known, ..)| *known == name) else {
            let sentence = format!("{name} has no layer; give it one in {}", file!());
            violations.push(Violation::new(&path, 1, sentence));
            continue;
        };
        for dependency in items(&package["dependencies"]) {
            let other = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"] == "dev";
            if let Some(sentence) = objection(name, *layer, unknown, other, for_tests) {
                violations.push(Violation::new(
                    &path,
                    line_of(files, &path, other),
                    sentence,
                ));
            }
        }
    }
    violations
}

/// Why `name` must not depend on `other`; `None` when it may.
fn objection(
    name: &str,
    layer: Layer,
    unknown: &[&str],
    other: &str,
    for_tests: bool,
) -> Option<String> {
    if unknown.contains(&other) && !for_tests {
        return Some(format!(
            "{name} must not know {other} (the layers table in docs/architecture.md)"
        ));
    }
    let (_, other_layer, _) = CRATES.iter().find(|(known, ..)| *known == other)?;
    match (layer, *other_layer) {
        (Development, _) => None,
        (Product(_), Development) if for_tests || (name, other) == DEMO => None,
        (Product(_), Development) => Some(format!(
            "{name} is part of the product and {other} is not; only tests may use it"
        )),
        (Product(mine), Product(its)) if its < mine => None,
        (Product(mine), Product(its)) => Some(format!(
            "{name} (layer {mine}) depends on {other} (layer {its}); a crate depends on lower layers only"
        )),
    }
}

/// The line of the manifest that names `dependency`; 1 when none does.
fn line_of(files: &[SourceFile], path: &str, dependency: &str) -> usize {
    let text = files
        .iter()
        .find(|file| file.path == path)
        .and_then(|file| file.text.as_deref());
    let names = |line: &str| {
        line.strip_prefix(dependency)
            .is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    };
    text.and_then(|text| text.lines().position(names))
        .map_or(1, |index| index + 1)
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{files, found};
    use serde_json::json;

    fn check_one(name: &str, dependency: &str, kind: Option<&str>, expected: &[&str]) {
        let metadata = json!({"packages": [
            {"name": name, "dependencies": [{"name": dependency, "kind": kind}]}
        ]});
        let path = format!("crates/{name}/Cargo.toml");
        let manifest = format!("[package]\n\n[dependencies]\n{dependency}.workspace = true\n");
        let violations = check(&metadata, &files(&[(&path, &manifest)]));
        assert_eq!(found(violations), expected, "{name} -> {dependency}");
    }

    #[test]
    fn arrows_point_down() {
        check_one("hinomi-lake", "hinomi-wal", None, &[]);
        check_one(
            "hinomi-wal",
            "hinomi-lake",
            None,
            &[
                "crates/hinomi-wal/Cargo.toml:4: hinomi-wal (layer 1) depends on hinomi-lake (layer 2); a \
             crate depends on lower layers only",
            ],
        );
        check_one(
            "hinomi-live",
            "hinomi-lake",
            None,
            &[
                "crates/hinomi-live/Cargo.toml:4: hinomi-live (layer 2) depends on hinomi-lake (layer 2); a \
             crate depends on lower layers only",
            ],
        );
    }

    #[test]
    fn development_crates_stay_out_of_the_product() {
        check_one("hinomi", "hinomi-sim", None, &[]);
        check_one("hinomi-web", "hinomi-testkit", Some("dev"), &[]);
        check_one("hinomi-testkit", "hinomi-model", None, &[]);
        check_one(
            "hinomi-web",
            "hinomi-sim",
            None,
            &[
                "crates/hinomi-web/Cargo.toml:4: hinomi-web is part of the product and hinomi-sim is not; \
             only tests may use it",
            ],
        );
    }

    #[test]
    fn a_layer_does_not_know_what_lies_outside_it() {
        check_one("hinomi-web", "axum", None, &[]);
        check_one("hinomi-web", "sqlx", Some("dev"), &[]);
        check_one(
            "hinomi-web",
            "sqlx",
            None,
            &[
                "crates/hinomi-web/Cargo.toml:4: hinomi-web must not know sqlx (the layers table in \
             docs/architecture.md)",
            ],
        );
    }

    #[test]
    fn a_new_crate_needs_a_layer() {
        let metadata = json!({"packages": [{"name": "hinomi-utils", "dependencies": []}]});
        let violations = found(check(&metadata, &[]));
        assert!(
            violations[0]
                .starts_with("crates/hinomi-utils/Cargo.toml:1: hinomi-utils has no layer")
        );
    }
}
