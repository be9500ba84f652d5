//! Searches by attribute give the same answers in memory, after a flush and after compaction,
//! however the values are stored.

use crate::{
    folder::{Folder, all, ever},
    spans::{HOUR, Spec, span, span_id, trace_id},
};
use hinomi_io::{Disk, RealDisk};
use hinomi_lake::{
    AttributeRow, AttributeRows, AttributeSearch, Batch, Lake, LakeLimits, PromoteError, Stopped,
    Term, TransactionSearch,
};
use hinomi_model::{
    BatchBuilder, RollupSet, Scope, SpanBatch, SpanKind, TimeRange, UnixNanos,
    batch::{Row, Shape, ValueKind},
};
use proptest::prelude::*;
use std::time::Duration;

fn is(key: &str, value: &str) -> Term {
    Term::Is {
        key: key.into(),
        value: value.into(),
    }
}

fn valued(value: &str) -> Term {
    Term::Any {
        value: value.into(),
    }
}

fn has(key: &str) -> Term {
    Term::Has { key: key.into() }
}

fn search(terms: Vec<Term>) -> AttributeSearch {
    AttributeSearch {
        scope: Scope::default(),
        service: None,
        range: ever(),
        terms,
        before: None,
        limit: 1_000,
    }
}

/// An attribute of a test span: key, value as JSON, and whether it is an own attribute of the span
/// or in the object that spans share.
#[derive(Debug, Clone)]
struct Attribute {
    key: String,
    json: String,
    own: bool,
}

fn attribute(key: &str, json: &str, own: bool) -> Attribute {
    Attribute {
        key: key.into(),
        json: json.into(),
        own,
    }
}

/// The form in which a value is compared: a string as it is, other values as JSON.
fn text_of(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.into())
}

/// A batch whose spans store these attributes as specified.
fn kept(spans: &[(Spec, Vec<Attribute>)]) -> Batch {
    let mut builder = BatchBuilder::default();
    for (spec, attributes) in spans {
        let mut span = span(spec);
        let members = attributes.iter().filter(|attribute| !attribute.own);
        let members = members.map(|attribute| {
            let key = serde_json::to_string(&attribute.key).unwrap();
            format!("{key}:{}", attribute.json)
        });
        span.attributes = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        let one: SpanBatch = std::iter::once(&span).collect();
        let words = |symbol| one.words.get(symbol);
        let shape = one.shapes[0];
        let shape = Shape {
            name: builder.words().intern(words(shape.name)),
            scope: builder.words().intern(words(shape.scope)),
            status_message: builder.words().intern(words(shape.status_message)),
            error_type: builder.words().intern(words(shape.error_type)),
            attributes: builder.words().intern(words(shape.attributes)),
            transaction: shape.transaction.map(|mut transaction| {
                transaction.operation = builder.words().intern(words(transaction.operation));
                transaction
            }),
            call: None,
            ..shape
        };
        let row = Row {
            resource: builder.resource(&span.resource),
            shape: builder.shape(shape),
            ..one.rows[0]
        };
        for attribute in attributes.iter().filter(|attribute| attribute.own) {
            let text = attribute.json.starts_with('"');
            let kind = if text {
                ValueKind::Text
            } else {
                ValueKind::Json
            };
            let key = builder.key(&attribute.key, kind);
            let value = builder.words().intern(&text_of(&attribute.json));
            builder.own(key, value);
        }
        builder.row(row, &span.events, &span.links);
    }
    let spans = builder.finish();
    let rollups = RollupSet::of(&spans).into();
    Batch {
        project: "default".into(),
        spans,
        rollups,
    }
}

/// Ids of the found spans, in order of the answer.
fn ids(rows: &[AttributeRow]) -> Vec<hinomi_model::SpanId> {
    rows.iter().map(|row| row.span_id).collect()
}

async fn found(lake: &Lake, terms: Vec<Term>) -> AttributeRows {
    lake.search(search(terms)).await.unwrap()
}

/// Orders one to `count`, a second apart. Every third one stores the order number as an own
/// attribute.
fn orders(count: u32) -> Vec<(Spec, Vec<Attribute>)> {
    (1..=count)
        .map(|id| {
            let spec = Spec {
                id,
                trace: id as u8,
                end_ms: i64::from(id) * 1_000,
                kind: if id % 2 == 0 {
                    SpanKind::Server
                } else {
                    SpanKind::Internal
                },
                ..Spec::default()
            };
            let json = match id % 4 {
                0 => id.to_string(),
                _ => format!("\"{id}\""),
            };
            let attributes = vec![
                attribute("order.id", &json, id % 3 == 0),
                attribute("tier", "\"gold\"", false),
                attribute("note", "\"a \\\"b\\\" \\n/c\"", id % 2 == 0),
            ];
            (spec, attributes)
        })
        .collect()
}

#[tokio::test]
async fn the_span_of_an_order_is_found_in_memory_on_disk_and_merged() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(kept(&orders(200))).await.unwrap();
    for place in ["memory", "disk", "both, promoted", "merged"] {
        for id in [1, 3, 4, 12, 199, 200] {
            let rows = found(&lake, vec![is("order.id", &id.to_string())]).await;
            assert_eq!(ids(&rows.rows), [span_id(id)], "{id} in {place}");
            let row = &rows.rows[0];
            assert_eq!(row.trace_id, trace_id(id as u8));
            assert_eq!(&*row.matched.key, "order.id");
            assert_eq!(&*row.matched.value, id.to_string());
            assert_eq!(&*row.service, "checkout");
            assert_eq!(row.transaction.is_some(), id % 2 == 0, "{id} in {place}");
            assert_eq!(rows.stopped, None);
            assert!(!rows.partial);
            let rows = found(&lake, vec![valued(&id.to_string()), is("tier", "gold")]).await;
            assert_eq!(ids(&rows.rows), [span_id(id)], "{id} in {place}");
        }
        let none = [
            vec![is("order.id", "999")],
            vec![is("order", "12")],
            vec![is("order.id", "12"), is("tier", "silver")],
            vec![valued("gol")],
            vec![has("order")],
        ];
        for terms in none {
            assert_eq!(found(&lake, terms.clone()).await.rows, [], "{terms:?}");
        }
        let noted = found(&lake, vec![is("note", "a \"b\" \n/c"), has("order.id")]).await;
        let newest_first: Vec<_> = (1..=noted.rows.len() as u32).rev().map(span_id).collect();
        assert!(noted.rows.len() >= 200);
        assert_eq!(ids(&noted.rows), newest_first, "in {place}");
        match place {
            "memory" => lake.flush().await.unwrap(),
            "disk" => {
                promote(&lake, "order.id").await;
                lake.append(kept(&orders(220).split_off(200)))
                    .await
                    .unwrap();
                lake.flush().await.unwrap();
                lake.append(kept(&orders(240).split_off(220)))
                    .await
                    .unwrap();
            }
            _ => {
                lake.flush().await.unwrap();
                lake.maintain().await.unwrap();
            }
        }
    }
}

async fn promote(lake: &Lake, key: &str) {
    lake.promote_attribute("default".into(), key.into())
        .await
        .unwrap();
}

#[tokio::test]
async fn promoted_attributes_are_remembered_and_bounded() {
    let limits = LakeLimits {
        promoted_attributes: 2,
        ..LakeLimits::default()
    };
    let folder = Folder::with(limits);
    let (lake, _) = folder.open().await;
    promote(&lake, "order.id").await;
    promote(&lake, "a").await;
    promote(&lake, "a").await;
    let keys = |lake: &Lake| {
        let promoted = lake.promoted_attributes("default");
        promoted
            .iter()
            .map(|(key, _)| key.to_string())
            .collect::<Vec<_>>()
    };
    let refused = lake.promote_attribute("default".into(), "b".into()).await;
    assert!(matches!(refused, Err(PromoteError::TooMany { limit: 2 })));
    for key in ["", "a\nb"] {
        let refused = lake.promote_attribute("default".into(), key.into()).await;
        assert!(matches!(refused, Err(PromoteError::Key)));
    }
    lake.close().await.unwrap();
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(keys(&lake), ["a", "order.id"]);
    lake.demote_attribute("default", "a").await.unwrap();
    assert_eq!(keys(&lake), ["order.id"]);
}

#[tokio::test]
async fn a_damaged_segment_is_left_out_and_said_to_be() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(kept(&orders(10))).await.unwrap();
    lake.flush().await.unwrap();
    for file in folder.segment_files() {
        RealDisk.remove(&file).unwrap();
    }
    let rows = found(&lake, vec![is("order.id", "3")]).await;
    assert!(rows.partial);
    assert_eq!(rows.rows, []);
}

/// Orders of five hours, one segment per hour.
async fn five_hours(folder: &Folder) -> Lake {
    let (lake, _) = folder.open().await;
    for hour in 0..5 {
        let mut of_hour = orders(40);
        for (spec, _) in &mut of_hour {
            spec.end_ms += hour * 3_600_000;
            spec.id += 100 * hour as u32;
        }
        lake.append(kept(&of_hour)).await.unwrap();
    }
    lake.flush().await.unwrap();
    lake
}

#[tokio::test]
async fn a_search_whose_time_is_up_goes_on_where_it_stopped() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let (mut all, mut rounds) = (Vec::new(), 0);
    let mut next = AttributeSearch {
        range: hours(0, 5),
        ..search(vec![is("tier", "gold")])
    };
    loop {
        let clock = folder.clock.clone();
        let late = move |_| clock.advance(Duration::from_secs(5));
        let rows = lake.search_telling(next.clone(), late).await.unwrap();
        all.extend(ids(&rows.rows));
        rounds += 1;
        match rows.stopped {
            None => break,
            Some(stopped) => assert_eq!(stopped, Stopped::Time),
        }
        assert!(rows.covered_from > next.range.from);
        assert!(rows.scanned.segments < rows.scanned.of_segments);
        next.before = rows.next;
    }
    assert!(rounds > 1, "the clock went on and nobody noticed");
    assert_eq!(lake.stats().searches_out_of_time, rounds - 1);
    let newest_first = (0..5_u32)
        .rev()
        .flat_map(|hour| (1..=40).rev().map(move |id| span_id(hour * 100 + id)));
    assert_eq!(all, newest_first.collect::<Vec<_>>());
}

fn hours(from: i64, to: i64) -> TimeRange {
    let hour = |number: i64| UnixNanos(HOUR.0 + number * 3_600_000_000_000);
    TimeRange::new(hour(from), hour(to))
}

#[tokio::test]
async fn pages_hold_every_match_once_and_newest_first() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let mut next = AttributeSearch {
        limit: 7,
        ..search(vec![is("tier", "gold")])
    };
    let mut all = Vec::new();
    loop {
        let rows = lake.search(next.clone()).await.unwrap();
        all.extend(ids(&rows.rows));
        assert_ne!(rows.stopped, Some(Stopped::Time));
        match rows.next {
            Some(_) => next.before = rows.next,
            None => break,
        }
        assert!(rows.scanned.segments <= 5);
    }
    let newest_first = (0..5_u32)
        .rev()
        .flat_map(|hour| (1..=40).rev().map(move |id| span_id(hour * 100 + id)));
    assert_eq!(all, newest_first.collect::<Vec<_>>());
    let first = lake.search(search(vec![is("tier", "gold")])).await.unwrap();
    assert_eq!((first.stopped, first.rows.len()), (None, 200));
}

#[tokio::test]
async fn enough_found_leaves_older_segments_alone() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let few = AttributeSearch {
        limit: 3,
        ..search(vec![is("tier", "gold")])
    };
    let rows = lake.search(few).await.unwrap();
    assert_eq!(rows.stopped, Some(Stopped::Limit));
    assert_eq!((rows.scanned.segments, rows.scanned.of_segments), (1, 5));
}

#[tokio::test]
async fn a_search_that_nobody_waits_for_ends() {
    let folder = Folder::new();
    let lake = five_hours(&folder).await;
    let (told, mut news) = tokio::sync::mpsc::unbounded_channel();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let tell = move |news| {
        let _ = told.send(news);
        // Blocks until the caller has gone.
        let _ = gate.recv();
    };
    let mut asked = Box::pin(lake.search_telling(search(vec![is("tier", "gold")]), tell));
    tokio::select! {
        _ = &mut asked => panic!("it was to wait"),
        first = news.recv() => assert!(first.is_some()),
    }
    drop(asked);
    drop(go);
    // The search of the current segment is aborted: there is no report of its end.
    assert_eq!(news.recv().await, None);
}

#[tokio::test]
async fn transactions_are_counted_and_listed_by_attribute_and_status() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(kept(&orders(60))).await.unwrap();
    for place in ["memory", "disk"] {
        for (terms, expected) in [
            (vec![is("order.id", "12")], 1),
            (vec![is("order.id", "13")], 0),
            (vec![is("tier", "gold")], 30),
            (vec![Term::HttpStatus(200)], 30),
            (vec![Term::HttpStatus(404)], 0),
            (vec![Term::HttpStatus(200), Term::HttpStatus(404)], 0),
            (vec![Term::HttpStatus(200), is("order.id", "12")], 1),
        ] {
            let by_terms = TransactionSearch {
                terms: terms.clone(),
                limit: 7,
                ..all()
            };
            let plain = lake.transactions(all()).await.unwrap();
            let (mut listed, mut after) = (Vec::new(), None);
            loop {
                let page = TransactionSearch {
                    after,
                    ..by_terms.clone()
                };
                let page = lake.transactions(page).await.unwrap();
                assert_eq!(page.total, expected, "{terms:?} in {place}");
                after = page.rows.last().map(|row| row.cursor());
                listed.extend(page.rows);
                if !page.more {
                    break;
                }
            }
            assert_eq!(listed.len() as u64, expected, "{terms:?} in {place}");
            // The same rows as in the list without terms.
            assert!(
                listed.iter().all(|row| plain.rows.contains(row)),
                "{terms:?} in {place}"
            );
        }
        lake.flush().await.unwrap();
    }
}

/// Few keys and values, so that spans have many in common; some need escaping.
fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let key = prop_oneof![Just("a"), Just("b.c"), Just("order.id"), Just("k\"\\y")];
    let value = prop_oneof![
        Just("\"1\""),
        Just("1"),
        Just("\"x/y\""),
        Just("\"\\u0041\""),
        Just("true"),
        Just("[1,2]"),
        Just("\"\""),
        Just("\"q\\\"\\n\""),
    ];
    let one = (key, value, any::<bool>());
    prop::collection::vec(one, 0..4).prop_map(|all| {
        let mut seen = std::collections::HashSet::new();
        all.into_iter()
            .filter(|(key, ..)| seen.insert(key.to_string()))
            .map(|(key, json, own)| attribute(key, json, own))
            .collect()
    })
}

fn terms() -> Vec<Vec<Term>> {
    let mut all = vec![vec![Term::HttpStatus(200), valued("1")]];
    for key in ["a", "b.c", "order.id", "k\"\\y"] {
        all.push(vec![has(key)]);
        for value in ["1", "x/y", "A", "true", "[1,2]", "", "q\"\n", "2"] {
            all.push(vec![is(key, value)]);
            all.push(vec![valued(value)]);
            all.push(vec![valued(value), has(key)]);
        }
    }
    all
}

fn fulfils(term: &Term, span: &Spec, attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = text_of(&attribute.json);
        match term {
            Term::Is { key, value } => **key == *attribute.key && **value == *text,
            Term::Has { key } => **key == *attribute.key,
            Term::Any { value } => **value == *text,
            Term::HttpStatus(_) => false,
        }
    }) || matches!(term, Term::HttpStatus(200) if span.kind == SpanKind::Server)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_search_finds_what_looking_at_every_span_finds(
        spans in prop::collection::vec((attributes(), 0..5_i64), 1..60),
        cuts in prop::collection::vec(any::<bool>(), 60),
        promoted in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = Folder::new();
            let (lake, _) = folder.open().await;
            let spans: Vec<(Spec, Vec<Attribute>)> = (1..).zip(spans).map(|(id, (attributes, end))| {
                let kind = if id % 2 == 0 { SpanKind::Server } else { SpanKind::Internal };
                let spec = Spec { id, trace: id as u8, end_ms: end * 1_500_000, kind, ..Spec::default() };
                (spec, attributes)
            }).collect();
            if promoted {
                promote(&lake, "order.id").await;
                promote(&lake, "a").await;
            }
            for (span, flush) in spans.iter().zip(&cuts) {
                lake.append(kept(std::slice::from_ref(span))).await.unwrap();
                if *flush {
                    lake.flush().await.unwrap();
                }
            }
            for merged in [false, true] {
                for terms in terms() {
                    let mut expected: Vec<&Spec> = spans.iter()
                        .filter(|(spec, attributes)| terms.iter().all(|term| fulfils(term, spec, attributes)))
                        .map(|(spec, _)| spec).collect();
                    expected.sort_by_key(|spec| std::cmp::Reverse((spec.end_ms, trace_id(spec.trace))));
                    let expected: Vec<_> = expected.iter().map(|spec| span_id(spec.id)).collect();
                    let found = found(&lake, terms.clone()).await;
                    assert_eq!(ids(&found.rows), expected, "{terms:?}, merged {merged}");
                }
                lake.flush().await.unwrap();
                lake.maintain().await.unwrap();
            }
        });
    }
}
