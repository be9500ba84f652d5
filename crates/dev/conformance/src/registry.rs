//! Names, labels, versions, deployments and settings are kept over a flush, a kill and a restart.

use crate::{
    End, Subject,
    spans::{HOUR, Spec, span},
};
use hinomi_model::{Resource, Span, Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{
    Deployed, Peer, PromoteError, SeenVersion, ServiceLabels, ServiceSettings, Store,
};
use std::{collections::HashMap, sync::Arc, time::Duration};

fn key(service: &str) -> ServiceKey {
    ServiceKey {
        service: service.into(),
        namespace: "shop".into(),
        environment: "prod".into(),
    }
}

/// An entry span of a service whose resource differs by what `change` does.
fn entry(id: u32, end_ms: i64, change: impl FnOnce(&mut Resource)) -> Span {
    let mut entry = span(&Spec {
        id,
        end_ms,
        ..Spec::default()
    });
    let mut resource = (*entry.resource).clone();
    change(&mut resource);
    entry.resource = Arc::new(resource);
    entry
}

/// Checks now, after a kill, and after an end in order.
async fn at_each_end<S: Subject>(mut subject: S, check: impl AsyncFn(&dyn Store)) {
    check(subject.store()).await;
    for end in [End::Killed, End::Closed, End::Killed] {
        subject.restart(end).await;
        check(subject.store()).await;
    }
}

/// Services are listed by name, each with its newest bucket.
pub async fn services_are_remembered_with_their_newest_bucket<S: Subject>() {
    let mut subject = S::new().await;
    let at = |id, service, end_ms| {
        span(&Spec {
            id,
            service,
            end_ms,
            ..Spec::default()
        })
    };
    crate::append(&subject, &[at(1, 0, 7_000), at(2, 1, 1_000)]).await;
    subject.flush().await;
    crate::append(&subject, &[at(3, 0, -9_000), at(4, 1, 12_000)]).await;
    let expected = [("checkout", 5_000), ("payment", 10_000)];
    at_each_end(subject, async |store| {
        let services = store.services("default".into()).await.unwrap();
        let found: Vec<_> = services
            .iter()
            .map(|(key, newest)| (&*key.service, newest.millis() - HOUR.millis()))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(store.services("other".into()).await.unwrap(), []);
    })
    .await;
}

/// The labels that a resource reported last count.
pub async fn what_a_resource_said_last_is_kept<S: Subject>() {
    let mut subject = S::new().await;
    let said = |id, service: &str, attributes: &str| {
        entry(id, 0, |resource| {
            resource.service = service.into();
            resource.attributes = attributes.into();
        })
    };
    let first = r#"{"service.owner":"web","cloud.region":"tokyo"}"#;
    crate::append(&subject, &[said(1, "shop", first)]).await;
    subject.flush().await;
    crate::append(&subject, &[said(2, "shop", r#"{"team":"pay"}"#)]).await;
    crate::append(&subject, &[said(3, "silent", "{}")]).await;
    let expected = ServiceLabels::from([
        ("cloud.region".into(), "tokyo".into()),
        ("team".into(), "pay".into()),
    ]);
    at_each_end(subject, async |store| {
        let labels = store.labels("default");
        assert_eq!(labels.get(&key("shop")), Some(&expected));
        assert!(
            labels
                .get(&key("silent"))
                .is_none_or(ServiceLabels::is_empty)
        );
        assert!(store.labels("other").is_empty());
    })
    .await;
}

/// Late spans move the first sight of a version back, later ones do not move it.
pub async fn a_version_keeps_the_time_it_was_first_seen<S: Subject>() {
    let mut subject = S::new().await;
    let of = |id, version: &str, second: i64| {
        entry(id, second * 1_000, |resource| {
            resource.version = version.into()
        })
    };
    crate::append(&subject, &[of(1, "1.0", 100), of(2, "", 100)]).await;
    subject.flush().await;
    crate::append(&subject, &[of(3, "1.0", 200), of(4, "1.1", 203)]).await;
    // Late spans, of an earlier time.
    crate::append(&subject, &[of(5, "1.1", 190)]).await;
    let seen = |version: &str, second: i64| SeenVersion {
        service: key("checkout"),
        version: version.into(),
        first: UnixNanos::from_millis(HOUR.millis() + second * 1_000),
    };
    let expected = [seen("1.0", 100), seen("1.1", 190)];
    at_each_end(subject, async |store| {
        let mut versions = store.versions("default");
        versions.sort_by_key(|seen| seen.first);
        assert_eq!(versions, expected);
    })
    .await;
}

/// Reported deployments are kept in order of arrival, by project.
pub async fn a_deployment_that_was_told_is_kept<S: Subject>() {
    let subject = S::new().await;
    let told = |second: i64| Deployed {
        service: key("payment"),
        version: "".into(),
        at: UnixNanos::from_millis(second * 1_000),
        label: "new pool size".into(),
    };
    for second in [5, 3] {
        let added = subject
            .store()
            .add_deployment("default".into(), told(second));
        added.await.unwrap();
    }
    at_each_end(subject, async |store| {
        assert_eq!(store.deployments("default"), [told(5), told(3)]);
        assert!(store.deployments("other").is_empty());
    })
    .await;
}

/// Of two services learned for a host, the later counts.
pub async fn a_host_that_was_learned_is_kept<S: Subject>() {
    let subject = S::new().await;
    for (target, service) in [("b:80", "pay"), ("a:80", "shop"), ("b:80", "ledger")] {
        let peer = Peer {
            target: target.into(),
            service: service.into(),
            seen: HOUR,
        };
        let learned = subject.store().learn_peer("default".into(), peer);
        learned.await.unwrap();
    }
    let expected: [(Text, Text); 2] = [
        ("a:80".into(), "shop".into()),
        ("b:80".into(), "ledger".into()),
    ];
    at_each_end(subject, async |store| {
        assert_eq!(store.peers("default".into()).await.unwrap(), expected);
        assert_eq!(store.peers("other".into()).await.unwrap(), []);
    })
    .await;
}

/// Promoted attributes are kept in order of their keys; bad keys are refused.
pub async fn promoted_attributes_are_kept_until_they_are_demoted<S: Subject>() {
    let subject = S::new().await;
    let store = subject.store();
    for key in ["order.id", "b", "a", "a"] {
        store
            .promote_attribute("default".into(), key.into(), HOUR)
            .await
            .unwrap();
    }
    // Promoted already.
    let later = UnixNanos(HOUR.0 + 1);
    let again = store.promote_attribute("default".into(), "a".into(), later);
    again.await.unwrap();
    store
        .demote_attribute("default".into(), "b".into())
        .await
        .unwrap();
    for key in ["", "a\nb"] {
        let refused = store.promote_attribute("default".into(), key.into(), HOUR);
        let refused = refused.await;
        assert!(matches!(refused, Err(PromoteError::Key)), "{key:?}");
    }
    at_each_end(subject, async |store| {
        let promoted = store.promoted_attributes("default");
        let keys: Vec<&str> = promoted.iter().map(|(key, _)| &**key).collect();
        assert_eq!(keys, ["a", "order.id"]);
        assert!(promoted.iter().all(|(_, since)| *since == HOUR));
        assert!(store.promoted_attributes("other").is_empty());
    })
    .await;
}

/// Settings of a service are replaced as a whole and kept; defaults are as good as none.
pub async fn settings_of_a_service_are_kept_until_they_are_reset<S: Subject>() {
    let subject = S::new().await;
    let store = subject.store();
    let slow = |millis| ServiceSettings {
        slow_threshold: Some(Duration::from_millis(millis)),
    };
    for (service, settings) in [
        ("pay", slow(100)),
        ("shop", slow(100)),
        ("pay", slow(250)),
        ("shop", ServiceSettings::default()),
    ] {
        let set = store.set_service_settings("default".into(), key(service), settings);
        set.await.unwrap();
    }
    at_each_end(subject, async |store| {
        let settings = store.service_settings("default");
        assert_eq!(settings, HashMap::from([(key("pay"), slow(250))]));
        assert!(store.service_settings("other").is_empty());
    })
    .await;
}
