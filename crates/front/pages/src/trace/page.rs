//! The view model of the trace page: every text formatted and in the reader's language.

use super::{
    client::ClientData,
    detail::{self, Detail},
    draw::{self, Draw, FIRST_ROWS, RowView, SortHeader, Tick},
    flame::Flame,
    groups::{self, CallGroup, ExceptionGroup},
    head::{self, Main, PartView},
    lists::{self, ExceptionView},
    note::{ClockNote, PageNote},
    rows::{self, Colours},
    span_panel::SpanPanel,
};
use hinomi_query::{
    answer::{Trace, TracePlace, TraceSpan},
    trace::{Clocks, SpanAddress},
};
use hinomi_webkit::{
    cursor,
    format::{self, Measure, duration},
    i18n::Translations,
    table::Table,
};
use std::time::Duration;

/// From this many rows on, tiny internal spans are hidden at first.
const CALM_ROWS: usize = 40;

/// What the URL asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    /// The open view.
    pub(crate) view: View,
    /// The selected span.
    pub(crate) span: Option<SpanAddress>,
    /// Where the page of a long trace begins.
    pub(crate) cursor: Option<TracePlace>,
    /// A span whose frame the flame view is zoomed to.
    pub(crate) zoom: Option<SpanAddress>,
    /// Whether clocks are aligned or left as sent.
    pub(crate) clocks: Clocks,
    /// Whether tiny internal spans are shown; `None` means the default of the page.
    pub(crate) internal: Option<bool>,
    /// Sort column of the table, with `-` before it for descending order.
    pub(crate) sort: String,
}

/// The views of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum View {
    /// Bars over time, with statements, calls and exceptions below.
    #[default]
    Waterfall,
    /// Spans as a sortable table.
    Table,
    /// Equal spans as one frame, as wide as their time.
    Flame,
    /// Statements only.
    Statements,
    /// Calls only.
    Calls,
    /// Exceptions only.
    Exceptions,
}

impl View {
    /// All views, in the order of the tabs.
    pub(crate) const ALL: [Self; 6] = [
        Self::Waterfall,
        Self::Table,
        Self::Flame,
        Self::Statements,
        Self::Calls,
        Self::Exceptions,
    ];

    /// The word in the URL.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waterfall => "waterfall",
            Self::Table => "table",
            Self::Flame => "flame",
            Self::Statements => "statements",
            Self::Calls => "calls",
            Self::Exceptions => "exceptions",
        }
    }

    /// The view for a word of the URL. An unknown word means the waterfall.
    pub(crate) fn of(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|view| view.as_str() == word)
            .unwrap_or_default()
    }
}

/// The page.
pub(crate) struct TraceView {
    pub(crate) trace_id: String,
    pub(crate) title: String,
    pub(crate) operation: String,
    /// `ok`, `slow` or `error`.
    pub(crate) outcome: &'static str,
    pub(crate) outcome_word: String,
    pub(crate) pill: String,
    pub(crate) total: Measure,
    pub(crate) counts: String,
    /// The sentence in parts, with whether each part is bold (the numbers are).
    pub(crate) sentence: Vec<(String, bool)>,
    pub(crate) parts: Vec<PartView>,
    pub(crate) banners: Vec<String>,
    pub(crate) page_note: Option<PageNote>,
    /// Start of the links to this page of the trace; safe in a URL.
    pub(crate) keep: String,
    pub(crate) clock_note: Option<ClockNote>,
    pub(crate) view: &'static str,
    pub(crate) tabs: Vec<Tab>,
    pub(crate) span: String,
    pub(crate) internal_shown: bool,
    pub(crate) small_print: Option<SmallPrint>,
    pub(crate) ticks: Vec<Tick>,
    pub(crate) first_rows: Vec<RowView>,
    pub(crate) row_count: usize,
    pub(crate) sort: Vec<SortHeader>,
    pub(crate) first_lines: Vec<RowView>,
    pub(crate) flame: Flame,
    pub(crate) statements: Option<Table>,
    pub(crate) statements_count: String,
    pub(crate) statements_loop: Option<String>,
    pub(crate) calls: Option<Table>,
    pub(crate) exceptions: Vec<ExceptionView>,
    pub(crate) panel: Option<SpanPanel>,
    /// Rows as data for the page's script, safe inside a script element.
    pub(crate) data: String,
}

/// A tab.
pub(crate) struct Tab {
    pub(crate) key: &'static str,
    pub(crate) name: String,
    pub(crate) count: Option<String>,
    pub(crate) current: bool,
}

/// The labels of the button that shows or hides tiny internal spans.
pub(crate) struct SmallPrint {
    pub(crate) hidden: String,
    pub(crate) shown: String,
}

impl TraceView {
    /// The page of a trace. The trace must have spans.
    pub(crate) fn new(trace: &Trace, wish: &Wish, slow: Duration, words: &Translations) -> Self {
        let total = trace.end.since(trace.start);
        let colours = Colours::of(trace);
        let rows = rows::rows(trace);
        let chosen = wish.span.and_then(|address| trace.position(address));
        let chosen = chosen.or_else(|| detail::first_look(trace));
        let address = chosen
            .and_then(|index| trace.spans.get(index))
            .map(TraceSpan::address);
        let small = rows
            .iter()
            .filter(|row| row.small_print && row.run == 0)
            .count();
        let internal_shown = wish
            .internal
            .unwrap_or_else(|| draw::visible(&rows, chosen, true).len() <= CALM_ROWS);
        let draw = Draw {
            trace,
            colours: &colours,
            total,
            chosen,
        };
        let visible = draw::visible(&rows, chosen, internal_shown);
        let statements = groups::statements(trace);
        let calls = groups::calls(trace);
        let exceptions = groups::exceptions(trace);
        let main = Main::of(trace, slow, words);
        let keep = wish.cursor.as_ref().map_or_else(String::new, |place| {
            format!("cursor={}&", cursor::encode_place(place))
        });
        Self {
            trace_id: trace.trace_id.to_string(),
            title: words.say_with(
                "trace-title",
                &[("operation", main.operation.clone().into())],
            ),
            operation: main.operation,
            outcome: main.outcome,
            outcome_word: words.say(main.outcome_key),
            pill: main.pill,
            total: duration(total),
            counts: head::counts(trace, &colours, words),
            sentence: head::sentence(trace, words),
            parts: head::parts(trace, words),
            banners: banners(trace, words),
            page_note: PageNote::of(trace, words),
            keep: keep.replace('&', "&amp;"),
            clock_note: ClockNote::of(trace, wish.clocks, words),
            view: wish.view.as_str(),
            tabs: tabs(wish.view, &statements, &calls, &exceptions, words),
            span: address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            internal_shown,
            small_print: (small > 0).then(|| SmallPrint {
                hidden: words.say_with("trace-small-print-hidden", &[("count", small.into())]),
                shown: words.say_with("trace-small-print-shown", &[("count", small.into())]),
            }),
            ticks: draw::ticks(total),
            first_rows: visible
                .iter()
                .take(FIRST_ROWS)
                .map(|(index, open)| draw.row(&rows[*index], *index, *open))
                .collect(),
            row_count: visible.len() + 1,
            sort: draw::sort_headers(&wish.sort, words),
            first_lines: if wish.view == View::Table {
                draw::lines(&draw, &rows, &wish.sort)
            } else {
                Vec::new()
            },
            flame: Flame::of(trace, wish.zoom, &colours, words),
            statements_count: lists::statements_count(&statements, words),
            statements_loop: lists::worst_loop(&statements, words),
            statements: (!statements.is_empty())
                .then(|| lists::statements_table(&statements, &keep, words)),
            calls: (!calls.is_empty()).then(|| lists::calls_table(&calls, &keep, words)),
            exceptions: exceptions
                .into_iter()
                .map(|group| lists::exception_view(group, words))
                .collect(),
            panel: chosen
                .and_then(|index| Detail::of(trace, index, &colours))
                .map(|detail| SpanPanel::new(detail, words)),
            data: ClientData::of(trace, &rows, &colours).to_script(),
        }
    }
}

fn banners(trace: &Trace, words: &Translations) -> Vec<String> {
    let mut banners = Vec::new();
    let orphans = trace.spans.iter().filter(|span| span.orphan).count();
    if orphans > 0 {
        banners.push(words.say_with("trace-partial-orphans", &[("count", orphans.into())]));
    }
    let is_rootless = trace.spans.iter().all(|span| span.parent_span_id.is_some());
    // On a page of a long trace, the root may be on another page.
    if is_rootless && !trace.is_page() {
        banners.push(words.say("trace-partial-root"));
    }
    if trace.spans.len() > rows::SPANS_DRAWN_MAX {
        let args = [
            ("drawn", rows::SPANS_DRAWN_MAX.into()),
            ("count", trace.spans.len().into()),
        ];
        banners.push(words.say_with("trace-partial-drawn", &args));
    }
    banners
}

fn tabs(
    open: View,
    statements: &[CallGroup],
    calls: &[CallGroup],
    exceptions: &[ExceptionGroup],
    words: &Translations,
) -> Vec<Tab> {
    let counted = |number: usize| format::count(number as u64);
    let calls_in = |groups: &[CallGroup]| groups.iter().map(|group| group.count).sum();
    View::ALL
        .into_iter()
        .map(|view| Tab {
            key: view.as_str(),
            name: words.say(&format!("trace-view-{}", view.as_str())),
            count: match view {
                View::Waterfall | View::Table | View::Flame => None,
                View::Statements => Some(counted(calls_in(statements))),
                View::Calls => Some(counted(calls_in(calls))),
                View::Exceptions => Some(counted(exceptions.len())),
            },
            current: view == open,
        })
        .collect()
}
