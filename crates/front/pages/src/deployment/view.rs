//! The page of one deployment: the verdict, old and new beside each other, with what got worse on
//! top.

use crate::parts::{
    deployment::name,
    judgement::{JudgementView, change},
    service_head::ServiceHead,
};
use askama::Template;
use hinomi_analysis::{ServiceSummary, deployment::JudgedDeployment};
use hinomi_api::embedded::GridWire;
use hinomi_model::TimeRange;
use hinomi_query::answer::{Comparison, DeployedRow, DeployedSide, Hitmap, NewThing, Top};
use hinomi_webkit::{
    format::{self, ClockStyle, When},
    page::{InPage, Page, json_block},
    table::{Table, TableCell, TableColumn},
};
use serde::Serialize;
use std::{cmp::Ordering, collections::BTreeMap, time::Duration};

/// Transactions that both versions must have before a change is coloured.
const FEWEST: u64 = 30;
/// A change is coloured from this factor on.
const NOTABLE: f64 = 1.15;
const NOTABLE_ERRORS: f64 = 0.005;

/// The data of the page.
pub(crate) struct DeploymentAnswers {
    pub(crate) summary: ServiceSummary,
    pub(crate) judged: JudgedDeployment,
    /// Hitmaps before and since, of the same length.
    pub(crate) maps: (Hitmap, Hitmap),
}

/// The page.
#[derive(Template)]
#[template(path = "deployment/page.html")]
pub(crate) struct DeploymentPage {
    page: Page,
    head: ServiceHead,
    name: String,
    label: String,
    at: When,
    previous: String,
    /// Links to the hitmaps on their own pages.
    old_href: String,
    new_href: String,
    list: String,
    verdict: JudgementView,
    metrics: Vec<Metric>,
    /// `None` when there are no operations.
    operations: Option<Table>,
    /// Says that the list is cut; empty when it is complete.
    operations_cut: String,
    news: Vec<News>,
    running: bool,
    data: String,
}

/// The verdict alone, for a row of the list of deployments.
#[derive(Template)]
#[template(path = "deployment/verdict.html")]
pub(crate) struct DeploymentVerdict {
    page: Page,
    verdict: JudgementView,
    running: bool,
}

impl DeploymentVerdict {
    /// The verdict on a deployment.
    pub(crate) fn new(page: Page, judged: &JudgedDeployment) -> Self {
        let running = judged.comparison.running;
        Self {
            verdict: JudgementView::new(&page, judged),
            running,
            page,
        }
    }
}

impl InPage for DeploymentVerdict {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// One number of both versions.
pub(crate) struct Metric {
    label: String,
    old: String,
    new: String,
    change: String,
    class: &'static str,
}

/// A list of new things, such as error types.
pub(crate) struct News {
    title: String,
    none: String,
    rows: Vec<(String, String, String)>,
    /// Says that the list is cut; empty when it is complete.
    cut: String,
}

#[derive(Serialize)]
struct Data {
    running: bool,
    at_ms: i64,
    maps: [GridWire; 2],
    words: BTreeMap<&'static str, String>,
}

impl DeploymentPage {
    /// The page of these answers. `page` must have its service.
    pub(crate) fn new(page: Page, answers: &DeploymentAnswers) -> Self {
        let judged = &answers.judged;
        let comparison = &judged.comparison;
        let deployment = &comparison.deployment;
        let base = hinomi_webkit::url::service(&deployment.service);
        let of_range = |range: TimeRange, version: &str| {
            let (from, to) = (
                range.from.millis().to_string(),
                range.to.millis().to_string(),
            );
            let pairs = [
                ("environment", &*deployment.environment),
                ("namespace", &*deployment.namespace),
                ("from", &from),
                ("to", &to),
                ("version", version),
            ];
            hinomi_webkit::url::with_query(&format!("{base}/hitmap"), pairs)
        };
        let version = if deployment.is_by_time() {
            ""
        } else {
            &*deployment.version
        };
        Self {
            head: ServiceHead::new(&page, &answers.summary, "deployments"),
            name: name(&page, deployment),
            label: match deployment.version.is_empty() {
                true => String::new(),
                false => format::name(&deployment.label),
            },
            at: page.when(deployment.at, ClockStyle::Date),
            previous: match deployment.previous.as_deref() {
                Some(version) => format::name(version),
                None => page.t("deploy-before"),
            },
            old_href: of_range(answers.maps.0.range, ""),
            new_href: of_range(answers.maps.1.range, version),
            list: page.link("/deployments", &[]),
            verdict: JudgementView::new(&page, judged),
            metrics: metrics(&page, judged),
            operations: operations(&page, &base, comparison),
            operations_cut: cut(&page, &comparison.operations),
            news: news(&page, comparison),
            running: comparison.running,
            data: data(&page, answers),
            page,
        }
    }
}

impl InPage for DeploymentPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

fn data(page: &Page, answers: &DeploymentAnswers) -> String {
    json_block(&Data {
        running: answers.judged.comparison.running,
        at_ms: answers.judged.comparison.deployment.at.millis(),
        maps: [&answers.maps.0, &answers.maps.1].map(GridWire::of),
        words: hinomi_webkit::script_words::script_words(
            page,
            &[("map-no-transactions", &[]), ("map-waiting", &[])],
        ),
    })
}

fn metrics(page: &Page, judged: &JudgedDeployment) -> Vec<Metric> {
    let (comparison, judgement) = (&judged.comparison, &judged.judgement);
    let (old, new) = judged.sides();
    let mut metrics = vec![rate(page, comparison, old, new)];
    for (label, pick) in [
        ("p50", |side: &DeployedSide| side.latency.p50),
        ("p95", |side: &DeployedSide| side.latency.p95),
        ("p99", |side: &DeployedSide| side.latency.p99),
    ] as [(&str, fn(&DeployedSide) -> Option<Duration>); 3]
    {
        let times = times(pick(&old), pick(&new));
        metrics.push(Metric {
            label: label.into(),
            old: format::some_duration(pick(&old)).to_string(),
            new: format::some_duration(pick(&new)).to_string(),
            change: change(times),
            class: class(times, enough(&old, &new)),
        });
    }
    let (old_errors, new_errors) = judgement.errors;
    metrics.push(Metric {
        label: page.t("errors"),
        old: format::percent(old_errors).to_string(),
        new: format::percent(new_errors).to_string(),
        change: points(page, new_errors - old_errors),
        class: error_class(new_errors - old_errors, enough(&old, &new)),
    });
    let (before, since) = comparison.statements_per_request;
    if before > 0.0 || since > 0.0 {
        let times = since / before.max(1e-9);
        metrics.push(Metric {
            label: page.t("deploy-statements"),
            old: format::number(before),
            new: format::number(since),
            change: if before > 0.0 {
                change(times)
            } else {
                "–".into()
            },
            class: class(times, before > 0.0 && enough(&old, &new)),
        });
    }
    metrics
}

fn rate(page: &Page, comparison: &Comparison, old: DeployedSide, new: DeployedSide) -> Metric {
    let per_second = |count: u64, range: TimeRange| {
        format::rate(count, range.length().max(Duration::from_secs(1)))
    };
    let share = |count: u64, range: TimeRange| count as f64 / range.length().as_secs_f64().max(1.0);
    let times = share(new.count, comparison.since) / share(old.count, comparison.before).max(1e-9);
    Metric {
        label: page.t("rate"),
        old: format!("{}/s", per_second(old.count, comparison.before).number),
        new: format!("{}/s", per_second(new.count, comparison.since).number),
        change: if old.count > 0 {
            change(times)
        } else {
            "–".into()
        },
        class: "",
    }
}

fn times(old: Option<Duration>, new: Option<Duration>) -> f64 {
    match (old, new) {
        (Some(old), Some(new)) => new.as_secs_f64() / old.as_secs_f64().max(1e-9),
        _ => f64::NAN,
    }
}

fn enough(old: &DeployedSide, new: &DeployedSide) -> bool {
    old.count >= FEWEST && new.count >= FEWEST
}

fn class(times: f64, enough: bool) -> &'static str {
    if !enough || !times.is_finite() {
        ""
    } else if times >= NOTABLE {
        "is-worse"
    } else if times <= 1.0 / NOTABLE {
        "is-better"
    } else {
        ""
    }
}

fn error_class(more: f64, enough: bool) -> &'static str {
    if !enough {
        ""
    } else if more >= NOTABLE_ERRORS {
        "is-worse"
    } else if more <= -NOTABLE_ERRORS {
        "is-better"
    } else {
        ""
    }
}

fn points(page: &Page, more: f64) -> String {
    let points = more * 100.0;
    let sign = if points >= 0.005 {
        "+"
    } else if points <= -0.005 {
        "−"
    } else {
        "±"
    };
    page.t1(
        "deploy-points",
        "points",
        &format!("{sign}{}", format::number(points.abs())),
    )
}

/// The operations, the largest harm first; see [`harm`].
fn operations(page: &Page, base: &str, comparison: &Comparison) -> Option<Table> {
    let mut rows: Vec<(f64, &DeployedRow)> = comparison
        .operations
        .items
        .iter()
        .map(|row| (harm(row), row))
        .collect();
    rows.sort_by(|(a, left), (b, right)| {
        b.partial_cmp(a)
            .unwrap_or(Ordering::Equal)
            .then_with(|| right.new.count.cmp(&left.new.count))
            .then_with(|| left.key.cmp(&right.key))
    });
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(_, row)| Operation { page, base, row })
        .collect();
    (!rows.is_empty()).then(|| Table::of(&columns(page), &rows))
}

/// The row of an operation.
struct Operation<'a> {
    page: &'a Page,
    /// URL of the dashboard.
    base: &'a str,
    row: &'a DeployedRow,
}

impl Operation<'_> {
    fn enough(&self) -> bool {
        enough(&self.row.old, &self.row.new)
    }
}

/// The columns of the operations.
fn columns<'a>(page: &Page) -> Vec<TableColumn<Operation<'a>>> {
    let before = format!("{}{}", page.t("list-comma"), page.t("deploy-before"));
    let since = || page.t("deploy-since");
    let number = |label: String, cell: fn(&Operation<'a>) -> TableCell| {
        TableColumn::new("number", label, cell)
    };
    vec![
        TableColumn::new("", page.t("column-operation"), |it: &Operation<'a>| {
            let name = format::name(&it.row.key);
            let href = it.page.link(it.base, &[("operation", &it.row.key)]);
            TableCell::link("", href, name.clone()).title(name)
        }),
        number(format!("{}{before}", page.t("deploy-count")), |it| {
            TableCell::text(format::count(it.row.old.count))
        }),
        number(since(), |it| {
            TableCell::text(format::count(it.row.new.count))
        }),
        // The space keeps the unit apart from the label.
        number("p95 ".into(), |it| {
            TableCell::text(format::millis(it.row.old.latency.p95))
        })
        .unit("ms")
        .after_unit(before.clone()),
        number(since(), |it| {
            TableCell::text(format::millis(it.row.new.latency.p95))
        }),
        number(page.t("deploy-change"), |it| {
            let latency = times(it.row.old.latency.p95, it.row.new.latency.p95);
            TableCell::text(change(latency)).class(class(latency, it.enough()))
        }),
        number(format!("{} ", page.t("errors")), |it| {
            TableCell::text(format::percent(failed(&it.row.old)).number)
        })
        .unit("%")
        .after_unit(before),
        number(since(), |it| {
            let (old, new) = (failed(&it.row.old), failed(&it.row.new));
            let text = match it.row.new.count {
                0 => "–".into(),
                _ => format::percent(new).number,
            };
            TableCell::text(text).class(error_class(new - old, it.enough()))
        }),
    ]
}

/// The failed share of the transactions of one side.
fn failed(side: &DeployedSide) -> f64 {
    format::share(side.errors, side.count)
}

/// How harmful an operation's change is: the factor of its 95th percentile and the rise of its failed
/// share, weighted by the number of transactions. Zero with too few of them.
fn harm(row: &DeployedRow) -> f64 {
    if !enough(&row.old, &row.new) {
        return 0.0;
    }
    let slower = times(row.old.latency.p95, row.new.latency.p95)
        .max(1e-3)
        .ln();
    let failing = failed(&row.new) - failed(&row.old);
    let certain = (row.new.count.min(row.old.count) as f64).ln();
    (slower.max(0.0) + 20.0 * failing.max(0.0)) * certain - if slower < 0.0 { -slower } else { 0.0 }
}

fn news(page: &Page, comparison: &Comparison) -> Vec<News> {
    let list = |things: &Top<NewThing>, title, none| News {
        title: page.t(title),
        none: page.t(none),
        rows: things
            .items
            .iter()
            .map(|thing| {
                (
                    format::name(&thing.key),
                    format::name(&thing.detail),
                    format::count(thing.count),
                )
            })
            .collect(),
        cut: cut(page, things),
    };
    vec![
        list(
            &comparison.new_errors,
            "deploy-new-errors",
            "deploy-new-errors-none",
        ),
        list(
            &comparison.new_statements,
            "deploy-new-statements",
            "deploy-new-statements-none",
        ),
        list(
            &comparison.new_externals,
            "deploy-new-externals",
            "deploy-new-externals-none",
        ),
    ]
}

/// Says that a list is cut; empty when it is complete.
fn cut<T>(page: &Page, list: &Top<T>) -> String {
    match list.others() {
        0 => String::new(),
        others => page.t1("deploy-others", "count", &format::count(others as u64)),
    }
}
