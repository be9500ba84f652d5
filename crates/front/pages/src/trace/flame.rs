//! The flame view: equal spans below equal parents form one frame, as wide as the time spent in and
//! below it. Parallel calls add up, so the total may exceed the trace's length.

use super::{
    draw::{scaled, share_of},
    merged::{Frame, Merged, offsets},
    numbers::percent,
    rows::Colours,
};
use hinomi_query::{answer::Trace, trace::SpanAddress};
use hinomi_webkit::{format::duration, i18n::Translations};
use std::time::Duration;

/// Most levels that are drawn. Deeper frames show after zooming in.
const LEVELS_MAX: usize = 48;
/// Frames narrower than this share of the view are not drawn.
const NARROWEST: f64 = 0.001;
/// Frames at least this wide show their name.
const NAMED: f64 = 0.025;
/// Height of a level with the gap below it, in pixels.
const LEVEL_HEIGHT: usize = 22;

/// The flame view.
pub(crate) struct Flame {
    pub(crate) frames: Vec<FrameView>,
    pub(crate) height: usize,
    /// Sentence that says how many frames are too narrow or too deep to be drawn.
    pub(crate) left_out: Option<String>,
    /// Whether the view is zoomed to a part of the trace.
    pub(crate) zoomed: bool,
}

/// A frame as SVG.
pub(crate) struct FrameView {
    pub(crate) x: String,
    pub(crate) y: usize,
    pub(crate) width: String,
    pub(crate) colour: &'static str,
    /// Name of the frame; empty when there is no room.
    pub(crate) name: String,
    pub(crate) title: String,
    /// The slowest span of the frame. A click selects it and zooms to the frame.
    pub(crate) span: String,
    pub(crate) failed: bool,
    pub(crate) above: bool,
}

impl Flame {
    /// The flame view of `trace`. When `zoom` is one of its spans, the view shows that span's frame
    /// only.
    pub(crate) fn of(
        trace: &Trace,
        zoom: Option<SpanAddress>,
        colours: &Colours,
        words: &Translations,
    ) -> Self {
        let Merged { frames, of_span } = Merged::of([trace]);
        let offsets = offsets(&frames);
        let zoom = zoom
            .and_then(|address| trace.position(address))
            .and_then(|span| of_span[0].get(span).copied());
        let whole: Duration = frames
            .iter()
            .filter(|frame| frame.parent.is_none())
            .map(|frame| frame.sides[0].value)
            .sum();
        let mut place = Place::new(&frames, &offsets, zoom, whole);
        let mut drawn = Vec::new();
        let mut left_out = 0;
        for (index, frame) in frames.iter().enumerate() {
            let Some((x, width)) = place.of(index) else {
                continue;
            };
            if width < NARROWEST || frame.depth >= place.top + LEVELS_MAX {
                left_out += 1;
                continue;
            }
            drawn.push(view(trace, frame, (x, width), &place, colours, words));
        }
        let levels = drawn
            .iter()
            .map(|frame| frame.y / LEVEL_HEIGHT + 1)
            .max()
            .unwrap_or(0);
        Self {
            height: levels * LEVEL_HEIGHT,
            left_out: (left_out > 0)
                .then(|| words.say_with("trace-flame-left-out", &[("count", left_out.into())])),
            zoomed: zoom.is_some(),
            frames: drawn,
        }
    }
}

/// The places of the frames in a view of the whole trace, or of one frame with its ancestors.
struct Place<'a> {
    frames: &'a [Frame<1>],
    /// Start of each frame within the whole.
    offsets: &'a [Duration],
    from: Duration,
    length: Duration,
    /// The zoomed frame and its ancestors.
    above: Vec<usize>,
    zoom: Option<usize>,
    /// Depth of the first level that is drawn to scale.
    top: usize,
    inside: Vec<bool>,
}

impl<'a> Place<'a> {
    fn new(
        frames: &'a [Frame<1>],
        offsets: &'a [Duration],
        zoom: Option<usize>,
        whole: Duration,
    ) -> Self {
        let above = std::iter::successors(zoom, |frame| frames[*frame].parent).collect();
        let zoomed = zoom.map(|frame| &frames[frame]);
        Self {
            frames,
            offsets,
            from: zoom.map_or(Duration::ZERO, |frame| offsets[frame]),
            length: zoomed.map_or(whole, |frame| frame.sides[0].value),
            above,
            zoom,
            top: zoomed.map_or(0, |frame| frame.depth),
            inside: vec![zoom.is_none(); frames.len()],
        }
    }

    /// Left edge and width as shares of the view; `None` when the frame is outside. Must be called
    /// with ascending indices.
    fn of(&mut self, index: usize) -> Option<(f64, f64)> {
        let frame = &self.frames[index];
        if let Some(parent) = frame.parent {
            self.inside[index] = self.inside[index] || self.inside[parent];
        }
        if self.above.contains(&index) {
            self.inside[index] = self.inside[index] || self.zoom == Some(index);
            return Some((0.0, 1.0));
        }
        self.inside[index].then(|| {
            (
                share_of(self.offsets[index].saturating_sub(self.from), self.length),
                share_of(frame.sides[0].value, self.length),
            )
        })
    }
}

fn view(
    trace: &Trace,
    frame: &Frame<1>,
    (x, width): (f64, f64),
    place: &Place<'_>,
    colours: &Colours,
    words: &Translations,
) -> FrameView {
    let [side] = &frame.sides;
    let slowest = side.slowest.and_then(|span| trace.spans.get(span));
    let times = if side.count > 1 {
        format!(" ×{}", side.count)
    } else {
        String::new()
    };
    let name = format!("{} {}{times}", frame.label.who, frame.label.shown());
    let args = [
        ("name", name.clone().into()),
        ("below", duration(side.value).to_string().into()),
        (
            "share",
            percent(share_of(side.value, place.length), 1).into(),
        ),
        ("own", duration(side.own).to_string().into()),
        ("failed", side.failed.into()),
    ];
    FrameView {
        x: scaled(x),
        y: frame.depth * LEVEL_HEIGHT,
        width: scaled(width),
        colour: slowest.map_or("", |span| colours.class(span)),
        title: words.say_with("trace-flame-frame", &args),
        name: if width >= NAMED { name } else { String::new() },
        span: slowest
            .map(|span| span.address().to_string())
            .unwrap_or_default(),
        failed: side.failed > 0,
        above: place.zoom.is_some() && frame.depth < place.top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::sample;
    use hinomi_webkit::i18n::Language;

    #[test]
    fn equal_calls_are_one_frame_that_says_how_many() {
        let trace = sample::checkout();
        let page = crate::sample::page(Language::English);
        let words = page.words();
        let flame = Flame::of(&trace, None, &Colours::of(&trace), words);
        let titles = flame.frames.iter().filter(|f| f.title.contains("×24"));
        assert_eq!(titles.count(), 1);
    }

    #[test]
    fn a_zoom_shows_the_frame_whole_and_nothing_beside_it() {
        let trace = sample::checkout();
        let page = crate::sample::page(Language::English);
        let words = page.words();
        let colours = Colours::of(&trace);
        let whole = Flame::of(&trace, None, &colours, words);
        let zoom = &whole.frames[2];
        let zoomed = Flame::of(&trace, zoom.span.parse().ok(), &colours, words);
        assert!(zoomed.zoomed);
        let same = zoomed.frames.iter().find(|f| f.span == zoom.span).unwrap();
        assert_eq!((&*same.x, &*same.width), ("0.000%", "100.000%"));
        assert!(zoomed.frames.iter().filter(|f| f.above).count() >= 1);
    }
}
