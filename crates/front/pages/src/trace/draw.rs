//! Rows, ticks and columns of the first render. `waterfall.js` and `table.js` draw the same again
//! when the reader scrolls, folds or sorts.

use super::{
    groups, numbers,
    rows::{self, Colours, Row, failed},
    summary,
};
use hinomi_query::answer::Trace;
use hinomi_webkit::{format::duration, i18n::Translations};
use std::time::Duration;

/// Most rows in the first render. Scripts draw the rest.
pub(super) const FIRST_ROWS: usize = 200;
/// Most ticks of the ruler.
const TICKS_MAX: u32 = 7;
/// Deepest level that is indented; the same as in `waterfall.js`.
const INDENT_MAX: usize = 16;
/// Places of bar labels, in percent; the same as in `waterfall.js`. A bar at least `LABEL_INSIDE`
/// wide holds its label. The label of a bar that ends after `LABEL_BEFORE` is placed before the
/// bar.
const LABEL_INSIDE: f64 = 14.0;
const LABEL_BEFORE: f64 = 84.0;
const LABEL_ROOM: f64 = 16.0;

/// A tick after this share of the time has its label on its left.
const TICK_TURNS: f64 = 0.93;
/// Narrowest time column of a wide screen, and width of a letter of a tick's label, in pixels.
const TIME_COLUMN_MIN: f64 = 430.0;
const TICK_LETTER: f64 = 6.2;

/// A tick of the ruler.
pub(crate) struct Tick {
    pub(crate) x: String,
    pub(crate) label: String,
    pub(crate) odd: bool,
    /// Whether the tick is too near the end to have its label on its right.
    pub(crate) last: bool,
}

/// A column header of the grid of spans. The grid is no `Table`: a trace has up to 20,000 rows, so
/// the script draws the visible ones alone, and sorts all.
pub(crate) struct SortHeader {
    pub(crate) key: &'static str,
    pub(crate) name: String,
    /// `ascending`, `descending` or empty.
    pub(crate) sorted: &'static str,
    /// Sort parameter of the link.
    pub(crate) next: String,
    pub(crate) number: bool,
}

/// A row of the waterfall or the table.
pub(crate) struct RowView {
    pub(crate) index: usize,
    pub(crate) span: String,
    pub(crate) level: usize,
    pub(crate) indent: usize,
    pub(crate) deep: bool,
    pub(crate) run: usize,
    pub(crate) looped: bool,
    pub(crate) folds: bool,
    pub(crate) open: bool,
    pub(crate) selected: bool,
    pub(crate) failed: bool,
    pub(crate) orphan: bool,
    pub(crate) critical: bool,
    pub(crate) hot: bool,
    pub(crate) colour: &'static str,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) took: String,
    pub(crate) own: String,
    pub(crate) start: String,
    pub(crate) gap: String,
    pub(crate) result: String,
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) label: &'static str,
    pub(crate) label_x: String,
    pub(crate) label_dx: i8,
}

pub(super) fn ticks(total: Duration) -> Vec<Tick> {
    let ticks = summary::ticks(total, TICKS_MAX);
    let step = ticks.get(1).copied().unwrap_or(total);
    let mut drawn: Vec<Tick> = ticks
        .iter()
        .enumerate()
        .map(|(number, tick)| {
            let at = share_of(*tick, total);
            Tick {
                x: scaled(at),
                label: numbers::tick(*tick, step, total),
                odd: number % 2 == 1,
                last: at > TICK_TURNS,
            }
        })
        .collect();
    // The last label is on the left of its tick, next to the label before it. When both do not fit,
    // the last one is removed.
    if let [.., before, last] = drawn.as_mut_slice() {
        let letters = before.label.chars().count() + last.label.chars().count();
        let room = share_of(step, total) * TIME_COLUMN_MIN;
        if last.last && letters as f64 * TICK_LETTER + 8.0 > room {
            last.label.clear();
        }
    }
    drawn
}

/// Rows that are visible at first, with whether each is open.
pub(super) fn visible(
    rows: &[Row],
    chosen: Option<usize>,
    internal_shown: bool,
) -> Vec<(usize, bool)> {
    let at = chosen.and_then(|span| rows.iter().position(|row| row.run == 0 && row.span == span));
    let holds = |index: usize, end: usize| at.is_some_and(|at| at >= index && at < end);
    let mut visible = Vec::new();
    let mut index = 0;
    while let Some(row) = rows.get(index) {
        if row.small_print && !internal_shown && !holds(index, row.end) {
            index = row.end;
            continue;
        }
        let open = row.run == 0 || holds(index + 1, row.end);
        visible.push((index, open));
        index = if open { index + 1 } else { row.end };
    }
    visible
}

/// The data that rows are drawn from.
pub(super) struct Draw<'a> {
    pub(super) trace: &'a Trace,
    pub(super) colours: &'a Colours,
    pub(super) total: Duration,
    /// Index of the selected span.
    pub(super) chosen: Option<usize>,
}

impl Draw<'_> {
    pub(super) fn row(&self, row: &Row, index: usize, open: bool) -> RowView {
        let span = &self.trace.spans[row.span];
        let label = rows::Label::of(span);
        let (x, width) = (
            share_of(row.start, self.total),
            share_of(row.extent, self.total),
        );
        let (side, label_x, label_dx) = label_place(x * 100.0, width * 100.0);
        RowView {
            index,
            span: span.address().to_string(),
            level: row.depth,
            indent: row.depth.min(INDENT_MAX),
            deep: row.depth > INDENT_MAX,
            run: row.run,
            looped: groups::is_loop(row.run, span),
            folds: row.end > index + 1,
            open,
            selected: row.run == 0 && self.chosen == Some(row.span),
            failed: failed(span),
            orphan: span.orphan,
            critical: span.critical,
            hot: is_hot(row.own, self.total),
            colour: self.colours.class(span),
            what: label.shown(),
            who: label.who,
            took: duration(row.took).to_string(),
            own: duration(row.own).to_string(),
            start: format!("+{}", duration(row.start)),
            gap: gap_text(row.gap),
            result: groups::result(span).unwrap_or_default(),
            x: scaled(x),
            width: scaled(width),
            label: side,
            label_x: format!("{label_x:.3}%"),
            label_dx,
        }
    }
}

/// The text of a gap. A gap under one microsecond comes from clock resolution and is not shown.
pub(crate) fn gap_text(gap: Duration) -> String {
    if gap < Duration::from_micros(1) {
        String::new()
    } else {
        duration(gap).to_string()
    }
}

/// Whether a self time is highlighted: a tenth of the trace or more.
pub(crate) fn is_hot(own: Duration, total: Duration) -> bool {
    !total.is_zero() && own * 10 >= total
}

fn label_place(x: f64, width: f64) -> (&'static str, f64, i8) {
    let end = x + width;
    if width >= LABEL_INSIDE {
        ("t-in", x, 6)
    } else if end <= LABEL_BEFORE {
        ("t-after", end, 6)
    } else if x > LABEL_ROOM {
        ("t-before", x, -6)
    } else {
        ("t-in", x, 6)
    }
}

pub(super) fn lines(draw: &Draw<'_>, rows: &[Row], sort: &str) -> Vec<RowView> {
    let mut order: Vec<usize> = (0..rows.len())
        .filter(|index| rows[*index].run == 0)
        .collect();
    let label = |index: &usize| rows::Label::of(&draw.trace.spans[rows[*index].span]);
    match sort.trim_start_matches('-') {
        "gap" => order.sort_by_key(|index| rows[*index].gap),
        "service" => order.sort_by_cached_key(|index| label(index).who),
        "name" => order.sort_by_cached_key(|index| label(index).what),
        "took" => order.sort_by_key(|index| rows[*index].took),
        "own" => order.sort_by_key(|index| rows[*index].own),
        "status" => order.sort_by_cached_key(|index| {
            groups::result(&draw.trace.spans[rows[*index].span]).unwrap_or_default()
        }),
        _ => order.sort_by_key(|index| rows[*index].start),
    }
    if sort.starts_with('-') {
        order.reverse();
    }
    order.truncate(FIRST_ROWS);
    order
        .into_iter()
        .map(|index| draw.row(&rows[index], index, true))
        .collect()
}

pub(super) fn sort_headers(sort: &str, words: &Translations) -> Vec<SortHeader> {
    let columns = [
        ("start", "trace-column-start", true),
        ("gap", "trace-column-gap", true),
        ("service", "trace-column-service", false),
        ("name", "trace-column-operation", false),
        ("took", "trace-column-took", true),
        ("own", "trace-column-own", true),
        ("status", "trace-column-status", false),
    ];
    let sorted_by = sort.trim_start_matches('-');
    let known = columns.iter().any(|column| column.0 == sorted_by);
    columns
        .into_iter()
        .map(|(key, name, number)| {
            let mine = key == sorted_by || (!known && key == "start");
            let down = mine && sort.starts_with('-');
            let sorted = match (mine, down) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            };
            let first_down = matches!(key, "gap" | "took" | "own" | "status");
            let next_down = if mine { !down } else { first_down };
            SortHeader {
                key,
                name: words.say(name),
                sorted,
                next: format!("{}{key}", if next_down { "-" } else { "" }),
                number,
            }
        })
        .collect()
}

/// `part / whole`, at most 1; 0 when `whole` is zero.
pub(crate) fn share_of(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() {
        0.0
    } else {
        part.div_duration_f64(whole).min(1.0)
    }
}

/// A share as a percentage for SVG.
pub(super) fn scaled(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}
