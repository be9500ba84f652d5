//! Runs every known input and modified ones, the same on every run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::disallowed_methods,
    reason = "the corpus is read from the real disk"
)]

use hinomi_fuzz::{Mutator, TARGETS, Target, corpus, json_cost, protobuf_cost, quieten, target};
use std::panic::catch_unwind;

/// All inputs in a target's folder, sorted by name.
fn inputs(target: Target) -> Vec<Vec<u8>> {
    let folder = corpus(target.name);
    let entries = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}; write the seeds first", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths
        .iter()
        .map(|path| std::fs::read(path).unwrap())
        .collect()
}

/// Runs an input. Prints one that fails, so that it can be added to the corpus.
fn holds(target: Target, what: &str, input: &[u8]) {
    if catch_unwind(|| (target.run)(input)).is_err() {
        let shown = &input[..input.len().min(20_000)];
        panic!(
            "{} fails for {what}: b\"{}\"",
            target.name,
            shown.escape_ascii()
        );
    }
}

fn known_and_changed_inputs_hold(name: &str) {
    quieten();
    let target = target(name);
    let inputs = inputs(target);
    inputs
        .iter()
        .for_each(|input| holds(target, "a known input", input));
    let mut mutator = Mutator::new(name);
    // Set a larger number by hand: `HINOMI_FUZZ_TRIES=100000 cargo test -p hinomi-fuzz`.
    let tries =
        std::env::var("HINOMI_FUZZ_TRIES").map_or(target.tries, |tries| tries.parse().unwrap());
    for _ in 0..tries {
        holds(target, "a changed input", &mutator.next(&inputs));
    }
}

#[test]
fn otlp_protobuf_holds() {
    known_and_changed_inputs_hold("otlp_protobuf");
}

#[test]
fn otlp_json_holds() {
    known_and_changed_inputs_hold("otlp_json");
}

#[test]
fn the_log_holds() {
    known_and_changed_inputs_hold("wal");
}

#[test]
fn frames_of_the_log_hold() {
    known_and_changed_inputs_hold("frame");
}

#[test]
fn segments_hold() {
    known_and_changed_inputs_hold("segment");
}

#[test]
fn fingerprints_hold() {
    known_and_changed_inputs_hold("sql");
}

#[test]
fn pages_and_api_hold() {
    known_and_changed_inputs_hold("web");
}

/// Inputs of some megabytes in which every few bytes expand as much as possible.
#[test]
fn a_large_request_costs_no_more_than_it_may() {
    let message = |number: u8, parts: &[&[u8]]| {
        let inside = parts.concat();
        let mut whole = vec![number << 3 | 2];
        let mut length = inside.len();
        while length >= 0x80 {
            whole.push(length as u8 | 0x80);
            length >>= 7;
        }
        whole.push(length as u8);
        whole.extend(inside);
        whole
    };
    let times = [
        0x39, 0, 0, 0xb7, 0x35, 0x51, 0x1d, 0x87, 0x18, 0x41, 0, 0, 0xb7, 0x35, 0x51, 0x1d, 0x87,
        0x18,
    ];
    let span = |number: usize, more: &[u8]| {
        let ids = [
            message(1, &[&[7; 16]]),
            message(2, &[&(number as u64 + 1).to_be_bytes()]),
        ]
        .concat();
        message(2, &[&ids, &times, more])
    };
    let body = |spans: &[u8]| message(1, &[&message(2, &[spans])]);
    let attribute =
        |key: &[u8], value: &[u8]| message(9, &[&message(1, &[key]), &message(2, &[value])]);
    let text = |text: &[u8]| message(1, &[text]);
    let many = |make: &dyn Fn(usize) -> Vec<u8>| {
        let mut all = Vec::new();
        (0..)
            .map(make)
            .take_while(|one| {
                all.extend_from_slice(one);
                all.len() < 4 << 20
            })
            .for_each(drop);
        all
    };
    let name = |number: usize| message(5, &[format!("n{number}").as_bytes()]);
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("groups", [0x0a, 0].repeat(1 << 21)),
        ("scopes", message(1, &[&[0x12, 0].repeat(1 << 21)])),
        ("no spans", body(&[0x12, 0].repeat(1 << 21))),
        ("small spans", body(&many(&|n| span(n, &[])))),
        ("named spans", body(&many(&|n| span(n, &name(n))))),
        ("attributes", body(&span(1, &[0x4a, 0].repeat(1 << 21)))),
        ("events", body(&span(1, &[0x5a, 0].repeat(1 << 21)))),
        ("links", body(&span(1, &[0x6a, 0].repeat(1 << 21)))),
        (
            "few events",
            body(&many(&|n| span(n, &[0x5a, 0].repeat(128)))),
        ),
        (
            "links that are",
            body(&many(&|n| {
                span(
                    n,
                    &message(13, &[&message(1, &[&[7; 16]]), &message(2, &[&[8; 8]])]).repeat(100),
                )
            })),
        ),
        (
            "controls in events",
            body(&many(&|n| {
                span(n, &message(11, &[&message(2, &[&[1; 900]])]).repeat(4))
            })),
        ),
        (
            "controls in attributes",
            body(&many(&|n| {
                span(n, &[name(n), attribute(b"k", &text(&[1; 1_500]))].concat())
            })),
        ),
        (
            "controls in values",
            body(&many(&|n| span(n, &attribute(b"k", &text(&[1; 60_000]))))),
        ),
        (
            "nulls",
            body(&many(&|n| {
                span(
                    n,
                    &attribute(b"k", &message(5, &[&[0x0a, 0].repeat(20_000)])),
                )
            })),
        ),
        (
            "statements",
            body(&many(&|n| {
                span(
                    n,
                    &attribute(
                        b"db.statement",
                        &text(format!("{n}{}", "-1,".repeat(300)).as_bytes()),
                    ),
                )
            })),
        ),
    ];
    let mut ok = true;
    for (what, body) in bodies {
        let (held, allowed) = protobuf_cost(&body);
        println!(
            "{what}: {} bytes cost {held}, {:.1} times",
            body.len(),
            held as f64 / body.len() as f64
        );
        ok &= held <= allowed;
    }
    let nested = |list: &str, inside: String| format!("{{\"{list}\":[{inside}]}}");
    let spans = |inside: String| {
        nested(
            "resourceSpans",
            nested("scopeSpans", nested("spans", inside)),
        )
    };
    let one = |list: &str, inside: String| {
        spans(format!(
            "{{\"traceId\":\"{}\",\"spanId\":\"{}\",\"startTimeUnixNano\":1767323043000000000,\"endTimeUnixNano\":1767323043000000000,\"{list}\":[{inside}]}}",
            "07".repeat(16),
            "08".repeat(8)
        ))
    };
    let empty = |count: usize| format!("{}{{}}", "{},".repeat(count));
    for (what, body) in [
        ("groups", nested("resourceSpans", empty(150_000))),
        (
            "scopes",
            nested("resourceSpans", nested("scopeSpans", empty(150_000))),
        ),
        ("spans", spans(empty(150_000))),
        ("wrong spans", spans(format!("{}1", "1,".repeat(250_000)))),
        ("attributes", one("attributes", empty(150_000))),
        (
            "wrong attributes",
            one("attributes", format!("{}1", "1,".repeat(250_000))),
        ),
        ("events", one("events", empty(150_000))),
        (
            "escapes",
            one(
                "attributes",
                format!("{{\"key\":\"{}\"}}", "\\u0001".repeat(150_000)),
            ),
        ),
        (
            "halves",
            one(
                "attributes",
                format!("{{\"key\":\"{}\"}}", "\\ud800".repeat(150_000)),
            ),
        ),
        (
            "unknown",
            format!("{{\"x\":[{}]}}", "[],".repeat(150_000) + "1"),
        ),
    ] {
        let (held, allowed) = json_cost(body.as_bytes());
        println!(
            "{what} in JSON: {} bytes cost {held}, {:.1} times",
            body.len(),
            held as f64 / body.len() as f64
        );
        ok &= held <= allowed;
    }
    assert!(ok, "a request costs too much");
}

#[test]
fn the_corpus_is_small() {
    for target in TARGETS {
        let bytes: usize = inputs(target).iter().map(Vec::len).sum();
        assert!(bytes <= 140 << 10, "{}: {bytes} bytes", target.name);
    }
}

/// Run by hand for a new target, or after adding seeds.
#[test]
#[ignore = "writes the seeds to the corpus"]
fn write_seeds() {
    for target in TARGETS {
        let folder = corpus(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number:02}")), seed).unwrap();
        }
    }
}
