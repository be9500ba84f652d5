//! The registry with the real binary: in a file, in PostgreSQL, in a backup, and damaged.

use crate::{
    estate::{ask, get},
    otlp::{http, json_request},
    server::{Server, command, failure},
};
use hinomi_testkit::Postgres;
use serde_json::json;
use std::{path::Path, process::Output};

/// Sends a transaction of service `shop`, and reports a deployment of it.
fn fill(server: &Server, version: &str) {
    let headers = [("content-type", "application/json")];
    let body = json_request("shop");
    let answer = http(
        server.otlp_http,
        "POST /v1/traces",
        &headers,
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200);
    let body = json!({"service": "shop", "version": version, "label": "told"});
    let (status, answer) = ask(server.http, "POST /api/v1/deployments", &body.to_string());
    assert!((200..300).contains(&status), "{status} {answer}");
}

/// Versions of the deployments that were told, in order.
fn told(server: &Server) -> Vec<String> {
    let listed = get(server, "/api/v1/deployments?service=shop");
    let items = listed["items"].as_array().unwrap().iter();
    let told = items.filter(|item| item["label"] == "told");
    let mut versions: Vec<String> = told
        .map(|item| item["version"].as_str().unwrap().to_owned())
        .collect();
    versions.sort();
    versions
}

fn run(args: &[&str], dir: &Path, more: &[&Path]) -> Output {
    let mut command = command();
    command.args(args).arg("--data-dir").arg(dir).args(more);
    command.output().unwrap()
}

#[test]
fn a_backup_has_the_registry_and_the_doctor_looks_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    let restored = dir.path().join("restored");
    let server = Server::start(&data);
    fill(&server, "2.0");
    let output = run(&["backup"], &data, &[&backup]);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "nothing is left out: {output:?}");
    assert!(backup.join("registry.db").exists());
    fill(&server, "3.0");
    server.kill();
    let output = run(&["restore"], &restored, &[&backup]);
    assert!(output.status.success(), "{output:?}");
    for (folder, versions) in [(&restored, &["2.0"][..]), (&data, &["2.0", "3.0"])] {
        let server = Server::start(folder);
        assert_eq!(told(&server), versions);
        assert_eq!(server.stop(), Some(0));
    }

    let output = run(&["doctor"], &data, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("registry.db"), "{said}");
    std::fs::write(data.join("registry.db"), [7; 8_192]).unwrap();
    let output = run(&["doctor"], &data, &[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let (text, code) = failure(command().args(["serve", "--data-dir"]).arg(&data).args([
        "--http-addr",
        "127.0.0.1:0",
        "--otlp-grpc-addr",
        "127.0.0.1:0",
        "--otlp-http-addr",
        "127.0.0.1:0",
    ]));
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("registry.db") && text.contains("backup"),
        "{text}"
    );
}

#[test]
fn a_registry_in_postgresql_outlives_the_data_folder_and_its_password_is_not_said() {
    let postgres = Postgres::start();
    let url = postgres.database("ops");
    let url = url.replace("hinomi@", "hinomi:s3cret@");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hinomi.toml");
    std::fs::write(&file, format!("registry_url = '{url}'")).unwrap();
    let flags = ["--config", file.to_str().unwrap(), "--log", "debug"];
    let data = dir.path().join("data");
    let server = Server::start_with(&data, &flags);
    fill(&server, "2.0");
    assert_eq!(told(&server), ["2.0"]);
    let metrics = http(server.http, "GET /metrics", &[], b"");
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("hinomi_store_deployments 1"), "{metrics}");
    assert!(metrics.contains("hinomi_registry_write_failures_total 0"));
    server.kill();
    assert!(!data.join("registry.db").exists());
    let server = Server::start_with(&dir.path().join("other"), &flags);
    assert_eq!(told(&server), ["2.0"]);
    assert_eq!(server.stop(), Some(0));

    // Wrong in several ways.
    for url in [
        "mysql://hinomi:s3cret@localhost/ops",
        "postgres://hinomi:s3cret@127.0.0.1:port/ops",
    ] {
        let mut serve = command();
        serve.args(["serve", "--data-dir"]).arg(&data);
        serve.env("HINOMI_REGISTRY_URL", url);
        let (text, code) = failure(&mut serve);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("--registry-url"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let mut help = command();
    help.args(["serve", "--help"])
        .env("HINOMI_REGISTRY_URL", &url);
    let help = String::from_utf8(help.output().unwrap().stdout).unwrap();
    assert!(
        help.contains("--registry-url") && !help.contains("s3cret"),
        "{help}"
    );
}
