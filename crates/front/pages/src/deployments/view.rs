//! The list of deployments.

use crate::parts::{
    deployment::{href, name},
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::Deployment;
use hinomi_webkit::{
    format::{self, ClockStyle, When},
    page::{InPage, Page},
    url,
};

/// Most rows of the list. A shorter range shows the others.
const ROWS_MAX: usize = 500;

/// The page.
#[derive(Template)]
#[template(path = "deployments/page.html")]
pub(crate) struct DeploymentsPage {
    page: Page,
    head: Option<ServiceHead>,
    rows: Vec<Row>,
    /// Set when there are more deployments than the list shows.
    more: Option<String>,
    /// Whether new deployments appear at the top.
    live: bool,
}

/// A row of the list.
pub(crate) struct Row {
    at: When,
    service: String,
    service_href: String,
    environment: String,
    name: String,
    href: String,
    /// URL of the verdict.
    verdict: String,
    previous: String,
    note: String,
}

impl DeploymentsPage {
    /// The page of these deployments, newest first. Without a summary: of all services.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        deployments: &[Deployment],
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "deployments"));
        let rows = deployments.iter().take(ROWS_MAX);
        let rows = rows.map(|one| Row::new(&page, one)).collect();
        let more = (deployments.len() > ROWS_MAX).then(|| {
            page.t1(
                "deploy-more",
                "count",
                &format::count(deployments.len() as u64),
            )
        });
        Self {
            head,
            rows,
            more,
            live: page.range.as_ref().is_some_and(|range| range.live),
            page,
        }
    }
}

impl InPage for DeploymentsPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

impl Row {
    fn new(page: &Page, one: &Deployment) -> Self {
        Self {
            at: page.when(one.at, ClockStyle::Date),
            service: format::name(&one.service),
            service_href: page.link(&url::service(&one.service), &[]),
            environment: format::name(&one.environment),
            name: name(page, one),
            href: href(page, one, ""),
            verdict: href(page, one, "/verdict"),
            previous: one
                .previous
                .as_deref()
                .map(format::name)
                .unwrap_or_default(),
            note: match &*one.label {
                "" if !one.told.is_empty() => page.t("deploy-told"),
                label => format::name(label),
            },
        }
    }
}
