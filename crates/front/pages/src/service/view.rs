//! The dashboard of a service: hitmap, charts and tables, with the transactions to look at first
//! beside them.

use super::{dashboard_table::DashboardTable, in_flight::InFlightPanel};
use crate::parts::{
    charts::view::{ChartAnswers, ChartsPanel},
    hitmap_panel::{HitmapPanel, Marks, api_filters},
    list,
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_query::answer::{
    Facets, Hitmap, InFlight, Running, Statistic, StatisticRow, TransactionItem,
};
use hinomi_webkit::{
    page::{InPage, Page},
    table::Table,
};

/// The data of the page.
pub(crate) struct ServiceAnswers {
    /// The service, in its environment with the worst verdict.
    pub(crate) summary: ServiceSummary,
    pub(crate) map: Hitmap,
    pub(crate) marks: Marks,
    pub(crate) charts: ChartAnswers,
    pub(crate) in_flight: InFlight,
    /// Transactions that ran at a recent instant; only for live ranges.
    pub(crate) running: Option<Running>,
    pub(crate) facets: Facets,
    pub(crate) statistics: Vec<(Statistic, Vec<StatisticRow>)>,
    pub(crate) errors: Vec<TransactionItem>,
    pub(crate) slow: Vec<TransactionItem>,
}

/// The page.
#[derive(Template)]
#[template(path = "service/page.html")]
pub(crate) struct ServicePage {
    page: Page,
    head: ServiceHead,
    map: HitmapPanel,
    charts: Option<ChartsPanel>,
    in_flight: Option<InFlightPanel>,
    tables: Vec<DashboardTable>,
    errors: Option<Table>,
    slow: Option<Table>,
}

impl ServicePage {
    /// The page of these answers. `page` must have its range and service.
    pub(crate) fn new(page: Page, answers: &ServiceAnswers) -> Self {
        let head = ServiceHead::new(&page, &answers.summary, "dashboard");
        let full = head.hitmap.clone();
        let map = HitmapPanel::new(
            &page,
            &answers.map,
            &answers.facets,
            &answers.marks,
            Some(full),
        );
        let length = answers.map.range.length();
        let tables = answers
            .statistics
            .iter()
            .filter_map(|(statistic, rows)| DashboardTable::new(&page, *statistic, rows, length))
            .collect();
        let mut query = api_filters(&page);
        if let Some(service) = &page.service {
            query.insert("service", service);
        }
        let charts = ChartsPanel::new(&page, &answers.charts, &answers.marks.deployments, &query);
        let running = answers.running.as_ref();
        let in_flight = InFlightPanel::new(&page, &answers.in_flight, running, &query);
        Self {
            head,
            map,
            charts,
            in_flight,
            tables,
            errors: list::short(&page, &answers.errors),
            slow: list::short(&page, &answers.slow),
            page,
        }
    }
}

impl InPage for ServicePage {
    fn page(&self) -> &Page {
        &self.page
    }
}
