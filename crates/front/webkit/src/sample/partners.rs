//! Partners and maps for tests.

use super::{HOSTILE, RANGE, quantiles};
use hinomi_analysis::*;
use hinomi_model::Text;
use hinomi_query::answer::*;
use std::time::Duration;

fn calls(count: u64, failures: [u64; 6], p95: f64) -> PartnerCalls {
    PartnerCalls {
        count,
        errors: failures.iter().sum(),
        failures,
        total: Duration::from_secs_f64(count as f64 * p95 / 2e3),
        latency: quantiles(p95 / 3.0, p95, p95 * 1.4),
    }
}

fn partner(host: &str, callers: &[(&str, PartnerCalls)], blame: Blame) -> Partner {
    let all = callers[0].1.clone();
    Partner {
        host: host.into(),
        before: Some(calls(all.count, [0; 6], 120.0)),
        all,
        blame,
        ended: None,
        callers: callers
            .iter()
            .map(|(service, calls)| PartnerCaller {
                service: (*service).into(),
                before: (*service != "refund").then(|| calls.clone()),
                calls: calls.clone(),
                failing_instances: Vec::new(),
                trend: (0..30)
                    .map(|at| (at != 7).then(|| Duration::from_millis(90 + at % 5 * 9)))
                    .collect(),
            })
            .collect(),
    }
}

/// Three partners, one of them in trouble.
pub fn partners() -> Partners {
    let late = calls(620, [0, 0, 81, 0, 2, 0], 3_010.0);
    let fine = calls(1_840, [0, 0, 0, 1, 2, 0], 164.0);
    let blame = Blame::Theirs(BlameReason::AllCallers { callers: 2 });
    Partners {
        range: RANGE,
        against: Some(RANGE),
        has_before: true,
        hosts: vec![
            partner(
                "api.amberline.example",
                &[("payment", late.clone()), ("refund", late)],
                blame,
            ),
            partner(
                "gw.northcard.example",
                &[("payment", fine.clone())],
                Blame::Fine,
            ),
            partner("id.oak.example", &[("auth", fine)], Blame::Fine),
        ],
        lost: Vec::new(),
    }
}

/// Three partners, one of which was in trouble until a minute before the end.
pub fn recovered_partners() -> Partners {
    let mut partners = partners();
    let first = &mut partners.hosts[0];
    first.ended = Some(Ended {
        blame: std::mem::replace(&mut first.blame, Blame::Fine),
        until: RANGE.to.minus(Duration::from_secs(60)),
    });
    partners
}

/// Partners and callers with hostile names.
pub fn hostile_partners() -> Partners {
    let mut partners = partners();
    for (partner, name) in partners.hosts.iter_mut().zip(HOSTILE) {
        partner.host = name.into();
        partner.callers[0].service = name.into();
        partner.blame = Blame::Ours(BlameReason::OneInstance {
            instance: name.into(),
            service: name.into(),
            running: 3,
        });
    }
    partners
}

/// A map of `count` nodes: a tree of services with databases and partners below.
pub fn map(count: usize) -> ServiceMap {
    let kinds = [
        NodeKind::Service,
        NodeKind::Service,
        NodeKind::Database,
        NodeKind::Cache,
        NodeKind::Partner,
        NodeKind::Queue,
    ];
    let key = |number: usize| {
        let kind = if number < count / 3 + 1 {
            NodeKind::Service
        } else {
            kinds[number % kinds.len()]
        };
        NodeKey::of_target(kind, Text::from(format!("node-number-{number:02}")))
    };
    let traffic = |number: usize| Traffic {
        count: 17 * number as u64,
        errors: if number % 11 == 3 { number as u64 } else { 0 },
        latency: quantiles(3.0, 40.0 * number as f64, 90.0 * number as f64),
    };
    let edges = (1..count).map(|number| MapEdge {
        from: key((number - 1) / 3),
        to: key(number),
        traffic: traffic(number),
    });
    ServiceMap {
        range: RANGE,
        nodes: (0..count)
            .map(|number| MapNode {
                key: key(number),
                traffic: traffic(number),
            })
            .collect(),
        edges: edges.collect(),
        lost: Vec::new(),
    }
}

/// A map with hostile names.
pub fn hostile_map() -> ServiceMap {
    let mut map = map(4);
    let rename = |key: &mut NodeKey| {
        let at: usize = key.name[key.name.len() - 2..].parse().unwrap_or(0);
        key.name = HOSTILE[at % HOSTILE.len()].into();
    };
    for node in &mut map.nodes {
        rename(&mut node.key);
    }
    for edge in &mut map.edges {
        rename(&mut edge.from);
        rename(&mut edge.to);
    }
    map
}
