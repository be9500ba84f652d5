//! Pages of one row of a statistic.

use crate::parts::{
    charts::view::{ChartAnswers, ChartsPanel},
    hitmap_panel::{HitmapPanel, Marks, api_filters},
    list,
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::{Examples, Facets, Hitmap, Seen, SeenIn};
use hinomi_webkit::{
    format,
    page::{InPage, Page},
    table::{Table, TableCell, TableColumn},
    url,
};

/// The page of an operation or an instance.
#[derive(Template)]
#[template(path = "row/page.html")]
pub(crate) struct TransactionsRowPage {
    page: Page,
    head: ServiceHead,
    title: String,
    kind: String,
    dashboard: String,
    map: HitmapPanel,
    charts: Option<ChartsPanel>,
    callers: SeenView,
    lists: Vec<(String, Table)>,
}

impl TransactionsRowPage {
    /// The page of the operation or instance (`name`) named `of`.
    #[expect(clippy::too_many_arguments, reason = "one answer a part of the page")]
    pub(crate) fn new(
        page: Page,
        summary: &ServiceSummary,
        name: &'static str,
        of: &str,
        map: &Hitmap,
        charts: &ChartAnswers,
        facets: &Facets,
        examples: &Examples,
        callers: &SeenIn,
    ) -> Self {
        let lists = [
            ("row-slowest", &examples.slowest),
            ("row-failed", &examples.failed),
            ("row-newest", &examples.newest),
        ];
        let lists = lists
            .into_iter()
            .filter_map(|(key, items)| Some((page.t(key), list::short(&page, items)?)))
            .collect();
        let base = url::service(&summary.service);
        let mut query = api_filters(&page);
        query.insert("service", &summary.service);
        Self {
            charts: ChartsPanel::new(&page, charts, &[], &query),
            head: ServiceHead::new(&page, summary, "statistics"),
            title: format::name(of),
            kind: page.t(match name {
                "instance" => "column-instance",
                _ => "column-operation",
            }),
            dashboard: page.link(&base, &[(name, of)]),
            map: HitmapPanel::new(&page, map, facets, &Marks::default(), None),
            callers: SeenView::new(&page, callers),
            lists,
            page,
        }
    }
}

impl InPage for TransactionsRowPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The page of a statement.
#[derive(Template)]
#[template(path = "row/statement.html")]
pub(crate) struct StatementPage {
    page: Page,
    head: ServiceHead,
    statement: String,
    database: String,
    map: HitmapPanel,
    charts: Option<ChartsPanel>,
    runners: SeenView,
    live: bool,
}

impl StatementPage {
    /// The page of a statement.
    pub(crate) fn new(
        page: Page,
        summary: &ServiceSummary,
        statement: &str,
        database: &str,
        map: &Hitmap,
        charts: &ChartAnswers,
        runners: &SeenIn,
    ) -> Self {
        let mut query = api_filters(&page);
        query.retain(|name, _| matches!(*name, "environment" | "namespace"));
        query.insert("service", &summary.service);
        query.insert("target", database);
        query.insert("detail", statement);
        Self {
            charts: ChartsPanel::new(&page, charts, &[], &query),
            head: ServiceHead::new(&page, summary, "statistics"),
            statement: format::name(statement),
            database: format::name(database),
            map: HitmapPanel::new(&page, map, &Facets::default(), &Marks::default(), None),
            runners: SeenView::new(&page, runners),
            live: page.range.as_ref().is_some_and(|range| range.live),
            page,
        }
    }
}

impl InPage for StatementPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// What the traces show.
struct SeenView {
    table: Option<Table>,
    /// How many traces were read.
    among: String,
}

impl SeenView {
    fn new(page: &Page, seen: &SeenIn) -> Self {
        let rows: Vec<_> = seen.rows.iter().map(|seen| Row { page, seen }).collect();
        let table = Table {
            class: "lines".into(),
            ..Table::of(&columns(page), &rows)
        };
        Self {
            table: (!rows.is_empty()).then_some(table),
            among: page
                .words()
                .say_with("row-among", &[("count", seen.traces.into())]),
        }
    }
}

struct Row<'a> {
    page: &'a Page,
    seen: &'a Seen,
}

impl Row<'_> {
    /// The text, linked to the service or to the path `below` it.
    fn cell(
        &self,
        text: String,
        is_linked: bool,
        below: &str,
        pairs: &[(&str, &str)],
    ) -> TableCell {
        let cell = if is_linked {
            let path = format!("{}{below}", url::service(&self.seen.service));
            TableCell::link("link", self.page.link(&path, pairs), text.clone())
        } else {
            TableCell::text(text.clone())
        };
        cell.title(text)
    }
}

fn columns<'a>(page: &Page) -> Vec<TableColumn<Row<'a>>> {
    vec![
        TableColumn::new("", page.t("column-service"), |row: &Row<'a>| {
            let inside = !row.seen.service.is_empty();
            let text = match inside {
                true => format::name(&row.seen.service),
                false => row.page.t("row-outside"),
            };
            row.cell(text, inside, "", &[])
        }),
        TableColumn::new("", page.t("column-operation"), |row: &Row<'a>| {
            let Seen {
                service, operation, ..
            } = row.seen;
            let named = !service.is_empty() && !operation.is_empty();
            let pairs = [("operation", &**operation)];
            row.cell(format::name(operation), named, "/operation", &pairs)
        }),
        TableColumn::new("line-took number", page.t("row-traces"), |row: &Row<'a>| {
            TableCell::text(format::count(row.seen.traces as u64))
        })
        .cells("number"),
        TableColumn::new("line-took", String::new(), |row: &Row<'a>| {
            let (trace, span) = row.seen.example;
            let href = format!("/traces/{trace}?span={span}");
            TableCell::link("link", href, row.page.t("row-example"))
        })
        .cells(""),
    ]
}
