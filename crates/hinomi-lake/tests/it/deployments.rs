//! Versions and deployments outlive a flush, a crash and a restart.

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
    // Late spans of before.
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
