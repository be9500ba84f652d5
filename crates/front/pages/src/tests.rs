//! Tests that render every page in every state and language: empty, one, many, broken, hostile
//! data.

mod scripts;

use crate::{
    board::view::BoardPage,
    deployment::view::{DeploymentAnswers, DeploymentPage},
    deployments::view::DeploymentsPage,
    failure::view::{FailurePage, Kind},
    hitmap::view::HitmapPage,
    map::{
        layout::{Graph, Layout},
        view::MapPage,
    },
    partners::view::{PartnerPage, PartnersPage},
    parts::{filter_bar::FilterBar, hitmap_panel::Marks, receivers::Receivers},
    sample,
    search::view::SearchPage,
    service::view::{ServiceAnswers, ServicePage},
    statistics::view::StatisticsPage,
    transactions::view::TransactionsPage,
};
use askama::Template;
use hinomi_analysis::{NodeStates, ServiceSummary, deployment::JudgedDeployment};
use hinomi_model::rollup::ServiceKey;
use hinomi_query::answer::{Comparison, Facets, Hitmap, Statistic, Timeline, TransactionPage};
use hinomi_webkit::{
    i18n::Language,
    page::Page,
    page_range::PageRange,
    services::ServiceEntries,
    statistic::KINDS,
    versus::{Other, Versus},
};

const STATISTICS: [Statistic; 5] = [
    Statistic::Operations,
    Statistic::Statements,
    Statistic::Externals,
    Statistic::Instances,
    Statistic::Errors,
];

fn page(language: Language) -> Page {
    let mut page = crate::sample::page(language);
    page.range = PageRange::parse(None, None, page.now, &page.zone).ok();
    page
}

fn receivers() -> Receivers {
    Receivers {
        grpc: "127.0.0.1:4317".parse().unwrap(),
        http: "0.0.0.0:4318".parse().unwrap(),
    }
}

fn of_service(language: Language, name: &str) -> Page {
    let mut page = page(language);
    page.service = Some(name.to_owned());
    page.services = vec![name.to_owned(), "payment".into()];
    page.environments = vec!["prod".into(), "staging".into()];
    page
}

fn answers(map: Hitmap, timeline: Timeline, rows: usize, list: TransactionPage) -> ServiceAnswers {
    ServiceAnswers {
        summary: sample::services(2).remove(1),
        map,
        marks: Marks::default(),
        charts: sample::charts(timeline, "none"),
        in_flight: sample::in_flight(),
        running: Some(sample::running()),
        facets: if rows == 0 {
            Facets::default()
        } else {
            sample::facets()
        },
        statistics: STATISTICS
            .map(|kind| (kind, sample::statistics(kind, rows)))
            .to_vec(),
        errors: list.items.clone(),
        slow: list.items,
    }
}

fn hostile_answers() -> ServiceAnswers {
    let mut answers = answers(
        sample::hitmap(sample::RANGE),
        sample::timeline(),
        9,
        sample::hostile_transactions(),
    );
    answers.summary = sample::hostile_services().remove(0);
    answers.marks.deployments = sample::hostile_deployments();
    for (_, rows) in &mut answers.statistics {
        for (row, name) in rows.iter_mut().zip(sample::HOSTILE) {
            row.key = name.into();
            row.detail = name.into();
        }
    }
    let names: Vec<_> = sample::HOSTILE.map(Into::into).to_vec();
    answers.facets.operations.clone_from(&names);
    answers.facets.instances = names;
    answers.facets.versions = vec![sample::long_name()];
    answers
}

fn deployment(comparison: Comparison) -> DeploymentAnswers {
    DeploymentAnswers {
        summary: sample::services(2).remove(1),
        judged: JudgedDeployment::of(comparison),
        maps: (sample::hitmap(sample::RANGE), sample::empty_hitmap()),
    }
}

/// The HTML of every page in every state, each with a name.
fn pages(language: Language) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut add = |name: &str, html: askama::Result<String>| {
        pages.push((format!("{name} {}", language.tag()), html.unwrap()));
    };
    for count in [0, 1, 16] {
        let board = BoardPage::new(page(language), &sample::services(count), &receivers());
        add(&format!("board of {count}"), board.render());
    }
    let board = BoardPage::new(page(language), &sample::hostile_services(), &receivers());
    add("hostile board", board.render());
    for choice in [
        [("group", "team"), ("q", "e")],
        [("group", sample::HOSTILE[0]), ("state", sample::HOSTILE[1])],
    ] {
        let mut page = page(language);
        page.query = choice
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec();
        let board = BoardPage::new(page, &sample::hostile_services(), &receivers());
        add(&format!("hostile board {choice:?}"), board.render());
    }
    let board = BoardPage::new(page(language), &sample::many_services(500), &receivers());
    add("board of 500", board.render());
    let mut elsewhere = page(language);
    elsewhere.environment = "<nowhere>".into();
    let board = BoardPage::new(elsewhere, &sample::services(3), &receivers());
    add("board of another environment", board.render());

    let calm = answers(
        sample::empty_hitmap(),
        sample::empty_timeline(),
        0,
        sample::transactions(0, 0),
    );
    add(
        "empty service",
        ServicePage::new(of_service(language, "checkout"), &calm).render(),
    );
    let busy = answers(
        sample::hitmap(sample::RANGE),
        sample::timeline(),
        9,
        sample::transactions(8, 478),
    );
    add(
        "service",
        ServicePage::new(of_service(language, "checkout"), &busy).render(),
    );
    for vs in ["yesterday", "usual"] {
        let mut beside = of_service(language, "checkout");
        beside.query = vec![("vs".into(), vs.into())];
        let mut busy = answers(
            sample::hitmap(sample::RANGE),
            sample::timeline(),
            1,
            sample::transactions(1, 1),
        );
        busy.charts = sample::charts(sample::timeline(), vs);
        let html = ServicePage::new(beside, &busy).render();
        add(&format!("service beside {vs}"), html);
    }
    let mut filtered = of_service(language, sample::HOSTILE[0]);
    filtered.query = [
        "operation",
        "instance",
        "version",
        "sel",
        "axis",
        "outcome",
        "environment",
    ]
    .into_iter()
    .zip(sample::HOSTILE.into_iter().cycle())
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    add(
        "hostile service",
        ServicePage::new(filtered, &hostile_answers()).render(),
    );

    for (name, list) in [
        ("no deployments", Vec::new()),
        ("deployments", sample::deployments()),
        ("hostile deployments", sample::hostile_deployments()),
    ] {
        add(
            name,
            DeploymentsPage::new(page(language), None, &list).render(),
        );
    }
    for slower in [true, false] {
        let deployment = deployment(sample::comparison(slower));
        let html = DeploymentPage::new(of_service(language, "checkout"), &deployment).render();
        add(&format!("deployment, slower {slower}"), html);
    }
    let mut hostile = sample::comparison(true);
    hostile.deployment = sample::hostile_deployments().remove(0);
    hostile.operations.items[0].key = sample::HOSTILE[0].into();
    hostile.new_errors.items[0].key = sample::HOSTILE[1].into();
    let hostile = deployment(hostile);
    let html = DeploymentPage::new(of_service(language, sample::HOSTILE[0]), &hostile).render();
    add("hostile deployment", html);
    let mut nothing = sample::comparison(false);
    nothing.steps_since.clear();
    nothing.operations.items.clear();
    nothing.new_errors.items.clear();
    let nothing = deployment(nothing);
    let html = DeploymentPage::new(of_service(language, "checkout"), &nothing).render();
    add("deployment without traffic", html);

    let map = sample::hitmap(sample::RANGE);
    let summary = sample::services(1).remove(0);
    let facets = sample::facets();
    add(
        "hitmap",
        HitmapPage::new(page(language), None, &map, &facets, &Marks::default()).render(),
    );
    let one = of_service(language, "payment");
    add(
        "hitmap of one",
        HitmapPage::new(one, Some(&summary), &map, &facets, &Marks::default()).render(),
    );

    for (name, list) in [
        ("no transactions", sample::transactions(0, 0)),
        ("one transaction", sample::transactions(1, 1)),
        ("transactions", sample::transactions(50, 12_431)),
        ("hostile transactions", sample::hostile_transactions()),
    ] {
        let mut page = page(language);
        page.query = ["q", "operation", "instance", "version", "min_ms"]
            .into_iter()
            .zip(sample::HOSTILE.into_iter().cycle())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        add(name, list_of(page, None, &list).render());
    }
    let mut followed = page(language);
    let typed = [("tail", "1"), ("q", "order.id=7"), ("min_ms", "5")];
    followed.query = typed
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec();
    add(
        "list that follows",
        list_of(followed, None, &sample::transactions(50, 184)).render(),
    );
    let of_one = of_service(language, "payment");
    let list = sample::transactions(50, 184);
    add(
        "list of one",
        list_of(of_one, Some(&summary), &list).render(),
    );

    for (name, asked, problem) in [
        ("search", "order.id=12345", None),
        ("hostile search", sample::HOSTILE[0], None),
        ("search of nonsense", "a=", Some("<b>no</b>".to_owned())),
    ] {
        let mut page = page(language);
        page.searched = asked.into();
        let services = [asked, sample::HOSTILE[2]].map(|service| ServiceKey {
            service: service.into(),
            namespace: "".into(),
            environment: "".into(),
        });
        let services = ServiceEntries::of(services);
        add(name, SearchPage::new(page, &services, problem).render());
    }

    add_tables(language, &mut add);

    let kinds = [
        Kind::NotFound,
        Kind::Address(sample::HOSTILE[1].into()),
        Kind::Busy,
        Kind::Timeout,
        Kind::TooMuch,
        Kind::Store,
    ];
    for kind in kinds {
        let name = format!("{kind:?}");
        add(&name, FailurePage::new(page(language), kind).render());
    }
    pages
}

fn list_of(
    page: Page,
    summary: Option<&ServiceSummary>,
    list: &TransactionPage,
) -> TransactionsPage {
    let promoted = vec!["order.id".to_owned(), sample::HOSTILE[0].to_owned()];
    let bar = FilterBar::new(&page, &sample::facets(), promoted);
    TransactionsPage::new(page, summary, bar, list)
}

/// Adds the pages of statistics, partners and the map.
fn add_tables(language: Language, add: &mut impl FnMut(&str, askama::Result<String>)) {
    let summary = sample::services(1).remove(0);
    let versus = |page: &Page, default| Versus::parse(page, sample::RANGE, default).unwrap();
    for statistic in STATISTICS {
        let known = KINDS.iter().find(|(_, have)| *have == statistic).unwrap();
        for count in [0, 1, 9] {
            let page = of_service(language, "payment");
            let versus = versus(&page, Other::Yesterday);
            let compared = sample::compared(statistic, count);
            let view = StatisticsPage::new(page, Some(&summary), known.0, &versus, &compared);
            add(&format!("{count} of {statistic:?}"), view.render());
        }
        let mut hostile = sample::compared(statistic, 9);
        for (row, name) in hostile.rows.iter_mut().zip(sample::HOSTILE) {
            row.service = name.into();
            row.now.key = name.into();
            row.now.detail = name.into();
        }
        let mut page = page(language);
        page.query = ["q", "sort", "order", "environment"]
            .map(|name| (name.to_owned(), String::new()))
            .to_vec();
        page.query
            .push(("instance".into(), sample::HOSTILE[0].into()));
        let versus = versus(&page, Other::Nothing);
        let view = StatisticsPage::new(page, None, known.0, &versus, &hostile);
        add(&format!("hostile {statistic:?}"), view.render());
    }
    let mut none = sample::partners();
    none.hosts.clear();
    for (name, partners) in [
        ("no partners", none),
        ("partners", sample::partners()),
        ("hostile partners", sample::hostile_partners()),
    ] {
        let whole = page(language);
        let versus = versus(&whole, Other::LastWeek);
        add(name, PartnersPage::new(whole, &versus, &partners).render());
        let host = partners
            .hosts
            .first()
            .map_or(sample::HOSTILE[0].into(), |it| it.host.clone());
        let map = sample::hitmap(sample::RANGE);
        let charts = sample::charts(sample::timeline(), "last-week");
        let one = PartnerPage::new(page(language), &host, &versus, &partners, &map, &charts);
        add(&format!("one of {name}"), one.render());
    }
    for (name, map) in [
        ("map of nothing", sample::map(0)),
        ("map of one", sample::map(1)),
        ("map of sixty", sample::map(60)),
        ("hostile map", sample::hostile_map()),
    ] {
        let edges = map.edges.iter();
        let graph = Graph::new(
            map.nodes.iter().map(|node| node.key.clone()),
            edges.map(|edge| (edge.from.clone(), edge.to.clone())),
        );
        let layout = Layout::new(&graph);
        add(
            name,
            MapPage::new(page(language), (&map, &NodeStates::default()), &layout).render(),
        );
    }
}

#[test]
fn nothing_from_outside_acts_on_a_page() {
    for (name, html) in Language::ALL.into_iter().flat_map(pages) {
        assert!(!html.contains("<script>alert"), "{name}");
        assert!(!html.contains("<img"), "{name}");
        // Form values are sent unchanged. Only visible text must have no direction characters.
        let shown = html.split('<').filter_map(|tag| tag.split_once('>'));
        assert!(
            shown
                .into_iter()
                .all(|(_, text)| !text.contains('\u{202e}')),
            "{name}"
        );
    }
}

#[test]
fn pages_hold_nothing_that_the_content_security_policy_forbids() {
    for (name, html) in Language::ALL.into_iter().flat_map(pages) {
        assert!(!html.contains(" style="), "{name}");
        assert!(!html.contains("<style"), "{name}");
        for tag in html.split("<script").skip(1) {
            let attributes = tag.split('>').next().unwrap();
            let data = attributes.contains("application/json");
            assert!(
                data || attributes.contains(" src=\"/static/"),
                "{name}: {attributes}"
            );
        }
    }
}

#[test]
fn the_head_of_every_page_names_its_modules() {
    for (name, html) in pages(Language::English) {
        let (head, body) = html.split_once("</head>").unwrap();
        assert!(head.contains("rel=\"modulepreload\""), "{name}");
        assert!(head.contains("type=\"module\""), "{name}");
        assert!(!body.contains("type=\"module\""), "{name}");
    }
}

#[test]
fn names_of_a_megabyte_do_not_make_pages_of_many() {
    for (name, html) in pages(Language::English) {
        // Data for scripts has the whole names, so that scripts can compare them.
        assert!(html.len() < 9_000_000, "{name}: {} bytes", html.len());
    }
}

#[test]
fn data_blocks_are_json() {
    for (name, html) in pages(Language::Korean) {
        for block in html.split("<script type=\"application/json\"").skip(1) {
            let text = block
                .split_once('>')
                .unwrap()
                .1
                .split("</script>")
                .next()
                .unwrap();
            assert!(
                serde_json::from_str::<serde_json::Value>(text).is_ok(),
                "{name}"
            );
        }
    }
}

#[test]
fn the_empty_board_gives_the_three_lines_to_paste() {
    let board = BoardPage::new(page(Language::English), &[], &receivers());
    let html = board.render().unwrap();
    assert!(html.contains("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"));
    assert!(html.contains("http://127.0.0.1:4318"));
}

#[test]
fn the_worst_service_comes_first_and_ok_ones_say_nothing() {
    let board = BoardPage::new(page(Language::English), &sample::services(16), &receivers());
    let html = board.render().unwrap();
    let at = |text: &str| {
        html.find(text)
            .unwrap_or_else(|| panic!("{text} is not on the board"))
    };
    assert!(at(">payment<") < at(">checkout<"));
    assert!(at(">checkout<") < at(">settlement<"));
    assert!(at(">settlement<") < at(">refund<"));
    assert_eq!(html.matches("tile-why").count(), 5);
}

fn board_with(query: &[(&str, &str)], count: usize) -> String {
    let mut page = page(Language::English);
    let owned = query.iter().map(|(a, b)| ((*a).into(), (*b).into()));
    page.query = owned.collect();
    let services = sample::many_services(count);
    BoardPage::new(page, &services, &receivers())
        .render()
        .unwrap()
}

#[test]
fn a_board_is_grouped_and_filtered_as_its_address_says() {
    let html = board_with(&[("group", "team")], 16);
    assert!(html.contains("<h2>payments</h2>") && html.contains("<h2>Without Team</h2>"));
    let html = board_with(&[("state", "bad")], 16);
    assert_eq!(html.matches("data-tile=").count(), 2);
    assert!(html.contains("state=watch"), "the others are still counted");
    let html = board_with(&[("q", "bff")], 16);
    assert_eq!(html.matches("data-tile=").count(), 2);
    let html = board_with(&[("q", "no such service")], 16);
    assert!(html.contains("No service matches") && html.contains("Clear all filters"));
}

#[test]
fn many_services_are_small_tiles_that_say_what_is_wrong() {
    let html = board_with(&[], 500);
    assert_eq!(html.matches("class=\"tile tile-").count(), 500);
    assert!(!html.contains("class=\"spark"));
    assert!(html.contains("tile-told"));
    assert!(html.len() < 600_000, "{} bytes", html.len());
    // With a filter that leaves few services, the tiles are large again.
    assert!(board_with(&[("q", "payment")], 500).contains("class=\"spark"));
}

#[test]
fn what_has_nothing_to_show_is_absent() {
    let calm = answers(
        sample::empty_hitmap(),
        sample::empty_timeline(),
        0,
        sample::transactions(0, 0),
    );
    let html = ServicePage::new(of_service(Language::English, "checkout"), &calm)
        .render()
        .unwrap();
    assert!(!html.contains("data-charts"));
    assert!(!html.contains("data-table"));
}

#[test]
fn a_page_of_the_list_says_where_it_is() {
    let mut second = page(Language::English);
    second.query = vec![("cursor".into(), "00".into()), ("n".into(), "50".into())];
    let list = sample::transactions(50, 184);
    let html = list_of(second, None, &list).render().unwrap();
    assert!(html.contains("51–100 of 184"), "{html}");
}

#[test]
fn what_is_wrong_with_a_filter_stands_beside_what_was_typed() {
    let mut typed = page(Language::English);
    typed.query = vec![
        ("q".into(), "order.id=".into()),
        ("min_ms".into(), "<1 s".into()),
    ];
    let html = list_of(typed, None, &sample::transactions(0, 0))
        .render()
        .unwrap();
    assert!(html.contains("A value is missing"), "{html}");
    assert!(
        html.contains(r#"value="order.id=""#) && html.contains("&#60;1 s"),
        "{html}"
    );
    assert_eq!(html.matches("aria-invalid").count(), 2, "{html}");
}

#[test]
fn every_word_of_every_help_exists_in_every_language() {
    for language in Language::ALL {
        let page = page(language);
        for key in hinomi_webkit::help::keys() {
            assert_ne!(page.t(key), *key, "{key} in {}", language.tag());
        }
    }
}

#[test]
fn a_row_of_the_list_of_deployments_says_where_its_verdict_is() {
    let list = sample::deployments();
    let html = DeploymentsPage::new(page(Language::English), None, &list).render();
    let html = html.unwrap();
    let fragments = html.split("data-fragment=\"").skip(1);
    let fragments: Vec<_> = fragments
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(fragments.len(), list.len());
    assert!(fragments.iter().all(|url| url.contains("/verdict")));
}
