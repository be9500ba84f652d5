//! The health board with five hundred services, on the real server.

use crate::{
    estate::{ask, now_ms},
    server::Server,
};
use serde_json::{Value, json};
use std::time::Instant;

const SERVICES: u64 = 500;
/// Number of services in one request.
const AT_ONCE: u64 = 25;
/// Number of transactions of each service, over the last ten minutes.
const EACH: u64 = 60;

fn send(server: &Server, from: u64, now: u64) {
    let text = |key: &str, value: String| json!({"key": key, "value": {"stringValue": value}});
    let services = (from..from + AT_ONCE).map(|number| {
        let spans = (0..EACH).map(|nth| {
            let id = number * EACH + nth + 1;
            let end = now - 600_000 + nth * (600_000 / EACH);
            let failed = number % 50 == 0;
            json!({
                "traceId": format!("{id:032x}"), "spanId": format!("{id:016x}"),
                "name": "GET /", "kind": 2,
                "startTimeUnixNano": ((end - 20) * 1_000_000).to_string(),
                "endTimeUnixNano": (end * 1_000_000).to_string(),
                "status": if failed { json!({"code": 2}) } else { json!({}) },
            })
        });
        let resource = [
            text("service.name", format!("service-{number:03}")),
            text("service.namespace", format!("area-{}", number % 7)),
            text("team", format!("team-{}", number % 12)),
        ];
        json!({
            "resource": {"attributes": resource},
            "scopeSpans": [{"spans": spans.collect::<Vec<_>>()}],
        })
    });
    let body = json!({"resourceSpans": services.collect::<Vec<Value>>()});
    let (status, answer) = ask(server.otlp_http, "POST /v1/traces", &body.to_string());
    assert_eq!(status, 200, "{answer}");
}

/// The page. Prints how long it took; the time depends on machine and build, so it is not asserted.
fn page(server: &Server, path: &str) -> String {
    let begun = Instant::now();
    let (status, html) = ask(server.http, &format!("GET {path}"), "");
    println!("{path}: {:?}, {} bytes", begun.elapsed(), html.len());
    assert_eq!(status, 200);
    html
}

#[test]
fn five_hundred_services_are_on_one_board_by_team_and_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let now = now_ms();
    for from in (0..SERVICES).step_by(AT_ONCE as usize) {
        send(&server, from, now);
    }
    for _ in 0..3 {
        let html = page(&server, "/");
        assert_eq!(
            html.matches("class=\"tile tile-").count(),
            SERVICES as usize
        );
        assert_eq!(html.matches("<h2>area-").count(), 7);
    }
    let html = page(&server, "/?group=team&state=bad");
    assert_eq!(html.matches("class=\"tile tile-bad").count(), 10);
    assert!(html.contains("<h2>team-0</h2>"));
    // The page of one service reports on that service, and names all services.
    let html = page(&server, "/services/service-050");
    assert!(html.contains("Error rate <b>"));
    assert!(html.contains("/services/service-499"));
    // The verdict does not depend on the range, although columns of a week are hours wide.
    for range in ["from=now-24h", "from=now-7d"] {
        let html = page(&server, &format!("/services/service-050?{range}"));
        assert!(html.contains("Error rate <b>"), "{range}");
    }
    let html = page(&server, "/?q=SERVICE-12");
    assert_eq!(html.matches("class=\"tile tile-").count(), 10);
}
