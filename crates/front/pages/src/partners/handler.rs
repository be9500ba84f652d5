//! `GET /partners` and `GET /partners/{host}`: the list of external hosts, and one of them.

use super::view::{PartnerPage, PartnersPage};
use crate::{
    failure,
    parts::charts,
    question::{environments, known_services, ranged, selection, versus},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use hinomi_analysis::Partners;
use hinomi_model::{Selection, TimeRange};
use hinomi_query::{CallFilter, Counted, QueryError};
use hinomi_webkit::{
    App,
    page::{Page, Section, render},
    problem::Problem,
    versus::{Other, Versus},
};
use http::StatusCode;

pub(crate) async fn of_all(State(app): State<App>, page: Page) -> Response {
    let (mut page, range, selection) = match start(&app, page).await {
        Ok(started) => started,
        Err(refused) => return refused,
    };
    match ask(&app, &page, &selection, range).await {
        Ok((versus, partners)) => {
            page.lost.clone_from(&partners.lost);
            render(StatusCode::OK, &PartnersPage::new(page, &versus, &partners))
        }
        Err(problem) => failure::page(page, &problem),
    }
}

pub(crate) async fn of_one(
    State(app): State<App>,
    Path(host): Path<String>,
    page: Page,
) -> Response {
    let (mut page, range, selection) = match start(&app, page).await {
        Ok(started) => started,
        Err(refused) => return refused,
    };
    let calls = CallFilter {
        target: host.as_str().into(),
        detail: None,
    };
    let query = &app.web.query;
    let drawn = async {
        let map = query.call_map(&selection, calls.clone(), range).await?;
        let (versus, partners) = ask(&app, &page, &selection, range).await?;
        let beside = versus.with_charts(&page, range);
        let beside = beside.map_err(|name| Problem::parameter(name, name))?;
        let counted = Counted::Calls(calls);
        let charts = charts::ask(&app, &counted, &selection, range, beside).await?;
        Ok::<_, Problem>((map, versus, partners, charts))
    };
    match drawn.await {
        Ok((map, versus, mut partners, charts)) => {
            page.lost.clone_from(&partners.lost);
            partners.hosts.retain(|partner| *partner.host == *host);
            let view = PartnerPage::new(page, &host, &versus, &partners, &map, &charts);
            render(StatusCode::OK, &view)
        }
        Err(problem) => failure::page(page, &problem),
    }
}

async fn start(app: &App, page: Page) -> Result<(Page, TimeRange, Selection), Response> {
    let (mut page, range) = ranged(page.in_section(Section::Partners))?;
    match known_services(app, &page).await {
        Ok(services) => page.environments = environments(&services),
        Err(error) => return Err(failure::page(page, &Problem::from(error))),
    }
    let selection = selection(&page, page.param("service"));
    Ok((page, range, selection))
}

/// The partners, compared with what the URL names. When it names nothing: with the same time last
/// week, or with yesterday when there is no data of last week.
pub(crate) async fn ask(
    app: &App,
    page: &Page,
    selection: &Selection,
    range: TimeRange,
) -> Result<(Versus, Partners), Problem> {
    let analysis = &app.web.analysis;
    let asked = |versus: Versus| async move {
        let partners = analysis.partners(selection, range, versus.range).await?;
        Ok::<_, QueryError>((versus, partners))
    };
    let (versus, partners) = asked(self::versus(page, range, Other::LastWeek)?).await?;
    if versus.chosen || partners.has_before {
        return Ok((versus, partners));
    }
    let mut yesterday = self::versus(page, range, Other::Yesterday)?;
    yesterday.default = Other::LastWeek;
    Ok(asked(yesterday).await?)
}
