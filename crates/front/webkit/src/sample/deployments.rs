//! Deployments and comparisons of versions for tests.

use super::{HOSTILE, RANGE, Random, long_name, quantiles};
use hinomi_model::{TimeRange, hitmap::COLUMN};
use hinomi_query::answer::*;
use std::time::Duration;

/// Three deployments: a version that was seen, a reported one, and a reported one without a
/// version.
pub fn deployments() -> Vec<Deployment> {
    let one = |version: &str, label: &str, seen: bool| Deployment {
        service: "checkout".into(),
        namespace: "shop".into(),
        environment: "prod".into(),
        version: version.into(),
        previous: Some("4.17.2".into()),
        at: RANGE.from.plus(Duration::from_secs(120)),
        label: label.into(),
        told: match label {
            "" => Vec::new(),
            _ => vec![RANGE.from.plus(Duration::from_secs(120))],
        },
        seen,
    };
    vec![
        one("4.18.0", "", true),
        one("4.17.2", "rollback", false),
        one("", "new pool size", false),
    ]
}

/// Deployments with hostile names.
pub fn hostile_deployments() -> Vec<Deployment> {
    let mut all = deployments();
    for (one, name) in all.iter_mut().zip(HOSTILE) {
        one.service = name.into();
        one.version = name.into();
        one.label = name.into();
        one.previous = Some(name.into());
    }
    all.push(Deployment {
        version: long_name(),
        ..all[0].clone()
    });
    all
}

/// A comparison over five minutes. With `slower`, the new version takes 1.5 times as long.
pub fn comparison(slower: bool) -> Comparison {
    let mut random = Random::new(7);
    let mut side = |factor: f64| {
        let mut side = VersionSide::default();
        for _ in 0..100 {
            let millis = 20.0 * (1.0 + 6.0 * random.draw().powi(3)) * factor;
            side.latency.record(Duration::from_secs_f64(millis / 1e3));
        }
        side.errors = u64::from(random.draw() < 0.1);
        side
    };
    let step = |old: VersionSide, new: VersionSide| VersionStep {
        old,
        new,
        is_troubled: false,
    };
    let factor = if slower { 1.5 } else { 1.0 };
    let steps_before = (0..180)
        .map(|_| step(side(1.0), VersionSide::default()))
        .collect();
    let steps_since: Vec<VersionStep> = (0..60)
        .map(|_| step(VersionSide::default(), side(factor)))
        .collect();
    let deployment = deployments().remove(0);
    let at = deployment.at;
    let thing = |key: &str, detail: &str| NewThing {
        key: key.into(),
        detail: detail.into(),
        count: 12,
    };
    let first = |items: Vec<NewThing>, others| Top {
        total: items.len() + others,
        items,
    };
    let row = |key: &str, p95: f64| DeployedRow {
        key: key.into(),
        old: DeployedSide {
            count: 4_000,
            errors: 4,
            latency: quantiles(20.0, 80.0, 120.0),
        },
        new: DeployedSide {
            count: 900,
            errors: 12,
            latency: quantiles(20.0, p95, 2.0 * p95),
        },
    };
    Comparison {
        deployment,
        before: TimeRange::new(at.minus(Duration::from_secs(900)), at),
        since: TimeRange::new(at, at.plus(Duration::from_secs(300))),
        step: COLUMN,
        steps_before,
        steps_since,
        running: true,
        operations: Top {
            items: vec![row("GET /v1/cart", 79.0), row("POST /v1/checkout", 240.0)],
            total: 70,
        },
        statements_per_request: (3.1, 7.4),
        new_errors: first(
            vec![thing(
                "java.lang.IllegalStateException",
                "POST /v1/checkout",
            )],
            0,
        ),
        new_statements: first(
            vec![thing("SELECT price FROM sku WHERE id = ?", "pg-checkout")],
            12,
        ),
        new_externals: first(Vec::new(), 0),
        lost: Vec::new(),
    }
}
