//! The list of deployments.

use crate::parts::{
    deployment::{href, name, of_service},
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::Deployment;
use hinomi_webkit::{
    format::{self, ClockStyle},
    page::{InPage, Page},
    table::{Body, ROWS_SHOWN, Table, TableCell, TableColumn},
};

/// The page.
#[derive(Template)]
#[template(path = "deployments/page.html")]
pub(crate) struct DeploymentsPage {
    page: Page,
    head: Option<ServiceHead>,
    table: Option<Table>,
    /// Set when there are more deployments than the list shows.
    more: Option<String>,
    /// Whether new deployments appear at the top.
    live: bool,
}

impl DeploymentsPage {
    /// The page of these deployments, newest first. Without a summary: of all services.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        deployments: &[Deployment],
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "deployments"));
        let rows: Vec<_> = deployments
            .iter()
            .map(|one| Row { page: &page, one })
            .collect();
        let columns = columns(&page, head.is_none());
        let table = Table::new(&page, &columns, &rows, ROWS_SHOWN);
        let more = table.more.is_some().then(|| {
            let count = format::count(deployments.len() as u64);
            page.t1("deploy-more", "count", &count)
        });
        Self {
            head,
            table: (!deployments.is_empty()).then_some(table),
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

/// A row of the list.
struct Row<'a> {
    page: &'a Page,
    one: &'a Deployment,
}

/// The columns. The service has one on the page of all services.
fn columns<'a>(page: &Page, with_service: bool) -> Vec<TableColumn<Row<'a>>> {
    vec![
        TableColumn::new("deploys-at", page.t("deploy-at"), |row: &Row<'a>| {
            let at = row.page.when(row.one.at, ClockStyle::Date);
            Body::Time(at, ClockStyle::Date).into()
        })
        .cells(""),
        TableColumn::new(
            "deploys-service",
            page.t("column-service"),
            |row: &Row<'a>| {
                let name = format::name(&row.one.service);
                let href = of_service(row.page, row.one, "");
                TableCell::link("", href, name.clone()).title(name)
            },
        )
        .cells("")
        .shown_if(with_service),
        TableColumn::new(
            "deploys-version",
            page.t("column-version"),
            |row: &Row<'a>| {
                let name = name(row.page, row.one);
                TableCell::link("link", href(row.page, row.one, ""), name.clone()).title(name)
            },
        )
        .cells(""),
        TableColumn::new(
            "deploys-version deploys-before",
            page.t("deploy-previous"),
            |row: &Row<'a>| {
                let previous = row.one.previous.as_deref().map(format::name);
                titled(previous.unwrap_or_default())
            },
        )
        .cells("deploys-before"),
        TableColumn::new(
            "deploys-env",
            page.t("board-by-environment"),
            |row: &Row<'a>| titled(format::name(&row.one.environment)),
        ),
        TableColumn::new("", page.t("deploy-verdict"), |row: &Row<'a>| {
            TableCell::fragment(href(row.page, row.one, "/verdict"))
        }),
        TableColumn::new("deploys-label", page.t("deploy-label"), |row: &Row<'a>| {
            titled(match &*row.one.label {
                "" if !row.one.told.is_empty() => row.page.t("deploy-told"),
                label => format::name(label),
            })
        }),
    ]
}

/// A text that the column may cut.
fn titled(text: String) -> TableCell {
    TableCell::text(text.clone()).title(text)
}
