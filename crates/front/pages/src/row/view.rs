//! Pages of one row of a statistic.

use crate::parts::{
    charts::view::{ChartAnswers, ChartsPanel},
    hitmap_panel::{HitmapPanel, Marks, api_filters},
    list::Line,
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::{Examples, Facets, Hitmap, SeenIn, TransactionItem};
use hinomi_webkit::{
    format::{self, ClockStyle},
    page::{InPage, Page},
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
    lists: Vec<(String, Vec<Line>)>,
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
        let lines = |items: &[TransactionItem]| -> Vec<Line> {
            let lines = items.iter();
            lines
                .map(|item| Line::new(&page, item, ClockStyle::Seconds))
                .collect()
        };
        let lists = [
            ("row-slowest", &examples.slowest),
            ("row-failed", &examples.failed),
            ("row-newest", &examples.newest),
        ];
        let lists = lists
            .into_iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(key, items)| (page.t(key), lines(items)))
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
        query.retain(|name, _| *name == "environment");
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
    rows: Vec<SeenRow>,
    /// How many traces were read.
    among: String,
}

struct SeenRow {
    service: String,
    service_href: Option<String>,
    operation: String,
    operation_href: Option<String>,
    traces: String,
    example: String,
}

impl SeenView {
    fn new(page: &Page, seen: &SeenIn) -> Self {
        let rows = seen.rows.iter().map(|row| {
            let inside = !row.service.is_empty();
            let base = url::service(&row.service);
            let named = inside && !row.operation.is_empty();
            SeenRow {
                service: if inside {
                    format::name(&row.service)
                } else {
                    page.t("row-outside")
                },
                service_href: inside.then(|| page.link(&base, &[])),
                operation: format::name(&row.operation),
                operation_href: named.then(|| {
                    let operation = ("operation", &*row.operation);
                    page.link(&format!("{base}/operation"), &[operation])
                }),
                traces: format::count(row.traces as u64),
                example: format!("/traces/{}?span={}", row.example.0, row.example.1),
            }
        });
        Self {
            rows: rows.collect(),
            among: page
                .words()
                .say_with("row-among", &[("count", seen.traces.into())]),
        }
    }
}
