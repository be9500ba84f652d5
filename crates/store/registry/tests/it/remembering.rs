//! What the registry remembers, how much of it, and over a restart.

use crate::{batch, deployed, key, peer, project};
use hinomi_model::UnixNanos;
use hinomi_registry::{DatabaseRegistry, MemoryDatabase, RegistryLimits};
use hinomi_store::{
    BatchNames, LearnedTo, Names, PromoteError, Registry as _, SeenVersion, ServiceSettings,
    StoreError,
};
use hinomi_testkit::Postgres;
use std::time::Duration;

const DAY: i64 = 24 * 3_600 * 1_000_000_000;

async fn on(database: &MemoryDatabase, limits: RegistryLimits) -> DatabaseRegistry {
    DatabaseRegistry::open_memory(database, limits)
        .await
        .unwrap()
}

fn mark(sequence: u64) -> LearnedTo {
    LearnedTo {
        node: "node-1".into(),
        sequence,
    }
}

/// Writes on a thread, as an engine does.
async fn write(registry: &std::sync::Arc<DatabaseRegistry>, mark: Option<LearnedTo>) {
    let registry = registry.clone();
    let written = tokio::task::spawn_blocking(move || registry.write(mark));
    written.await.unwrap();
}

/// Tells and teaches a registry everything.
async fn fill(registry: &std::sync::Arc<DatabaseRegistry>) {
    registry.learn(&project(), &batch("pay", 5));
    write(registry, Some(mark(7))).await;
    let learned = registry.learn_peer(project(), peer("a:80", "pay", 1));
    learned.await.unwrap();
    for at in [5, 3] {
        let added = registry.add_deployment(project(), deployed(at));
        added.await.unwrap();
    }
    for name in ["order.id", "b"] {
        let promoted = registry.promote_attribute(project(), name.into(), UnixNanos(9));
        promoted.await.unwrap();
    }
    let demoted = registry.demote_attribute(project(), "b".into());
    demoted.await.unwrap();
    let settings = ServiceSettings {
        slow_threshold: Some(Duration::from_millis(250)),
    };
    let set = registry.set_service_settings(project(), key("pay"), settings);
    set.await.unwrap();
}

/// Checks that everything that [`fill`] did is there.
async fn is_filled(registry: &DatabaseRegistry) {
    let services = registry.services(project()).await.unwrap();
    assert_eq!(services, [(key("pay"), UnixNanos(5))]);
    let version = SeenVersion {
        service: key("pay"),
        version: "1.0".into(),
        first: UnixNanos(5),
    };
    assert_eq!(registry.versions("default"), [version]);
    assert_eq!(&*registry.labels("default")[&key("pay")]["team"], "pay");
    let peers = registry.peers(project()).await.unwrap();
    assert_eq!(peers, [("a:80".into(), "pay".into())]);
    assert_eq!(registry.deployments("default"), [deployed(5), deployed(3)]);
    let promoted = registry.promoted_attributes("default");
    assert_eq!(promoted, [("order.id".into(), UnixNanos(9))]);
    assert_eq!(registry.promoted_keys("default"), ["order.id".into()]);
    let settings = registry.service_settings("default");
    let slow = settings[&key("pay")].slow_threshold;
    assert_eq!(slow, Some(Duration::from_millis(250)));
    assert_eq!(registry.learned_to("node-1"), 7);
    assert_eq!(registry.learned_to("node-2"), 0);
    assert!(registry.deployments("other").is_empty());
}

#[tokio::test]
async fn a_registry_that_was_killed_remembers_what_was_told_and_written() {
    let database = MemoryDatabase::default();
    let registry = on(&database, RegistryLimits::default()).await.into();
    fill(&registry).await;
    is_filled(&registry).await;
    drop(registry);
    let registry = on(&database, RegistryLimits::default()).await;
    is_filled(&registry).await;
    assert_eq!(registry.stats().unwritten, 0);
}

#[tokio::test]
async fn a_registry_in_a_file_remembers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("registry.db");
    let open = || DatabaseRegistry::open_file(path.clone(), RegistryLimits::default());
    let registry = open().await.unwrap().into();
    fill(&registry).await;
    drop(registry);
    let registry = open().await.unwrap();
    is_filled(&registry).await;
    registry.close().await;
    // Questions are still answered, and closing again does nothing.
    registry.close().await;
    is_filled(&registry).await;
    let refused = registry.add_deployment(project(), deployed(1)).await;
    assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
}

#[tokio::test]
async fn a_registry_in_postgresql_remembers_and_outlives_a_crash_of_the_server() {
    let mut server = Postgres::start();
    let url = server.database("ops");
    let limits = RegistryLimits {
        write_time: Duration::from_secs(1),
        retry_pause: Duration::ZERO,
        ..RegistryLimits::default()
    };
    let open = || DatabaseRegistry::open_postgres(url.clone(), limits);
    let registry = std::sync::Arc::new(open().await.unwrap());
    fill(&registry).await;
    server.stop();
    registry.learn(&project(), &batch("shop", 8));
    write(&registry, Some(mark(9))).await;
    assert_eq!(registry.learned_to("node-1"), 7, "it was not written");
    let refused = registry.add_deployment(project(), deployed(1)).await;
    assert!(
        matches!(refused, Err(StoreError::Unwritable(_))),
        "{refused:?}"
    );
    is_filled_but_for_shop(&registry).await;
    server.restart();
    // The first attempts may find a connection of the server that is gone.
    for _ in 0..20 {
        write(&registry, Some(mark(9))).await;
    }
    assert_eq!(registry.learned_to("node-1"), 9);
    registry.close().await;
    drop(registry);
    let registry = open().await.unwrap();
    is_filled_but_for_shop(&registry).await;
}

async fn is_filled_but_for_shop(registry: &DatabaseRegistry) {
    assert_eq!(registry.services(project()).await.unwrap().len(), 2);
    assert_eq!(registry.deployments("default").len(), 2);
}

#[tokio::test]
async fn what_was_learned_and_not_written_is_written_at_the_end() {
    let database = MemoryDatabase::default();
    let registry = on(&database, RegistryLimits::default()).await;
    registry.learn(&project(), &batch("pay", 5));
    assert_eq!(registry.stats().unwritten, 3);
    registry.close().await;
    let registry = on(&database, RegistryLimits::default()).await;
    assert_eq!(registry.services(project()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_deployments_told_first_are_forgotten_for_new_ones_also_in_the_database() {
    let database = MemoryDatabase::default();
    let mut limits = RegistryLimits {
        deployments: 3,
        ..RegistryLimits::default()
    };
    let registry = on(&database, limits).await;
    for n in 0..5 {
        let added = registry.add_deployment(project(), deployed(n)).await;
        added.unwrap();
    }
    let expected: Vec<_> = (2..5).map(deployed).collect();
    assert_eq!(registry.deployments("default"), expected);
    let stats = registry.stats();
    assert_eq!((stats.deployments, stats.forgotten_deployments), (3, 2));
    drop(registry);
    limits.deployments = 10;
    let registry = on(&database, limits).await;
    assert_eq!(registry.deployments("default"), expected);
}

#[tokio::test]
async fn as_many_attributes_are_promoted_as_the_limit_allows() {
    let database = MemoryDatabase::default();
    let limits = RegistryLimits {
        promoted_attributes: 2,
        ..RegistryLimits::default()
    };
    let registry = on(&database, limits).await;
    let promote = |key: &str| registry.promote_attribute(project(), key.into(), UnixNanos(1));
    promote("a").await.unwrap();
    promote("b").await.unwrap();
    promote("a").await.unwrap();
    let refused = promote("c").await;
    assert!(matches!(refused, Err(PromoteError::TooMany { limit: 2 })));
    for key in ["", "a\nb"] {
        assert!(matches!(promote(key).await, Err(PromoteError::Key)));
    }
    let demoted = registry.demote_attribute(project(), "a".into());
    demoted.await.unwrap();
    promote("c").await.unwrap();
}

#[tokio::test]
async fn as_many_services_have_settings_as_the_limit_allows() {
    let limits = RegistryLimits {
        service_settings: 1,
        ..RegistryLimits::default()
    };
    let registry = on(&MemoryDatabase::default(), limits).await;
    let slow = ServiceSettings {
        slow_threshold: Some(Duration::from_secs(2)),
    };
    let set = |service, settings| registry.set_service_settings(project(), key(service), settings);
    set("a", slow).await.unwrap();
    set("a", slow).await.unwrap();
    let refused = set("b", slow).await;
    assert!(matches!(refused, Err(StoreError::TooMuch(_))));
    set("a", ServiceSettings::default()).await.unwrap();
    set("b", slow).await.unwrap();
    assert_eq!(registry.service_settings("default").len(), 1);
}

#[tokio::test]
async fn hosts_are_learned_once_and_kept() {
    let database = MemoryDatabase::default();
    let registry = on(&database, RegistryLimits::default()).await;
    for (target, service) in [
        ("10.0.0.7:8080", "payment"),
        ("10.0.0.7:8080", "payment"),
        ("10.0.0.8:8080", "ledger"),
        ("10.0.0.8:8080", "ledger-2"),
    ] {
        let learned = registry.learn_peer(project(), peer(target, service, 1));
        learned.await.unwrap();
    }
    assert_eq!(registry.stats().writes, 3, "one was known");
    drop(registry);
    let registry = on(&database, RegistryLimits::default()).await;
    let peers = registry.peers(project()).await.unwrap();
    let expected = [
        ("10.0.0.7:8080".into(), "payment".into()),
        ("10.0.0.8:8080".into(), "ledger-2".into()),
    ];
    assert_eq!(peers, expected);
}

/// Targets that are peers, sorted.
async fn targets(registry: &DatabaseRegistry) -> Vec<String> {
    let peers = registry.peers(project()).await.unwrap();
    peers.iter().map(|(target, _)| target.to_string()).collect()
}

#[tokio::test]
async fn hosts_beyond_the_limit_and_hosts_long_gone_are_forgotten() {
    let database = MemoryDatabase::default();
    let limits = RegistryLimits {
        peers: 3,
        ..RegistryLimits::default()
    };
    let registry = on(&database, limits).await;
    let mut day = 0;
    for (target, days) in [("a", 1), ("b", 1), ("c", 1), ("a", 1), ("d", 0)] {
        let learned = registry.learn_peer(project(), peer(target, "s", day * DAY));
        learned.await.unwrap();
        day += days;
    }
    assert_eq!(
        targets(&registry).await,
        ["a", "c", "d"],
        "a was seen again"
    );
    assert_eq!(registry.stats().peers, 3);
    drop(registry);
    for (before, left) in [(0, vec!["a", "c", "d"]), (3, vec!["a", "d"]), (9, vec![])] {
        for _ in 0..2 {
            let registry = on(&database, limits).await;
            registry.forget_before(UnixNanos(before * DAY));
            assert_eq!(targets(&registry).await, left, "{before}");
            registry.close().await;
        }
    }
}

#[tokio::test]
async fn a_limit_that_was_lowered_holds_after_the_next_start_in_the_database_too() {
    let database = MemoryDatabase::default();
    let registry = on(&database, RegistryLimits::default()).await;
    for number in 0..9 {
        registry.learn(&project(), &batch(&format!("s-{number}"), number));
    }
    registry.close().await;
    let lower = RegistryLimits {
        services: 4,
        services_forgotten: 1,
        ..RegistryLimits::default()
    };
    let registry = on(&database, lower).await;
    registry.close().await;
    let registry = on(&database, RegistryLimits::default()).await;
    let services = registry.services(project()).await.unwrap();
    assert!(services.len() <= 4, "{services:?}");
    assert!(services.contains(&(key("s-8"), UnixNanos(8))));
}

#[tokio::test]
async fn a_name_that_no_database_can_hold_keeps_no_other_from_being_written() {
    let database = MemoryDatabase::default();
    let registry = on(&database, RegistryLimits::default()).await;
    let long = "x".repeat(3_000);
    for service in ["good", &long, "nul\0"] {
        registry.learn(&project(), &batch(service, 5));
    }
    assert_eq!(registry.services(project()).await.unwrap().len(), 3);
    registry.close().await;
    let registry = on(&database, RegistryLimits::default()).await;
    let services = registry.services(project()).await.unwrap();
    assert_eq!(services, [(key("good"), UnixNanos(5))]);
}

#[tokio::test]
async fn a_batch_without_names_changes_nothing() {
    let registry = on(&MemoryDatabase::default(), RegistryLimits::default()).await;
    registry.learn(&project(), &BatchNames::default());
    registry.learn(&project(), &batch("pay", 5));
    let before = registry.stats().unwritten;
    registry.learn(&project(), &batch("pay", 5));
    assert_eq!(registry.stats().unwritten, before);
}
