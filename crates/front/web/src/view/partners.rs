//! The pages of partners. The list has one row for each host and calling service, with the verdict
//! on who is to blame.

use super::{
    change::ChangeText,
    charts::{ChartAnswers, ChartsPanel},
    hitmap_panel::{HitmapPanel, Marks, api_filters},
    spark::Spark,
    verdict::Part,
    versus::VersusChoice,
};
use crate::{
    format::{self, Measure},
    page::{InPage, Page},
    url,
    versus::Versus,
};
use askama::Template;
use hinomi_analysis::{Blame, BlameReason, Partner, PartnerCaller, Partners};
use hinomi_query::{
    answer::{Facets, Hitmap, PartnerCalls},
    change,
};
use std::time::Duration;

/// Most rows on the page. The download has all rows.
const ROWS_MAX: usize = 200;
const ERRORS_NOTABLE: f64 = 0.01;
const SLOW: Duration = Duration::from_secs(1);

/// The page of all partners.
#[derive(Template)]
#[template(path = "pages/partners.html")]
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
#[template(path = "pages/partner.html")]
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
        query.retain(|name, _| *name == "environment");
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
    /// For each column: class, name, unit, and the name of its change.
    columns: Vec<(&'static str, String, &'static str, String)>,
    rows: Vec<Row>,
    compares: bool,
    /// Set when the other time has no data to compare with.
    nothing_then: bool,
    more: Option<String>,
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

struct Row {
    host: String,
    host_href: String,
    /// Whether it is the first row of its host.
    first: bool,
    class: &'static str,
    service: String,
    service_href: String,
    trend: Spark,
    /// The cells, in the order of the view's columns.
    cells: Vec<Cell>,
    failures: Vec<(String, bool)>,
}

struct Cell {
    text: String,
    class: &'static str,
    change: Option<ChangeText>,
}

impl PartnersView {
    fn new(page: &Page, versus: &Versus, partners: &Partners) -> Self {
        let verdicts: Vec<Verdict> = partners
            .hosts
            .iter()
            .filter(|partner| !partner.blame.is_fine())
            .map(|partner| Verdict::new(page, partner))
            .collect();
        let fine = partners.hosts.len() - verdicts.len();
        let count: usize = partners
            .hosts
            .iter()
            .map(|partner| partner.callers.len())
            .sum();
        let rows = partners.hosts.iter().flat_map(|partner| {
            let callers = partner.callers.iter().enumerate();
            callers.map(|(at, caller)| Row::new(page, partner, caller, at == 0, partners))
        });
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
        let column = |key, label: String, unit| {
            let change = page.t1("stats-change-of", "column", &label);
            (key, label, unit, change)
        };
        Self {
            columns: vec![
                column("rate", page.t("column-rate"), "/s"),
                column("p50", "p50".into(), "ms"),
                column("p95", "p95".into(), "ms"),
                column("p99", "p99".into(), "ms"),
                column("errors", page.t("column-errors"), "%"),
            ],
            verdicts,
            fine: page
                .words()
                .say_with("partners-fine", &[("count", fine.into())]),
            rows: rows.take(ROWS_MAX).collect(),
            compares: partners.against.is_some() && partners.has_before,
            nothing_then: partners.against.is_some() && !partners.has_before,
            more: (count > ROWS_MAX).then(|| {
                let left = format::count((count - ROWS_MAX) as u64);
                page.t1("stats-more", "count", &left)
            }),
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
        let (class, word) = match &partner.blame {
            Blame::Fine => ("ok", "blame-fine"),
            Blame::Theirs(_) => ("bad", "blame-theirs"),
            Blame::Ours(_) => ("bad", "blame-ours"),
            Blame::Unclear(_) => ("watch", "blame-unclear"),
        };
        let share = partner.all.error_share();
        let before = partner.before.as_ref();
        Self {
            host: format::name(&partner.host),
            href: page.link(&url::partner(&partner.host), &[]),
            class,
            word: page.t(word),
            sentence: sentence(page, &partner.blame),
            rate: format::rate(partner.all.count, length),
            p95: format::some_duration(partner.all.latency.p95),
            errors: format::percent(share),
            p95_change: latency_change(partner.all.latency.p95, before.map(|it| it.latency.p95)),
            failing: share >= ERRORS_NOTABLE,
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

fn latency_change(now: Option<Duration>, before: Option<Option<Duration>>) -> ChangeText {
    let pair = now.zip(before.flatten());
    let changed = pair.and_then(|(now, before)| change(now.as_secs_f64(), before.as_secs_f64()));
    ChangeText::latency(changed)
}

impl Row {
    fn new(
        page: &Page,
        partner: &Partner,
        caller: &PartnerCaller,
        first: bool,
        partners: &Partners,
    ) -> Self {
        let calls = &caller.calls;
        let before = caller.before.as_ref();
        let length = partners.range.length();
        let share = calls.error_share();
        let verdict = Verdict::new(page, partner);
        let per_second = |calls: &PartnerCalls, over: Duration| {
            calls.count as f64 / over.as_secs_f64().max(f64::MIN_POSITIVE)
        };
        let latency = |now: Option<Duration>, then: Option<Option<Duration>>| Cell {
            text: format::millis(now),
            class: if now.is_some_and(|now| now >= SLOW) {
                "is-slow"
            } else {
                ""
            },
            change: before.map(|_| latency_change(now, then)),
        };
        let trend: Vec<Option<f64>> = caller
            .trend
            .iter()
            .map(|at| at.map(|at| at.as_secs_f64()))
            .collect();
        Self {
            host: verdict.host,
            host_href: verdict.href,
            first,
            class: verdict.class,
            service: format::name(&caller.service),
            service_href: page.link(&url::service(&caller.service), &[]),
            trend: Spark::of(&trend),
            cells: vec![
                Cell {
                    text: format::number(per_second(calls, length)),
                    class: "",
                    change: before.zip(partners.against).map(|(before, against)| {
                        let then = per_second(before, against.length());
                        ChangeText::neutral(change(per_second(calls, length), then))
                    }),
                },
                latency(calls.latency.p50, before.map(|it| it.latency.p50)),
                latency(calls.latency.p95, before.map(|it| it.latency.p95)),
                latency(calls.latency.p99, before.map(|it| it.latency.p99)),
                Cell {
                    text: format::percent(share).number,
                    class: if share >= ERRORS_NOTABLE {
                        "is-error"
                    } else {
                        ""
                    },
                    change: before.map(|before| ChangeText::errors(share - before.error_share())),
                },
            ],
            failures: calls
                .failures
                .iter()
                .map(|count| (format::count(*count), *count == 0))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, versus::Other, view::sample};

    #[test]
    fn every_reason_is_a_sentence_in_every_language() {
        let reasons = [
            BlameReason::Faults { share: 0.9 },
            BlameReason::Refusals { share: 0.9 },
            BlameReason::ManyHosts { hosts: 3 },
            BlameReason::AllCallers { callers: 2 },
            BlameReason::SomeCallers {
                service: "payment".into(),
                others: 2,
            },
            BlameReason::OneInstance {
                instance: "payment-1".into(),
                service: "payment".into(),
                running: 3,
            },
            BlameReason::AllInstances {
                service: "payment".into(),
                running: 3,
            },
            BlameReason::OnlyCaller {
                service: "payment".into(),
            },
        ];
        for language in Language::ALL {
            let page = Page::sample(language);
            for reason in &reasons {
                let said = sentence(&page, &Blame::Ours(reason.clone()));
                assert!(!said[0].0.contains("blame-"), "{said:?}");
                assert!(!said[0].0.contains('{'), "{said:?}");
            }
        }
    }

    #[test]
    fn hosts_with_trouble_are_told_of_first() {
        let page = Page::sample(Language::English);
        let versus = Versus::parse(&page, sample::RANGE, Other::LastWeek).unwrap();
        let view = PartnersView::new(&page, &versus, &sample::partners());
        assert_eq!(view.verdicts.len(), 1);
        assert_eq!(view.rows[0].host, view.verdicts[0].host);
        assert!(view.rows[0].first);
    }
}
