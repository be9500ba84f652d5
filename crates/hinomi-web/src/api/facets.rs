//! `GET /api/v1/facets`: the values that filters can take.

use super::params::{Params, RANGE_DEFAULT, SELECTION};
use crate::{App, problem::Problem};
use axum::{Json, extract::State};
use hinomi_model::Text;
use hinomi_query::answer::Facets;
use http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

/// Values of filters, most frequent first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetsWire {
    operations: Vec<String>,
    instances: Vec<String>,
    versions: Vec<String>,
    environments: Vec<String>,
}

impl FacetsWire {
    fn of(facets: &Facets) -> Self {
        let texts = |values: &[Text]| values.iter().map(|value| value.to_string()).collect();
        Self {
            operations: texts(&facets.operations),
            instances: texts(&facets.instances),
            versions: texts(&facets.versions),
            environments: texts(&facets.environments),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/facets", tag = "transactions",
    params(
        ("from" = Option<String>, Query, description = "default 15 minutes before `to`"),
        ("to" = Option<String>, Query, description = "default now"),
        ("service" = Option<String>, Query),
        ("environment" = Option<String>, Query), ("namespace" = Option<String>, Query),
    ),
    responses((status = 200, body = FacetsWire), (status = 400, body = Problem, content_type = "application/problem+json")))]
/// The values that filters can take.
pub(crate) async fn get(State(app): State<App>, uri: Uri) -> Result<Json<FacetsWire>, Problem> {
    let params = Params::parse(&uri, &[&["from", "to"], &SELECTION])?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let facets = app.web.query.facets(&params.selection()?, range).await?;
    Ok(Json(FacetsWire::of(&facets)))
}
