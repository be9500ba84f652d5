//! A service's own slow threshold: on its hitmap, in its list, and in counts by service.

use hinomi_conformance::{
    questions::ever,
    spans::{HOUR, Spec, span},
};
use hinomi_io::clock::ManualClock;
use hinomi_live::{Live, LiveLimits};
use hinomi_memory_store::MemoryStore;
use hinomi_model::{
    DurationRange, OutcomeFilter, Scope, Selection, Span, TimeRange, rollup::ServiceKey,
};
use hinomi_query::{Query, ServiceSettings};
use hinomi_store::{Batch, TelemetryWrite};
use std::{sync::Arc, time::Duration};

/// Two services with the same durations.
fn spans() -> Vec<Span> {
    let spec = |id: u32| Spec {
        id,
        service: id as usize % 2,
        end_ms: -i64::from(id) * 1_000,
        duration: Duration::from_millis(u64::from(id) * 40),
        ..Spec::default()
    };
    (1..41).map(|id| span(&spec(id))).collect()
}

#[tokio::test]
async fn a_service_is_slow_from_its_own_threshold_on_in_every_answer() {
    let clock = Arc::new(ManualClock::at(HOUR.0));
    let store = MemoryStore::new(clock.clone());
    let spans = spans();
    store.append(Batch::of("default", &spans)).await.unwrap();
    let live = Live::new(HOUR, LiveLimits::default());
    // The live window knows nothing: all is asked of the store.
    live.begin_restore("default", HOUR);
    let query = Query::new(Arc::new(store), Arc::new(live), clock);
    let scope = Scope {
        project: "default".into(),
        environment: None,
        namespace: None,
    };
    let key = ServiceKey::of(&spans[0].resource);
    let slow_of = |key: &ServiceKey, millis: u64| {
        let own = spans
            .iter()
            .filter(|span| ServiceKey::of(&span.resource) == *key);
        let slow = own.filter(|span| span.duration() >= Duration::from_millis(millis));
        slow.count() as u64
    };
    let other = ServiceKey::of(&spans[1].resource);
    assert_ne!(key, other);
    for (threshold, millis) in [(Some(300), 300), (Some(500), 500), (None, 1_000)] {
        let settings = ServiceSettings {
            slow_threshold: threshold.map(Duration::from_millis),
        };
        let set = query.set_service_settings(&scope, key.clone(), settings);
        set.await.unwrap();
        assert_eq!(query.service_settings(&scope, &key), settings);
        let of_service = Selection {
            scope: scope.clone(),
            service: Some(key.service.clone()),
            operation: None,
            instance: None,
            version: None,
            outcome: None,
        };
        let map = query.hitmap(&of_service, ever()).await.unwrap();
        assert_eq!(map.slow_threshold, Duration::from_millis(millis));
        let expected = slow_of(&key, millis);
        assert_eq!(map.total.slow, expected);
        let slow_only = Selection {
            outcome: Some(OutcomeFilter::Slow),
            ..of_service.clone()
        };
        let durations = DurationRange::default();
        let list = query.transactions(&slow_only, ever(), durations, None, None, 10);
        assert_eq!(list.await.unwrap().total, expected);
        let everything = Selection {
            service: None,
            ..of_service.clone()
        };
        let range = TimeRange::new(HOUR.minus(Duration::from_secs(600)), HOUR);
        let tallies = query.service_tallies(&everything, range).await.unwrap();
        let slow = |wanted: &ServiceKey| {
            let found = tallies.services.iter().find(|tally| tally.key == *wanted);
            let tallies = found.unwrap().tallies.iter();
            tallies.map(|tally| tally.counts.slow).sum::<u64>()
        };
        assert_eq!(slow(&key), expected);
        assert_eq!(
            slow(&other),
            slow_of(&other, 1_000),
            "the other keeps the default"
        );
    }
}
