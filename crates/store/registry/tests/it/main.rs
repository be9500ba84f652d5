//! The registry from outside: its databases, and the registry on them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod databases;
mod failing;
mod remembering;
mod suite;
mod taking_over;

use hinomi_model::{Text, UnixNanos, rollup::ServiceKey};
use hinomi_store::{BatchNames, Deployed, Peer};
use std::collections::HashMap;

/// The project of most tests.
fn project() -> Text {
    "default".into()
}

fn key(service: &str) -> ServiceKey {
    ServiceKey {
        service: service.into(),
        namespace: "".into(),
        environment: "".into(),
    }
}

/// A batch of a service: its newest bucket, a version and a label.
fn batch(service: &str, at: i64) -> BatchNames {
    let versions = HashMap::from([(Text::from("1.0"), UnixNanos(at))]);
    let labels = [("team".into(), "pay".into())].into();
    BatchNames {
        services: HashMap::from([(key(service), UnixNanos(at))]),
        versions: HashMap::from([(key(service), versions)]),
        labels: vec![(key(service), labels)],
    }
}

fn deployed(at: i64) -> Deployed {
    Deployed {
        service: key("pay"),
        version: format!("{at}").into(),
        at: UnixNanos(at),
        label: "".into(),
    }
}

fn peer(target: &str, service: &str, seen: i64) -> Peer {
    Peer {
        target: target.into(),
        service: service.into(),
        seen: UnixNanos(seen),
    }
}
