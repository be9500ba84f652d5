//! The page of a statistic, compared with another time: sorted, filtered, each number with its
//! change.

use crate::parts::service_head::ServiceHead;
use askama::Template;
use hinomi_analysis::ServiceSummary;
use hinomi_model::TransactionKind;
use hinomi_query::answer::{Changes, Compared, ComparedRow, Statistic, StatisticRow};
use hinomi_webkit::{
    change::{ChangeText, Failing},
    csv, format,
    page::{InPage, Page},
    spark::Spark,
    statistic::KINDS,
    table::{Body, By, File, Order, ROWS_SHOWN, Table, TableCell, TableColumn},
    url,
    versus::{Versus, choice::VersusChoice},
};
use std::time::Duration;

/// The page.
#[derive(Template)]
#[template(path = "statistics/page.html")]
pub(crate) struct StatisticsPage {
    page: Page,
    head: Option<ServiceHead>,
    versus: VersusChoice,
    view: View,
}

impl StatisticsPage {
    /// The page of a comparison. Without a summary: of all services.
    pub(crate) fn new(
        page: Page,
        summary: Option<&ServiceSummary>,
        kind: &'static str,
        versus: &Versus,
        compared: &Compared,
    ) -> Self {
        let head = summary.map(|summary| ServiceHead::new(&page, summary, "statistics"));
        let choice = VersusChoice::new(&page, versus);
        let view = View::new(&page, kind, versus, compared);
        Self {
            head,
            versus: choice,
            view,
            page,
        }
    }
}

impl InPage for StatisticsPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

struct View {
    kinds: Vec<(String, String, bool)>,
    table: Table,
    gone: Option<String>,
    place: String,
    q: String,
    csv: String,
    kept: Vec<(String, String)>,
    unfiltered: Option<String>,
}

impl View {
    fn new(page: &Page, kind: &'static str, versus: &Versus, compared: &Compared) -> Self {
        let statistic =
            hinomi_webkit::statistic::statistic_of(kind).unwrap_or(Statistic::Operations);
        let q = page.param("q").unwrap_or_default().to_owned();
        let columns = columns(page, statistic, compared);
        let order = Order::of(page, &columns, DEFAULT_ORDER);
        let rows = order.sorted(rows(page, statistic, compared), &columns);
        let table = Table {
            class: format!("stats stats-{kind}"),
            is_list: true,
            ..Table::new(page, &columns, &rows, ROWS_SHOWN).sortable(page, &columns, order)
        };
        let kept = page
            .query
            .iter()
            .filter(|(name, value)| !matches!(name.as_str(), "q" | "lang") && !value.is_empty());
        let service = page.service.as_deref().unwrap_or_default();
        let mut csv: Vec<(&str, &str)> = vec![
            ("service", service),
            ("vs", versus.other.as_str()),
            ("q", &q),
        ];
        for name in ["operation", "instance", "version"] {
            csv.push((name, page.param(name).unwrap_or_default()));
        }
        let gone = compared.gone.len();
        Self {
            kinds: kinds(page, kind),
            gone: (gone > 0 && q.is_empty()).then(|| {
                page.words()
                    .say_with("stats-gone", &[("count", gone.into())])
            }),
            place: page.t1("stats-rows", "count", &format::count(rows.len() as u64)),
            table,
            csv: page.link(&format!("/csv/statistics/{kind}"), &csv),
            unfiltered: (!q.is_empty()).then(|| page.this_with(&[("q", "")])),
            q,
            kept: kept.cloned().collect(),
        }
    }
}

/// The word of the column that tables are sorted by unless the URL says otherwise.
const DEFAULT_ORDER: &str = "total";

/// The table as comma-separated values, filtered and sorted as the URL says.
pub(crate) fn file(page: &Page, statistic: Statistic, compared: &Compared) -> String {
    let columns = columns(page, statistic, compared);
    let order = Order::of(page, &columns, DEFAULT_ORDER);
    let rows = order.sorted(rows(page, statistic, compared), &columns);
    File::new(&columns).of(&rows)
}

/// A row of the table.
struct Row<'a> {
    page: &'a Page,
    statistic: Statistic,
    compared: &'a Compared,
    /// Time in all rows, in seconds.
    busy: f64,
    row: &'a ComparedRow,
}

/// The rows whose key, detail or service contains the text of the filter.
fn rows<'a>(page: &'a Page, statistic: Statistic, compared: &'a Compared) -> Vec<Row<'a>> {
    let part = page.param("q").unwrap_or_default().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&part);
    let all = compared.rows.iter();
    let busy = all.clone().map(|row| row.now.total.as_secs_f64()).sum();
    all.filter(|row| {
        part.is_empty() || has(&row.now.key) || has(&row.now.detail) || has(&row.service)
    })
    .map(|row| Row {
        page,
        statistic,
        compared,
        busy,
        row,
    })
    .collect()
}

/// The columns of the table and of its file.
fn columns<'a>(
    page: &Page,
    statistic: Statistic,
    compared: &Compared,
) -> Vec<TableColumn<Row<'a>>> {
    let (name, detail) = labels(statistic);
    let detail_label = detail.map(|key| page.t(key)).unwrap_or_default();
    let compares = compared.against.is_some();
    let column = |class: &str, label: String, cell: fn(&Row<'a>) -> TableCell| {
        TableColumn::new(class, label, cell)
    };
    // A column of numbers, and the column of its change.
    let number = |key: &str, label: &str, unit, cell: fn(&Row<'a>) -> TableCell| {
        TableColumn::new(format!("number stats-{key}"), label.to_owned(), cell).unit(unit)
    };
    let change = |label: &str, cell: fn(&Row<'a>) -> TableCell| {
        let label = page.t1("stats-change-of", "column", label);
        TableColumn::new("stats-change", label, cell)
            .change()
            .shown_if(compares)
    };
    let (rate, errors) = (page.t("column-rate"), page.t("column-errors"));
    let total = page.t("column-total");
    let mut columns = vec![
        column("stats-name", page.t(name), Row::name)
            .sort("name", By::Text(|it| [&*it.row.now.key, &*it.row.service]))
            .field(0, "key", |it| it.row.now.key.to_string()),
        column("stats-kind", page.t("column-begun"), Row::kind)
            .shown_if(compared.rows.iter().any(|row| told(row.now.kind).is_some())),
        column("stats-detail", detail_label, |it| {
            let detail = format::name(&it.row.now.detail);
            TableCell::text(detail.clone()).title(detail)
        })
        .shown_if(detail.is_some())
        .field(1, "detail", |it| it.row.now.detail.to_string()),
        column("stats-service", page.t("column-service"), Row::service)
            .shown_if(page.service.is_none())
            .field(8, "service", |it| it.row.service.to_string()),
        column("stats-trend", page.t("column-trend"), |it| {
            Body::Trend(Spark::of(&it.row.trend)).into()
        }),
        column("stats-share", page.t("column-share"), |it| {
            let percent = it.time_share() * 100.0;
            Body::Bar(percent, format::number(percent)).into()
        })
        .unit("%")
        .field(11, "time_share", |it| it.time_share().to_string()),
        number("count", &page.t("column-count"), "", |it| {
            TableCell::text(format::count(it.row.now.count))
        })
        .sort("count", By::Number(|it| Some(it.row.now.count as f64)))
        .field(2, "count", |it| it.row.now.count.to_string()),
        number("rate", &rate, "/s", |it| {
            let seconds = it.compared.range.length().as_secs_f64();
            let rate = it.row.now.count as f64 / seconds.max(f64::MIN_POSITIVE);
            TableCell::text(format::number(rate))
        })
        .sort("rate", By::Number(|it| Some(it.row.now.count as f64)))
        .field(9, "rate_per_s", |it| {
            let seconds = it.compared.range.length().as_secs_f64();
            share(it.row.now.count as f64, seconds).to_string()
        }),
        change(&rate, |it| match it.changes() {
            Some(changes) => TableCell::change(ChangeText::neutral(changes.rate)),
            None => Body::Tag(it.page.t("stats-new")).into(),
        })
        .sort("rate_change", By::Number(|it| it.changes()?.rate)),
        number("errors", &errors, "%", |it| {
            TableCell::error_share(it.row.now.errors, it.row.now.count)
        })
        .sort("errors", By::Number(|it| Some(it.error_share())))
        .field(10, "error_share", |it| {
            share(it.row.now.errors as f64, it.row.now.count as f64).to_string()
        }),
        change(&errors, Row::errors_change).sort(
            "errors_change",
            By::Number(|it| it.changes().map(|of| of.errors)),
        ),
        number("total", &total, "s", |it| {
            TableCell::text(format::number(it.row.now.total.as_secs_f64()))
        })
        .sort("total", By::Number(|it| seconds(Some(it.row.now.total))))
        .field(4, "total_ms", |it| csv::millis(it.row.now.total)),
        change(&total, |it| it.change(|of| ChangeText::neutral(of.total)))
            .sort("total_change", By::Number(|it| it.changes()?.total)),
        number("p50", "p50", "ms", |it| {
            TableCell::latency(it.row.now.latency.p50)
        })
        .sort("p50", By::Number(|it| seconds(it.row.now.latency.p50)))
        .field(5, "p50_ms", |it| csv::some_millis(it.row.now.latency.p50)),
        change("p50", |it| it.latency_change(0.5, |of| of.p50))
            .sort("p50_change", By::Number(|it| it.changes()?.p50)),
        number("p95", "p95", "ms", |it| {
            TableCell::latency(it.row.now.latency.p95)
        })
        .sort("p95", By::Number(|it| seconds(it.row.now.latency.p95)))
        .field(6, "p95_ms", |it| csv::some_millis(it.row.now.latency.p95)),
        change("p95", |it| it.latency_change(0.95, |of| of.p95))
            .sort("p95_change", By::Number(|it| it.changes()?.p95)),
        number("p99", "p99", "ms", |it| {
            TableCell::latency(it.row.now.latency.p99)
        })
        .sort("p99", By::Number(|it| seconds(it.row.now.latency.p99)))
        .field(7, "p99_ms", |it| csv::some_millis(it.row.now.latency.p99)),
        change("p99", |it| it.latency_change(0.99, |of| of.p99))
            .sort("p99_change", By::Number(|it| it.changes()?.p99)),
        TableColumn::of_file(3, "errors", |it| it.row.now.errors.to_string()),
    ];
    if compares {
        columns.extend(compared_fields());
    }
    if statistic == Statistic::Operations {
        columns.push(TableColumn::of_file(24, "kind", |it| {
            let kind = it.row.now.kind;
            kind.map_or_else(String::new, |kind| kind.as_str().to_owned())
        }));
    }
    columns
}

/// Fields of the file about the time that the table is compared with. They are empty in rows that
/// this time does not have.
fn compared_fields<'a>() -> [TableColumn<Row<'a>>; 12] {
    [
        TableColumn::of_file(12, "compare_count", |it| {
            it.then(|row| row.count.to_string())
        }),
        TableColumn::of_file(13, "compare_errors", |it| {
            it.then(|row| row.errors.to_string())
        }),
        TableColumn::of_file(14, "compare_total_ms", |it| {
            it.then(|row| csv::millis(row.total))
        }),
        TableColumn::of_file(15, "compare_p50_ms", |it| {
            it.then(|row| csv::some_millis(row.latency.p50))
        }),
        TableColumn::of_file(16, "compare_p95_ms", |it| {
            it.then(|row| csv::some_millis(row.latency.p95))
        }),
        TableColumn::of_file(17, "compare_p99_ms", |it| {
            it.then(|row| csv::some_millis(row.latency.p99))
        }),
        TableColumn::of_file(18, "rate_change", |it| it.changed(|of| of.rate)),
        TableColumn::of_file(19, "error_share_change", |it| {
            it.changed(|of| Some(of.errors))
        }),
        TableColumn::of_file(20, "total_change", |it| it.changed(|of| of.total)),
        TableColumn::of_file(21, "p50_change", |it| it.changed(|of| of.p50)),
        TableColumn::of_file(22, "p95_change", |it| it.changed(|of| of.p95)),
        TableColumn::of_file(23, "p99_change", |it| it.changed(|of| of.p99)),
    ]
}

/// A kind of transaction that is worth a word beside the operation.
fn told(kind: Option<TransactionKind>) -> Option<TransactionKind> {
    kind.filter(|kind| *kind != TransactionKind::Request)
}

fn seconds(time: Option<Duration>) -> Option<f64> {
    time.map(|time| time.as_secs_f64())
}

/// A part of a whole; 0 where there is no whole.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

impl Row<'_> {
    fn name(&self) -> TableCell {
        let name = format::name(&self.row.now.key);
        TableCell::link("line-link", self.href(), name.clone()).title(name)
    }

    /// What began the transactions, where these are not plain requests.
    fn kind(&self) -> TableCell {
        let Some(kind) = told(self.row.now.kind) else {
            return TableCell::text(String::new());
        };
        let word = self.page.t(&format!("begun-{}", kind.as_str()));
        TableCell::text(word.clone()).title(word)
    }

    /// The service, with a link to the same table of this service.
    fn service(&self) -> TableCell {
        let path = format!(
            "{}/statistics/{}",
            url::service(&self.row.service),
            kind_of(self.statistic)
        );
        let name = format::name(&self.row.service);
        TableCell::link("stats-other", self.page.link(&path, &[]), name)
    }

    fn error_share(&self) -> f64 {
        format::share(self.row.now.errors, self.row.now.count)
    }

    fn time_share(&self) -> f64 {
        share(self.row.now.total.as_secs_f64(), self.busy)
    }

    /// The changes; `None` when there is nothing to compare with.
    fn changes(&self) -> Option<Changes> {
        let against = self.compared.against?.length();
        self.row.changes(self.compared.range.length(), against)
    }

    /// The cell of a change; empty when there is nothing to compare with.
    fn change(&self, of: fn(Changes) -> ChangeText) -> TableCell {
        TableCell::change(self.changes().map(of).unwrap_or_default())
    }

    /// The cell of the change of a quantile.
    fn latency_change(&self, quantile: f64, of: fn(Changes) -> Option<f64>) -> TableCell {
        let Some((changes, then)) = self.changes().zip(self.row.before.as_ref()) else {
            return TableCell::change(ChangeText::default());
        };
        let counts = [self.row.now.count, then.count];
        TableCell::change(ChangeText::latency(of(changes), quantile, counts))
    }

    /// The cell of the change of the failed share.
    fn errors_change(&self) -> TableCell {
        let failing = |row: &StatisticRow| Failing {
            errors: row.errors,
            count: row.count,
        };
        let before = self
            .row
            .before
            .as_ref()
            .filter(|_| self.changes().is_some());
        let text = before.map(|before| ChangeText::errors(failing(&self.row.now), failing(before)));
        TableCell::change(text.unwrap_or_default())
    }

    /// The field of a change; empty when there is nothing to compare with.
    fn changed(&self, of: fn(Changes) -> Option<f64>) -> String {
        let change = self.changes().and_then(of);
        change.map(|change| change.to_string()).unwrap_or_default()
    }

    /// A field of the other time; empty when that time does not have the row.
    fn then(&self, field: fn(&StatisticRow) -> String) -> String {
        self.row.before.as_ref().map(field).unwrap_or_default()
    }

    /// The URL of the row's own page.
    fn href(&self) -> String {
        let page = self.page;
        let service = page.service.as_deref().unwrap_or(&self.row.service);
        let base = url::service(service);
        let key = &*self.row.now.key;
        match self.statistic {
            Statistic::Operations => page.link(&format!("{base}/operation"), &[("operation", key)]),
            Statistic::Instances => page.link(&format!("{base}/instance"), &[("instance", key)]),
            Statistic::Errors => page.link(
                &format!("{base}/transactions"),
                &[("q", key), ("outcome", "error")],
            ),
            Statistic::Externals => page.link(&url::partner(key), &[]),
            Statistic::Statements => page.link(
                &format!("{base}/statement"),
                &[("statement", key), ("database", &self.row.now.detail)],
            ),
        }
    }
}

fn kind_of(statistic: Statistic) -> &'static str {
    let known = KINDS.iter().find(|(_, have)| *have == statistic);
    known.map_or("operations", |(word, _)| word)
}

/// Catalogue keys of the headers of key and detail.
fn labels(statistic: Statistic) -> (&'static str, Option<&'static str>) {
    match statistic {
        Statistic::Operations => ("column-operation", None),
        Statistic::Statements => ("column-statement", Some("column-database")),
        Statistic::Externals => ("column-host", None),
        Statistic::Errors => ("column-error", None),
        Statistic::Instances => ("column-instance", Some("column-version")),
    }
}

fn kinds(page: &Page, current: &str) -> Vec<(String, String, bool)> {
    let base = page
        .service
        .as_deref()
        .map(url::service)
        .unwrap_or_default();
    let mut kept: Vec<(&str, &str)> = Vec::new();
    for name in ["sort", "order"] {
        kept.push((name, page.param(name).unwrap_or_default()));
    }
    KINDS
        .iter()
        .map(|(word, statistic)| {
            let key = match statistic {
                Statistic::Operations => "stats-operations",
                Statistic::Statements => "stats-statements",
                Statistic::Externals => "stats-externals",
                Statistic::Errors => "stats-errors",
                Statistic::Instances => "stats-instances",
            };
            let href = page.link(&format!("{base}/statistics/{word}"), &kept);
            (page.t(key), href, *word == current)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::{i18n::Language, versus::Other};

    fn page(query: &[(&str, &str)]) -> Page {
        let mut page = crate::sample::page(Language::English);
        let owned = query.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        page.query = owned.collect();
        page
    }

    fn view(query: &[(&str, &str)]) -> View {
        let page = page(query);
        let versus = Versus::parse(&page, sample::RANGE, Other::Yesterday).unwrap();
        let compared = sample::compared(Statistic::Operations, 6);
        View::new(&page, "operations", &versus, &compared)
    }

    fn names(view: &View) -> Vec<&str> {
        let rows = view.table.rows.iter();
        rows.map(|row| row.cells[0].title.as_str()).collect()
    }

    #[test]
    fn most_total_time_comes_first_unless_the_address_says_otherwise() {
        assert_eq!(names(&view(&[]))[0], "POST /v1/checkout");
        let up = view(&[("order", "asc")]);
        assert_eq!(names(&up)[5], "POST /v1/checkout");
        let named = view(&[("sort", "name")]);
        assert!(names(&named).is_sorted());
        let nonsense = view(&[("sort", "evil"), ("order", "sideways")]);
        assert_eq!(names(&nonsense), names(&view(&[])));
    }

    #[test]
    fn a_row_without_the_other_time_is_last_when_sorted_by_change() {
        for order in ["asc", "desc"] {
            let view = view(&[("sort", "p95_change"), ("order", order)]);
            let last = view.table.rows.last().unwrap();
            let is_new = |cell: &TableCell| matches!(cell.body, Body::Tag(_));
            assert!(last.cells.iter().any(is_new), "{order}");
        }
    }

    #[test]
    fn the_filter_keeps_rows_with_the_text_in_any_case() {
        let view = view(&[("q", "CART")]);
        assert_eq!(view.table.rows.len(), 3);
        assert!(view.unfiltered.is_some());
    }

    #[test]
    fn a_second_click_on_a_header_turns_the_order_round() {
        let view = view(&[("sort", "p95")]);
        let mut heads = view.table.heads.iter();
        let p95 = heads.find(|head| head.label == "p95").unwrap();
        let href = p95.href.as_deref().unwrap();
        assert_eq!(p95.direction, "descending");
        assert!(href.contains("order=asc"), "{href}");
    }

    #[test]
    fn the_fields_of_the_file_keep_their_places() {
        let page = page(&[]);
        let mut compared = sample::compared(Statistic::Operations, 1);
        let with = file(&page, Statistic::Operations, &compared);
        compared.against = None;
        let without = file(&page, Statistic::Operations, &compared);
        let fields = "key,detail,count,errors,total_ms,p50_ms,p95_ms,p99_ms,service,rate_per_s,error_share,time_share";
        let others = "compare_count,compare_errors,compare_total_ms,compare_p50_ms,compare_p95_ms,compare_p99_ms,\
             rate_change,error_share_change,total_change,p50_change,p95_change,p99_change";
        let kind = format!("{fields},kind");
        assert_eq!(without.lines().next(), Some(kind.as_str()));
        assert_eq!(
            with.lines().next(),
            Some(format!("{fields},{others},kind").as_str())
        );
    }
}
