//! The lake and its registry: names of older folders move once, and names that the registry lost come
//! back.

use crate::{
    folder::{Folder, agreed_total},
    golden,
};
use hinomi_conformance::spans::{Spec, batch, entries, span};
use hinomi_io::{Disk, RealDisk};
use hinomi_model::{UnixNanos, rollup::ServiceKey};
use hinomi_registry::DatabaseRegistry;
use hinomi_store::{Deployed, Names, Registry as _, ServiceLabels};
use hinomi_testkit::{Faults, Power, SimDisk};
use std::{sync::Arc, time::Duration};

fn key(service: &str) -> ServiceKey {
    ServiceKey {
        service: service.into(),
        namespace: "shop".into(),
        environment: "prod".into(),
    }
}

/// Checks that a registry knows what the golden folder with a manifest holds, each once.
async fn has_golden_names(registry: &DatabaseRegistry, when: &str) {
    let services = registry.services("default".into()).await.unwrap();
    assert_eq!(services.len(), 4, "{when}");
    // The batch in the log came last, and says so.
    let labels = registry.labels("default");
    assert_eq!(labels.len(), 4, "{when}");
    let last = |of: &ServiceLabels| (&*of["cloud.region"], &*of["team"]) == ("tokyo", "ledger");
    assert!(labels.values().all(last), "{when}: {labels:?}");
    let mut versions = registry.versions("default");
    versions.sort_by_key(|seen| seen.version.clone());
    let versions: Vec<&str> = versions.iter().map(|seen| &*seen.version).collect();
    assert_eq!(versions, golden::VERSIONS, "{when}");
    let peers = registry.peers("default".into()).await.unwrap();
    let expected = [
        ("10.0.0.7:8080".into(), "payment".into()),
        ("10.0.0.8:8080".into(), "ledger".into()),
    ];
    assert_eq!(peers, expected, "{when}");
    let told = |version: &str, at, label: &str| Deployed {
        service: key("checkout"),
        version: version.into(),
        at: UnixNanos(at),
        label: label.into(),
    };
    let expected = [
        told("1.1", 5, "second"),
        told("1.0", 3, "first"),
        told("1.0", 3, "first"),
        told("", 9, "pool size"),
    ];
    assert_eq!(registry.deployments("default"), expected, "{when}");
    let promoted = registry.promoted_keys("default");
    assert_eq!(promoted, ["a".into(), "order.id".into()], "{when}");
}

/// What the manifest's files say, as text.
fn manifest(folder: &Folder) -> String {
    let mut text = String::new();
    let mut files = RealDisk.list(&folder.dir().join("manifest")).unwrap();
    files.sort_by(|left, right| left.path.cmp(&right.path));
    for file in files {
        let open = RealDisk.open(&file.path).unwrap();
        let mut bytes = vec![0; file.len as usize];
        open.read_exact_at(&mut bytes, 0).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

#[tokio::test]
async fn names_of_an_older_folder_move_to_the_registry_at_the_first_start() {
    let (folder, expected) = golden::with_names();
    for start in 0..3 {
        let (lake, recovery) = folder.open().await;
        assert!(!recovery.has_losses(), "{recovery:?}");
        has_golden_names(&folder.registry(), &format!("start {start}")).await;
        assert_eq!(agreed_total(&lake).await, expected);
        lake.close().await.unwrap();
        folder.registry().close().await;
    }
    // Files of before the last snapshot go with the next one.
    let text = manifest(&folder);
    let last = text.rfind("\"snapshot\":true").unwrap();
    for entry in ["\"deployment\"", "\"peer\"", "\"label\"", "\"promoted\""] {
        assert!(!text[last..].contains(entry), "{entry}");
    }
}

/// A simulated disk with the golden folder, and a folder of the same path.
fn simulated(seed: u64) -> (Folder, SimDisk) {
    let folder = Folder::new();
    let disk = folder.seeded_disk(seed);
    golden::with_names_on(&disk, &folder.dir());
    (folder, disk)
}

/// Opens the folder on a disk that works, and checks everything.
async fn opens_whole(folder: &Folder, disk: &SimDisk, when: &str) {
    let (lake, recovery) = folder.try_open(Arc::new(disk.clone())).await.unwrap();
    assert!(!recovery.has_losses(), "{when}: {recovery:?}");
    has_golden_names(&folder.registry(), when).await;
    assert_eq!(agreed_total(&lake).await, golden::with_names().1, "{when}");
}

#[tokio::test]
async fn a_crash_at_any_step_of_the_move_moves_each_name_once() {
    // The step of the disk from which on nothing reaches it, and how many commits of the registry
    // succeed.
    let mut interrupted = 0;
    for commits in [None, Some(0), Some(1)] {
        for step in 0..1_000 {
            let (folder, disk) = simulated(step);
            disk.set_faults(Faults::from_step(disk.steps() + step));
            folder.database.fail_after(commits);
            let when = format!("commits {commits:?}, step {step}");
            let opened = folder.try_open(Arc::new(disk.clone())).await;
            if opened.is_ok() {
                has_golden_names(&folder.registry(), &when).await;
            }
            // The process ends.
            disk.cut();
            drop(opened);
            let failed = disk.failures() > 0;
            interrupted += u64::from(failed);
            let power = [None, Some(Power::LosesSome), Some(Power::LosesAll)];
            disk.restart(power[step as usize % 3]);
            folder.database.fail_after(None);
            for start in 0..2 {
                opens_whole(&folder, &disk, &format!("{when}, start {start}")).await;
                disk.restart(None);
            }
            if !failed {
                break;
            }
        }
    }
    assert!(interrupted >= 10, "{interrupted}");
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_keeps_the_names_where_they_are() {
    let (folder, disk) = simulated(1);
    disk.set_faults(Faults::read_only());
    folder.database.fail_after(Some(0));
    let opened = folder.try_open(Arc::new(disk.clone())).await;
    // Shown all the same.
    has_golden_names(&folder.registry(), "read-only").await;
    drop(opened.unwrap());
    disk.restart(None);
    folder.database.fail_after(None);
    opens_whole(&folder, &disk, "writable again").await;
}

/// Waits until the registry knows the version of [`versioned`] and its service.
async fn knows_it(registry: &DatabaseRegistry) {
    for _ in 0..2_000 {
        let services = registry.services("default".into()).await.unwrap();
        let mut versions = registry.versions("default").into_iter();
        if services.len() == 1 && versions.any(|seen| &*seen.version == "7.0") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{:?}", registry.versions("default"));
}

/// An entry span of a version of its own.
fn versioned(id: u32) -> hinomi_lake::Batch {
    let mut entry = span(&Spec {
        id,
        ..Spec::default()
    });
    let mut resource = (*entry.resource).clone();
    resource.version = "7.0".into();
    entry.resource = Arc::new(resource);
    batch(vec![entry])
}

#[tokio::test]
async fn a_registry_that_is_gone_takes_names_from_the_rollups() {
    let mut folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(versioned(1)).await.unwrap();
    lake.append(entries(2..20)).await.unwrap();
    lake.close().await.unwrap();
    drop(lake);
    folder.database = Default::default();
    let (lake, recovery) = folder.open().await;
    assert_eq!(recovery.replayed_batches, 0);
    knows_it(&folder.registry()).await;
    // What came back is written, and counts as learned after the next flush.
    while folder.registry().stats().writes == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    lake.append(entries(20..21)).await.unwrap();
    lake.close().await.unwrap();
    assert!(folder.registry().learned_to("node-1") >= 3);
    drop(lake);
    folder.open().await;
    knows_it(&folder.registry()).await;
}

#[tokio::test]
async fn a_registry_that_fails_stops_no_flush_and_lacks_nothing_after_a_crash() {
    let folder = Folder::new();
    let (lake, _) = folder.open().await;
    lake.append(entries(1..2)).await.unwrap();
    lake.flush().await.unwrap();
    let learned = folder.registry().learned_to("node-1");
    assert_eq!(learned, 1);
    folder.database.fail_after(Some(0));
    lake.append(versioned(2)).await.unwrap();
    lake.flush().await.unwrap();
    let stats = folder.registry().stats();
    assert!(stats.write_failures > 0 && stats.unwritten > 0, "{stats:?}");
    assert_eq!(folder.registry().learned_to("node-1"), learned);
    // The process ends before the registry could be written.
    drop(lake);
    folder.database.fail_after(None);
    let (_lake, recovery) = folder.open().await;
    assert_eq!(recovery.replayed_batches, 0);
    knows_it(&folder.registry()).await;
}
