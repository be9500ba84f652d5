//! The number of told deployments is bounded, and so is the disk.

use crate::folder::Folder;
use hinomi_lake::Deployed;
use hinomi_model::{UnixNanos, rollup::ServiceKey};

fn service() -> ServiceKey {
    ServiceKey {
        service: "payment".into(),
        namespace: "".into(),
        environment: "".into(),
    }
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
