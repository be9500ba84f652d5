//! `GET /api/v1/openapi.json`: the OpenAPI document, generated from the code that serves the API.

use super::{
    deployments, differences, facets, hitmap, in_flight, live, map, partners, promoted, search,
    series, services, statistics, tail, transactions,
};
use axum::Json;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Hinomi", description = "What the pages show, for programs."),
    paths(
        services::get,
        hitmap::get,
        transactions::get,
        tail::get,
        statistics::get,
        partners::get,
        map::get,
        series::get,
        in_flight::get,
        in_flight::now,
        facets::get,
        live::get,
        differences::get,
        deployments::list,
        deployments::get,
        deployments::post,
        search::get,
        search::live,
        promoted::get,
        promoted::put,
        promoted::delete,
        super::trace::get
    ),
    components(schemas(live::LiveServicesWire, search::ProgressWire))
)]
struct Description;

pub(crate) async fn get() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_contract_is_described() {
        let described = Description::openapi();
        for path in [
            "services",
            "hitmap",
            "transactions",
            "transactions/live",
            "traces/{trace_id}",
            "statistics/{kind}",
            "partners",
            "series",
            "in-flight",
            "in-flight/now",
            "map",
            "live",
            "search",
            "search/live",
            "attributes/promoted",
            "differences",
            "deployments",
            "deployments/{service}/{id}",
        ] {
            assert!(
                described
                    .paths
                    .paths
                    .contains_key(&format!("/api/v1/{path}")),
                "{path}"
            );
        }
    }
}
