//! Tables of statistics on a service's dashboard: where the time goes, largest first.

use hinomi_query::answer::{Statistic, StatisticRow};
use hinomi_webkit::{
    format,
    page::Page,
    table::{Body, ROWS_SHOWN, Table, TableCell, TableColumn},
    url,
};
use std::time::Duration;

/// Rows that are visible before the reader asks for the rest.
pub(crate) const FIRST_ROWS: usize = 6;

/// A table of the dashboard, ready to be rendered.
pub(crate) struct DashboardTable {
    pub(crate) kind: &'static str,
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) csv: String,
    pub(crate) table: Table,
    /// Set when some rows are hidden at first.
    pub(crate) more: Option<String>,
}

struct Spec {
    kind: &'static str,
    title: &'static str,
    subtitle: &'static str,
    key: &'static str,
    detail: Option<&'static str>,
    rate: &'static str,
}

impl DashboardTable {
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
        let whole: f64 = rows.iter().map(|row| row.total.as_secs_f64()).sum();
        let rows: Vec<_> = rows
            .iter()
            .map(|row| Row {
                page,
                statistic,
                row,
                whole,
                length,
            })
            .collect();
        let table = Table {
            class: format!("table-{}", spec.kind),
            is_sorted_by_script: true,
            ..Table::new(page, &columns(page, statistic, &spec), &rows, ROWS_SHOWN)
        };
        let mut csv: Vec<(&str, &str)> = Vec::new();
        for name in ["operation", "instance", "version"] {
            csv.push((name, page.param(name).unwrap_or_default()));
        }
        csv.push(("service", page.service.as_deref().unwrap_or_default()));
        let count = table.rows.len();
        Some(Self {
            kind: spec.kind,
            title: page.t(spec.title),
            subtitle: page.t(spec.subtitle),
            csv: page.link(&format!("/csv/statistics/{}", spec.kind), &csv),
            more: (count > FIRST_ROWS)
                .then(|| page.t1("chart-show-all", "count", &count.to_string())),
            table,
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

/// A row of a table.
struct Row<'a> {
    page: &'a Page,
    statistic: Statistic,
    row: &'a StatisticRow,
    /// Time in all rows, in seconds.
    whole: f64,
    /// Length of the range.
    length: Duration,
}

/// The columns of a table. Some are shown on wide screens only.
fn columns<'a>(page: &Page, statistic: Statistic, spec: &Spec) -> Vec<TableColumn<Row<'a>>> {
    let column = |kind: &str, label: String, unit, cell: fn(&Row<'a>) -> TableCell| {
        TableColumn::new(format!("th-{kind}"), label, cell)
            .cells(format!("td-{kind}"))
            .unit(unit)
    };
    let wide = |label: String, unit: &'static str, cell: fn(&Row<'a>) -> TableCell| {
        let kind = if unit.is_empty() { "text" } else { "number" };
        TableColumn::new(format!("th-{kind} wide-only"), label, cell)
            .cells(format!("td-{kind} wide-only"))
            .unit(unit)
    };
    let mut columns = vec![column("text", page.t(spec.key), "", Row::name)];
    if let Some(detail) = spec.detail {
        columns.push(wide(page.t(detail), "", |it| text(&it.row.detail)));
    }
    if statistic == Statistic::Errors {
        columns.push(column("number", page.t("column-count"), "", |it| {
            number(format::count(it.row.count), it.row.count as f64)
        }));
        return columns;
    }
    if matches!(statistic, Statistic::Operations | Statistic::Statements) {
        columns.push(column("bar", page.t("column-time"), "%", Row::share));
    }
    columns.push(column("number", page.t(spec.rate), "/s", |it| {
        let rate = it.row.count as f64 / it.length.as_secs_f64().max(1.0);
        number(format::number(rate), rate)
    }));
    if statistic == Statistic::Statements {
        columns.push(column("number", page.t("column-average"), "ms", |it| {
            let average = it.row.total.as_secs_f64() * 1e3 / it.row.count.max(1) as f64;
            number(format::number(average), average)
        }));
        columns.push(wide("p95".into(), "ms", |it| latency(it.row.latency.p95)));
    } else {
        columns.push(wide("p50".into(), "ms", |it| latency(it.row.latency.p50)));
        columns.push(column("number", "p95".into(), "ms", |it| {
            latency(it.row.latency.p95)
        }));
        columns.push(wide("p99".into(), "ms", |it| latency(it.row.latency.p99)));
        columns.push(column("number", page.t("column-errors"), "%", |it| {
            let share = format::share(it.row.errors, it.row.count);
            TableCell::error_share(it.row.errors, it.row.count).value(format!("{share:.6}"))
        }));
    }
    columns
}

impl Row<'_> {
    fn name(&self) -> TableCell {
        let cell = text(&self.row.key);
        let cell = match self.statistic {
            Statistic::Statements => cell.class("mono"),
            _ => cell,
        };
        match self.href() {
            Some(href) => TableCell {
                body: Body::link("", href, format::name(&self.row.key)),
                ..cell
            },
            None => cell,
        }
    }

    /// The share of the time in all rows.
    fn share(&self) -> TableCell {
        let share = if self.whole > 0.0 {
            self.row.total.as_secs_f64() / self.whole * 100.0
        } else {
            0.0
        };
        TableCell::from(Body::Bar(share, format::number(share))).value(format!("{share:.6}"))
    }

    /// The link of the row: the dashboard filtered by it, or the transactions that it counts.
    fn href(&self) -> Option<String> {
        let page = self.page;
        let service = page.service.as_deref()?;
        let key = &*self.row.key;
        match self.statistic {
            Statistic::Operations => Some(page.this_with(&[("operation", key), ("sel", "")])),
            Statistic::Instances => Some(page.this_with(&[("instance", key), ("sel", "")])),
            Statistic::Errors => {
                let path = format!("{}/transactions", url::service(service));
                Some(page.link(&path, &[("outcome", "error"), ("q", key)]))
            }
            Statistic::Statements | Statistic::Externals => None,
        }
    }
}

fn text(value: &str) -> TableCell {
    let text = format::name(value);
    TableCell::text(text.clone())
        .title(text.clone())
        .value(text)
}

fn number(text: String, value: f64) -> TableCell {
    TableCell::text(text).value(format!("{value:.6}"))
}

fn latency(time: Option<Duration>) -> TableCell {
    let value = time.map_or(-1.0, |time| time.as_secs_f64());
    TableCell::latency(time).value(format!("{value:.6}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    const ALL: [Statistic; 5] = [
        Statistic::Operations,
        Statistic::Statements,
        Statistic::Externals,
        Statistic::Errors,
        Statistic::Instances,
    ];

    #[test]
    fn every_cell_is_of_its_column_and_has_a_value_to_sort_by() {
        let page = crate::sample::page(Language::English);
        for statistic in ALL {
            let rows = sample::statistics(statistic, 9);
            let length = Duration::from_secs(600);
            let table = DashboardTable::new(&page, statistic, &rows, length).unwrap();
            for row in &table.table.rows {
                for (cell, head) in row.cells.iter().zip(&table.table.heads) {
                    let kind = head.class.replace("th-", "td-");
                    assert!(cell.class.starts_with(&kind), "{statistic:?}");
                    assert!(cell.value.is_some(), "{statistic:?}");
                }
            }
        }
    }

    #[test]
    fn a_statistic_without_rows_has_no_table() {
        let page = crate::sample::page(Language::English);
        assert!(
            DashboardTable::new(&page, Statistic::Errors, &[], Duration::from_secs(600)).is_none()
        );
    }
}
