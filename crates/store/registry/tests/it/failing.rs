//! A database that fails.

use crate::{batch, deployed, peer, project};
use hinomi_io::{Disk, RealDisk};
use hinomi_model::UnixNanos;
use hinomi_registry::{DatabaseRegistry, MemoryDatabase, RegistryLimits};
use hinomi_store::{LearnedTo, Names, PromoteError, Registry as _, StoreError};
use std::{sync::Arc, time::Duration};

fn mark(sequence: u64) -> Option<LearnedTo> {
    Some(LearnedTo {
        node: "node-1".into(),
        sequence,
    })
}

async fn open(database: &MemoryDatabase, retry_pause: Duration) -> Arc<DatabaseRegistry> {
    let limits = RegistryLimits {
        retry_pause,
        ..RegistryLimits::default()
    };
    Arc::new(
        DatabaseRegistry::open_memory(database, limits)
            .await
            .unwrap(),
    )
}

async fn write(registry: &Arc<DatabaseRegistry>, mark: Option<LearnedTo>) {
    let registry = registry.clone();
    let written = tokio::task::spawn_blocking(move || registry.write(mark));
    written.await.unwrap();
}

#[tokio::test]
async fn what_could_not_be_written_is_counted_shown_and_written_later() {
    let database = MemoryDatabase::default();
    let registry = open(&database, Duration::ZERO).await;
    database.fail_after(Some(0));
    registry.learn(&project(), &batch("pay", 5));
    write(&registry, mark(3)).await;
    let learned = registry.learn_peer(project(), peer("a:80", "pay", 1));
    learned.await.unwrap();
    assert_eq!(registry.services(project()).await.unwrap().len(), 1);
    let stats = registry.stats();
    assert_eq!((stats.unwritten, stats.write_failures), (4, 2));
    assert_eq!(registry.learned_to("node-1"), 0);

    database.fail_after(None);
    write(&registry, mark(4)).await;
    assert_eq!(registry.stats().unwritten, 0);
    assert_eq!(registry.learned_to("node-1"), 4);
    drop(registry);
    let registry = open(&database, Duration::ZERO).await;
    assert_eq!(registry.services(project()).await.unwrap().len(), 1);
    assert_eq!(registry.peers(project()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn after_a_failure_learned_names_wait_and_what_is_told_does_not() {
    let database = MemoryDatabase::default();
    let registry = open(&database, Duration::from_secs(3_600)).await;
    database.fail_after(Some(0));
    registry.learn(&project(), &batch("pay", 5));
    write(&registry, mark(3)).await;
    database.fail_after(None);
    write(&registry, mark(4)).await;
    assert_eq!(registry.stats().write_failures, 1);
    assert_eq!(registry.learned_to("node-1"), 0, "the pause holds");
    let added = registry.add_deployment(project(), deployed(1));
    added.await.unwrap();
    // The end does not wait for the pause.
    registry.close().await;
    drop(registry);
    let registry = open(&database, Duration::ZERO).await;
    assert_eq!(registry.services(project()).await.unwrap().len(), 1);
    assert_eq!(registry.deployments("default").len(), 1);
}

#[tokio::test]
async fn what_is_told_to_a_database_that_fails_is_refused_for_now() {
    let database = MemoryDatabase::default();
    let registry = open(&database, Duration::ZERO).await;
    database.fail_after(Some(0));
    let refused = registry.add_deployment(project(), deployed(1)).await;
    assert!(
        matches!(refused, Err(StoreError::Unwritable(_))),
        "{refused:?}"
    );
    let refused = registry.promote_attribute(project(), "a".into(), UnixNanos(1));
    let refused = refused.await;
    assert!(
        matches!(refused, Err(PromoteError::Store(StoreError::Unwritable(_)))),
        "{refused:?}"
    );
    assert!(registry.deployments("default").is_empty());
    assert!(registry.promoted_attributes("default").is_empty());
    assert_eq!(registry.stats().write_failures, 2);
    database.fail_after(None);
    let added = registry.add_deployment(project(), deployed(1));
    added.await.unwrap();
    assert_eq!(registry.deployments("default").len(), 1);
}

/// Puts something into the place of the file's log: SQLite can open neither for writing then, as on a
/// full disk.
fn block(path: &std::path::Path) {
    RealDisk.create_dir_all(&log_of(path)).unwrap();
}

fn unblock(path: &std::path::Path) {
    std::fs::remove_dir(log_of(path)).unwrap();
}

fn log_of(path: &std::path::Path) -> std::path::PathBuf {
    path.with_file_name("registry.db-wal")
}

#[tokio::test]
async fn on_a_full_disk_the_file_is_read_and_written_once_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let limits = RegistryLimits {
        retry_pause: Duration::ZERO,
        ..RegistryLimits::default()
    };
    let open = async || {
        let opened = DatabaseRegistry::open_file(path.clone(), limits).await;
        Arc::new(opened.unwrap())
    };
    // Without a file as well.
    block(&path);
    let registry = open().await;
    registry.learn(&project(), &batch("pay", 5));
    write(&registry, mark(3)).await;
    assert!(registry.stats().write_failures > 0);
    unblock(&path);
    write(&registry, mark(3)).await;
    let added = registry.add_deployment(project(), deployed(1));
    added.await.unwrap();
    registry.close().await;

    block(&path);
    let registry = open().await;
    assert_eq!(registry.services(project()).await.unwrap().len(), 1);
    assert_eq!(registry.deployments("default"), [deployed(1)]);
    let refused = registry.add_deployment(project(), deployed(2)).await;
    assert!(
        matches!(refused, Err(StoreError::Unwritable(_))),
        "{refused:?}"
    );
    unblock(&path);
    let added = registry.add_deployment(project(), deployed(3));
    added.await.unwrap();
    registry.close().await;
    let registry = open().await;
    assert_eq!(registry.deployments("default"), [1, 3].map(deployed));
}
