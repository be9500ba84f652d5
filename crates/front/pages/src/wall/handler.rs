//! `GET /wall`: chooses the screens of the wall mode. `GET /wall/play`: shows them in rotation.

use super::view::{WallPage, WallPlay};
use axum::{extract::State, response::Response};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    security::FRAMES_OURS,
};
use http::{HeaderValue, StatusCode, header};

pub(crate) async fn choose(State(app): State<App>, page: Page) -> Response {
    let page = page.in_section(Section::Health);
    // When the store cannot answer, there is still the board to choose.
    let known = crate::question::known_services(&app, &page)
        .await
        .unwrap_or_default();
    render(
        StatusCode::OK,
        &WallPage::new(page, &crate::question::names(&known)),
    )
}

pub(crate) async fn play(page: Page) -> Response {
    let mut response = render(StatusCode::OK, &WallPlay::new(page));
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(FRAMES_OURS),
    );
    response
}
