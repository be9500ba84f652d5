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
use hinomi_analysis::NodeStates;
use hinomi_model::{Scope, Selection, Text, TimeRange};
use hinomi_query::{QueryError, answer::ServiceMap};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
};
use http::StatusCode;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The first layout after a start uses this much data, so that nodes that are silent for a while
/// keep a place.
const KNOWN: Duration = Duration::from_secs(86_400);

/// By project: the place of each node of its map, so that nodes stay where readers have seen them.
#[derive(Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashMap<Text, Layout>>>);

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
    match ask(&app, &places, &page, &selection, range).await {
        Ok((map, states, layout, names)) => {
            page.environments = names;
            page.lost.clone_from(&map.lost);
            render(
                StatusCode::OK,
                &MapPage::new(page, (&map, &states), &layout),
            )
        }
        Err(error) => failure::page(page, &Problem::from(error)),
    }
}

async fn ask(
    app: &App,
    places: &Places,
    page: &Page,
    selection: &Selection,
    range: TimeRange,
) -> Result<(ServiceMap, NodeStates, Layout, Vec<String>), QueryError> {
    let query = &app.web.query;
    let services = known_services(app, page).await?;
    let map = query.service_map(selection, range).await?;
    let states = app.web.analysis.node_states(selection, range).await?;
    let places = || places.0.lock().unwrap_or_else(PoisonError::into_inner);
    let project = &selection.scope.project;
    let is_first = places().get(project).is_none_or(Layout::is_empty);
    let known = if is_first {
        let day = TimeRange::new(page.now.minus(KNOWN), page.now);
        let all = Selection::of(Scope::of(project.clone()));
        Some(query.service_map(&all, day).await?)
    } else {
        None
    };
    let mut places = places();
    let places = places.entry(project.clone()).or_default();
    for map in known.iter().chain([&map]) {
        *places = places.extended(&graph(map));
    }
    let layout = places.clone();
    Ok((map, states, layout, environments(&services)))
}

fn graph(map: &ServiceMap) -> Graph {
    let edges = map.edges.iter();
    Graph::new(
        map.nodes.iter().map(|node| node.key.clone()),
        edges.map(|edge| (edge.from.clone(), edge.to.clone())),
    )
}
