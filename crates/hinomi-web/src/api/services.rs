//! `GET /api/v1/services`: every service and how it is.

use super::{
    params::{Params, RANGE_DEFAULT},
    wire::{LossWire, QuantilesWire},
};
use crate::{App, problem::Problem};
use axum::{Json, extract::State};
use hinomi_query::answer::{ServiceSummary, Verdict};
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// Services.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServicesWire {
    /// Worst first.
    items: Vec<ServiceWire>,
    #[serde(flatten)]
    loss: LossWire,
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
    /// Transactions in the range.
    count: u64,
    /// How many of them failed.
    errors: u64,
    #[serde(flatten)]
    latency: QuantilesWire,
    /// `ok`, `watch`, `bad` or `no_data`.
    verdict: &'static str,
}

impl ServiceWire {
    fn of(summary: &ServiceSummary) -> Self {
        Self {
            service: summary.service.to_string(),
            namespace: summary.namespace.to_string(),
            environment: summary.environment.to_string(),
            count: summary.counts.total(),
            errors: summary.counts.error,
            latency: QuantilesWire::of(summary.latency),
            verdict: verdict_word(&summary.verdict),
        }
    }
}

/// The API's word of a verdict.
pub(crate) fn verdict_word(verdict: &Verdict) -> &'static str {
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
/// Every service and how it is.
pub(crate) async fn get(State(app): State<App>, uri: Uri) -> Result<Json<ServicesWire>, Problem> {
    let params = Params::parse(&uri, &[&["from", "to", "environment", "namespace"]])?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let summaries = app.web.query.services(&params.scope(), range).await?;
    Ok(Json(ServicesWire {
        items: summaries.items.iter().map(ServiceWire::of).collect(),
        loss: LossWire::of(&summaries.lost),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sample;

    #[test]
    fn a_service_has_the_fields_of_the_contract() {
        let summary = sample::services(3).remove(0);
        let wire = serde_json::to_value(ServiceWire::of(&summary)).unwrap();
        let names: Vec<_> = wire.as_object().unwrap().keys().cloned().collect();
        for name in [
            "service",
            "namespace",
            "environment",
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
    }
}
