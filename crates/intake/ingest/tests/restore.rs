//! Tests a restart between a request and its repeat.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hinomi_ingest::{Admitted, Ingest, IngestLimits, IngestMetrics, Secret};
use hinomi_io::{RealDisk, SystemClock, SystemEntropy};
use hinomi_lake::{Lake, LakeConfig, LakeLimits, Retention};
use hinomi_live::{Live, LiveLimits};
use hinomi_model::{SpanBatch, Text, UnixNanos};
use hinomi_otlp::Decoder;
use hinomi_registry::DatabaseRegistry;
use hinomi_store::Joined;
use std::{future::poll_fn, path::Path, pin::pin, sync::Arc, task::Poll};

const PROJECT: &str = "default";

async fn start(dir: &Path) -> (Lake, Ingest) {
    let clock = Arc::new(SystemClock::new());
    let config = LakeConfig {
        dir: dir.into(),
        node: "n".into(),
        // The test's spans have a fixed date, so retention must not delete them.
        limits: LakeLimits {
            retention: Retention::FOREVER,
            ..LakeLimits::default()
        },
    };
    let entropy = Arc::new(SystemEntropy);
    let registry = DatabaseRegistry::in_memory().await.unwrap();
    let opened = Lake::open(config, Arc::new(RealDisk), clock, entropy, registry.clone());
    let (lake, _) = opened.await.unwrap();
    let store = Joined {
        telemetry: lake.clone(),
        registry,
    };
    let projects = [Text::from(PROJECT)];
    let ingest = Ingest::new(
        Arc::new(store),
        Arc::new(Live::new(UnixNanos(0), LiveLimits::default())),
        lake.clock(),
        IngestLimits::default(),
        IngestMetrics::default(),
        &projects,
        Secret::new(&SystemEntropy),
    );
    (lake, ingest.await.unwrap())
}

fn request() -> SpanBatch {
    let body = hinomi_sim::shapes::encoded_requests(7, 20).remove(0);
    let now = UnixNanos(hinomi_sim::shapes::STARTS_UNIX_NS);
    let now = now.plus(std::time::Duration::from_secs(3_600));
    Decoder::default().protobuf(&body, now).unwrap().spans
}

#[tokio::test]
async fn a_request_that_comes_before_all_is_known_again_waits_and_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let (project, spans) = (Text::from(PROJECT), request().len());
    let all = |accepted, duplicates| Admitted {
        accepted,
        duplicates,
    };
    let (lake, ingest) = start(dir.path()).await;
    ingest.restore().await.unwrap();
    let first = ingest.spans(&project, request()).await.unwrap();
    assert_eq!(first, all(spans, 0));
    lake.close().await.unwrap();
    drop((lake, ingest));

    let (lake, ingest) = start(dir.path()).await;
    let mut repeat = pin!(ingest.spans(&project, request()));
    let is_waiting = poll_fn(|context| Poll::Ready(repeat.as_mut().poll(context).is_pending()));
    assert!(is_waiting.await);
    ingest.restore().await.unwrap();
    assert_eq!(repeat.await.unwrap(), all(0, spans));
    assert_eq!(
        lake.span_keys_since("default".into(), UnixNanos(0))
            .await
            .unwrap()
            .len(),
        spans
    );
    lake.close().await.unwrap();
}
