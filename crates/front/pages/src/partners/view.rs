//! The pages of partners. The list has one row for each host and calling service, with the verdict
//! on who is to blame.

use crate::parts::{
    charts::view::{ChartAnswers, ChartsPanel},
    hitmap_panel::{HitmapPanel, Marks, api_filters},
    verdict::Part,
};
use askama::Template;
use hinomi_analysis::{Blame, BlameReason, Partner, PartnerCaller, Partners};
use hinomi_api::embedded::blame_word;
use hinomi_model::{TimeRange, UnixNanos};
use hinomi_query::{
    answer::{Facets, Hitmap, PartnerCalls},
    change as change_of,
};
use hinomi_webkit::{
    change::{ChangeText, Failing},
    csv,
    format::{self, ClockStyle, Measure},
    page::{InPage, Page},
    spark::Spark,
    table::{Body, File, Link, ROWS_SHOWN, Table, TableCell, TableColumn, is_notable},
    url,
    versus::{Versus, choice::VersusChoice},
};
use std::time::Duration;

/// The page of all partners.
#[derive(Template)]
#[template(path = "partners/page.html")]
pub(crate) struct PartnersPage {
    page: Page,
    versus: VersusChoice,
    view: PartnersView,
}

impl PartnersPage {
    /// The page of these partners.
    pub(crate) fn new(page: Page, versus: &Versus, partners: &Partners) -> Self {
        let choice = VersusChoice::new(&page, versus);
        let view = PartnersView::new(&page, versus, partners);
        Self {
            versus: choice,
            view,
            page,
        }
    }
}

impl InPage for PartnersPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The page of one partner.
#[derive(Template)]
#[template(path = "partners/partner.html")]
pub(crate) struct PartnerPage {
    page: Page,
    view: PartnersView,
    head: Verdict,
    map: HitmapPanel,
    charts: Option<ChartsPanel>,
    search: String,
    all: String,
}

impl PartnerPage {
    /// The page of a partner.
    pub(crate) fn new(
        page: Page,
        host: &str,
        versus: &Versus,
        partners: &Partners,
        map: &Hitmap,
        charts: &ChartAnswers,
    ) -> Self {
        let view = PartnersView::new(&page, versus, partners);
        let found = partners.hosts.iter().find(|partner| *partner.host == *host);
        let head = match found {
            Some(partner) => Verdict::new(&page, partner),
            None => Verdict::silent(&page, host),
        };
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let asked = format!("server.address=\"{}\"", name.replace('"', "\\\""));
        let map = HitmapPanel::new(&page, map, &Facets::default(), &Marks::default(), None);
        let mut query = api_filters(&page);
        query.retain(|name, _| matches!(*name, "environment" | "namespace"));
        query.insert("target", host);
        if let Some(service) = page.param("service") {
            query.insert("service", service);
        }
        Self {
            view,
            head,
            map,
            charts: ChartsPanel::new(&page, charts, &[], &query),
            search: page.link("/search", &[("q", &asked)]),
            all: page.link("/partners", &[]),
            page,
        }
    }
}

impl InPage for PartnerPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

struct PartnersView {
    verdicts: Vec<Verdict>,
    fine: String,
    table: Table,
    /// Set when the other time has no data to compare with.
    nothing_then: bool,
    csv: String,
    live: bool,
}

/// The verdict on a host.
struct Verdict {
    host: String,
    href: String,
    /// `ok`, `bad`, `watch` or `no_data`.
    class: &'static str,
    word: String,
    sentence: Vec<Part>,
    rate: Measure,
    p95: Measure,
    errors: Measure,
    p95_change: ChangeText,
    failing: bool,
}

impl PartnersView {
    fn new(page: &Page, versus: &Versus, partners: &Partners) -> Self {
        let verdicts: Vec<Verdict> = partners
            .hosts
            .iter()
            .filter(|partner| !partner.blame.is_fine() || partner.ended.is_some())
            .map(|partner| Verdict::new(page, partner))
            .collect();
        let fine = partners.hosts.len() - verdicts.len();
        let rows = rows(page, partners);
        let mut table = Table {
            class: "stats partners".into(),
            is_list: true,
            ..Table::new(page, &columns(page, partners), &rows, ROWS_SHOWN)
        };
        for (shown, row) in table.rows.iter_mut().zip(&rows) {
            shown.class = if row.first { "partners-first" } else { "" };
        }
        let service = page.param("service").unwrap_or_default();
        let host = page.path.strip_prefix("/partners/").is_some();
        let host = match partners.hosts.first() {
            Some(partner) if host => partner.host.to_string(),
            _ => String::new(),
        };
        let csv = [
            ("service", service),
            ("host", &host),
            ("vs", versus.other.as_str()),
        ];
        Self {
            verdicts,
            fine: page
                .words()
                .say_with("partners-fine", &[("count", fine.into())]),
            table,
            nothing_then: partners.against.is_some() && !partners.has_before,
            csv: page.link("/csv/partners", &csv),
            live: page.range.as_ref().is_some_and(|range| range.live),
        }
    }
}

impl Verdict {
    fn new(page: &Page, partner: &Partner) -> Self {
        let length = page
            .range
            .as_ref()
            .map_or(Duration::ZERO, |range| range.range.length());
        let (blame, until) = match &partner.ended {
            Some(ended) => (&ended.blame, Some(ended.until)),
            None => (&partner.blame, None),
        };
        let word = page.t(match blame {
            Blame::Fine => "blame-fine",
            Blame::Theirs(_) => "blame-theirs",
            Blame::Ours(_) => "blame-ours",
            Blame::Unclear(_) => "blame-unclear",
        });
        let word = match until {
            None => word,
            Some(until) => {
                let until = page.when(until, ClockStyle::Seconds).text;
                let told = [("blame", word.into()), ("until", until.into())];
                page.words().say_with("blame-until", &told)
            }
        };
        let share = partner.all.error_share();
        let before = partner.before.as_ref();
        Self {
            host: format::name(&partner.host),
            href: page.link(&url::partner(&partner.host), &[]),
            class: match until {
                None => blame_class(blame),
                Some(_) => blame_class(&Blame::Fine),
            },
            word,
            sentence: sentence(page, blame),
            rate: format::rate(partner.all.count, length),
            p95: format::some_duration(partner.all.latency.p95),
            errors: format::percent(share),
            p95_change: latency_change(0.95, &partner.all, before, |calls| calls.latency.p95),
            failing: is_notable(partner.all.errors, partner.all.count),
        }
    }

    fn silent(page: &Page, host: &str) -> Self {
        Self {
            host: format::name(host),
            href: page.link(&url::partner(host), &[]),
            class: "no_data",
            word: page.t("verdict-no-data"),
            sentence: vec![(page.t("partner-silent"), false)],
            rate: Measure::none(),
            p95: Measure::none(),
            errors: Measure::none(),
            p95_change: ChangeText::default(),
            failing: false,
        }
    }
}

/// The class of a verdict's mark.
fn blame_class(blame: &Blame) -> &'static str {
    match blame {
        Blame::Fine => "ok",
        Blame::Theirs(_) | Blame::Ours(_) => "bad",
        Blame::Unclear(_) => "watch",
    }
}

/// The evidence for the verdict, as a sentence.
fn sentence(page: &Page, blame: &Blame) -> Vec<Part> {
    let reason = match blame {
        Blame::Fine => return Vec::new(),
        Blame::Theirs(reason) | Blame::Ours(reason) | Blame::Unclear(reason) => reason,
    };
    let say = |key: &str, values: &[(&str, String)]| {
        let values: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str().into()))
            .collect();
        page.words().say_with(key, &values)
    };
    let share = |share: f64| format::percent(share).to_string();
    let name = |text: &str| format::name(text);
    let text = match reason {
        BlameReason::Faults { share: part } => say("blame-faults", &[("share", share(*part))]),
        BlameReason::Refusals { share: part } => say("blame-refusals", &[("share", share(*part))]),
        BlameReason::ManyHosts { hosts } => say("blame-many", &[("hosts", hosts.to_string())]),
        BlameReason::AllCallers { callers } => {
            say("blame-all-callers", &[("callers", callers.to_string())])
        }
        BlameReason::SomeCallers { service, others } => say(
            "blame-some-callers",
            &[("service", name(service)), ("others", others.to_string())],
        ),
        BlameReason::OneInstance {
            instance,
            service,
            running,
        } => say(
            "blame-one-instance",
            &[
                ("instance", name(instance)),
                ("service", name(service)),
                ("running", running.to_string()),
            ],
        ),
        BlameReason::AllInstances { service, running } => say(
            "blame-all-instances",
            &[("service", name(service)), ("running", running.to_string())],
        ),
        BlameReason::OnlyCaller { service } => {
            say("blame-only-caller", &[("service", name(service))])
        }
    };
    vec![(text, false)]
}

/// The change of a quantile of the calls' latency.
fn latency_change(
    quantile: f64,
    now: &PartnerCalls,
    before: Option<&PartnerCalls>,
    of: fn(&PartnerCalls) -> Option<Duration>,
) -> ChangeText {
    let Some(before) = before else {
        return ChangeText::default();
    };
    let pair = of(now).zip(of(before));
    let changed = pair.and_then(|(now, before)| change_of(now.as_secs_f64(), before.as_secs_f64()));
    ChangeText::latency(changed, quantile, [now.count, before.count])
}

/// A row: a host and one of its callers.
struct Row<'a> {
    page: &'a Page,
    partners: &'a Partners,
    partner: &'a Partner,
    caller: &'a PartnerCaller,
    /// Whether it is the first row of its host.
    first: bool,
}

/// The rows of the table and of its file.
fn rows<'a>(page: &'a Page, partners: &'a Partners) -> Vec<Row<'a>> {
    let hosts = partners.hosts.iter();
    hosts
        .flat_map(|partner| {
            let callers = partner.callers.iter().enumerate();
            callers.map(move |(at, caller)| Row {
                page,
                partners,
                partner,
                caller,
                first: at == 0,
            })
        })
        .collect()
}

/// The table as comma-separated values.
pub(crate) fn file(page: &Page, partners: &Partners) -> String {
    File::new(&columns(page, partners)).of(&rows(page, partners))
}

/// The columns of the table and of its file.
fn columns<'a>(page: &Page, partners: &Partners) -> Vec<TableColumn<Row<'a>>> {
    let compares = partners.against.is_some() && partners.has_before;
    let column = |class: &str, label: String, cell: fn(&Row<'a>) -> TableCell| {
        TableColumn::new(class, label, cell)
    };
    let number = |key: &str, label: &str, unit, cell: fn(&Row<'a>) -> TableCell| {
        TableColumn::new(format!("number stats-{key}"), label.to_owned(), cell).unit(unit)
    };
    let change = |key: &str, label: &str, cell: fn(&Row<'a>) -> TableCell| {
        let label = page.t1("stats-change-of", "column", label);
        TableColumn::new(format!("stats-change stats-change-{key}"), label, cell)
            .change()
            .shown_if(compares)
    };
    let (rate, errors) = (page.t("column-rate"), page.t("column-errors"));
    let mut columns = vec![
        column("stats-name", page.t("column-host"), Row::host)
            .field(0, "host", |it| it.partner.host.to_string()),
        column("stats-service", page.t("column-service"), Row::service)
            .field(1, "service", |it| it.caller.service.to_string()),
        column("stats-trend", "p95".into(), |it| {
            let trend = it.caller.trend.iter();
            let trend: Vec<_> = trend.map(|at| at.map(|at| at.as_secs_f64())).collect();
            Body::Trend(Spark::of(&trend)).into()
        }),
        number("rate", &rate, "/s", |it| {
            TableCell::text(format::number(it.rate()))
        }),
        change("rate", &rate, |it| {
            let then = it.rate_then();
            it.change(|_| ChangeText::neutral(then.and_then(|then| change_of(it.rate(), then))))
        }),
        number("p50", "p50", "ms", |it| {
            TableCell::latency(it.caller.calls.latency.p50)
        })
        .field(13, "p50_ms", |it| {
            csv::some_millis(it.caller.calls.latency.p50)
        }),
        change("p50", "p50", |it| {
            it.latency_change(0.5, |calls| calls.latency.p50)
        }),
        number("p95", "p95", "ms", |it| {
            TableCell::latency(it.caller.calls.latency.p95)
        })
        .field(14, "p95_ms", |it| {
            csv::some_millis(it.caller.calls.latency.p95)
        }),
        change("p95", "p95", |it| {
            it.latency_change(0.95, |calls| calls.latency.p95)
        }),
        number("p99", "p99", "ms", |it| {
            TableCell::latency(it.caller.calls.latency.p99)
        })
        .field(15, "p99_ms", |it| {
            csv::some_millis(it.caller.calls.latency.p99)
        }),
        change("p99", "p99", |it| {
            it.latency_change(0.99, |calls| calls.latency.p99)
        }),
        number("errors", &errors, "%", |it| {
            TableCell::error_share(it.caller.calls.errors, it.caller.calls.count)
        }),
        change("errors", &errors, |it| {
            let failing = |calls: &PartnerCalls| Failing {
                errors: calls.errors,
                count: calls.count,
            };
            it.change(|then| ChangeText::errors(failing(&it.caller.calls), failing(then)))
        }),
    ];
    columns.extend(failure_columns(page));
    columns.extend(fields());
    columns
}

/// The number of failures of each kind, in the order of `CallFailure::ALL`.
fn failure_columns<'a>(page: &Page) -> [TableColumn<Row<'a>>; 6] {
    let column = |key, cell: fn(&Row<'a>) -> TableCell| {
        TableColumn::new("number partners-failure", page.t(key), cell)
    };
    [
        column("failure-connect", Row::failures::<0>).field(6, "connect", Row::failed::<0>),
        column("failure-tls", Row::failures::<1>).field(7, "tls", Row::failed::<1>),
        column("failure-timeout", Row::failures::<2>).field(8, "timeout", Row::failed::<2>),
        column("failure-4xx", Row::failures::<3>).field(9, "4xx", Row::failed::<3>),
        column("failure-5xx", Row::failures::<4>).field(10, "5xx", Row::failed::<4>),
        column("failure-other", Row::failures::<5>).field(11, "other", Row::failed::<5>),
    ]
}

/// The fields that only the file has. Those of the other time are empty in rows that it does not
/// have.
fn fields<'a>() -> [TableColumn<Row<'a>>; 13] {
    [
        TableColumn::of_file(2, "from", |it| it.at(it.partners.range.from)),
        TableColumn::of_file(3, "to", |it| it.at(it.partners.range.to)),
        TableColumn::of_file(4, "count", |it| it.caller.calls.count.to_string()),
        TableColumn::of_file(5, "errors", |it| it.caller.calls.errors.to_string()),
        TableColumn::of_file(12, "total_ms", |it| csv::millis(it.caller.calls.total)),
        TableColumn::of_file(16, "compare_from", |it| it.then(|_, of| it.at(of.from))),
        TableColumn::of_file(17, "compare_to", |it| it.then(|_, of| it.at(of.to))),
        TableColumn::of_file(18, "compare_count", |it| {
            it.then(|then, _| then.count.to_string())
        }),
        TableColumn::of_file(19, "compare_errors", |it| {
            it.then(|then, _| then.errors.to_string())
        }),
        TableColumn::of_file(20, "compare_p50_ms", |it| {
            it.then(|then, _| csv::some_millis(then.latency.p50))
        }),
        TableColumn::of_file(21, "compare_p95_ms", |it| {
            it.then(|then, _| csv::some_millis(then.latency.p95))
        }),
        TableColumn::of_file(22, "compare_p99_ms", |it| {
            it.then(|then, _| csv::some_millis(then.latency.p99))
        }),
        TableColumn::of_file(23, "verdict", |it| blame_word(&it.partner.blame).to_owned()),
    ]
}

impl Row<'_> {
    /// The host with its verdict, which stands in its first row only.
    fn host(&self) -> TableCell {
        let text = format::name(&self.partner.host);
        let title = text.clone();
        let link = Link {
            class: if self.first {
                "line-link"
            } else {
                "line-link partners-again"
            },
            href: self.page.link(&url::partner(&self.partner.host), &[]),
            text,
            mark: if self.first {
                blame_class(&self.partner.blame)
            } else {
                ""
            },
            ..Link::default()
        };
        TableCell::from(Body::Link(link)).title(title)
    }

    fn service(&self) -> TableCell {
        let service = &self.caller.service;
        let name = format::name(service);
        let href = self.page.link(&url::service(service), &[]);
        TableCell::link("stats-other", href, name.clone()).title(name)
    }

    fn failures<const KIND: usize>(&self) -> TableCell {
        let count = self.caller.calls.failures[KIND];
        let class = if count == 0 {
            "partners-none"
        } else {
            "is-error"
        };
        TableCell::text(format::count(count)).class(class)
    }

    fn failed<const KIND: usize>(&self) -> String {
        self.caller.calls.failures[KIND].to_string()
    }

    /// Calls a second.
    fn rate(&self) -> f64 {
        per_second(&self.caller.calls, self.partners.range.length())
    }

    /// Calls a second in the other time.
    fn rate_then(&self) -> Option<f64> {
        let against = self.partners.against?.length();
        Some(per_second(self.caller.before.as_ref()?, against))
    }

    /// The cell of a change; empty when there is nothing to compare with.
    fn latency_change(
        &self,
        quantile: f64,
        of: fn(&PartnerCalls) -> Option<Duration>,
    ) -> TableCell {
        let (now, before) = (&self.caller.calls, self.caller.before.as_ref());
        TableCell::change(latency_change(quantile, now, before, of))
    }

    fn change(&self, of: impl FnOnce(&PartnerCalls) -> ChangeText) -> TableCell {
        TableCell::change(self.caller.before.as_ref().map(of).unwrap_or_default())
    }

    /// A field of the other time; empty when that time does not have the row.
    fn then(&self, field: impl FnOnce(&PartnerCalls, TimeRange) -> String) -> String {
        let then = self.caller.before.as_ref().zip(self.partners.against);
        then.map(|(then, range)| field(then, range))
            .unwrap_or_default()
    }

    fn at(&self, at: UnixNanos) -> String {
        self.page.when(at, ClockStyle::DateMillis).utc
    }
}

fn per_second(calls: &PartnerCalls, over: Duration) -> f64 {
    calls.count as f64 / over.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests;
