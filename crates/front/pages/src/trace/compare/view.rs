//! The page that compares two traces: which is longer, where they differ, and the merged tree of
//! both.

use crate::trace::{
    clean::{self, NAME_MAX},
    draw::{scaled, share_of},
    head::{Main, PartView},
    merged::{Frame, Merged, Side, in_tree_order},
    rows::{self, Colours},
    summary,
};
use askama::Template;
use hinomi_query::answer::Trace;
use hinomi_webkit::{
    format::{ClockStyle, Measure, When, duration},
    i18n::Translations,
    page::{InPage, Page},
};
use std::{cmp::Reverse, time::Duration};

/// Most frames of the tree.
const FRAMES_SHOWN: usize = 1_000;
/// Most frames that are named above the tree.
const NAMED_MAX: usize = 5;
/// Differences below this share of the longer trace are not named.
const WORTH: f64 = 0.01;
/// Deepest level that is indented.
const INDENT_MAX: usize = 16;

/// The page.
#[derive(Template)]
#[template(path = "trace/compare/page.html")]
pub(crate) struct ComparePage {
    page: Page,
    trace_id: String,
    other_id: String,
    sides: [Summary; 2],
    /// Always empty on this page; the search form shows it as its text.
    asked: &'static str,
    /// CSS class and name of each category in the two bars.
    legend: Vec<(&'static str, String)>,
    sentence: String,
    named: Vec<DifferenceView>,
    rows: Vec<RowView>,
    left_out: Option<String>,
}

/// One of the two traces, drawn to the scale of the longer one.
pub(crate) struct Summary {
    /// Text that says which of the two it is.
    pub(crate) word: String,
    pub(crate) trace_id: String,
    pub(crate) operation: String,
    pub(crate) outcome: &'static str,
    pub(crate) outcome_word: String,
    pub(crate) started: When,
    pub(crate) total: Measure,
    pub(crate) spans: String,
    pub(crate) parts: Vec<PartView>,
}

/// A frame in which the traces differ most.
pub(crate) struct DifferenceView {
    pub(crate) colour: &'static str,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) difference: String,
    pub(crate) more: bool,
    pub(crate) note: String,
    pub(crate) link: String,
}

/// A row of the tree.
pub(crate) struct RowView {
    pub(crate) level: usize,
    pub(crate) indent: usize,
    pub(crate) colour: &'static str,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) sides: [SideView; 2],
    pub(crate) difference: String,
    /// Bar of the additional self time of this trace, from the middle; `x` and `width` in percent.
    pub(crate) x: String,
    pub(crate) width: String,
    pub(crate) more: bool,
    pub(crate) quiet: bool,
}

/// The spans of one trace in a frame; empty texts when there are none.
pub(crate) struct SideView {
    pub(crate) count: String,
    pub(crate) own: String,
    pub(crate) failed: bool,
    pub(crate) link: String,
}

impl ComparePage {
    /// Compares `this` with `other`. A successful transaction at or over its part of `slow` is
    /// marked slow.
    pub(crate) fn new(page: Page, this: &Trace, other: &Trace, slow: [Duration; 2]) -> Self {
        let words = page.words();
        let colours = Colours::of_all(&[this, other]);
        let longest = length(this).max(length(other));
        let merged = Merged::of([this, other]);
        let most = merged.frames.iter().map(|f| gap(f).1).max();
        let drawing = Drawing {
            traces: [this, other],
            colours: &colours,
            longest,
            most: most.unwrap_or_default(),
        };
        let order = in_tree_order(&merged.frames);
        let left_out = order.len().saturating_sub(FRAMES_SHOWN);
        let sides = [
            (this, "trace-compare-this", slow[0]),
            (other, "trace-compare-other", slow[1]),
        ]
        .map(|(trace, key, slow)| Summary::of(&page, trace, words.say(key), slow, longest));
        Self {
            trace_id: this.trace_id.to_string(),
            other_id: other.trace_id.to_string(),
            legend: legend(&sides),
            sides,
            asked: "",
            sentence: sentence(this, other, words),
            named: drawing.named(&merged.frames, words),
            rows: order
                .into_iter()
                .take(FRAMES_SHOWN)
                .map(|index| drawing.row(&merged.frames[index]))
                .collect(),
            left_out: (left_out > 0)
                .then(|| words.say_with("trace-compare-left-out", &[("count", left_out.into())])),
            page,
        }
    }
}

impl InPage for ComparePage {
    fn page(&self) -> &Page {
        &self.page
    }
}

impl Summary {
    fn of(page: &Page, trace: &Trace, word: String, slow: Duration, longest: Duration) -> Self {
        let words = page.words();
        let main = Main::of(trace, slow, words);
        let scale = share_of(length(trace), longest);
        Self {
            word,
            trace_id: trace.trace_id.to_string(),
            operation: main.operation,
            outcome: main.outcome,
            outcome_word: words.say(main.outcome_key),
            started: page.when(trace.start, ClockStyle::DateMillis),
            total: duration(length(trace)),
            spans: words.say_with("trace-spans", &[("count", trace.spans.len().into())]),
            parts: summary::parts(trace)
                .into_iter()
                .map(|part| PartView {
                    class: rows::category_class(part.category),
                    x: scaled(part.offset * scale),
                    width: scaled(part.share * scale),
                    name: words.say(&format!(
                        "trace-category-{}",
                        crate::trace::head::word(part.category)
                    )),
                    amount: duration(part.time),
                    share: crate::trace::numbers::percent(part.share, 1),
                })
                .collect(),
        }
    }
}

fn legend(sides: &[Summary; 2]) -> Vec<(&'static str, String)> {
    let mut legend: Vec<(&'static str, String)> = Vec::new();
    for part in sides.iter().flat_map(|side| &side.parts) {
        if legend.iter().all(|(class, _)| *class != part.class) {
            legend.push((part.class, part.name.clone()));
        }
    }
    legend
}

fn length(trace: &Trace) -> Duration {
    trace.end.since(trace.start)
}

/// Whether the first trace has more self time in the frame, and the difference.
fn gap(frame: &Frame<2>) -> (bool, Duration) {
    let [this, other] = &frame.sides;
    (this.own >= other.own, this.own.abs_diff(other.own))
}

fn sentence(this: &Trace, other: &Trace, words: &Translations) -> String {
    let (a, b) = (length(this), length(other));
    let by = ("by", duration(a.abs_diff(b)).to_string().into());
    let times = if b.is_zero() || a.is_zero() {
        String::new()
    } else {
        format!("{:.1}", a.max(b).div_duration_f64(a.min(b)))
    };
    let key = match a.cmp(&b) {
        std::cmp::Ordering::Greater => "trace-compare-longer",
        std::cmp::Ordering::Less => "trace-compare-shorter",
        std::cmp::Ordering::Equal => "trace-compare-equal",
    };
    words.say_with(key, &[by, ("times", times.into())])
}

struct Drawing<'a> {
    traces: [&'a Trace; 2],
    colours: &'a Colours,
    longest: Duration,
    /// The largest difference of a single frame.
    most: Duration,
}

impl Drawing<'_> {
    fn named(&self, frames: &[Frame<2>], words: &Translations) -> Vec<DifferenceView> {
        let mut worth: Vec<&Frame<2>> = frames
            .iter()
            .filter(|frame| self.is_worth_a_look(frame))
            .collect();
        worth.sort_by_key(|frame| Reverse(gap(frame).1));
        worth
            .into_iter()
            .take(NAMED_MAX)
            .map(|frame| {
                let (more, by) = gap(frame);
                let [this, other] = frame.sides.map(|side| side.count);
                let key = match (this, other) {
                    (_, 0) => "trace-compare-only-this",
                    (0, _) => "trace-compare-only-other",
                    (this, other) if this == other => "trace-compare-same-count",
                    _ => "trace-compare-counts",
                };
                let side = usize::from(!more);
                DifferenceView {
                    colour: self.colour(frame),
                    who: frame.label.who.clone(),
                    what: frame.label.shown(),
                    difference: match by.is_zero() {
                        true => String::new(),
                        false => signed(more, by),
                    },
                    more,
                    note: words.say_with(key, &[("this", this.into()), ("other", other.into())]),
                    link: self.link(frame, side).unwrap_or_default(),
                }
            })
            .collect()
    }

    fn row(&self, frame: &Frame<2>) -> RowView {
        let (more, by) = gap(frame);
        let half = share_of(by, self.most) * 0.5;
        let side = |number: usize| {
            let Side {
                count, own, failed, ..
            } = frame.sides[number];
            SideView {
                count: if count == 0 {
                    String::new()
                } else {
                    format!("×{count}")
                },
                own: if count == 0 {
                    String::new()
                } else {
                    duration(own).to_string()
                },
                failed: failed > 0,
                link: self.link(frame, number).unwrap_or_default(),
            }
        };
        let quiet = !self.is_worth_a_look(frame);
        RowView {
            level: frame.depth + 1,
            indent: frame.depth.min(INDENT_MAX),
            colour: self.colour(frame),
            who: frame.label.who.clone(),
            what: frame.label.shown(),
            sides: [side(0), side(1)],
            difference: signed(more, by),
            x: scaled(if more { 0.5 } else { 0.5 - half }),
            width: scaled(half),
            more,
            quiet,
        }
    }

    fn is_worth_a_look(&self, frame: &Frame<2>) -> bool {
        let failed = frame.sides.map(|side| side.failed > 0);
        share_of(gap(frame).1, self.longest) >= WORTH || failed[0] != failed[1]
    }

    fn colour(&self, frame: &Frame<2>) -> &'static str {
        let sides = frame.sides.iter().zip(self.traces);
        let span = sides
            .filter_map(|(side, trace)| trace.spans.get(side.slowest?))
            .next();
        span.map_or("", |span| self.colours.class(span))
    }

    /// Link to the longest span of a frame, in its own trace.
    fn link(&self, frame: &Frame<2>, number: usize) -> Option<String> {
        let trace = self.traces.get(number)?;
        let span = trace.spans.get(frame.sides[number].slowest?)?;
        Some(format!(
            "/traces/{}?span={}",
            trace.trace_id,
            span.address()
        ))
    }
}

fn signed(more: bool, by: Duration) -> String {
    let sign = if more { '+' } else { '−' };
    format!("{sign}{}", duration(by))
}

/// The page that asks for another trace, when none was found or the given one is not a trace.
#[derive(Template)]
#[template(path = "trace/compare/with.html")]
pub(crate) struct CompareWith {
    page: Page,
    trace_id: String,
    /// The other trace in the URL, when it was not found.
    asked: String,
}

impl CompareWith {
    /// Asks for the trace to compare with `trace_id`; `asked` was not found.
    pub(crate) fn new(page: Page, trace_id: String, asked: &str) -> Self {
        Self {
            page,
            trace_id,
            asked: clean::line(asked, NAME_MAX),
        }
    }
}

impl InPage for CompareWith {
    fn page(&self) -> &Page {
        &self.page
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;
    use hinomi_webkit::i18n::Language;

    fn compared(this: &Trace, other: &Trace, language: Language) -> ComparePage {
        ComparePage::new(
            crate::sample::page(language),
            this,
            other,
            [Duration::from_secs(1); 2],
        )
    }

    #[test]
    fn a_trace_differs_from_itself_nowhere() {
        let trace = sample::checkout();
        let page = compared(&trace, &trace, Language::English);
        assert!(page.named.is_empty());
        assert!(page.rows.iter().all(|row| row.quiet));
    }

    #[test]
    fn what_one_lacks_is_the_difference() {
        let this = sample::checkout();
        let page = compared(&this, &sample::one(), Language::English);
        assert!(!page.named.is_empty());
        assert!(page.named.iter().all(|difference| difference.more));
        let back = compared(&sample::one(), &this, Language::English);
        let names = |page: &ComparePage| {
            page.named
                .iter()
                .map(|named| named.what.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&page), names(&back));
        assert!(back.named.iter().all(|difference| !difference.more));
    }

    #[test]
    fn every_pair_of_samples_renders_in_every_language() {
        for language in Language::ALL {
            for this in sample::all() {
                for other in [sample::checkout(), sample::hostile(), sample::empty()] {
                    let html = compared(&this, &other, language).render().unwrap();
                    assert!(!html.contains("trace-compare-"), "a key was left");
                    assert!(!html.contains("<script>alert"));
                }
            }
        }
    }
}
