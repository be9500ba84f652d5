//! Measures the cost of appending and flushing. Run by hand, in release: `cargo test --release -p
//! hinomi-lake -- --ignored --nocapture speed`.

use crate::folder::all;
use hinomi_conformance::spans::{Spec, batch, span};
use hinomi_io::{Clock, RealDisk, SystemClock, SystemEntropy};
use hinomi_lake::{Batch, Lake, LakeConfig, LakeLimits, TransactionSearch};
use hinomi_model::{Resource, Span, SpanKind, Text};
use hinomi_registry::{DatabaseRegistry, RegistryLimits};
use std::{collections::HashMap, sync::Arc, time::Duration};

const BATCHES: u32 = 2_000;
const SPANS: u32 = 512;

/// A batch as ingest creates it: texts and resources are shared within it, about 250 bytes of JSON
/// per span.
fn typical(number: u32) -> Batch {
    let mut texts: HashMap<Text, Text> = HashMap::new();
    let mut resources: HashMap<Arc<Resource>, Arc<Resource>> = HashMap::new();
    let spans: Vec<Span> = (0..SPANS)
        .map(|at| {
            let id = number * SPANS + at;
            let kind = if at % 5 == 0 { SpanKind::Server } else { SpanKind::Client };
            let mut span = span(&Spec {
                id,
                service: (number % 4) as usize,
                instance: (number % 8) as usize,
                operation: (id % 40) as usize,
                end_ms: i64::from(number) * 10,
                duration: Duration::from_micros(u64::from(id % 977) * 700),
                kind,
                failed: id.is_multiple_of(97),
                call: kind == SpanKind::Client,
                ..Spec::default()
            });
            let trace = u128::from(id / 12).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            span.trace_id = hinomi_model::TraceId::from_slice(&(trace | 1).to_be_bytes()).unwrap();
            span.attributes = format!(
                r#"{{"http.request.method":"POST","url.path":"/api/orders/{id}","server.address":"checkout.shop.svc","order.id":"{}","user_agent.original":"okhttp/4.12.0","network.protocol.version":"1.1","thread.name":"http-nio-8080-exec-{}"}}"#,
                id * 7,
                id % 50
            );
            let mut share = |text: &mut Text| {
                *text = texts.entry(text.clone()).or_insert_with(|| text.clone()).clone();
            };
            share(&mut span.name);
            share(&mut span.scope);
            share(&mut span.status_message);
            span.transaction.iter_mut().for_each(|t| share(&mut t.operation));
            span.call.iter_mut().for_each(|call| {
                share(&mut call.target);
                share(&mut call.detail);
            });
            let resource = resources.entry(span.resource.clone()).or_insert(span.resource.clone());
            span.resource = resource.clone();
            span
        })
        .collect();
    batch(spans)
}

/// CPU time of this process.
fn cpu() -> Duration {
    use hinomi_io::Disk;
    let file = RealDisk.open("/proc/self/stat".as_ref()).unwrap();
    let mut stat = Vec::new();
    let mut byte = [0];
    while file.read_exact_at(&mut byte, stat.len() as u64).is_ok() {
        stat.push(byte[0]);
    }
    let stat = String::from_utf8(stat).unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand in release"]
async fn speed() {
    // On a real device, unlike the other tests.
    let device = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let config = LakeConfig {
        dir: device.path().into(),
        node: "n".into(),
        limits: LakeLimits::default(),
    };
    let open = async || {
        let path = device.path().join("registry.db");
        let names = DatabaseRegistry::open_file(path, RegistryLimits::default()).await;
        let opened = Lake::open(
            config.clone(),
            Arc::new(RealDisk),
            clock.clone(),
            Arc::new(SystemEntropy),
            Arc::new(names.unwrap()),
        );
        opened.await.unwrap()
    };
    let (lake, _) = open().await;
    let batches: Vec<Batch> = (0..BATCHES).map(typical).collect();
    let spans = f64::from(BATCHES * SPANS);
    let report = |what: &str, wall: Duration, cpu: Duration| {
        println!(
            "{what}: {:.2} s, {:.0} spans/s, {:.2} CPU µs a span",
            wall.as_secs_f64(),
            spans / wall.as_secs_f64(),
            cpu.as_secs_f64() * 1e6 / spans
        );
    };
    let (wall, used) = (clock.monotonic(), cpu());
    let mut waiting = tokio::task::JoinSet::new();
    for batch in batches {
        while waiting.len() >= 32 {
            waiting.join_next().await.unwrap().unwrap();
        }
        let lake = lake.clone();
        waiting.spawn(async move {
            while let Err(error) = lake.append(batch.clone()).await {
                assert!(error.is_retryable());
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(done) = waiting.join_next().await {
        done.unwrap();
    }
    report(
        "append, flushing behind",
        clock.monotonic() - wall,
        cpu() - used,
    );
    lake.flush().await.unwrap();
    report("append and flush", clock.monotonic() - wall, cpu() - used);
    println!("{:#?}", lake.stats());
    for (what, search) in [
        ("all", all()),
        (
            "text",
            TransactionSearch {
                text: Some("7f4a".into()),
                ..all()
            },
        ),
        (
            "one service",
            TransactionSearch {
                selection: hinomi_model::Selection {
                    service: Some("payment".into()),
                    ..all().selection
                },
                ..all()
            },
        ),
    ] {
        for round in ["cold", "warm"] {
            let begun = clock.monotonic();
            let found = lake.transactions(search.clone()).await.unwrap();
            println!(
                "transactions, {what}, {round}: {} in {:?}",
                found.total,
                clock.monotonic() - begun
            );
        }
    }
    let found = lake.transactions(all()).await.unwrap();
    for row in found.rows.iter().take(3) {
        let begun = clock.monotonic();
        let trace = lake
            .trace("default".into(), row.trace_id, 1_000)
            .await
            .unwrap();
        println!(
            "trace of {}: {:?}",
            trace.spans.len(),
            clock.monotonic() - begun
        );
    }
    for resolution in hinomi_lake::Resolution::ALL {
        for round in ["cold", "warm"] {
            let begun = clock.monotonic();
            let found = lake
                .rollups(crate::folder::all_rollups(resolution))
                .await
                .unwrap();
            println!(
                "rollups {resolution:?} {round}: {} in {:?}",
                found.rollups.len(),
                clock.monotonic() - begun
            );
        }
    }
    lake.append(typical(BATCHES + 1)).await.unwrap();
    drop(lake);
    let begun = clock.monotonic();
    drop(open().await);
    println!("reopened in {:?}", clock.monotonic() - begun);
}

/// Number of batches that are merged; they come from [`FLUSHES`] flushes.
const MERGED_BATCHES: u32 = 512;
const FLUSHES: u32 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand in release"]
async fn speed_of_compaction() {
    let folder = crate::folder::Folder::new();
    let (lake, _) = folder.open().await;
    let spans = f64::from(MERGED_BATCHES * SPANS);
    let mut used = Duration::ZERO;
    for flush in 0..FLUSHES {
        let each = MERGED_BATCHES / FLUSHES;
        let batches: Vec<Batch> = (flush * each..(flush + 1) * each).map(typical).collect();
        for batch in batches {
            lake.append(batch).await.unwrap();
        }
        let begun = cpu();
        lake.flush().await.unwrap();
        used += cpu() - begun;
    }
    println!(
        "flush: {:.2} CPU µs a span",
        used.as_secs_f64() * 1e6 / spans
    );
    println!("memory before: {}", peak_memory());
    folder.clock.advance(Duration::from_secs(31 * 24 * 3_600));
    let begun = cpu();
    lake.maintain().await.unwrap();
    let used = cpu() - begun;
    println!(
        "compaction: {:.2} CPU µs a span",
        used.as_secs_f64() * 1e6 / spans
    );
    println!("memory after: {}", peak_memory());
    println!("{:#?}", lake.stats());
}

/// The line with the peak memory of this process.
fn peak_memory() -> String {
    use hinomi_io::Disk;
    let file = RealDisk.open("/proc/self/status".as_ref()).unwrap();
    let (mut status, mut byte) = (Vec::new(), [0]);
    while file.read_exact_at(&mut byte, status.len() as u64).is_ok() {
        status.push(byte[0]);
    }
    let status = String::from_utf8(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default().to_owned()
}
