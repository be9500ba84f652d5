//! A service's dashboard: hitmap, charts, tables, and beside them what to look at first.

use super::{
    charts::{ChartAnswers, ChartsPanel},
    hitmap_panel::{HitmapPanel, Marks, api_filters},
    in_flight::InFlightPanel,
    list::Line,
    service_head::ServiceHead,
    table::Table,
};
use crate::{
    format::Clock,
    page::{InPage, Page},
};
use askama::Template;
use hinomi_query::answer::{
    Facets, Hitmap, InFlight, Running, ServiceSummary, Statistic, StatisticRow, TransactionItem,
};

/// What the page shows.
pub(crate) struct ServiceAnswers {
    /// The service, in the worst of its environments.
    pub(crate) summary: ServiceSummary,
    pub(crate) map: Hitmap,
    pub(crate) marks: Marks,
    pub(crate) charts: ChartAnswers,
    pub(crate) in_flight: InFlight,
    /// What ran of late; of live ranges only.
    pub(crate) running: Option<Running>,
    pub(crate) facets: Facets,
    pub(crate) statistics: Vec<(Statistic, Vec<StatisticRow>)>,
    pub(crate) errors: Vec<TransactionItem>,
    pub(crate) slow: Vec<TransactionItem>,
}

/// The page.
#[derive(Template)]
#[template(path = "pages/service.html")]
pub(crate) struct ServicePage {
    page: Page,
    head: ServiceHead,
    map: HitmapPanel,
    charts: Option<ChartsPanel>,
    in_flight: Option<InFlightPanel>,
    tables: Vec<Table>,
    errors: Vec<Line>,
    slow: Vec<Line>,
}

impl ServicePage {
    /// The page of these answers. `page` has its range and service.
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
            .filter_map(|(statistic, rows)| Table::new(&page, *statistic, rows, length))
            .collect();
        let lines = |items: &[TransactionItem]| {
            items
                .iter()
                .map(|item| Line::new(&page, item, Clock::Seconds))
                .collect()
        };
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
            errors: lines(&answers.errors),
            slow: lines(&answers.slow),
            page,
        }
    }
}

impl InPage for ServicePage {
    fn page(&self) -> &Page {
        &self.page
    }
}
