//! Damage, doctor, backup and restore, with the real binary.

use crate::{
    otlp::{http, json_request, post, request, span},
    server::{Server, command},
};
use prost::Message;
use serde_json::Value as Json;
use std::{
    path::{Path, PathBuf},
    process::Output,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

fn send(port: u16) {
    let body = json_request("shop");
    let headers = [("content-type", "application/json")];
    let answer = http(port, "POST /v1/traces", &headers, body.as_bytes());
    assert_eq!(answer.status, 200);
}

fn ask(port: u16, path: &str) -> Json {
    let answer = http(port, &format!("GET {path}"), &[], b"");
    assert_eq!(answer.status, 200, "{path}");
    serde_json::from_slice(&answer.body).unwrap()
}

fn text(port: u16, path: &str, language: &str) -> String {
    let headers = [("accept-language", language)];
    let answer = http(port, &format!("GET {path}"), &headers, b"");
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8(answer.body).unwrap()
}

fn run(args: &[&str], dir: &Path, more: &[&Path]) -> Output {
    let mut command = command();
    command.args(args).arg("--data-dir").arg(dir).args(more);
    command.output().unwrap()
}

/// The doctor's findings, except for disk space, which depends on the machine.
fn doctor(dir: &Path, args: &[&str]) -> (Option<i32>, Vec<(String, String)>) {
    let output = run(&[&["doctor", "--json"], args].concat(), dir, &[]);
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        report["exit_code"].as_i64(),
        output.status.code().map(i64::from)
    );
    let findings = report["findings"].as_array().unwrap().iter();
    let word = |finding: &Json, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let found = findings
        .filter(|finding| finding["subject"] != "free space")
        .map(|finding| {
            (
                word(finding, "level"),
                word(finding, "subject") + ": " + &word(finding, "text"),
            )
        })
        .collect();
    (output.status.code(), found)
}

fn worst(found: &[(String, String)]) -> &str {
    let of = |word| found.iter().any(|(level, _)| level == word);
    ["damage", "warning"]
        .into_iter()
        .find(|word| of(*word))
        .unwrap_or("ok")
}

/// Segment files of a table.
fn files(dir: &Path, table: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.join("segments/default").join(table)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 8;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damage_is_said_by_answers_pages_metrics_and_the_doctor() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for _ in 0..20 {
        send(server.otlp_http);
    }
    let whole = ask(server.http, "/api/v1/transactions?from=now-10m");
    assert_eq!(
        (&whole["total"], &whole["partial"]),
        (&20.into(), &false.into())
    );
    assert_eq!(whole["lost"], Json::Array(vec![]));
    assert_eq!(server.stop(), Some(0));
    let (_, found) = doctor(dir.path(), &["--deep"]);
    assert_eq!(worst(&found), "ok", "{found:?}");

    for table in ["transactions", "rollups_5s", "spans"] {
        files(dir.path(), table).iter().for_each(|path| flip(path));
    }
    let (code, found) = doctor(dir.path(), &["--deep"]);
    assert_eq!((code, worst(&found)), (Some(2), "damage"), "{found:?}");
    let server = Server::start(dir.path());
    let lost = |answer: &Json, table: &str| {
        assert_eq!(answer["partial"], true, "{answer}");
        let lost = &answer["lost"][0];
        assert_eq!(lost["table"], table);
        assert!(lost["from_ms"].as_i64().unwrap() <= lost["to_ms"].as_i64().unwrap());
    };
    lost(
        &ask(server.http, "/api/v1/transactions?from=now-10m"),
        "transactions",
    );
    for path in [
        "hitmap?from=now-10m",
        "services?from=now-10m",
        "statistics/operations?from=now-10m",
        "series?from=now-10m",
        "facets?from=now-10m",
    ] {
        lost(&ask(server.http, &format!("/api/v1/{path}")), "rollups_5s");
    }
    let trace = ask(
        server.http,
        &format!(
            "/api/v1/traces/{}",
            whole["items"][0]["trace_id"].as_str().unwrap()
        ),
    );
    lost(&trace, "spans");
    for path in ["/csv/transactions", "/csv/statistics/operations"] {
        let file = http(server.http, &format!("GET {path}?from=now-10m"), &[], b"");
        assert!(file.headers.contains("x-hinomi-partial: true"), "{path}");
        let rows = String::from_utf8(file.body).unwrap();
        assert!(rows.contains("\r\n# partial,"), "{path}: {rows}");
        let whole = format!("GET {path}?from=now-3h&to=now-2h");
        let whole = http(server.http, &whole, &[], b"");
        assert!(!whole.headers.contains("x-hinomi-partial"), "{path}");
        assert!(!String::from_utf8(whole.body).unwrap().contains("# partial"));
    }
    for path in ["/transactions", "/statistics/operations"] {
        assert!(
            text(server.http, path, "en").contains("partial-note"),
            "{path}"
        );
    }
    // Another time has no lost data.
    for path in ["transactions", "hitmap", "statistics/errors"] {
        let answer = ask(
            server.http,
            &format!("/api/v1/{path}?from=now-3h&to=now-2h"),
        );
        assert_eq!(answer["partial"], false, "{path}: {answer}");
    }
    for path in ["/", "/hitmap", "/transactions"] {
        let page = text(server.http, path, "en");
        assert!(
            !page.contains("data-time-notice"),
            "{path}: clocks are well"
        );
        for (language, words) in [
            ("en", "cannot be read"),
            ("ja", "読み取れません"),
            ("ko", "읽을 수 없습니다"),
        ] {
            assert!(
                text(server.http, path, language).contains(words),
                "{path} {language}"
            );
        }
        let elsewhere = text(server.http, &format!("{path}?from=now-3h&to=now-2h"), "en");
        assert!(!elsewhere.contains("cannot be read"), "{path}");
    }
    let metrics = text(server.http, "/metrics", "en");
    let value = |name: &str| {
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} ")));
        line.unwrap().parse::<u64>().unwrap()
    };
    assert!(value("hinomi_store_damaged_segments") >= 3);
    assert!(value("hinomi_store_checksum_failures_total") >= 3);
    let url = format!("http://127.0.0.1:{}", server.http);
    let (code, found) = doctor(dir.path(), &["--url", &url]);
    assert_eq!(code, Some(2));
    assert!(
        found
            .iter()
            .any(|(_, text)| text.contains("left out of answers") && text.starts_with(&url)),
        "{found:?}"
    );
}

#[test]
fn the_doctor_finds_a_running_server_well_and_a_silent_one_not() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    send(server.otlp_http);
    let url = format!("http://127.0.0.1:{}", server.http);
    let (_, found) = doctor(dir.path(), &["--url", &url]);
    assert_eq!(worst(&found), "ok", "{found:?}");
    for said in [
        "is ready",
        "is version 0.1.0",
        "clock agrees with this machine's clock",
        "failure counters are at 0",
    ] {
        assert!(
            found.iter().any(|(_, text)| text.contains(said)),
            "{said} in {found:?}"
        );
    }
    assert_eq!(server.stop(), Some(0));
    let (_, found) = doctor(dir.path(), &["--url", &url]);
    assert_eq!(worst(&found), "warning", "{found:?}");
    let output = run(&["doctor"], dir.path(), &[]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("catalog: "), "{table}");
}

#[test]
fn a_backup_of_a_server_under_load_serves_what_was_acknowledged_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"));
    let (sent, stop) = (
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let sender = {
        let (sent, stop, port) = (sent.clone(), stop.clone(), server.otlp_http);
        std::thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                send(port);
                sent.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    while sent.load(Ordering::SeqCst) < 100 {
        std::thread::yield_now();
    }
    let before = sent.load(Ordering::SeqCst);
    let backup = dir.path().join("backup");
    let output = run(&["backup"], &dir.path().join("data"), &[&backup]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("does not belong"), "{said}");
    assert!(output.status.success(), "{output:?}");
    stop.store(true, Ordering::SeqCst);
    sender.join().unwrap();
    let after = sent.load(Ordering::SeqCst);
    server.kill();

    let mut verify = command();
    verify.args(["backup", "--verify"]).arg(&backup);
    assert!(verify.output().unwrap().status.success());
    let restored = dir.path().join("restored");
    let output = run(&["restore"], &restored, &[&backup]);
    assert!(output.status.success(), "{output:?}");
    let again = run(&["restore"], &restored, &[&backup]);
    assert_eq!(again.status.code(), Some(1), "nothing is written over");
    let server = Server::start(&restored);
    let total = ask(server.http, "/api/v1/transactions?from=now-10m")["total"]
        .as_u64()
        .unwrap();
    assert!(
        (before..=after).contains(&total),
        "{before} {total} {after}"
    );
    let map = ask(server.http, "/api/v1/hitmap?from=now-10m");
    assert_eq!(map["total"]["ok"].as_u64(), Some(total));
    assert_eq!(server.stop(), Some(0));

    let manifest = std::fs::read_dir(backup.join("manifest")).unwrap();
    flip(&manifest.last().unwrap().unwrap().path());
    assert_eq!(verify.output().unwrap().status.code(), Some(1));
    let output = run(&["restore"], &dir.path().join("other"), &[&backup]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("manifest/") && said.contains("use another backup"),
        "{said}"
    );
}

#[test]
fn a_restore_deletes_nothing_that_the_server_was_told_to_keep() {
    const DAY_NS: u64 = 86_400_000_000_000;
    let dir = tempfile::tempdir().unwrap();
    let keep = [
        "--retention-spans",
        "100d",
        "--retention-transactions",
        "100d",
    ];
    let data = dir.path().join("data");
    let server = Server::start_with(&data, &keep);
    let mut old = span();
    old.start_time_unix_nano -= 40 * DAY_NS;
    old.end_time_unix_nano -= 40 * DAY_NS;
    for span in [old.clone(), span()] {
        let body = request("shop", vec![span]).encode_to_vec();
        let answer = post(server.otlp_http, "application/x-protobuf", None, &body);
        assert_eq!(answer.status, 200);
    }
    assert_eq!(server.stop(), Some(0));
    let (backup, restored) = (dir.path().join("backup"), dir.path().join("restored"));
    assert!(run(&["backup"], &data, &[&backup]).status.success());
    assert!(run(&["restore"], &restored, &[&backup]).status.success());
    let server = Server::start_with(&restored, &keep);
    let id: String = old
        .trace_id
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let trace = ask(server.http, &format!("/api/v1/traces/{id}"));
    assert_eq!(trace["spans"].as_array().map(Vec::len), Some(1), "{trace}");
}
