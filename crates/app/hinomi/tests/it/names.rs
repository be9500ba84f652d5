//! Too many names, and the restart of a busy server, on the real server.

use crate::{
    estate::{ask, get, now_ms},
    server::Server,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Number of environments of a service that are counted apart.
const ENVIRONMENTS: u64 = 100;
/// Number of environments that one service invents here.
const MADE_UP: u64 = 300;

/// A request with a transaction of each operation, by one instance of a service.
fn sent(sender: (&str, &str, &str), operations: u64, id: &mut u64, end: u64) -> Value {
    let (service, environment, instance) = sender;
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let spans: Vec<Value> = (0..operations)
        .map(|operation| {
            *id += 1;
            json!({
                "traceId": format!("{id:032x}"), "spanId": format!("{id:016x}"), "name": "op", "kind": 2,
                "startTimeUnixNano": ((end - 20) * 1_000_000).to_string(),
                "endTimeUnixNano": (end * 1_000_000).to_string(),
                "attributes": [
                    text("http.request.method", "GET"),
                    text("http.route", &format!("/r{operation}")),
                ],
            })
        })
        .collect();
    json!({
        "resource": {"attributes": [
            text("service.name", service),
            text("deployment.environment.name", environment),
            text("service.instance.id", instance),
        ]},
        "scopeSpans": [{"spans": spans}],
    })
}

fn post(server: &Server, resources: Vec<Value>) {
    let body = json!({"resourceSpans": resources}).to_string();
    let (status, answer) = ask(server.otlp_http, "POST /v1/traces", &body);
    assert_eq!(status, 200, "{answer}");
}

/// Number of transactions in a range, by the hitmap and by the list.
fn counts(server: &Server, filter: &str, (from, to): (u64, u64)) -> (u64, u64) {
    let range = format!("from={from}&to={to}{filter}");
    let map = get(server, &format!("/api/v1/hitmap?{range}"));
    let sum = ["ok", "slow", "error"].map(|outcome| map["total"][outcome].as_u64().unwrap());
    let list = get(server, &format!("/api/v1/transactions?limit=1&{range}"));
    (sum.iter().sum(), list["total"].as_u64().unwrap())
}

fn html(server: &Server, path: &str) -> String {
    let (status, html) = ask(server.http, &format!("GET {path}"), "");
    assert_eq!(status, 200, "{path}");
    html
}

fn metric(server: &Server, series: &str) -> u64 {
    let text = html(server, "/metrics");
    let value = text.lines().find_map(|line| line.strip_prefix(series));
    let value = value.unwrap_or_else(|| panic!("no {series} in {text}"));
    value.trim().parse().unwrap()
}

#[test]
fn too_many_environments_are_one_and_who_sends_them_is_named_on_screen() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--memory-limit", "256MiB"]);
    let (now, mut id) = (now_ms(), 0);
    let range = (now - 60_000, now + 60_000);
    post(&server, vec![sent(("shop", "prod", "a"), 10, &mut id, now)]);
    let previews = (0..MADE_UP).map(|number| {
        let environment = format!("pr-{number}");
        sent(("preview", &environment, "a"), 1, &mut id, now)
    });
    post(&server, previews.collect());
    post(&server, vec![sent(("shop", "prod", "b"), 10, &mut id, now)]);

    let check = |server: &Server| {
        assert_eq!(
            counts(server, "&service=preview", range),
            (MADE_UP, MADE_UP)
        );
        let rest = MADE_UP - ENVIRONMENTS;
        let other = "&service=preview&environment=(other)";
        assert_eq!(counts(server, other, range), (rest, rest));
        let own = "&service=shop&environment=prod&operation=GET%20/r3";
        assert_eq!(
            counts(server, own, range),
            (2, 2),
            "the neighbour is as it was"
        );
        let services = get(server, "/api/v1/services");
        let items = services["items"].as_array().unwrap().len() as u64;
        assert_eq!(items, ENVIRONMENTS + 2);
        services["folded"].clone()
    };
    let folded = check(&server);
    assert_eq!(folded.as_array().unwrap().len(), 1, "{folded}");
    let expected = json!([
        "preview",
        "environment",
        format!("pr-{ENVIRONMENTS}"),
        MADE_UP - ENVIRONMENTS
    ]);
    let told = ["service", "attribute", "example", "spans"].map(|field| folded[0][field].clone());
    assert_eq!(json!(told), expected);
    let series = "hinomi_ingest_folded_spans_total{dimension=\"environment\"}";
    assert_eq!(metric(&server, series), MADE_UP - ENVIRONMENTS);
    assert!(metric(&server, "hinomi_ingest_keys ") < metric(&server, "hinomi_ingest_keys_limit "));
    for (language, says) in [
        ("en", "sends too many different values of"),
        ("ja", "の値の種類が多すぎます"),
        ("ko", "값의 종류가 너무 많습니다"),
    ] {
        for path in ["/", "/services/preview"] {
            let page = html(&server, &format!("{path}?lang={language}"));
            let notice = page.lines().find(|line| line.contains(says));
            let notice = notice.unwrap_or_else(|| panic!("{path} in {language} says nothing"));
            for part in ["preview", "deployment.environment.name", "(other)"] {
                assert!(notice.contains(part), "{part}: {notice}");
            }
        }
        let page = html(&server, &format!("/services/shop?lang={language}"));
        assert!(!page.contains(says), "the neighbour has nothing to do");
    }

    server.kill();
    let server = Server::start_with(dir.path(), &["--memory-limit", "256MiB"]);
    check(&server);
}

#[test]
fn a_server_that_was_busy_is_ready_at_once_and_answers_the_same_before_and_after_it_has_read_back()
{
    const SERVICES: u64 = 12;
    const OPERATIONS: u64 = 10;
    const COLUMNS: u64 = 60;
    let dir = tempfile::tempdir().unwrap();
    let flags = ["--memory-limit", "256MiB"];
    let server = Server::start_with(dir.path(), &flags);
    let (now, mut id) = (now_ms(), 0);
    for column in 0..COLUMNS {
        let end = now - (COLUMNS - column) * 5_000;
        let resources = (0..SERVICES).flat_map(|service| ["a", "b"].map(|of| (service, of)));
        let resources = resources.map(|(service, instance)| {
            let name = format!("svc-{service}");
            sent((&name, "prod", instance), OPERATIONS, &mut id, end)
        });
        post(&server, resources.collect());
    }
    let (range, mut all) = ((now - 600_000, now), id);
    assert_eq!(counts(&server, "", range), (all, all));
    server.kill();
    for stopped in [true, false] {
        let server = Server::start_with(dir.path(), &flags);
        assert_eq!(counts(&server, "", range), (all, all));
        // Arrives while the live window may still be restored.
        post(
            &server,
            vec![sent(("late", "prod", "a"), 7, &mut id, now - 100_000)],
        );
        all += 7;
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let window = metric(&server, "hinomi_live_window_seconds ");
            assert_eq!(counts(&server, "", range), (all, all), "{window}");
            if window >= 890 {
                break;
            }
            assert!(Instant::now() < deadline, "whole over {window} s only");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(
            metric(&server, "hinomi_live_keys "),
            SERVICES * OPERATIONS * 2 + 7
        );
        match stopped {
            true => assert_eq!(server.stop(), Some(0)),
            false => server.kill(),
        }
    }
}

#[test]
fn a_page_of_one_of_two_namespaces_is_of_that_one_alone() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let end = now_ms() - 5_000;
    let mut id = 0;
    for (namespace, spans) in [("shop", 3), ("blog", 5)] {
        let spans: Vec<Value> = (0..spans)
            .map(|_| {
                id += 1;
                json!({
                    "traceId": format!("{id:032x}"), "spanId": format!("{id:016x}"), "name": "op", "kind": 2,
                    "startTimeUnixNano": ((end - 20) * 1_000_000).to_string(),
                    "endTimeUnixNano": (end * 1_000_000).to_string(),
                })
            })
            .collect();
        let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
        let attributes = [
            text("service.name", "api"),
            text("service.namespace", namespace),
        ];
        post(
            &server,
            vec![json!({
                "resource": {"attributes": attributes}, "scopeSpans": [{"spans": spans}],
            })],
        );
    }
    for (filter, total) in [("?namespace=shop", 3), ("?namespace=blog", 5), ("", 8)] {
        for page in ["/services/api", "/services/api/hitmap"] {
            let page = html(&server, &format!("{page}{filter}"));
            assert!(
                page.contains(&format!("data-count=\"total\">{total}</b>")),
                "{filter}: {total}"
            );
            // The other pages of the service stay with it, and what scripts ask does too.
            let tab = "/services/api/transactions?namespace=blog";
            assert_eq!(page.contains(tab), total == 5, "{filter}");
            let script = r#""namespace":"blog""#;
            assert_eq!(page.contains(script), total == 5, "{filter}");
            assert_eq!(page.contains("data-slow-choice"), total != 8, "{filter}");
        }
        let and = if filter.is_empty() { "?" } else { "&" };
        let rows = html(
            &server,
            &format!("/csv/transactions{filter}{and}service=api"),
        );
        assert_eq!(rows.matches(",api,").count(), total, "{filter}: {rows}");
        assert!(rows.contains('\u{feff}'), "Excel reads it as UTF-8");
    }
}
