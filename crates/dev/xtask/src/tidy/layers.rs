//! A crate stands in the folder of its group, uses only crates that stand below it, and only the
//! libraries on its allow-list.
//!
//! The list is the tree: `crates/<group>/<name>`, from the binary down to the nouns, as
//! docs/architecture.md shows it. Development crates stand beside it: they may use any crate, and
//! only the binary may use one of them in the product (the demo's workload).

use super::Violation;
use crate::workspace::SourceFile;
use serde_json::Value;

/// The group of crates that are no part of the product.
const DEVELOPMENT: &str = "dev";

/// Crates of the product, top to bottom: group, package, libraries that it may use.
const PRODUCT: &[(&str, &str, &[&str])] = &[
    (
        "app",
        "hinomi",
        &[
            "anyhow",
            "clap",
            "jiff",
            "percent-encoding",
            "prometheus-client",
            "serde",
            "serde_json",
            "strsim",
            "tempfile",
            "tokio",
            "tokio-util",
            "toml",
            "tracing",
            "tracing-subscriber",
        ],
    ),
    (
        "front",
        "hinomi-web",
        &[
            "axum",
            "http",
            "http-body",
            "percent-encoding",
            "tower-http",
        ],
    ),
    (
        "front",
        "hinomi-pages",
        &[
            "askama",
            "axum",
            "fluent-bundle",
            "futures-util",
            "http",
            "rust-embed",
            "serde",
            "serde_json",
            "tokio",
            "tracing",
        ],
    ),
    (
        "front",
        "hinomi-api",
        &[
            "axum",
            "futures-util",
            "http",
            "serde",
            "serde_json",
            "tokio",
            "tokio-util",
            "utoipa",
        ],
    ),
    (
        "front",
        "hinomi-webkit",
        &[
            "askama",
            "axum",
            "fluent-bundle",
            "http",
            "jiff",
            "rust-embed",
            "serde",
            "serde_json",
            "tokio-util",
            "tracing",
            "utoipa",
            "xxhash-rust",
        ],
    ),
    (
        "answers",
        "hinomi-analysis",
        // Attributes of spans are stored as JSON text, hence `serde_json`. Without `serde` the
        // crate cannot have wire types.
        &[
            "futures-util",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
            "xxhash-rust",
        ],
    ),
    ("answers", "hinomi-insight", &[]),
    ("answers", "hinomi-query", &["thiserror", "tokio"]),
    (
        "intake",
        "hinomi-collector",
        &[
            "axum",
            "bytes",
            "flate2",
            "futures-util",
            "http",
            "http-body",
            "http-body-util",
            "opentelemetry-proto",
            "prost",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio-util",
            "tonic",
            "tonic-types",
            "tower",
            "tracing",
            "zstd",
        ],
    ),
    (
        "intake",
        "hinomi-ingest",
        &[
            "foldhash",
            "prometheus-client",
            "siphasher",
            "thiserror",
            "tokio",
            "tracing",
        ],
    ),
    ("intake", "hinomi-live", &["foldhash", "tokio"]),
    (
        "intake",
        "hinomi-listen",
        &[
            "axum",
            "bytes",
            "http",
            "http-body",
            "hyper",
            "hyper-util",
            "prometheus-client",
            "thiserror",
            "tokio",
            "tokio-util",
            "tower",
            "tracing",
        ],
    ),
    (
        "store",
        "hinomi-lake",
        &[
            "arrow-array",
            "arrow-buffer",
            "arrow-schema",
            "arrow-select",
            "crc32c",
            "foldhash",
            "memchr",
            "parquet",
            "serde",
            "serde_json",
            "sqlx",
            "tempfile",
            "thiserror",
            "tokio",
            "tracing",
        ],
    ),
    (
        "store",
        "hinomi-registry",
        &[
            "sqlx",
            "tempfile",
            "thiserror",
            "tokio",
            "tracing",
            "xxhash-rust",
        ],
    ),
    (
        "store",
        "hinomi-store",
        &[
            "foldhash",
            "hashbrown",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
        ],
    ),
    (
        "store",
        "hinomi-columnar",
        &[
            "arrow-array",
            "arrow-buffer",
            "arrow-schema",
            "arrow-select",
            "bytes",
            "crc32c",
            "foldhash",
            "parquet",
            "thiserror",
            "zstd",
        ],
    ),
    ("store", "hinomi-wal", &["crc32c", "thiserror", "tracing"]),
    (
        "wire",
        "hinomi-otlp",
        &[
            "foldhash",
            "hashbrown",
            "memchr",
            "serde",
            "serde_json",
            "thiserror",
        ],
    ),
    ("wire", "hinomi-sql", &["sqlparser"]),
    (
        "base",
        "hinomi-model",
        &["foldhash", "hashbrown", "thiserror"],
    ),
    ("base", "hinomi-io", &["rustix", "tracing"]),
];

/// Crates that help to build and test the product.
const HELPERS: &[&str] = &[
    "hinomi-conformance",
    "hinomi-memory-store",
    "hinomi-sim",
    "hinomi-testkit",
    "hinomi-fuzz",
    "hinomi-bench",
    "hinomi-claims",
    "xtask",
];

/// What stands behind the store's contract: of the product only the binary names one.
const ENGINES: &[&str] = &["hinomi-lake", "hinomi-registry"];

/// The one arrow from the product to a development crate: `hinomi demo` runs the workload.
const DEMO: (&str, &str) = ("hinomi", "hinomi-sim");

/// Where a crate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// So many crates of the product stand above it.
    Product(usize),
    Development,
}
use Place::{Development, Product};

/// The group of a crate and its place; none when it has not been given one.
fn place(name: &str) -> Option<(&'static str, Place)> {
    let product = PRODUCT.iter().position(|(_, known, _)| *known == name);
    product.map(|at| (PRODUCT[at].0, Product(at))).or_else(|| {
        HELPERS
            .contains(&name)
            .then_some((DEVELOPMENT, Development))
    })
}

/// Every crate in a wrong folder and every dependency that must not be, from what
/// `cargo metadata --no-deps` says.
pub fn check(metadata: &Value, files: &[SourceFile]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in items(&metadata["packages"]) {
        let name = package["name"].as_str().unwrap_or_default();
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        let path = manifest
            .rfind("crates/")
            .map_or(manifest, |at| &manifest[at..]);
        let Some((group, place)) = place(name) else {
            let sentence = format!("{name} has no group; give it one in {}", file!());
            violations.push(Violation::new(path, 1, sentence));
            continue;
        };
        let folder = name.strip_prefix("hinomi-").unwrap_or(name);
        let expected = format!("crates/{group}/{folder}/Cargo.toml");
        if path != expected {
            violations.push(Violation::new(path, 1, format!("this is {expected}")));
        }
        for dependency in items(&package["dependencies"]) {
            let other = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"] == "dev";
            if let Some(sentence) = objection(name, place, other, for_tests) {
                let line = line_of(files, path, other);
                violations.push(Violation::new(path, line, sentence));
            }
        }
    }
    violations
}

/// Why `name` must not depend on `other`; `None` when it may.
fn objection(name: &str, mine: Place, other: &str, for_tests: bool) -> Option<String> {
    let Some((_, its)) = place(other) else {
        return match mine {
            Product(at) if !for_tests && !PRODUCT[at].2.contains(&other) => Some(format!(
                "{name} must not know {other}; where it has to, add it to the allow-list in {}",
                file!()
            )),
            _ => None,
        };
    };
    let is_binary = mine == Product(0);
    if ENGINES.contains(&other) && !is_binary && mine != Development && !for_tests {
        return Some(format!(
            "{name} must not name an engine; it asks {other} by the traits of hinomi-store"
        ));
    }
    match (mine, its) {
        (Development, _) => None,
        (Product(_), Development) if for_tests || (name, other) == DEMO => None,
        (Product(_), Development) => Some(format!(
            "{name} is part of the product and {other} is not; only tests may use it"
        )),
        (Product(mine), Product(its)) if its > mine => None,
        (Product(_), Product(_)) => Some(format!(
            "{name} stands below {other}; a crate uses only what stands below it (the tree in \
             docs/architecture.md)"
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

    /// Checks the crate at `crates/<place>` with one dependency.
    fn check_one(place: &str, dependency: &str, kind: Option<&str>, expected: &[&str]) {
        let path = format!("crates/{place}/Cargo.toml");
        let name = match place.rsplit('/').next() {
            Some("hinomi") | None => "hinomi".to_owned(),
            Some(name) => format!("hinomi-{name}"),
        };
        let metadata = json!({"packages": [{
            "name": name,
            "manifest_path": format!("/home/{path}"),
            "dependencies": [{"name": dependency, "kind": kind}],
        }]});
        let manifest = format!("[package]\n\n[dependencies]\n{dependency}.workspace = true\n");
        let violations = check(&metadata, &files(&[(&path, &manifest)]));
        assert_eq!(found(violations), expected, "{name} -> {dependency}");
    }

    #[test]
    fn arrows_point_down() {
        check_one("store/lake", "hinomi-wal", None, &[]);
        check_one("answers/query", "hinomi-live", None, &[]);
        for (place, name, other) in [
            ("store/wal", "hinomi-wal", "hinomi-store"),
            ("intake/live", "hinomi-live", "hinomi-ingest"),
            ("answers/query", "hinomi-query", "hinomi-web"),
            ("front/api", "hinomi-api", "hinomi-pages"),
            ("front/webkit", "hinomi-webkit", "hinomi-api"),
        ] {
            let expected = format!(
                "crates/{place}/Cargo.toml:4: {name} stands below {other}; a crate uses only what stands \
                 below it (the tree in docs/architecture.md)"
            );
            check_one(place, other, None, &[&expected]);
        }
    }

    #[test]
    fn only_the_binary_names_an_engine() {
        check_one("app/hinomi", "hinomi-lake", None, &[]);
        check_one("intake/ingest", "hinomi-lake", Some("dev"), &[]);
        check_one("dev/fuzz", "hinomi-lake", None, &[]);
        check_one(
            "answers/query",
            "hinomi-lake",
            None,
            &[
                "crates/answers/query/Cargo.toml:4: hinomi-query must not name an engine; it asks hinomi-lake \
             by the traits of hinomi-store",
            ],
        );
    }

    #[test]
    fn development_crates_stay_out_of_the_product() {
        check_one("app/hinomi", "hinomi-sim", None, &[]);
        check_one("front/web", "hinomi-testkit", Some("dev"), &[]);
        check_one("dev/testkit", "hinomi-model", None, &[]);
        check_one(
            "front/web",
            "hinomi-sim",
            None,
            &[
                "crates/front/web/Cargo.toml:4: hinomi-web is part of the product and hinomi-sim is not; \
             only tests may use it",
            ],
        );
    }

    #[test]
    fn a_crate_uses_only_the_libraries_of_its_allow_list() {
        check_one("front/web", "axum", None, &[]);
        check_one("front/web", "sqlx", Some("dev"), &[]);
        let expected = format!(
            "crates/front/web/Cargo.toml:4: hinomi-web must not know sqlx; where it has to, add it to the \
             allow-list in {}",
            file!()
        );
        check_one("front/web", "sqlx", None, &[&expected]);
    }

    #[test]
    fn a_crate_stands_in_the_folder_of_its_group() {
        check_one(
            "front/wal",
            "crc32c",
            None,
            &["crates/front/wal/Cargo.toml:1: this is crates/store/wal/Cargo.toml"],
        );
        let metadata = json!({"packages": [{
            "name": "hinomi-utils",
            "manifest_path": "/home/crates/base/utils/Cargo.toml",
            "dependencies": [],
        }]});
        let violations = found(check(&metadata, &[]));
        assert!(
            violations[0].starts_with("crates/base/utils/Cargo.toml:1: hinomi-utils has no group")
        );
    }
}
