//! Tests small limits with floods of names beyond them.

use super::*;
use hinomi_model::{RollupSet, Span};
use hinomi_testkit::SpanBuilder;
use std::collections::BTreeSet;

fn limits() -> IngestLimits {
    IngestLimits {
        operations: 2,
        services: 2,
        ..IngestLimits::default()
    }
}

fn batch(services: &[(&str, &str)]) -> SpanBatch {
    let spans: Vec<Span> = services
        .iter()
        .map(|(service, operation)| SpanBuilder::server(service, operation).build())
        .collect();
    spans.iter().collect()
}

fn operations(batch: &SpanBatch) -> Vec<String> {
    let operation = |span: Span| span.transaction.unwrap().operation.to_string();
    batch.spans().map(operation).collect()
}

/// A batch with one span per sender: service, environment, operation, instance.
fn sent<'a>(senders: impl IntoIterator<Item = (&'a str, String, String, String)>) -> SpanBatch {
    let spans: Vec<Span> = senders
        .into_iter()
        .map(|(service, environment, operation, instance)| {
            let mut span = SpanBuilder::server(service, &operation).build();
            let resource = Arc::make_mut(&mut span.resource);
            resource.environment = environment.into();
            resource.instance = instance.into();
            span
        })
        .collect();
    spans.iter().collect()
}

fn at(second: u64) -> Duration {
    Duration::from_secs(second)
}

#[test]
fn names_beyond_the_limit_become_other_and_it_is_told() {
    let mut cardinality = Cardinality::new(limits());
    let mut spans = batch(&["a", "b", "c", "a", "d"].map(|name| ("shop", name)));
    let folded = cardinality.cap(&mut spans, at(0));
    assert_eq!(operations(&spans), ["a", "b", OTHER, "a", OTHER]);
    assert_eq!(folded.len(), 1);
    assert_eq!((&*folded[0].service, &*folded[0].example), ("shop", "c"));
    assert_eq!(
        (folded[0].attribute, folded[0].spans),
        (Attribute::Operation, 2)
    );
}

#[test]
fn a_name_that_nobody_used_for_an_hour_leaves_its_place_and_a_busy_one_does_not() {
    let mut cardinality = Cardinality::new(limits());
    cardinality.cap(&mut batch(&[("shop", "a"), ("shop", "b")]), at(0));
    cardinality.cap(&mut batch(&[("shop", "a")]), at(3_000));
    let mut later = batch(&[("shop", "c"), ("shop", "d"), ("shop", "a")]);
    cardinality.cap(&mut later, at(3_601));
    assert_eq!(operations(&later), ["c", OTHER, "a"]);
}

#[test]
fn services_beyond_the_limit_are_counted_together() {
    let mut cardinality = Cardinality::new(limits());
    let mut spans = batch(&["a", "b", "c", "d"].map(|service| (service, "GET /")));
    let folded = cardinality.cap(&mut spans, at(0));
    let services: Vec<String> = spans
        .spans()
        .map(|span| span.resource.service.to_string())
        .collect();
    assert_eq!(services, ["a", "b", OTHER, OTHER]);
    assert_eq!(folded.len(), 1);
    assert_eq!(
        (folded[0].attribute, folded[0].spans),
        (Attribute::Service, 2)
    );
}

#[test]
fn environments_beyond_the_limit_are_one_and_the_service_is_named() {
    let limits = IngestLimits {
        environments: 3,
        ..IngestLimits::default()
    };
    let mut cardinality = Cardinality::new(limits);
    let flood =
        (0..500).map(|number| ("preview", format!("pr-{number}"), "GET /".into(), "".into()));
    let mut spans = sent(flood);
    let folded = cardinality.cap(&mut spans, at(0));
    let environments: BTreeSet<String> = spans
        .spans()
        .map(|span| span.resource.environment.to_string())
        .collect();
    assert_eq!(
        environments.into_iter().collect::<Vec<_>>(),
        [OTHER, "pr-0", "pr-1", "pr-2"]
    );
    assert_eq!(folded.len(), 1);
    assert_eq!(
        (&*folded[0].service, folded[0].attribute),
        ("preview", Attribute::Environment)
    );
    assert_eq!(folded[0].spans, 497);
    let services = spans.spans().map(|span| span.resource.service.to_string());
    assert!(services.into_iter().all(|service| service == "preview"));
}

#[test]
fn combinations_of_names_within_their_limits_are_bounded_and_neighbours_keep_theirs() {
    let limits = IngestLimits {
        keys: 400,
        ..IngestLimits::default()
    };
    let mut cardinality = Cardinality::new(limits);
    let neighbour =
        || (0..20).map(|number| ("shop", "".into(), format!("GET /{number}"), "i".into()));
    let untouched = operations(&sent(neighbour()));
    let late = || (0..30).map(|number| ("late", "".into(), format!("GET /{number}"), "i".into()));
    let mut keys = BTreeSet::new();
    for second in 0..300 {
        let mut first = sent(neighbour());
        assert!(
            cardinality.cap(&mut first, at(second)).is_empty(),
            "{second}"
        );
        assert_eq!(operations(&first), untouched);
        let flood = (0..100).map(|number| {
            let number = second * 100 + number;
            (
                "bomb",
                "".into(),
                format!("GET /{}", number % 50),
                format!("pod-{}", number / 50),
            )
        });
        let mut spans = sent(flood);
        let folded = cardinality.cap(&mut spans, at(second));
        assert!(folded.iter().all(|one| &*one.service == "bomb"));
        if second > 200 {
            assert_eq!(folded[0].attribute, Attribute::Instance, "the widest one");
        }
        keys.extend(
            RollupSet::of(&spans)
                .iter()
                .map(|(_, key, _)| format!("{key:?}")),
        );
        if second >= 100 {
            // A service that comes when everything is taken still gets its share.
            let mut spans = sent(late());
            assert!(
                cardinality.cap(&mut spans, at(second)).is_empty(),
                "{second}"
            );
        }
        assert!(cardinality.keys() <= 500);
    }
    assert!(
        keys.len() < 600,
        "{} keys of one service were counted apart",
        keys.len()
    );
}

#[test]
fn memory_is_bounded_whatever_is_sent() {
    let limits = IngestLimits {
        keys: 1_000,
        ..IngestLimits::default()
    };
    let mut cardinality = Cardinality::new(limits);
    for step in 0..200 {
        let flood = (0..200).map(|number| {
            let number = step * 200 + number;
            let any = |name: &str| format!("{name}-{}", number % 7_919);
            ("x", any("e"), any("GET /"), any("i"))
        });
        let mut spans = sent(flood);
        for (number, resource) in spans.resources.iter_mut().enumerate() {
            Arc::make_mut(resource).service =
                format!("s-{}", (step * 31 + number as u64) % 3_001).into();
        }
        cardinality.cap(&mut spans, at(step));
        assert!(cardinality.keys() <= 1_250);
        // The first name of each attribute of a service always gets a place.
        assert!(cardinality.names_count <= 4 * 1_000 + 7 * 2_000);
        assert!(cardinality.services.len() <= 4_000);
    }
}
