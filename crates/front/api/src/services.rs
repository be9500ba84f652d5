//! `GET /api/v1/services`: every service and its state.

use crate::{
    params::{Params, RANGE_DEFAULT},
    wire::{LossWire, QuantilesWire},
};
use axum::{Json, extract::State};
use hinomi_analysis::{Basis, Reason, ServiceSummary, Verdict};
use hinomi_query::answer::FoldedNames;
use hinomi_webkit::{App, problem::Problem, readers::Reader};
use http::Uri;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use utoipa::ToSchema;

/// A list of services.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServicesWire {
    /// Worst first.
    items: Vec<ServiceWire>,
    /// Names that were folded into `(other)` within the last hour, the most spans first.
    folded: Vec<FoldedWire>,
    #[serde(flatten)]
    loss: LossWire,
}

/// An attribute of a service that has more different values than can be counted apart.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoldedWire {
    /// `service.name` of the sender; `(other)` when there are too many services.
    service: String,
    /// `service`, `environment`, `operation`, `instance`, `version`, `target`, `detail` or `error_type`.
    attribute: &'static str,
    /// The first value that was replaced by `(other)`.
    example: String,
    /// Number of spans since `since_ms` that count as `(other)`.
    spans: u64,
    /// When folding began, in Unix milliseconds.
    since_ms: i64,
    /// When it last happened, in Unix milliseconds.
    last_ms: i64,
}

impl FoldedWire {
    fn of(names: &FoldedNames) -> Self {
        Self {
            service: names.service.to_string(),
            attribute: names.attribute.as_str(),
            example: names.example.to_string(),
            spans: names.spans,
            since_ms: names.since.millis(),
            last_ms: names.last.millis(),
        }
    }
}

/// One service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceWire {
    /// `service.name`.
    service: String,
    /// `service.namespace`, may be empty.
    namespace: String,
    /// `deployment.environment.name`, may be empty.
    environment: String,
    /// Labels of its resource that say who owns it and where it runs: `team` (from `team`,
    /// `service.team`, `team.name`, `service.owner` or `owner`), `service.criticality`, `tier`,
    /// `k8s.namespace.name`, `k8s.cluster.name`, `cloud.region`.
    labels: BTreeMap<String, String>,
    /// Transactions in the range.
    count: u64,
    /// Number of transactions that failed.
    errors: u64,
    #[serde(flatten)]
    latency: QuantilesWire,
    /// Verdict on the last minutes of the range: `ok`, `watch`, `bad` or `no_data`.
    verdict: &'static str,
    /// Why the verdict is `bad` or `watch`.
    reason: Option<ReasonWire>,
    /// Since when it holds without interruption, in Unix milliseconds; at most an hour before the end
    /// of the range.
    since_ms: Option<i64>,
    /// Where the usual values were taken from: `hour_of_week`, `hour_of_day` or `hour_before`.
    usual_of: Option<&'static str>,
}

/// Why a service is `bad` or `watch`, with the present and the usual value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonWire {
    /// `errors` and `slow` (shares of 0 to 1), `slower` (95th percentile in milliseconds) or `quiet`
    /// (transactions a second).
    kind: &'static str,
    /// The present value.
    now: f64,
    /// The usual value; `null` when no earlier data is known.
    usual: Option<f64>,
    /// How many seconds before the end of the range the present value is of.
    over_s: Option<u64>,
}

impl ReasonWire {
    fn of(reason: Reason, over: Option<Duration>) -> Self {
        let ms = |latency: Duration| latency.as_secs_f64() * 1e3;
        let (kind, now, usual) = match reason {
            Reason::Errors { share, usual } => ("errors", share, usual),
            Reason::Slow { share, usual } => ("slow", share, usual),
            Reason::Slower { p95, usual } => ("slower", ms(p95), Some(ms(usual))),
            Reason::Quiet { per_second, usual } => ("quiet", per_second, Some(usual)),
        };
        Self {
            kind,
            now,
            usual,
            over_s: over.map(|over| over.as_secs()),
        }
    }
}

impl ServiceWire {
    fn of(summary: &ServiceSummary) -> Self {
        Self {
            service: summary.service.to_string(),
            namespace: summary.namespace.to_string(),
            environment: summary.environment.to_string(),
            labels: summary
                .labels
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            count: summary.counts.total(),
            errors: summary.counts.error,
            latency: QuantilesWire::of(summary.latency),
            verdict: verdict_word(&summary.health.verdict),
            reason: match summary.health.verdict {
                Verdict::Bad(reason) | Verdict::Watch(reason) => {
                    Some(ReasonWire::of(reason, summary.health.over))
                }
                _ => None,
            },
            since_ms: summary.health.since.map(|since| since.at.millis()),
            usual_of: summary.health.basis.map(|basis| basis_word(basis).0),
        }
    }
}

/// The API's word for the basis of the usual values, and the number of hours in it.
pub(crate) fn basis_word(basis: Basis) -> (&'static str, u8) {
    match basis {
        Basis::HourOfWeek { weeks } => ("hour_of_week", weeks),
        Basis::HourOfDay { days } => ("hour_of_day", days),
        Basis::HourBefore => ("hour_before", 1),
    }
}

/// The API's word for a verdict.
pub fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Bad(_) => "bad",
        Verdict::Watch(_) => "watch",
        Verdict::NoData { .. } => "no_data",
        Verdict::Ok => "ok",
    }
}

#[utoipa::path(get, path = "/api/v1/services", tag = "health",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339, Unix ms, `now-15m`; default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = ServicesWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Every service and its state.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<ServicesWire>, Problem> {
    let params = Params::parse(
        &reader,
        &uri,
        &[&["from", "to", "environment", "namespace"]],
    )?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let summaries = app.web.analysis.services(&params.scope(), range).await?;
    Ok(Json(ServicesWire {
        items: summaries.items.iter().map(ServiceWire::of).collect(),
        folded: app
            .web
            .query
            .folded(&params.scope())
            .iter()
            .map(FoldedWire::of)
            .collect(),
        loss: LossWire::of(&summaries.lost),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::sample;

    #[test]
    fn a_service_has_the_fields_of_the_contract() {
        let summary = sample::services(3).remove(0);
        let wire = serde_json::to_value(ServiceWire::of(&summary)).unwrap();
        let names: Vec<_> = wire.as_object().unwrap().keys().cloned().collect();
        for name in [
            "service",
            "namespace",
            "environment",
            "labels",
            "count",
            "errors",
            "p50_ms",
            "p95_ms",
            "p99_ms",
            "verdict",
        ] {
            assert!(names.iter().any(|have| have == name), "{name} of {names:?}");
        }
        assert_eq!(wire["verdict"], "bad");
        assert_eq!(wire["reason"]["kind"], "errors");
        assert_eq!(wire["reason"]["usual"], 0.001);
        assert_eq!(wire["usual_of"], "hour_of_week");
        assert!(wire["since_ms"].is_i64());
    }
}
