//! What every database of the registry must do.

use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_registry::repository::{
    Database, LabelRow, PromotedRow, ServiceOf, ServiceRow, VersionRow,
};
use hinomi_store::{Deployed, LearnedTo, Peer, ServiceSettings};
use std::{sync::Arc, time::Duration};

/// Runs every case. `open` opens the same database again and again.
pub async fn run(open: impl AsyncFn() -> Arc<dyn Database>) {
    what_is_not_committed_does_not_count(&*open().await).await;
    the_newest_bucket_of_a_service_counts(&*open().await).await;
    the_first_sight_of_a_version_counts(&*open().await).await;
    the_label_put_last_counts(&*open().await).await;
    the_service_of_a_host_seen_last_counts(&*open().await).await;
    deployments_keep_their_order_and_the_last_stay(&*open().await).await;
    a_promotion_keeps_its_time(&*open().await).await;
    settings_are_replaced_and_defaults_take_no_row(&*open().await).await;
    marks_move_and_digests_count_once(&*open().await).await;
    many_rows_and_any_text_are_taken(&*open().await).await;
    // All of it is there for the next process.
    let again = open().await;
    let mut begun = again.begin().await.unwrap();
    assert!(!begun.services().await.unwrap().is_empty());
    assert!(!begun.deployments().await.unwrap().is_empty());
    drop(begun);
    again.close().await.unwrap();
}

/// Adds a deployment of project `copied`.
pub async fn add_one_deployment(database: &dyn Database) {
    let mut begun = database.begin().await.unwrap();
    let rows = vec![("copied".into(), deployed("pay", 1))];
    begun.add_deployments(rows).await.unwrap();
    begun.commit().await.unwrap();
}

fn of(project: &str, service: &str) -> ServiceOf {
    ServiceOf {
        project: project.into(),
        service: ServiceKey {
            service: service.into(),
            namespace: "shop".into(),
            environment: "prod".into(),
        },
    }
}

fn deployed(service: &str, at: i64) -> Deployed {
    Deployed {
        service: of("", service).service,
        version: format!("v{at}").into(),
        at: UnixNanos(at),
        label: "".into(),
    }
}

async fn what_is_not_committed_does_not_count(database: &dyn Database) {
    let row = |newest| ServiceRow {
        of: of("dropped", "pay"),
        newest: UnixNanos(newest),
    };
    let mut begun = database.begin().await.unwrap();
    begun.put_services(vec![row(1)]).await.unwrap();
    assert_eq!(begun.services().await.unwrap(), [row(1)]);
    drop(begun);
    let mut begun = database.begin().await.unwrap();
    assert_eq!(begun.services().await.unwrap(), []);
    begun.commit().await.unwrap();
}

async fn the_newest_bucket_of_a_service_counts(database: &dyn Database) {
    let row = |project, service, newest| ServiceRow {
        of: of(project, service),
        newest: UnixNanos(newest),
    };
    for rows in [
        vec![row("a", "pay", 5), row("a", "shop", 5), row("b", "pay", 1)],
        vec![row("a", "pay", 3), row("a", "shop", 9)],
        vec![],
    ] {
        let mut begun = database.begin().await.unwrap();
        begun.put_services(rows).await.unwrap();
        let gone = vec![of("b", "pay"), of("b", "never")];
        begun.remove_services(gone).await.unwrap();
        begun.commit().await.unwrap();
    }
    let mut begun = database.begin().await.unwrap();
    let mut found = begun.services().await.unwrap();
    found.sort();
    assert_eq!(found, [row("a", "pay", 5), row("a", "shop", 9)]);
}

async fn the_first_sight_of_a_version_counts(database: &dyn Database) {
    let row = |version: &str, first| VersionRow {
        of: of("a", "pay"),
        version: version.into(),
        first: UnixNanos(first),
    };
    for rows in [
        vec![row("1", 5), row("2", 9), row("3", 1)],
        vec![row("1", 7), row("2", -3)],
    ] {
        let mut begun = database.begin().await.unwrap();
        begun.put_versions(rows).await.unwrap();
        begun.commit().await.unwrap();
    }
    let mut begun = database.begin().await.unwrap();
    let gone = vec![(of("a", "pay"), "3".into()), (of("b", "pay"), "1".into())];
    begun.remove_versions(gone).await.unwrap();
    let mut found = begun.versions().await.unwrap();
    found.sort();
    assert_eq!(found, [row("1", 5), row("2", -3)]);
}

async fn the_label_put_last_counts(database: &dyn Database) {
    let row = |name: &str, value: &str| LabelRow {
        of: of("a", "pay"),
        name: name.into(),
        value: value.into(),
    };
    let mut begun = database.begin().await.unwrap();
    let first = vec![row("team", "x"), row("tier", "1")];
    begun.put_labels(first).await.unwrap();
    begun.put_labels(vec![row("team", "y")]).await.unwrap();
    let missing = vec![row("team", "z"), row("region", "tokyo")];
    begun.put_missing_labels(missing).await.unwrap();
    begun.commit().await.unwrap();
    let mut begun = database.begin().await.unwrap();
    let mut found = begun.labels().await.unwrap();
    found.sort();
    let expected = [row("region", "tokyo"), row("team", "y"), row("tier", "1")];
    assert_eq!(found, expected);
}

async fn the_service_of_a_host_seen_last_counts(database: &dyn Database) {
    let row = |target: &str, service: &str, seen| {
        let peer = Peer {
            target: target.into(),
            service: service.into(),
            seen: UnixNanos(seen),
        };
        (Text::from("a"), peer)
    };
    for rows in [
        vec![
            row("a:80", "pay", 5),
            row("b:80", "shop", 5),
            row("c:80", "c", 1),
        ],
        vec![row("a:80", "ledger", 6), row("b:80", "late", 4)],
    ] {
        let mut begun = database.begin().await.unwrap();
        begun.put_peers(rows).await.unwrap();
        let gone = vec![("a".into(), "c:80".into()), ("b".into(), "a:80".into())];
        begun.remove_peers(gone).await.unwrap();
        begun.commit().await.unwrap();
    }
    let mut begun = database.begin().await.unwrap();
    let mut found = begun.peers().await.unwrap();
    found.sort();
    assert_eq!(found, [row("a:80", "ledger", 6), row("b:80", "shop", 5)]);
}

async fn deployments_keep_their_order_and_the_last_stay(database: &dyn Database) {
    let row = |project: &str, at| (Text::from(project), deployed("pay", at));
    let mut begun = database.begin().await.unwrap();
    // Equal ones are two deployments.
    let first = vec![row("a", 5), row("b", 9), row("a", 3), row("a", 3)];
    begun.add_deployments(first).await.unwrap();
    begun.add_deployments(vec![row("a", 1)]).await.unwrap();
    begun.commit().await.unwrap();
    let all = [
        row("a", 5),
        row("b", 9),
        row("a", 3),
        row("a", 3),
        row("a", 1),
    ];
    let mut begun = database.begin().await.unwrap();
    assert_eq!(begun.deployments().await.unwrap(), all);
    begun.keep_deployments("a".into(), 2).await.unwrap();
    begun.keep_deployments("b".into(), 2).await.unwrap();
    begun.commit().await.unwrap();
    let mut begun = database.begin().await.unwrap();
    let kept = [row("b", 9), row("a", 3), row("a", 1)];
    assert_eq!(begun.deployments().await.unwrap(), kept);
}

async fn a_promotion_keeps_its_time(database: &dyn Database) {
    let row = |key: &str, since| PromotedRow {
        project: "a".into(),
        key: key.into(),
        since: UnixNanos(since),
    };
    let mut begun = database.begin().await.unwrap();
    let rows = vec![row("order.id", 5), row("b", 5)];
    begun.promote(rows).await.unwrap();
    begun.promote(vec![row("order.id", 9)]).await.unwrap();
    begun.demote("a".into(), "b".into()).await.unwrap();
    begun.demote("a".into(), "never".into()).await.unwrap();
    begun.commit().await.unwrap();
    let mut begun = database.begin().await.unwrap();
    assert_eq!(begun.promoted().await.unwrap(), [row("order.id", 5)]);
}

async fn settings_are_replaced_and_defaults_take_no_row(database: &dyn Database) {
    let slow = |millis| ServiceSettings {
        slow_threshold: Some(Duration::from_millis(millis)),
    };
    let mut begun = database.begin().await.unwrap();
    begun.set(of("a", "pay"), slow(100)).await.unwrap();
    begun.set(of("a", "pay"), slow(250)).await.unwrap();
    begun.set(of("a", "shop"), slow(100)).await.unwrap();
    let default = ServiceSettings::default();
    begun.set(of("a", "shop"), default).await.unwrap();
    begun.set(of("a", "never"), default).await.unwrap();
    begun.commit().await.unwrap();
    let mut begun = database.begin().await.unwrap();
    let found = begun.settings().await.unwrap();
    assert_eq!(found, [(of("a", "pay"), slow(250))]);
}

async fn marks_move_and_digests_count_once(database: &dyn Database) {
    let mark = |sequence| LearnedTo {
        node: "node-1".into(),
        sequence,
    };
    let mut begun = database.begin().await.unwrap();
    begun.set_learned(mark(7)).await.unwrap();
    begun.set_learned(mark(9)).await.unwrap();
    assert!(begun.begin_take_over("digest".into()).await.unwrap());
    assert!(!begun.begin_take_over("digest".into()).await.unwrap());
    begun.commit().await.unwrap();
    let mut begun = database.begin().await.unwrap();
    assert_eq!(begun.learned().await.unwrap(), [mark(9)]);
    assert!(!begun.begin_take_over("digest".into()).await.unwrap());
}

/// More rows than one statement takes, and texts that a database might not like.
async fn many_rows_and_any_text_are_taken(database: &dyn Database) {
    let mut begun = database.begin().await.unwrap();
    let rows = (0..1_234).map(|number| ServiceRow {
        of: of("many", &format!("s-{number}")),
        newest: UnixNanos(number),
    });
    begun.put_services(rows.collect()).await.unwrap();
    let long = "x".repeat(500);
    let texts = [
        "'; DROP TABLE labels; --",
        "決済 \u{1f600}",
        "$1 ? %s \\",
        "a\0b",
        &long,
    ];
    let rows = (0..).zip(texts).map(|(number, value)| LabelRow {
        of: of("many", &format!("s-{number}")),
        name: "team".into(),
        value: value.into(),
    });
    begun.put_labels(rows.collect()).await.unwrap();
    begun.commit().await.unwrap();
    let mut begun = database.begin().await.unwrap();
    let services = begun.services().await.unwrap();
    let many = services.iter().filter(|row| &*row.of.project == "many");
    assert_eq!(many.count(), 1_234);
    let mut labels = begun.labels().await.unwrap();
    labels.retain(|row| &*row.of.project == "many");
    labels.sort();
    let found: Vec<&str> = labels.iter().map(|row| &*row.value).collect();
    for (found, text) in found.into_iter().zip(texts) {
        // PostgreSQL has no NUL in texts; what is no key may be changed.
        assert!(
            found == text || found == text.replace('\0', "\u{fffd}"),
            "{found}"
        );
    }
}
