//! `GET /map`: the service map.

use super::{
    layout::{Graph, Layout},
    view::MapPage,
};
use crate::{
    failure,
    question::{environments, known_services, ranged, selection},
};
use axum::{Extension, extract::State, response::Response};
use hinomi_model::{Selection, TimeRange, UnixNanos};
use hinomi_query::{QueryError, answer::ServiceMap};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The first layout after a start uses this much data, so that nodes that are silent for a while
/// keep a place.
const KNOWN: Duration = Duration::from_secs(86_400);

/// The place of each node of the map, so that nodes stay where readers have seen them.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<Layout>>);

pub(crate) async fn show(
    State(app): State<App>,
    Extension(places): Extension<Places>,
    page: Page,
) -> Response {
    let (mut page, range) = match ranged(page.in_section(Section::Map)) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let selection = selection(&page, None);
    match ask(&app, &places, &selection, range, page.now).await {
        Ok((map, layout, names)) => {
            page.environments = names;
            page.lost.clone_from(&map.lost);
            render(StatusCode::OK, &MapPage::new(page, &map, &layout))
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

async fn ask(
    app: &App,
    places: &Places,
    selection: &Selection,
    range: TimeRange,
    now: UnixNanos,
) -> Result<(ServiceMap, Layout, Vec<String>), QueryError> {
    let query = &app.web.query;
    let services = known_services(app).await?;
    let map = query.service_map(selection, range).await?;
    let places = || places.0.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = places().is_empty();
    let known = if is_first {
        let day = TimeRange::new(now.minus(KNOWN), now);
        Some(query.service_map(&Selection::default(), day).await?)
    } else {
        None
    };
    let mut places = places();
    for map in known.iter().chain([&map]) {
        *places = places.extended(&graph(map));
    }
    let layout = places.clone();
    Ok((map, layout, environments(&services)))
}

fn graph(map: &ServiceMap) -> Graph {
    let edges = map.edges.iter();
    Graph::new(
        map.nodes.iter().map(|node| node.key.clone()),
        edges.map(|edge| (edge.from.clone(), edge.to.clone())),
    )
}
