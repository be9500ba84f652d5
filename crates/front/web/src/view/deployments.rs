//! The list of deployments, and the markers of deployments on charts.

use super::service_head::ServiceHead;
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::Deployment;
use hinomi_webkit::{
    format::{self, ClockStyle, When},
    page::{InPage, Page},
    url,
};
use serde::Serialize;

/// Most rows of the list. A shorter range shows the others.
const ROWS_MAX: usize = 500;

/// The page.
#[derive(Template)]
#[template(path = "pages/deployments.html")]
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

/// The name of a deployment: its version, else its label.
pub(crate) fn name(page: &Page, one: &Deployment) -> String {
    let name = if one.version.is_empty() {
        &one.label
    } else {
        &one.version
    };
    if name.is_empty() {
        page.t("deploy-unnamed")
    } else {
        format::name(name)
    }
}

/// The URL of a deployment's page, or of the path `below` it.
pub(crate) fn href(page: &Page, one: &Deployment, below: &str) -> String {
    let id = one.id();
    let segment = match id.as_str() {
        "." | ".." => id.replace('.', "%2E"),
        id => url::encode(id),
    };
    let base = url::service(&one.service);
    let env = if page.environment.is_empty() {
        &one.environment
    } else {
        ""
    };
    page.link(
        &format!("{base}/deployments/{segment}{below}"),
        &[("env", env), ("namespace", &*one.namespace)],
    )
}

/// A marker on charts and hitmaps.
#[derive(Debug, Serialize)]
pub(crate) struct Marker {
    at_ms: i64,
    label: String,
    href: String,
}

impl Marker {
    /// The markers of these deployments. With several services, each label has the service.
    pub(crate) fn all(page: &Page, deployments: &[Deployment]) -> Vec<Self> {
        let each = deployments.iter().map(|one| {
            let name = name(page, one);
            Self {
                at_ms: one.at.millis(),
                label: match page.service {
                    Some(_) => name,
                    None => format!("{} {name}", format::name(&one.service)),
                },
                href: href(page, one, ""),
            }
        });
        each.collect()
    }
}
