//! Measures the cost of a span from its bytes to its segment, stage by stage, in one process. Run
//! by hand, in release: `cargo test --release -p hinomi-ingest --test speed -- --ignored
//! --nocapture`.

#![expect(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

use hinomi_ingest::{Ingest, IngestLimits, IngestMetrics, Secret};
use hinomi_io::{Clock, Disk, RealDisk, SystemClock, SystemEntropy};
use hinomi_lake::{Lake, LakeConfig, LakeLimits};
use hinomi_live::{Live, LiveLimits};
use hinomi_model::{RollupSet, UnixNanos};
use hinomi_otlp::Decoder;
use hinomi_registry::DatabaseRegistry;
use hinomi_store::Joined;
use std::{sync::Arc, time::Duration};

const TRACES: usize = 60_000;

/// CPU time of this process.
fn cpu() -> Duration {
    let file = RealDisk.open("/proc/self/stat".as_ref()).unwrap();
    let (mut stat, mut byte) = (Vec::new(), [0]);
    while file.read_exact_at(&mut byte, stat.len() as u64).is_ok() {
        stat.push(byte[0]);
    }
    let stat = String::from_utf8(stat).unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand in release"]
async fn speed() {
    let bodies = hinomi_sim::shapes::encoded_requests(7, TRACES);
    let now = UnixNanos(hinomi_sim::shapes::STARTS_UNIX_NS).plus(Duration::from_secs(3_600));
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let decoder = Decoder::default();
    let decode = |body: &Vec<u8>| decoder.protobuf(body, now).unwrap().spans;
    let spans: usize = bodies.iter().map(|body| decode(body).len()).sum();
    println!(
        "{spans} spans of {} bytes in {} requests",
        bytes / spans,
        bodies.len()
    );
    let report = |what: &str, since: Duration| {
        let micros = (cpu() - since).as_secs_f64() * 1e6 / spans as f64;
        println!("{what}: {micros:.2} CPU µs a span");
    };

    let begun = cpu();
    bodies
        .iter()
        .for_each(|body| drop(std::hint::black_box(decode(body))));
    report("decode", begun);
    let batches: Vec<_> = bodies.iter().map(decode).collect();
    let weight: usize = batches.iter().map(|batch| batch.weight()).sum();
    let shapes: usize = batches.iter().map(|batch| batch.shapes.len()).sum();
    let own: usize = batches.iter().map(|batch| batch.own.len()).sum();
    println!(
        "{} bytes, {:.3} shapes and {:.2} own values a span in memory",
        weight / spans,
        shapes as f64 / spans as f64,
        own as f64 / spans as f64
    );
    let begun = cpu();
    let rollups: Vec<_> = batches.iter().map(RollupSet::of).collect();
    report("rollups", begun);
    let keys: usize = rollups.iter().map(RollupSet::len).sum();
    println!("{:.3} rollups a span", keys as f64 / spans as f64);
    drop((batches, rollups));

    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let config = LakeConfig {
        dir: folder.path().into(),
        node: "n".into(),
        limits: LakeLimits::default(),
    };
    let entropy = Arc::new(SystemEntropy);
    let registry = DatabaseRegistry::in_memory().await.unwrap();
    let disk = Arc::new(RealDisk);
    let opened = Lake::open(config, disk, clock.clone(), entropy, registry.clone());
    let (lake, _) = opened.await.unwrap();
    let store = Joined {
        telemetry: lake.clone(),
        registry,
    };
    let live = Arc::new(Live::new(now, LiveLimits::default()));
    let metrics = IngestMetrics::new(&mut Default::default());
    let limits = IngestLimits::default();
    let project = hinomi_model::Text::from("default");
    let projects = [project.clone()];
    let ingest = Ingest::new(
        Arc::new(store),
        live,
        clock.clone(),
        limits,
        metrics,
        &projects,
        Secret::new(&SystemEntropy),
    );
    let ingest = Arc::new(ingest.await.unwrap());
    ingest.restore().await.unwrap();
    let (begun, wall) = (cpu(), clock.monotonic());
    let mut waiting = tokio::task::JoinSet::new();
    for body in &bodies {
        while waiting.len() >= 8 {
            waiting.join_next().await.unwrap().unwrap();
        }
        let (ingest, batch, project) = (ingest.clone(), decode(body), project.clone());
        waiting.spawn(async move {
            while ingest.spans(&project, batch.clone()).await.is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    waiting.join_all().await;
    report("decode, admit, append, flushing behind", begun);
    lake.flush().await.unwrap();
    report("the same, flushed", begun);
    let took = (clock.monotonic() - wall).as_secs_f64();
    println!("{:.0} spans/s; {:#?}", spans as f64 / took, lake.stats());
    for (path, bytes) in sizes(folder.path()) {
        println!("{:6.2} bytes a span in {path}", bytes as f64 / spans as f64);
    }
}

fn sizes(folder: &std::path::Path) -> std::collections::BTreeMap<String, u64> {
    let mut sizes = std::collections::BTreeMap::new();
    for entry in RealDisk.list(folder).unwrap() {
        let below = entry.path.strip_prefix(folder).unwrap();
        let kind: Vec<_> = below
            .iter()
            .take(3)
            .map(|part| part.to_string_lossy())
            .collect();
        *sizes.entry(kind.join("/")).or_default() += entry.len;
    }
    sizes
}
