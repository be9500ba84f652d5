//! `GET /csv/partners`: the whole table as a file.

use super::{handler::ask, view};
use crate::{
    failure,
    parts::download::{download, missing},
    question::{ranged, selection},
};
use axum::{body::Body, extract::State, response::Response};
use hinomi_webkit::{App, page::Page};

/// `GET /csv/partners`: one line for each host and calling service, meant to be sent to the
/// partner.
pub(crate) async fn file(State(app): State<App>, page: Page) -> Response {
    let (page, range) = match ranged(page) {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let selection = selection(&page, page.param("service"));
    let (_, mut partners) = match ask(&app, &page, &selection, range).await {
        Ok(found) => found,
        Err(problem) => return failure::page(page, &problem),
    };
    if let Some(host) = page.param("host") {
        partners.hosts.retain(|partner| *partner.host == *host);
    }
    let name = page.param("host").map_or("partners", |_| "partner");
    let mut text = view::file(&page, &partners);
    text.push_str(&missing(&page, &partners.lost));
    download(name, &partners.lost, Body::from(text))
}
