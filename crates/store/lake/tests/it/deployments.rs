//! Versions and deployments survive a flush, a crash and a restart.

use crate::folder::Folder;
use hinomi_lake::{Batch, Deployed, SeenVersion};
use hinomi_model::{UnixNanos, rollup::ServiceKey};
use hinomi_testkit::SpanBuilder;
use std::time::Duration;

fn service() -> ServiceKey {
    ServiceKey {
        service: "payment".into(),
        namespace: "".into(),
        environment: "".into(),
    }
}

fn batch(trace: u64, version: &str, second: i64) -> Batch {
    let end = UnixNanos::from_millis(second * 1_000);
    let span = SpanBuilder::server("payment", "GET /")
        .in_trace(trace)
        .version(version)
        .ends(end, Duration::from_millis(5))
        .build();
    Batch::of("default", [&span])
}

fn seen(version: &str, second: i64) -> SeenVersion {
    SeenVersion {
        service: service(),
        version: version.into(),
        first: UnixNanos::from_millis(second * 1_000),
    }
}

#[tokio::test]
async fn a_version_keeps_the_time_it_was_first_seen() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(batch(1, "1.0", 1_000)).await.unwrap();
    lake.append(batch(2, "", 1_000)).await.unwrap();
    lake.flush().await.unwrap();
    lake.append(batch(3, "1.0", 2_000)).await.unwrap();
    lake.append(batch(4, "1.1", 2_003)).await.unwrap();
    // Late spans from an earlier time.
    lake.append(batch(5, "1.1", 1_900)).await.unwrap();
    let expected = [seen("1.0", 1_000), seen("1.1", 1_900)];
    let versions = |lake: &hinomi_lake::Lake| {
        let mut versions = lake.versions("default");
        versions.sort_by_key(|seen| seen.first);
        versions
    };
    assert_eq!(versions(&lake), expected);
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(versions(&lake), expected, "after a crash");
    lake.flush().await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(versions(&lake), expected, "after a restart");
}

#[tokio::test]
async fn a_told_deployment_is_there_after_a_restart() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    let told = Deployed {
        service: service(),
        version: "".into(),
        at: UnixNanos::from_millis(5_000),
        label: "new pool size".into(),
    };
    let added = lake.add_deployment("default".into(), told.clone()).await;
    added.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    let (lake, _) = folder.open().await;
    assert_eq!(lake.deployments("default"), [told]);
    assert!(lake.deployments("other").is_empty());
}

#[tokio::test]
async fn the_deployments_told_first_are_forgotten_for_new_ones_also_on_the_disk() {
    let mut folder = Folder::new();
    folder.limits.deployments = 3;
    let (lake, _) = folder.open().await;
    let told = |n: i64| Deployed {
        service: service(),
        version: format!("{n}").into(),
        at: UnixNanos(n),
        label: "".into(),
    };
    for n in 0..5 {
        let added = lake.add_deployment("default".into(), told(n)).await;
        added.unwrap();
    }
    let expected: Vec<_> = (2..5).map(told).collect();
    assert_eq!(lake.deployments("default"), expected);
    let stats = lake.stats();
    assert_eq!((stats.deployments, stats.forgotten_deployments), (3, 2));
    lake.close().await.unwrap();
    drop(lake);
    folder.limits.deployments = 10;
    let (lake, _) = folder.open().await;
    assert_eq!(lake.deployments("default"), expected);
}

#[tokio::test]
async fn on_a_full_disk_a_deployment_is_refused_for_now() {
    use hinomi_lake::{DiskLimits, LakeError};
    let mut folder = Folder::new();
    folder.limits.disk = DiskLimits {
        budget_bytes: None,
        reserve_bytes: Some(1_000),
    };
    let disk = folder.disk();
    let (total, free) = (1_000_000, 10);
    disk.set_space(hinomi_io::Space { total, free });
    let (lake, _) = folder.try_open(std::sync::Arc::new(disk)).await.unwrap();
    let told = Deployed {
        service: service(),
        version: "1".into(),
        at: UnixNanos(1),
        label: "".into(),
    };
    let added = lake.add_deployment("default".into(), told).await;
    assert!(matches!(added, Err(LakeError::NoSpace)), "{added:?}");
}
