//! `/api/v1/deployments`: lists deployments, compares old with new, and accepts a report of a
//! deployment.

use crate::{
    body,
    params::Params,
    wire::{LossWire, QuantilesWire},
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use hinomi_analysis::deployment::{JudgedDeployment, Noticeable};
use hinomi_model::{Scope, UnixNanos, rollup::ServiceKey};
use hinomi_query::{
    Deployed, Query,
    answer::{DeployedSide, Deployment, NewThing, Top},
};
use hinomi_webkit::{App, problem::Problem, readers::Reader, security, time_param};
use http::{HeaderMap, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Range of the list when the request names none.
const RANGE: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Longest accepted label or version, in bytes.
const LONGEST: usize = 200;

/// A list of deployments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeploymentsWire {
    /// Newest first.
    items: Vec<DeploymentWire>,
}

/// A change of what runs: a new version, or a reported deployment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DeploymentWire {
    /// Id within the service, for `GET /api/v1/deployments/{service}/{id}`.
    id: String,
    service: String,
    namespace: String,
    environment: String,
    version: String,
    previous: Option<String>,
    /// When the first transaction of the version ended; without one, the time that was reported.
    at_ms: i64,
    label: String,
    /// Whether someone reported it.
    told: bool,
}

impl DeploymentWire {
    pub(crate) fn of(one: &Deployment) -> Self {
        Self {
            id: one.id(),
            service: one.service.to_string(),
            namespace: one.namespace.to_string(),
            environment: one.environment.to_string(),
            version: one.version.to_string(),
            previous: one.previous.as_deref().map(str::to_owned),
            at_ms: one.at.millis(),
            label: one.label.to_string(),
            told: !one.told.is_empty(),
        }
    }
}

/// A report of a deployment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TellWire {
    /// `service.name`.
    service: String,
    /// `service.namespace`; not needed when the service has only one.
    namespace: Option<String>,
    /// `deployment.environment.name`; not needed when the service has only one.
    environment: Option<String>,
    /// `service.version`; empty for a change of configuration.
    #[serde(default)]
    version: String,
    /// RFC 3339, Unix milliseconds or `now-5m`; the present time when absent.
    at: Option<String>,
    /// Text that charts show at the marker.
    #[serde(default)]
    label: String,
}

/// Comparison of the old and the new version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparisonWire {
    deployment: DeploymentWire,
    /// Start and end of the compared time before the deployment, then of the time since.
    before_ms: [i64; 2],
    since_ms: [i64; 2],
    /// `collecting`, `no_difference`, `better` or `worse`.
    verdict: &'static str,
    /// What is better or worse: `latency`, `errors`.
    because: Vec<&'static str>,
    /// When the verdict was first reached.
    called_ms: Option<i64>,
    /// The smallest difference that would be called worse by now; null while no difference would
    /// be.
    noticeable: Option<NoticeableWire>,
    /// Seconds since the deployment that are left out, because calls to other hosts failed then.
    left_out_s: u64,
    /// Of the time that is not left out.
    old: SideWire,
    new: SideWire,
    statements_per_request: [f64; 2],
    /// The 50 operations with the largest total time; `operations_total` counts all.
    operations: Vec<OperationWire>,
    operations_total: usize,
    /// The 50 most frequent; `new_errors_total` counts all. The same holds for statements and
    /// externals.
    new_errors: Vec<NewWire>,
    new_errors_total: usize,
    new_statements: Vec<NewWire>,
    new_statements_total: usize,
    new_externals: Vec<NewWire>,
    new_externals_total: usize,
    #[serde(flatten)]
    loss: LossWire,
}

/// A difference that would be noticed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeableWire {
    /// Factor on the old 95th percentile.
    p95_times: f64,
    /// Rise of the share of failures, 0 to 1.
    errors: f64,
}

/// The numbers of one version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SideWire {
    count: u64,
    errors: u64,
    #[serde(flatten)]
    latency: QuantilesWire,
}

/// One operation of both versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OperationWire {
    operation: String,
    old: SideWire,
    new: SideWire,
}

/// An error, statement or host that did not occur in the day before.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewWire {
    key: String,
    detail: String,
    count: u64,
}

impl SideWire {
    fn of(side: &DeployedSide) -> Self {
        Self {
            count: side.count,
            errors: side.errors,
            latency: QuantilesWire::of(side.latency),
        }
    }
}

impl ComparisonWire {
    fn of(judged: &JudgedDeployment) -> Self {
        let (comparison, judgement) = (&judged.comparison, &judged.judgement);
        let new = |things: &Top<NewThing>| {
            let each = things.items.iter();
            each.map(|thing| NewWire {
                key: thing.key.to_string(),
                detail: thing.detail.to_string(),
                count: thing.count,
            })
            .collect()
        };
        let sides = judged.sides();
        let (old_calls, new_calls) = comparison.statements_per_request;
        let noticeable = |noticeable: Noticeable| NoticeableWire {
            p95_times: noticeable.latency,
            errors: noticeable.errors,
        };
        Self {
            deployment: DeploymentWire::of(&comparison.deployment),
            before_ms: [comparison.before.from, comparison.before.to].map(UnixNanos::millis),
            since_ms: [comparison.since.from, comparison.since.to].map(UnixNanos::millis),
            verdict: judgement.verdict.as_str(),
            because: judgement
                .because
                .iter()
                .map(|metric| metric.as_str())
                .collect(),
            called_ms: judged.called_at().map(UnixNanos::millis),
            noticeable: judgement.noticeable.map(noticeable),
            left_out_s: judged.left_out().as_secs(),
            old: SideWire::of(&sides.0),
            new: SideWire::of(&sides.1),
            statements_per_request: [old_calls, new_calls],
            operations: comparison
                .operations
                .items
                .iter()
                .map(|row| OperationWire {
                    operation: row.key.to_string(),
                    old: SideWire::of(&row.old),
                    new: SideWire::of(&row.new),
                })
                .collect(),
            operations_total: comparison.operations.total,
            new_errors: new(&comparison.new_errors),
            new_errors_total: comparison.new_errors.total,
            new_statements: new(&comparison.new_statements),
            new_statements_total: comparison.new_statements.total,
            new_externals: new(&comparison.new_externals),
            new_externals_total: comparison.new_externals.total,
            loss: LossWire::of(&comparison.lost),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/deployments", tag = "deployments",
    params(
        ("from" = Option<String>, Query, description = "default 7 days before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("service" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = DeploymentsWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// The deployments: new versions that were seen, and reported ones.
pub(crate) async fn list(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<DeploymentsWire>, Problem> {
    let known = ["from", "to", "service", "environment", "namespace"];
    let params = Params::parse(&reader, &uri, &[&known])?;
    let query = &app.web.query;
    let mut range = params.range(query.now(), RANGE)?;
    // A deployment that begins at this instant is inside the range.
    range.to = range.to.plus(Duration::from_millis(1));
    let found = query.deployments(&params.scope(), params.get("service"), range);
    Ok(Json(DeploymentsWire {
        items: found.iter().map(DeploymentWire::of).collect(),
    }))
}

#[utoipa::path(get, path = "/api/v1/deployments/{service}/{id}", tag = "deployments",
    params(
        ("service" = String, Path), ("id" = String, Path),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = ComparisonWire), (status = 404, body = Problem, content_type = "application/problem+json")))]
/// Compares the old version with the new one, with a verdict.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    Path((service, id)): Path<(String, String)>,
    uri: Uri,
) -> Result<Json<ComparisonWire>, Problem> {
    let params = Params::parse(&reader, &uri, &[&["environment", "namespace"]])?;
    let query = &app.web.query;
    let found = query.deployment(&params.scope(), &service, &id);
    let found = found.ok_or_else(|| Problem::not_found("there is no such deployment"))?;
    let judged = app.web.analysis.judged(&params.scope(), &found).await?;
    Ok(Json(ComparisonWire::of(&judged)))
}

#[utoipa::path(post, path = "/api/v1/deployments", tag = "deployments", request_body = TellWire,
    responses((status = 201, body = DeploymentsWire), (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "the disk cannot be written now; tell it again after `Retry-After`")))]
/// Reports a deployment. When its version is seen for the first time within an hour of it, that
/// deployment gets the label.
pub(crate) async fn post(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<DeploymentsWire>), Problem> {
    security::check_origin(&headers)?;
    Params::parse(&reader, &uri, &[])?;
    let example = "{\"service\": \"payment\", \"version\": \"4.18.0\"}";
    let wire: TellWire = body::object(&headers, &body, example)?;
    if wire.service.is_empty() {
        return Err(Problem::parameter("service", "`service` is required"));
    }
    for (name, text) in [
        ("service", Some(&wire.service)),
        ("namespace", wire.namespace.as_ref()),
        ("environment", wire.environment.as_ref()),
        ("version", Some(&wire.version)),
        ("label", Some(&wire.label)),
    ] {
        if text.is_some_and(|text| text.len() > LONGEST) {
            let sentence = format!("`{name}` can have at most {LONGEST} bytes");
            return Err(Problem::parameter(name, sentence));
        }
    }
    let query = &app.web.query;
    let now = query.now();
    let at = match wire.at.as_deref() {
        None => now,
        Some(text) => time_param::instant(text, now, None).ok_or_else(|| {
            Problem::parameter(
                "at",
                "`at` is RFC 3339 with a zone, Unix milliseconds or `now-5m`",
            )
        })?,
    };
    let service = whose(query, &reader, &wire).await?;
    let scope = Scope {
        environment: Some(service.environment.clone()),
        namespace: Some(service.namespace.clone()),
        ..reader.scope()
    };
    let name = service.service.clone();
    let deployed = Deployed {
        service,
        version: wire.version.into(),
        // Rounded to the millisecond, as the id is.
        at: UnixNanos::from_millis(at.millis()),
        label: wire.label.into(),
    };
    let near = hinomi_model::TimeRange::new(
        deployed.at.minus(Duration::from_secs(3_600)),
        deployed.at.plus(Duration::from_secs(3_600)),
    );
    query.tell_deployment(&scope, deployed).await?;
    let items = query.deployments(&scope, Some(&name), near);
    Ok((
        StatusCode::CREATED,
        Json(DeploymentsWire {
            items: items.iter().map(DeploymentWire::of).collect(),
        }),
    ))
}

/// The one service that the report means. A service that is not known yet gets the namespace and
/// the environment of the report, or none.
async fn whose(query: &Query, reader: &Reader, wire: &TellWire) -> Result<ServiceKey, Problem> {
    let told = |told: &Option<String>| told.as_deref().map(Into::into);
    let scope = Scope {
        environment: told(&wire.environment),
        namespace: told(&wire.namespace),
        ..reader.scope()
    };
    let mut known = query.service_keys(&scope, &wire.service).await?;
    if known.len() > 1 {
        let name = |text: &str| match text {
            "" => "none".to_owned(),
            text => format!("`{text}`"),
        };
        let places: Vec<String> = known
            .iter()
            .map(|key| {
                let (namespace, environment) = (name(&key.namespace), name(&key.environment));
                format!("namespace {namespace} with environment {environment}")
            })
            .collect();
        let sentence = format!(
            "`{}` runs in several places: {}; give `namespace` and `environment`",
            wire.service,
            places.join(", ")
        );
        return Err(Problem::parameter("environment", sentence));
    }
    Ok(known.pop().unwrap_or_else(|| {
        let told = |told: &Option<String>| told.as_deref().unwrap_or_default().into();
        ServiceKey {
            service: wire.service.as_str().into(),
            namespace: told(&wire.namespace),
            environment: told(&wire.environment),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::sample;

    #[test]
    fn a_comparison_has_its_verdict_and_both_sides() {
        let judged = JudgedDeployment::of(sample::comparison(true));
        let wire = serde_json::to_value(ComparisonWire::of(&judged)).unwrap();
        assert_eq!(wire["verdict"], "worse");
        assert_eq!(wire["because"][0], "latency");
        assert!(wire["called_ms"].is_i64());
        assert!(wire["new"]["p95_ms"].as_f64() > wire["old"]["p95_ms"].as_f64());
        assert_eq!(wire["deployment"]["id"], "4.18.0");
    }
}
