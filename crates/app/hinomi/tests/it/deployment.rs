//! `hinomi deployment`: reports to a running server and waits for the verdict.

use crate::{
    estate::{ask, get, now_ms},
    server::{Server, command},
};
use serde_json::{Value, json};
use std::process::Output;

/// Requests a second of the service.
const RATE: u64 = 50;
/// Age of the new version, in milliseconds.
const SINCE_MS: u64 = 120_000;

/// Sends a service's transactions of one version, spread evenly over a time. Each takes 20 to 29
/// ms, times `slower`.
fn send(
    server: &Server,
    (service, environment): (&str, &str),
    version: &str,
    span: (u64, u64),
    slower: u64,
) {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let apart = 1_000 / RATE;
    let ends: Vec<u64> = (span.0..span.1)
        .step_by(usize::try_from(apart).unwrap())
        .collect();
    // No two sets share a trace id, because repeated spans are dropped.
    let trace: u64 = format!("{service}{environment}{version}")
        .bytes()
        .fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte));
    for part in ends.chunks(2_000) {
        let spans = part.iter().map(|end| {
            let length = (20 + end / apart % 10) * slower;
            json!({
                "traceId": format!("{trace:016x}{end:016x}"),
                "spanId": format!("{end:016x}"),
                "name": "GET /", "kind": 2,
                "startTimeUnixNano": ((end - length) * 1_000_000).to_string(),
                "endTimeUnixNano": (end * 1_000_000).to_string(),
            })
        });
        let resource = [
            text("service.name", service),
            text("service.version", version),
            text("deployment.environment.name", environment),
        ];
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": resource},
            "scopeSpans": [{"spans": spans.collect::<Vec<Value>>()}],
        }]});
        let (status, answer) = ask(server.otlp_http, "POST /v1/traces", &body.to_string());
        assert_eq!(status, 200, "{answer}");
    }
}

fn tell(server: &Server, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = command();
    command.arg("deployment").args(args);
    command.env("HINOMI_URL", format!("http://127.0.0.1:{}", server.http));
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_pipeline_is_told_by_exit_code_what_its_deployment_did() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let now = now_ms();
    let at = (now - SINCE_MS).to_string();
    for (service, slower) in [("slower", 3), ("same", 1)] {
        let place = (service, "prod");
        send(&server, place, "1", (now - 900_000, now - SINCE_MS), 1);
        send(&server, place, "2", (now - SINCE_MS, now), slower);
    }
    let of = |service, more: &[&str]| {
        let args = ["--service", service, "--version", "2", "--at", &at];
        tell(&server, &[&args[..], more].concat())
    };
    let (code, said, _) = of("slower", &["--wait", "0s", "--label", "build 7"]);
    assert_eq!(code, Some(3), "{said}");
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].starts_with("slower 2 (prod) deployed at 20"),
        "{said}"
    );
    assert!(
        lines[1].ends_with("/services/slower/deployments/2?environment=prod"),
        "{said}"
    );
    assert_eq!(lines[2], "worse (latency)");
    assert!(
        lines[4].starts_with("since:  6000 transactions, p95 8"),
        "{said}"
    );
    let (code, said, _) = of("same", &["--wait", "0s"]);
    assert_eq!(
        (code, said.lines().nth(2)),
        (Some(0), Some("no difference"))
    );
    // Without --wait nobody waits. For a version that has not been seen yet, the command waits to
    // the end.
    assert_eq!(of("same", &[]).0, Some(0));
    let args = ["--service", "same", "--version", "3", "--wait", "1s"];
    let (code, said, _) = tell(&server, &args);
    assert_eq!((code, said.lines().nth(2)), (Some(4), Some("collecting")));
    // A reported version that has not sent anything is not what still runs.
    let told = tell(
        &server,
        &["--service", "slower", "--version", "4", "--at", &at],
    );
    assert_eq!(told.0, Some(0));
    let args = [
        "--service",
        "slower",
        "--version",
        "4",
        "--at",
        &at,
        "--wait",
        "0s",
    ];
    let (code, said, _) = tell(&server, &args);
    assert_eq!((code, said.lines().nth(2)), (Some(4), Some("collecting")));
    let listed = get(&server, "/api/v1/deployments?service=slower");
    let items = listed["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["label"] == "build 7"));
    assert_eq!(items.len(), 2);
}

#[test]
fn what_can_not_be_told_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let now = now_ms();
    for environment in ["prod", "staging"] {
        send(
            &server,
            ("checkout", environment),
            "1",
            (now - 1_000, now),
            1,
        );
    }
    let (code, said, problem) = tell(&server, &["--service", "checkout", "--version", "2"]);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(
        problem.contains("`prod`") && problem.contains("`staging`"),
        "{problem}"
    );
    let place = [
        "--service",
        "checkout",
        "--version",
        "2",
        "--environment",
        "staging",
    ];
    let (code, said, _) = tell(&server, &place);
    assert_eq!(code, Some(0));
    assert!(said.starts_with("checkout 2 (staging)"), "{said}");
    let (code, _, problem) = tell(&server, &["--service", "checkout", "--at", "yesterday"]);
    assert_eq!(code, Some(1));
    assert!(problem.contains("`at` is RFC 3339"), "{problem}");
    // A service that has never sent anything can be reported before it does.
    let (code, said, _) = tell(&server, &["--service", "new one", "--label", "pool of 20"]);
    assert_eq!(code, Some(0));
    assert!(
        said.contains("/services/new%20one/deployments/at-"),
        "{said}"
    );
    let (code, _, problem) = tell(&server, &["--service", "x", "--url", "http://127.0.0.1:1"]);
    assert_eq!(code, Some(1));
    assert!(
        problem.contains("http://127.0.0.1:1 could not be reached"),
        "{problem}"
    );
    assert_eq!(tell(&server, &[]).0, Some(2));
}
