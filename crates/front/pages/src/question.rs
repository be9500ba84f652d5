//! What the URL of a page asks for: time range, environment, service, selection, comparison. Every
//! handler begins here.

use crate::failure;
use axum::response::Response;
use hinomi_analysis::ServiceSummary;
use hinomi_model::{Scope, Selection, Text, TimeRange, rollup::ServiceKey};
use hinomi_query::QueryError;
use hinomi_webkit::{
    App,
    page::{Page, Section},
    page_range::PageRange,
    problem::Problem,
    services::ServiceEntries,
    versus::{Other, Versus},
};

/// The page with range and environment of its URL. When these are invalid: the page that says what
/// is wrong.
#[expect(
    clippy::result_large_err,
    reason = "a response is what a handler returns, once"
)]
pub(crate) fn ranged(mut page: Page) -> Result<(Page, TimeRange), Response> {
    let range = PageRange::parse(page.param("from"), page.param("to"), page.now, &page.zone);
    match range {
        Ok(range) => {
            let covered = range.range;
            page.range = Some(range);
            page.environment = page.param("environment").unwrap_or_default().to_owned();
            Ok((page, covered))
        }
        Err(name) => {
            let value = page.param(name).unwrap_or_default().to_owned();
            let problem = Problem::parameter(name, format!("{name}={value}"));
            Err(failure::page(page, &problem))
        }
    }
}

/// The environments of these services, each once.
pub(crate) fn environments<'a>(services: impl IntoIterator<Item = &'a ServiceKey>) -> Vec<String> {
    let mut names: Vec<String> = services
        .into_iter()
        .map(|service| service.environment.to_string())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of these services, each once.
pub(crate) fn names<'a>(services: impl IntoIterator<Item = &'a ServiceKey>) -> Vec<String> {
    let mut names: Vec<String> = services
        .into_iter()
        .map(|service| service.service.to_string())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Every service that ever sent anything.
pub(crate) async fn known_services(app: &App, page: &Page) -> Result<Vec<ServiceKey>, QueryError> {
    let known = app.web.query.known_services(&page.scope()).await?;
    Ok(known.into_iter().map(|(key, _)| key).collect())
}

/// The selection of a page's filters, without the outcome: that filter is applied where the data is
/// drawn.
pub(crate) fn selection(page: &Page, service: Option<&str>) -> Selection {
    let text = |name: &str| page.param(name).map(Text::from);
    Selection {
        scope: Scope {
            environment: text("environment"),
            namespace: text("namespace"),
            ..page.scope()
        },
        service: service.map(Text::from),
        operation: text("operation"),
        instance: text("instance"),
        version: text("version"),
        outcome: None,
    }
}

/// The selection that filter values are read for: without filters, so that filters do not narrow
/// each other.
pub(crate) fn unfiltered(selection: &Selection) -> Selection {
    Selection {
        service: selection.service.clone(),
        ..Selection::of(selection.scope.clone())
    }
}

/// The page of a known service, with its range and the state of the service.
pub(crate) async fn of_service(
    app: &App,
    page: Page,
    service: String,
) -> Result<(Page, TimeRange, ServiceSummary), Response> {
    let (mut page, range) = ranged(page.in_section(Section::Health))?;
    // The last column of a live range ends in the future.
    let end = range.to.min(page.now);
    let analysis = &app.web.analysis;
    let asked = async {
        let everywhere = page.scope();
        let of_name = analysis.services_at(&everywhere, &service, end);
        let of_name = of_name.await?.items;
        Ok::<_, QueryError>((of_name, known_services(app, &page).await?))
    };
    let (of_name, known) = match asked.await {
        Ok(found) => found,
        Err(error) => return Err(failure::page(page, &Problem::from(error))),
    };
    let in_environment = of_name.iter().find(|summary| {
        let is = |wanted: &str, have: &str| wanted.is_empty() || wanted == have;
        is(&page.environment, &summary.environment)
            && is(
                page.param("namespace").unwrap_or_default(),
                &summary.namespace,
            )
    });
    // Sorted worst first, so the first one matters most.
    let Some(summary) = in_environment.or(of_name.first()) else {
        return Err(failure::page(
            page,
            &Problem::not_found("there is no such service"),
        ));
    };
    let summary = summary.clone();
    let environments = known.iter().filter(|key| *key.service == *service);
    page.environments = crate::question::environments(environments);
    page.services = crate::question::names(&known);
    page.menu = ServiceEntries::of(known);
    page.service_key = Some(summary.key());
    page.service = Some(service);
    Ok((page, range, summary))
}

/// What the page compares with; a problem when the URL is invalid.
pub(crate) fn versus(page: &Page, range: TimeRange, default: Other) -> Result<Versus, Problem> {
    Versus::parse(page, range, default).map_err(|name| {
        let value = page.param(name).unwrap_or_default();
        Problem::parameter(name, format!("{name}={value}"))
    })
}
