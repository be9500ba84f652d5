//! `/api/v1/attributes/promoted`: the attributes whose values have filters, so that searches are
//! fast.

use crate::{body, params::Params};
use axum::{Json, body::Bytes, extract::State};
use hinomi_query::PromoteError;
use hinomi_webkit::{App, problem::Problem, readers::Reader, security};
use http::{HeaderMap, Uri};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The promoted attributes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromotedWire {
    /// Sorted by key.
    items: Vec<PromotedAttributeWire>,
}

/// One promoted attribute.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromotedAttributeWire {
    key: String,
    /// Time of the promotion: searches are fast in data written since then.
    since_ms: i64,
}

/// The attribute to promote.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromoteWire {
    key: String,
}

fn all(app: &App, reader: &Reader) -> Json<PromotedWire> {
    let promoted = app.web.query.promoted_attributes(&reader.scope());
    let items = promoted
        .into_iter()
        .map(|(key, since)| PromotedAttributeWire {
            key: key.to_string(),
            since_ms: since.millis(),
        });
    Json(PromotedWire {
        items: items.collect(),
    })
}

#[utoipa::path(get, path = "/api/v1/attributes/promoted", tag = "search",
    responses((status = 200, body = PromotedWire)))]
/// The promoted attributes.
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<PromotedWire>, Problem> {
    Params::parse(&reader, &uri, &[])?;
    Ok(all(&app, &reader))
}

#[utoipa::path(put, path = "/api/v1/attributes/promoted", tag = "search", request_body = PromoteWire,
    responses((status = 200, body = PromotedWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Promotes an attribute: searches for its values are fast in all data written from now on.
pub(crate) async fn put(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<PromotedWire>, Problem> {
    security::check_origin(&headers)?;
    Params::parse(&reader, &uri, &[])?;
    let wire: PromoteWire = body::object(&headers, &body, "{\"key\": \"order.id\"}")?;
    let (query, scope) = (&app.web.query, reader.scope());
    let promoted = query.promote_attribute(&scope, wire.key.into()).await;
    promoted.map_err(|error| match error {
        PromoteError::Key | PromoteError::TooMany { .. } => {
            Problem::parameter("key", error.to_string())
        }
        PromoteError::Store(error) => Problem::from(hinomi_query::QueryError::from(error)),
    })?;
    Ok(all(&app, &reader))
}

#[utoipa::path(delete, path = "/api/v1/attributes/promoted", tag = "search",
    params(("key" = String, Query)),
    responses((status = 200, body = PromotedWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// Withdraws the promotion of an attribute.
pub(crate) async fn delete(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<PromotedWire>, Problem> {
    security::check_origin(&headers)?;
    let params = Params::parse(&reader, &uri, &[&["key"]])?;
    let Some(key) = params.get("key") else {
        return Err(Problem::parameter(
            "key",
            "`key` is required: `?key=order.id`",
        ));
    };
    let query = &app.web.query;
    query.demote_attribute(&reader.scope(), key).await?;
    Ok(all(&app, &reader))
}
