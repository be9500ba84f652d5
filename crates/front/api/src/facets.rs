//! `GET /api/v1/facets`: the values that filters can take.

use crate::{
    params::{Params, RANGE_DEFAULT, SELECTION},
    wire::LossWire,
};
use axum::{Json, extract::State};
use hinomi_model::Text;
use hinomi_query::answer::Facets;
use hinomi_webkit::{App, problem::Problem, readers::Reader};
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
    #[serde(flatten)]
    loss: LossWire,
}

impl FacetsWire {
    fn of(facets: &Facets) -> Self {
        let texts = |values: &[Text]| values.iter().map(|value| value.to_string()).collect();
        Self {
            operations: texts(&facets.operations),
            instances: texts(&facets.instances),
            versions: texts(&facets.versions),
            environments: texts(&facets.environments),
            loss: LossWire::of(&facets.lost),
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
pub(crate) async fn get(
    State(app): State<App>,
    reader: Reader,
    uri: Uri,
) -> Result<Json<FacetsWire>, Problem> {
    let params = Params::parse(&reader, &uri, &[&["from", "to"], &SELECTION])?;
    let range = params.range(app.web.query.now(), RANGE_DEFAULT)?;
    let facets = app.web.query.facets(&params.selection()?, range).await?;
    Ok(Json(FacetsWire::of(&facets)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::{TimeRange, UnixNanos};
    use hinomi_query::answer::Lost;

    #[test]
    fn values_of_a_range_with_losses_say_so() {
        let mut facets = hinomi_webkit::sample::facets();
        let wire = |facets: &Facets| serde_json::to_value(FacetsWire::of(facets)).unwrap();
        assert_eq!(wire(&facets)["partial"], false);
        let at = UnixNanos::from_millis;
        facets.lost = vec![Lost {
            table: "rollups_1m",
            range: TimeRange::new(at(1_000), at(2_000)),
        }];
        let said = wire(&facets);
        assert_eq!(said["partial"], true);
        assert_eq!(said["lost"][0]["from_ms"], 1_000);
        assert_eq!(said["operations"][0], "POST /v1/checkout");
    }
}
