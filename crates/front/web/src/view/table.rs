//! Tables of statistics on a service's dashboard: where the time goes, largest first.

use crate::{
    format::{self},
    page::Page,
    url,
};
use hinomi_query::answer::{Statistic, StatisticRow};
use std::time::Duration;

/// Rows that are visible before the reader asks for the rest.
pub(crate) const ROWS_SHOWN: usize = 6;
/// Most rows of a table. The download has all rows.
const ROWS_MAX: usize = 100;
/// A failed share is red from `ERRORS_NOTABLE` on, a latency amber from `SLOW` on.
const ERRORS_NOTABLE: f64 = 0.01;
const SLOW: Duration = Duration::from_secs(1);

/// A table, ready to be rendered.
pub(crate) struct Table {
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) csv: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Set when some rows are hidden at first.
    pub(crate) more: Option<String>,
}

/// A column header.
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) unit: &'static str,
    /// `text`, `bar` or `number`.
    pub(crate) kind: &'static str,
    /// Whether the column is shown on wide screens only.
    pub(crate) wide: bool,
}

/// A row.
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
}

/// A cell.
pub(crate) struct Cell {
    pub(crate) text: String,
    /// The whole text, when `text` is cut.
    pub(crate) whole: String,
    /// The value that the column is sorted by.
    pub(crate) sort: String,
    pub(crate) kind: &'static str,
    /// `is-slow`, `is-error` or empty.
    pub(crate) class: &'static str,
    pub(crate) href: Option<String>,
    /// Width of a bar, 0 to 100.
    pub(crate) share: Option<f64>,
    pub(crate) wide: bool,
}

struct Spec {
    kind: &'static str,
    title: &'static str,
    subtitle: &'static str,
    key: &'static str,
    detail: Option<&'static str>,
    rate: &'static str,
}

impl Table {
    /// The table of a statistic over `length`; `None` when it has no rows.
    pub(crate) fn new(
        page: &Page,
        statistic: Statistic,
        rows: &[StatisticRow],
        length: Duration,
    ) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let spec = spec(statistic);
        let columns = columns(page, statistic, &spec);
        let whole: f64 = rows.iter().map(|row| row.total.as_secs_f64()).sum();
        let shown: Vec<Row> = rows
            .iter()
            .take(ROWS_MAX)
            .map(|row| Row {
                cells: cells(page, statistic, row, whole, length, &columns),
            })
            .collect();
        let mut csv: Vec<(&str, &str)> = Vec::new();
        for name in ["operation", "instance", "version"] {
            csv.push((name, page.param(name).unwrap_or_default()));
        }
        csv.push(("service", page.service.as_deref().unwrap_or_default()));
        let count = shown.len().to_string();
        Some(Self {
            kind: spec.kind,
            title: page.t(spec.title),
            subtitle: page.t(spec.subtitle),
            csv: page.link(&format!("/csv/statistics/{}", spec.kind), &csv),
            more: (shown.len() > ROWS_SHOWN).then(|| page.t1("chart-show-all", "count", &count)),
            columns,
            rows: shown,
        })
    }
}

fn spec(statistic: Statistic) -> Spec {
    let of = |kind, title, subtitle, key, detail, rate| Spec {
        kind,
        title,
        subtitle,
        key,
        detail,
        rate,
    };
    match statistic {
        Statistic::Operations => of(
            "operations",
            "table-operations",
            "table-by-time",
            "column-operation",
            None,
            "column-rate",
        ),
        Statistic::Statements => of(
            "statements",
            "table-statements",
            "table-by-time",
            "column-statement",
            Some("column-database"),
            "column-calls",
        ),
        Statistic::Externals => of(
            "externals",
            "table-externals",
            "table-by-host",
            "column-host",
            None,
            "column-rate",
        ),
        Statistic::Errors => of(
            "errors",
            "table-errors",
            "table-by-type",
            "column-error",
            None,
            "column-rate",
        ),
        Statistic::Instances => of(
            "instances",
            "table-instances",
            "table-by-time",
            "column-instance",
            Some("column-version"),
            "column-rate",
        ),
    }
}

fn columns(page: &Page, statistic: Statistic, spec: &Spec) -> Vec<Column> {
    let column = |key: &str, unit, kind, wide| Column {
        label: page.t(key),
        unit,
        kind,
        wide,
    };
    let mut columns = vec![column(spec.key, "", "text", false)];
    if let Some(detail) = spec.detail {
        columns.push(column(detail, "", "text", true));
    }
    if statistic == Statistic::Errors {
        columns.push(column("column-count", "", "number", false));
        return columns;
    }
    if matches!(statistic, Statistic::Operations | Statistic::Statements) {
        columns.push(column("column-time", "%", "bar", false));
    }
    columns.push(column(spec.rate, "/s", "number", false));
    let name = |name: &str, wide| Column {
        label: name.into(),
        unit: "ms",
        kind: "number",
        wide,
    };
    if statistic == Statistic::Statements {
        columns.push(column("column-average", "ms", "number", false));
        columns.push(name("p95", true));
    } else {
        columns.push(name("p50", true));
        columns.push(name("p95", false));
        columns.push(name("p99", true));
        columns.push(column("column-errors", "%", "number", false));
    }
    columns
}

fn cells(
    page: &Page,
    statistic: Statistic,
    row: &StatisticRow,
    whole: f64,
    length: Duration,
    columns: &[Column],
) -> Vec<Cell> {
    let share = if whole > 0.0 {
        row.total.as_secs_f64() / whole * 100.0
    } else {
        0.0
    };
    let rate = row.count as f64 / length.as_secs_f64().max(1.0);
    let average = row.total.as_secs_f64() * 1e3 / row.count.max(1) as f64;
    let errors = format::share(row.errors, row.count);
    let mut cells = vec![Cell {
        href: link(page, statistic, row),
        ..text(
            &row.key,
            if statistic == Statistic::Statements {
                "mono"
            } else {
                ""
            },
        )
    }];
    let detail = || text(&row.detail, "");
    match statistic {
        Statistic::Errors => {
            cells.push(number(format::count(row.count), row.count as f64, ""));
        }
        Statistic::Statements => {
            cells.push(detail());
            cells.push(bar(share));
            cells.push(number(format::number(rate), rate, ""));
            cells.push(number(format::number(average), average, ""));
            cells.push(latency(row.latency.p95));
        }
        Statistic::Operations | Statistic::Externals | Statistic::Instances => {
            match statistic {
                Statistic::Instances => cells.push(detail()),
                Statistic::Operations => cells.push(bar(share)),
                _ => {}
            }
            cells.push(number(format::number(rate), rate, ""));
            cells.push(latency(row.latency.p50));
            cells.push(latency(row.latency.p95));
            cells.push(latency(row.latency.p99));
            let class = if errors >= ERRORS_NOTABLE {
                "is-error"
            } else {
                ""
            };
            cells.push(number(format::percent(errors).number, errors, class));
        }
    }
    for (cell, column) in cells.iter_mut().zip(columns) {
        cell.wide = column.wide;
    }
    cells
}

/// The link of a row: the dashboard filtered by it, or the transactions that it counts.
fn link(page: &Page, statistic: Statistic, row: &StatisticRow) -> Option<String> {
    let service = page.service.as_deref()?;
    match statistic {
        Statistic::Operations => Some(page.this_with(&[("operation", &row.key), ("sel", "")])),
        Statistic::Instances => Some(page.this_with(&[("instance", &row.key), ("sel", "")])),
        Statistic::Errors => {
            let path = format!("{}/transactions", url::service(service));
            Some(page.link(&path, &[("outcome", "error"), ("q", &row.key)]))
        }
        Statistic::Statements | Statistic::Externals => None,
    }
}

fn text(value: &str, class: &'static str) -> Cell {
    let text = format::name(value);
    Cell {
        whole: text.clone(),
        sort: text.clone(),
        text,
        kind: "text",
        class,
        href: None,
        share: None,
        wide: false,
    }
}

fn number(text: String, sort: f64, class: &'static str) -> Cell {
    Cell {
        text,
        whole: String::new(),
        sort: format!("{sort:.6}"),
        kind: "number",
        class,
        href: None,
        share: None,
        wide: false,
    }
}

fn latency(value: Option<Duration>) -> Cell {
    let class = if value.is_some_and(|value| value >= SLOW) {
        "is-slow"
    } else {
        ""
    };
    number(
        format::millis(value),
        value.map_or(-1.0, |value| value.as_secs_f64()),
        class,
    )
}

fn bar(share: f64) -> Cell {
    Cell {
        kind: "bar",
        share: Some(share),
        ..number(format::number(share), share, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, view::sample};

    const ALL: [Statistic; 5] = [
        Statistic::Operations,
        Statistic::Statements,
        Statistic::Externals,
        Statistic::Errors,
        Statistic::Instances,
    ];

    #[test]
    fn every_row_has_a_cell_for_every_column() {
        let page = Page::sample(Language::English);
        for statistic in ALL {
            let rows = sample::statistics(statistic, 9);
            let table = Table::new(&page, statistic, &rows, Duration::from_secs(600)).unwrap();
            for row in &table.rows {
                let kinds: Vec<_> = row.cells.iter().map(|cell| cell.kind).collect();
                let headers: Vec<_> = table.columns.iter().map(|column| column.kind).collect();
                assert_eq!(kinds, headers, "{statistic:?}");
            }
        }
    }

    #[test]
    fn a_statistic_without_rows_has_no_table() {
        let page = Page::sample(Language::English);
        assert!(Table::new(&page, Statistic::Errors, &[], Duration::from_secs(600)).is_none());
    }
}
