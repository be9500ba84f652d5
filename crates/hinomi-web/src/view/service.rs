//! A service's dashboard: hitmap, charts, tables, and beside them what to look at first.

use super::{
    hitmap_panel::{HitmapPanel, Marks},
    list::Line,
    service_head::ServiceHead,
    table::Table,
};
use crate::{
    format::{self, Clock, Measure},
    page::{InPage, Page},
};
use askama::Template;
use hinomi_query::answer::{
    Facets, Hitmap, ServiceSummary, Statistic, StatisticRow, Timeline, TimelinePoint,
    TransactionItem,
};
use std::time::Duration;

/// "Now" on a chart's title is the last minute, or the last column where columns are longer.
const NOW: Duration = Duration::from_secs(60);

/// What the page shows.
pub(crate) struct ServiceAnswers {
    /// The service, in the worst of its environments.
    pub(crate) summary: ServiceSummary,
    pub(crate) map: Hitmap,
    pub(crate) marks: Marks,
    pub(crate) timeline: Timeline,
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
    charts: Option<Charts>,
    tables: Vec<Table>,
    errors: Vec<Line>,
    slow: Vec<Line>,
}

/// The numbers in the charts' titles.
pub(crate) struct Charts {
    rate: Measure,
    p50: Measure,
    p95: Measure,
    p99: Measure,
    errors: Measure,
    failing: bool,
}

impl ServicePage {
    /// The page of these answers. `page` has its range and service.
    pub(crate) fn new(page: Page, answers: &ServiceAnswers) -> Self {
        let head = ServiceHead::new(&page, &answers.summary, "dashboard");
        let points = &answers.timeline.points;
        let full = head.hitmap.clone();
        let map = HitmapPanel::new(
            &page,
            &answers.map,
            points,
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
        Self {
            head,
            map,
            charts: Charts::of(&answers.timeline, page.now),
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

impl Charts {
    fn of(timeline: &Timeline, now: hinomi_model::UnixNanos) -> Option<Self> {
        if timeline
            .points
            .iter()
            .all(|point| point.counts.total() == 0)
        {
            return None;
        }
        // The column that is still filling would read as a drop.
        let whole: Vec<&TimelinePoint> = timeline
            .points
            .iter()
            .filter(|point| point.start.plus(timeline.column) <= now)
            .collect();
        let columns = (NOW.as_secs_f64() / timeline.column.as_secs_f64().max(1.0))
            .ceil()
            .max(1.0);
        let recent: Vec<_> = whole.iter().rev().take(columns as usize).collect();
        let total: u64 = recent.iter().map(|point| point.counts.total()).sum();
        let failed: u64 = recent.iter().map(|point| point.counts.error).sum();
        let length = timeline
            .column
            .saturating_mul(u32::try_from(recent.len()).unwrap_or(1));
        let latest = whole.iter().rev().find(|point| point.latency.p95.is_some());
        let latency = latest.map(|point| point.latency).unwrap_or_default();
        let errors = format::share(failed, total);
        Some(Self {
            rate: format::rate(total, length),
            p50: format::some_duration(latency.p50),
            p95: format::some_duration(latency.p95),
            p99: format::some_duration(latency.p99),
            errors: format::percent(errors),
            failing: errors >= 0.01,
        })
    }
}
