//! Measures the cost of a search for one order in an hour of spans. Run by hand, in release: `cargo
//! test --release -p hinomi-lake -- --ignored --nocapture search_speed`.

use crate::folder::{Folder, ever};
use hinomi_conformance::spans::{HOUR, Spec, span};
use hinomi_io::{Clock, SystemClock};
use hinomi_lake::{AttributeSearch, Batch, Term};
use hinomi_model::{
    BatchBuilder, RollupSet, Scope, SpanBatch, SpanId, TraceId, UnixNanos,
    batch::{Row, Shape, ValueKind},
};

/// Number of spans in the hour; `HINOMI_SEARCH_SPANS` overrides it.
const SPANS: u64 = 2_400_000;
const BATCH: u64 = 1_000;

/// Spans as ingest creates them: a few dozen shapes, each span with its own thread and path, every
/// fourth with an order.
fn spans(number: u64, of: u64) -> Batch {
    let mut builder = BatchBuilder::default();
    let like = span(&Spec::default());
    let resource = like.resource.clone();
    let one: SpanBatch = std::iter::once(&like).collect();
    for at in number * BATCH..(number + 1) * BATCH {
        let words = builder.words();
        let attributes = format!(
            r#"{{"http.request.method":"POST","server.address":"pod-{}","user_agent.original":"okhttp/4.12.0"}}"#,
            at % 40
        );
        let shape = Shape {
            name: words.intern(&format!("span {}", at % 40)),
            scope: words.intern("scope"),
            attributes: words.intern(&attributes),
            transaction: None,
            call: None,
            ..one.shapes[0]
        };
        let end = UnixNanos(HOUR.0 + (at * 3_600_000_000_000 / of) as i64);
        let trace = (at / 12).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let row = Row {
            trace_id: TraceId::from_slice(&[trace.to_be_bytes(), trace.to_le_bytes()].concat())
                .unwrap(),
            span_id: SpanId::from_slice(&(at + 1).to_be_bytes()).unwrap(),
            start: UnixNanos(end.0 - 1_000_000),
            end,
            resource: builder.resource(&resource),
            shape: builder.shape(shape),
            ..one.rows[0]
        };
        let mut own = |key: &str, kind, value: String| {
            let key = builder.key(key, kind);
            let value = builder.words().intern(&value);
            builder.own(key, value);
        };
        own("thread.id", ValueKind::Json, (at % 200).to_string());
        own("url.path", ValueKind::Text, format!("/api/orders/{at}"));
        if at % 4 == 0 {
            own("order.id", ValueKind::Text, format!("A{at:08}"));
        }
        builder.row(row, "", "");
    }
    let spans = builder.finish();
    let rollups = RollupSet::of(&spans).into();
    Batch {
        project: "default".into(),
        spans,
        rollups,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand in release"]
async fn search_speed() {
    let of = std::env::var("HINOMI_SEARCH_SPANS")
        .ok()
        .and_then(|number| number.parse().ok())
        .unwrap_or(SPANS);
    let clock = SystemClock::new();
    for promoted in [false, true] {
        let folder = Folder::new();
        let (lake, _) = folder.open().await;
        if promoted {
            crate::attributes::promote(&folder, "order.id").await;
        }
        for number in 0..of / BATCH {
            while let Err(error) = lake.append(spans(number, of)).await {
                assert!(error.is_retryable(), "{error}");
                tokio::task::yield_now().await;
            }
        }
        lake.flush().await.unwrap();
        lake.maintain().await.unwrap();
        println!(
            "{of} spans, promoted {promoted}, {} segments",
            lake.stats().segments_by_table[0]
        );
        let order: hinomi_model::Text = format!("A{:08}", of / 8 * 4).into();
        let path: hinomi_model::Text = format!("/api/orders/{}", of / 2).into();
        let key: hinomi_model::Text = "order.id".into();
        for (what, term) in [
            (
                "key=value",
                Term::Is {
                    key: key.clone(),
                    value: order.clone(),
                },
            ),
            (
                "key=absent",
                Term::Is {
                    key,
                    value: "nothing".into(),
                },
            ),
            ("a value", Term::Any { value: path }),
            (
                "in all",
                Term::Is {
                    key: "http.request.method".into(),
                    value: "POST".into(),
                },
            ),
        ] {
            for round in ["cold", "warm", "warm"] {
                let begun = clock.monotonic();
                let search = AttributeSearch {
                    scope: Scope::of("default"),
                    service: None,
                    range: ever(),
                    terms: vec![term.clone()],
                    before: None,
                    limit: 50,
                };
                let found = lake.search(search).await.unwrap().rows.len();
                println!(
                    "{what}, {round}: {found} in {:?}",
                    clock.monotonic() - begun
                );
            }
        }
    }
}
