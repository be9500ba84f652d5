//! Series with another time and with usual values, and transactions in flight, over the API of the
//! real server.

use crate::{
    estate::{Made, ask, call, entry, get, now_ms, send},
    server::Server,
};
use serde_json::json;

const DAY: u64 = 86_400_000;

#[test]
fn a_series_is_told_beside_another_time_and_what_is_usual() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let minute = now_ms() / 60_000 * 60_000 - 120_000;
    let mut id = 0;
    let mut some = |count: u64, at: u64| -> Vec<Made> {
        (0..count)
            .map(|n| {
                id += 100;
                entry(id, at + n * 1_000, 50)
            })
            .collect()
    };
    let mut spans = some(30, minute);
    for day in 1..=3 {
        spans.extend(some(40 + day, minute - day * DAY));
    }
    send(&server, "shop", "shop-1", &spans);
    let (from, to) = (minute, minute + 60_000);
    let range = format!("service=shop&from={from}&to={to}");
    let (then_from, then_to) = (from - DAY, to - DAY);
    let path =
        format!("/api/v1/series?{range}&compare_from={then_from}&compare_to={then_to}&usual=true");
    let series = get(&server, &path);
    let count = |timeline: &serde_json::Value| -> u64 {
        let points = timeline["points"].as_array().unwrap().iter();
        points.map(|point| point["ok"].as_u64().unwrap()).sum()
    };
    assert_eq!(count(&series), 30);
    assert_eq!(count(&series["compare"]), 41);
    let usual = &series["usual"];
    assert_eq!(
        (usual["of"].as_str(), usual["periods"].as_u64()),
        (Some("hour_of_day"), Some(3))
    );
    // The same minute had 41, 42 and 43 transactions on those days, and the quarters of an hour
    // around it had none.
    let rate = &usual["points"][0]["rate"];
    assert_eq!(
        (rate["low"].as_f64(), rate["middle"].as_f64()),
        (Some(0.0), Some(0.0))
    );
    let p95 = usual["points"][0]["p95_ms"]["middle"].as_f64().unwrap();
    assert!((49.0..52.0).contains(&p95), "{p95}");
    assert_eq!(series.get("usual_missing"), None);

    let young = get(
        &server,
        &format!("/api/v1/series?service=nobody&from={from}&to={to}&usual=true"),
    );
    assert_eq!(young["usual_missing"], "too_few");
    let long = get(
        &server,
        "/api/v1/series?service=shop&from=now-8d&usual=true",
    );
    assert_eq!(long["usual_missing"], "too_long");
    for (query, parameter) in [
        ("usual=yes", "usual"),
        ("detail=x", "detail"),
        ("target=a&outcome=ok", "outcome"),
    ] {
        let (status, problem) = ask(server.http, &format!("GET /api/v1/series?{query}"), "");
        assert_eq!(status, 400, "{query}");
        assert!(
            problem.contains(&format!("\"parameter\":\"{parameter}\"")),
            "{problem}"
        );
    }
}

#[test]
fn calls_of_a_target_have_a_series_and_transactions_are_counted_while_they_ran() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let now = now_ms() / 5_000 * 5_000 - 60_000;
    let attributes =
        json!({"http.request.method": "GET", "server.address": "bank.example", "url.path": "/pay"});
    let spans = vec![
        // Three transactions at once, from one second before to half a second before. The third one
        // outlives the range.
        entry(100, now - 500, 2_000),
        entry(200, now, 1_000),
        entry(300, now + 20_000, 21_000),
        call(101, now - 600, attributes.clone(), false),
        call(201, now - 100, attributes, true),
    ];
    send(&server, "pay", "pay-1", &spans);
    let (from, to) = (now - 10_000, now + 5_000);
    let calls = get(
        &server,
        &format!("/api/v1/series?service=pay&target=bank.example&from={from}&to={to}"),
    );
    let points = calls["points"].as_array().unwrap().iter();
    let sums = points.fold((0, 0), |sum, point| {
        (
            sum.0 + point["ok"].as_u64().unwrap(),
            sum.1 + point["error"].as_u64().unwrap(),
        )
    });
    assert_eq!(sums, (1, 1));

    let ran = get(
        &server,
        &format!("/api/v1/in-flight?service=pay&from={from}&to={to}"),
    );
    assert_eq!(ran["exact"], true);
    let points = ran["points"].as_array().unwrap();
    let most: Vec<u64> = points
        .iter()
        .map(|point| point["max"].as_u64().unwrap())
        .collect();
    assert_eq!(most, [0, 3, 1]);
    // Within the five seconds before, the three transactions ran for 2.0, 1.0 and 1.0 seconds.
    let mean = points[1]["mean"].as_f64().unwrap();
    assert!((mean - 4.0 / 5.0).abs() < 1e-6, "{mean}");
    assert_eq!(points[2]["mean"], 1.0);

    let long = get(&server, "/api/v1/in-flight?service=pay&from=now-2h");
    assert_eq!(
        (&long["exact"], &long["points"][0]["max"]),
        (&json!(false), &json!(null))
    );
    let late = get(&server, "/api/v1/in-flight/now?service=pay");
    assert_eq!(late["ages"].as_array().unwrap().len(), 4);
    let lag = late["lag_ms"].as_f64().unwrap();
    assert!((10_000.0..=60_000.0).contains(&lag), "{lag}");
}
