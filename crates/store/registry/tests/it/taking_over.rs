//! Names that an engine of an earlier version kept move to the registry once, whatever ends in between.

use crate::{batch, deployed, key, peer, project};
use hinomi_model::{Text, UnixNanos};
use hinomi_registry::{DatabaseRegistry, MemoryDatabase, RegistryLimits};
use hinomi_store::{LearnedTo, Names, OldNames, Registry as _, SeenVersion};

fn old() -> OldNames {
    let text = |text: &str| Text::from(text);
    OldNames {
        services: vec![(project(), key("pay"), UnixNanos(5))],
        versions: vec![(
            project(),
            SeenVersion {
                service: key("pay"),
                version: "1.0".into(),
                first: UnixNanos(3),
            },
        )],
        labels: vec![(
            project(),
            key("pay"),
            [("team".into(), "old".into()), ("tier".into(), "1".into())].into(),
        )],
        peers: vec![(project(), peer("a:80", "pay", 1))],
        deployments: [5, 3, 3].map(|at| (project(), deployed(at))).into(),
        promoted: vec![(project(), text("order.id"), UnixNanos(9))],
    }
}

fn mark() -> Option<LearnedTo> {
    Some(LearnedTo {
        node: "node-1".into(),
        sequence: 7,
    })
}

async fn open(database: &MemoryDatabase) -> DatabaseRegistry {
    let opened = DatabaseRegistry::open_memory(database, RegistryLimits::default());
    opened.await.unwrap()
}

async fn has_old_names(registry: &DatabaseRegistry) {
    let services = registry.services(project()).await.unwrap();
    assert_eq!(services, [(key("pay"), UnixNanos(5))]);
    assert_eq!(registry.versions("default").len(), 1);
    assert_eq!(registry.labels("default")[&key("pay")].len(), 2);
    assert_eq!(registry.peers(project()).await.unwrap().len(), 1);
    let deployments = [5, 3, 3].map(deployed);
    assert_eq!(registry.deployments("default"), deployments);
    let promoted = registry.promoted_attributes("default");
    assert_eq!(promoted, [("order.id".into(), UnixNanos(9))]);
}

#[tokio::test]
async fn old_names_are_taken_over_once() {
    let database = MemoryDatabase::default();
    let registry = open(&database).await;
    registry.take_over(old(), mark()).await.unwrap();
    has_old_names(&registry).await;
    assert_eq!(registry.learned_to("node-1"), 7);
    drop(registry);
    for _ in 0..2 {
        let registry = open(&database).await;
        has_old_names(&registry).await;
        assert_eq!(registry.learned_to("node-1"), 7);
        // In another order, as a map may give them.
        let mut again = old();
        again.labels.reverse();
        registry.take_over(again, mark()).await.unwrap();
        has_old_names(&registry).await;
    }
}

#[tokio::test]
async fn old_names_that_could_not_be_taken_over_are_shown_and_come_again() {
    let database = MemoryDatabase::default();
    let registry = open(&database).await;
    database.fail_after(Some(0));
    assert!(registry.take_over(old(), mark()).await.is_err());
    has_old_names(&registry).await;
    drop(registry);
    database.fail_after(None);
    let registry = open(&database).await;
    assert_eq!(registry.services(project()).await.unwrap(), []);
    registry.take_over(old(), mark()).await.unwrap();
    has_old_names(&registry).await;
}

#[tokio::test]
async fn what_happened_since_is_newer_than_old_names() {
    let database = MemoryDatabase::default();
    let registry = open(&database).await;
    registry.take_over(old(), mark()).await.unwrap();
    // The engine could not forget them, and goes on.
    registry.learn(&project(), &batch("pay", 8));
    let demoted = registry.demote_attribute(project(), "order.id".into());
    demoted.await.unwrap();
    let added = registry.add_deployment(project(), deployed(9));
    added.await.unwrap();
    registry.close().await;
    let registry = open(&database).await;
    registry.take_over(old(), mark()).await.unwrap();
    let services = registry.services(project()).await.unwrap();
    assert_eq!(services, [(key("pay"), UnixNanos(8))]);
    assert_eq!(&*registry.labels("default")[&key("pay")]["team"], "pay");
    assert_eq!(registry.promoted_attributes("default"), []);
    let deployments = [5, 3, 3, 9].map(deployed);
    assert_eq!(registry.deployments("default"), deployments);
}
