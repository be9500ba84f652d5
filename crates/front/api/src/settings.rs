//! `/api/v1/services/{service}/settings`: what people have set for a service.

use crate::{body, params::Params};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use hinomi_model::{hitmap::SLOW_THRESHOLD, rollup::ServiceKey};
use hinomi_query::ServiceSettings;
use hinomi_webkit::{App, problem::Problem, readers::Reader, security};
use http::{HeaderMap, Uri};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

/// Lowest and highest threshold, in milliseconds: what the rows of a hitmap can tell apart.
const SLOW_MS: std::ops::RangeInclusive<f64> = 1.0..=80_000.0;

/// The settings of a service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingsWire {
    service: String,
    namespace: String,
    environment: String,
    /// Transactions of the service that succeed and take at least so long are slow. A hitmap rounds it
    /// up to the edge of a row.
    slow_threshold_ms: f64,
    /// Whether it is the default, because nothing was set.
    slow_threshold_is_default: bool,
}

/// The settings to set. What is absent or null has its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSettingsWire {
    #[serde(default)]
    slow_threshold_ms: Option<f64>,
}

fn key_of(service: &str, params: &Params) -> ServiceKey {
    let text = |name: &str| params.get(name).unwrap_or_default().into();
    ServiceKey {
        service: service.into(),
        namespace: text("namespace"),
        environment: text("environment"),
    }
}

fn wire(key: &ServiceKey, settings: ServiceSettings) -> Json<SettingsWire> {
    let threshold = settings.slow_threshold.unwrap_or(SLOW_THRESHOLD);
    Json(SettingsWire {
        service: key.service.to_string(),
        namespace: key.namespace.to_string(),
        environment: key.environment.to_string(),
        slow_threshold_ms: threshold.as_secs_f64() * 1e3,
        slow_threshold_is_default: settings.slow_threshold.is_none(),
    })
}

/// The names of the query parameters.
const NAMES: &[&str] = &["namespace", "environment"];

#[utoipa::path(get, path = "/api/v1/services/{service}/settings", tag = "services",
    params(("service" = String, Path), ("namespace" = Option<String>, Query), ("environment" = Option<String>, Query)),
    responses((status = 200, body = SettingsWire)))]
/// The settings of a service.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    Path(service): Path<String>,
    uri: Uri,
) -> Result<Json<SettingsWire>, Problem> {
    let params = Params::parse(&reader, &uri, &[NAMES])?;
    let key = key_of(&service, &params);
    let settings = app.web.query.service_settings(&reader.scope(), &key);
    Ok(wire(&key, settings))
}

#[utoipa::path(put, path = "/api/v1/services/{service}/settings", tag = "services", request_body = SetSettingsWire,
    params(("service" = String, Path), ("namespace" = Option<String>, Query), ("environment" = Option<String>, Query)),
    responses((status = 200, body = SettingsWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Replaces the settings of a service. They apply at once, to stored data too.
pub(crate) async fn put(
    State(app): State<App>,
    reader: Reader,
    Path(service): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<SettingsWire>, Problem> {
    security::check_origin(&headers)?;
    let params = Params::parse(&reader, &uri, &[NAMES])?;
    let asked: SetSettingsWire = body::object(&headers, &body, "{\"slow_threshold_ms\": 300}")?;
    let slow_threshold = match asked.slow_threshold_ms {
        None => None,
        Some(ms) if SLOW_MS.contains(&ms) => Some(Duration::from_secs_f64(ms / 1e3)),
        Some(_) => {
            let (least, most) = (SLOW_MS.start(), SLOW_MS.end());
            let detail =
                format!("`slow_threshold_ms` is a number of milliseconds from {least} to {most}");
            return Err(Problem::parameter("slow_threshold_ms", detail));
        }
    };
    let (query, scope, key) = (&app.web.query, reader.scope(), key_of(&service, &params));
    let known = query.known_services(&scope).await?;
    if !known.iter().any(|(known, _)| *known == key) {
        return Err(Problem::not_found(
            "there is no such service; its `environment` and `namespace` belong to its name",
        ));
    }
    let settings = ServiceSettings { slow_threshold };
    query
        .set_service_settings(&scope, key.clone(), settings)
        .await?;
    Ok(wire(&key, settings))
}
