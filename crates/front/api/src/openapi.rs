//! `GET /api/v1/openapi.json`: the OpenAPI document, generated from the code that serves the API.

use crate::{
    deployments, differences, facets, hitmap, in_flight, live, map, partners, promoted, search,
    series, services, settings, statistics, tail, transactions,
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
        settings::get,
        settings::put,
        promoted::get,
        promoted::put,
        promoted::delete,
        crate::trace::get
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
    use std::collections::BTreeSet;

    /// Routes that the document leaves out.
    const UNDESCRIBED: [&str; 1] = ["GET /api/v1/openapi.json"];

    /// Methods and paths of the API that the server has.
    fn served() -> BTreeSet<String> {
        crate::every().into_iter().collect()
    }

    #[test]
    fn the_document_describes_every_route_of_the_api_and_no_other() {
        let document = serde_json::to_value(Description::openapi()).unwrap();
        let mut described: BTreeSet<String> = UNDESCRIBED.map(str::to_owned).into();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().keys();
            let methods = methods.filter(|key| {
                ["get", "post", "put", "patch", "delete", "head", "options"].contains(&key.as_str())
            });
            for method in methods {
                let is_new = described.insert(format!("{} {path}", method.to_uppercase()));
                assert!(is_new, "{path} is described although it is left out");
            }
        }
        assert_eq!(described, served());
    }

    #[test]
    fn the_page_about_the_api_names_every_path_and_no_other() {
        let page = include_str!("../../../../docs/api.md");
        let named: BTreeSet<_> = page
            .split("/api/v1")
            .skip(1)
            .filter(|rest| rest.starts_with('/'))
            .map(|rest| rest.split(['?', '`']).next().unwrap())
            .collect();
        let served = served();
        let served: BTreeSet<_> = served
            .iter()
            .map(|route| route.split_once("/api/v1").unwrap().1)
            .collect();
        assert_eq!(named, served);
    }
}
