//! Named patterns of a hitmap: the shapes that experienced people recognise.
//!
//! | kind | what it looks like | what it usually is |
//! |---|---|---|
//! | vertical | one column filled from short to long | a lock, pause or exhausted pool was released, and all who waited end together |
//! | horizontal | a line at one duration | a timeout; the constant tells whose |
//! | wave | the cloud rises and falls in turn | a resource that fills and empties: pool, garbage collection, queue |
//! | overload | the whole cloud climbs | more work than the service can do at once |
//! | flood | suddenly a multiple of the usual columns' counts | a burst of requests, retries or a runaway client |
//!
//! Each detector tests one property that ordinary traffic (several kinds of request, batch jobs,
//! few requests, deployments) does not have, and requires that chance does not explain it.

mod flood;
mod horizontal;
mod overload;
mod shared;
mod vertical;
mod wave;
mod window;

pub use shared::of_all;
pub use window::HitmapWindow;

use std::{ops::Range, time::Duration};

/// The kinds of pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PatternKind {
    /// Transactions that waited for the same thing end together.
    Vertical,
    /// Transactions end after one constant duration.
    Horizontal,
    /// Durations rise and fall periodically.
    Wave,
    /// All durations climb together.
    Overload,
    /// The throughput is suddenly a multiple of the usual one.
    Flood,
}

impl PatternKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Vertical,
        Self::Horizontal,
        Self::Wave,
        Self::Overload,
        Self::Flood,
    ];

    /// The word used in the API and in style sheets.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vertical => "vertical",
            Self::Horizontal => "horizontal",
            Self::Wave => "wave",
            Self::Overload => "overload",
            Self::Flood => "flood",
        }
    }
}

/// One pattern and where it is in the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Kind of the pattern.
    pub kind: PatternKind,
    /// The columns it covers.
    pub columns: Range<usize>,
    /// The hitmap rows it covers.
    pub rows: Range<usize>,
    /// The duration of a horizontal line: the roundest number that its first row holds.
    pub constant: Option<Duration>,
    /// Time from one crest of a wave to the next.
    pub period: Option<Duration>,
    /// Number of transactions in these columns and rows.
    pub count: u64,
    /// How many of them failed. A line of failures is a timeout; one of successes may be anything that
    /// takes a constant time.
    pub failed: u64,
    /// Factor on the usual: the count over the expected count; for a wave, crest over trough.
    pub strength: f64,
}

/// The patterns of one window, sorted by first column. Empty when there is too little traffic to
/// tell a shape from chance.
pub fn find(window: &HitmapWindow) -> Vec<Pattern> {
    find_kinds(window, &PatternKind::ALL)
}

/// Wider columns have no patterns: what is sudden in them may have taken an hour, and a day's rhythm is no
/// flood.
const WIDEST: Duration = Duration::from_secs(300);

/// Like [`find`], for some kinds only.
pub fn find_kinds(window: &HitmapWindow, kinds: &[PatternKind]) -> Vec<Pattern> {
    if window.column() > WIDEST {
        return Vec::new();
    }
    let wanted = |kind| kinds.contains(&kind);
    let mut found = Vec::new();
    if wanted(PatternKind::Horizontal) {
        found.extend(horizontal::find(window));
    }
    if wanted(PatternKind::Vertical) {
        found.extend(vertical::find(window));
    }
    if wanted(PatternKind::Flood) {
        found.extend(flood::find(window));
    }
    if wanted(PatternKind::Wave) || wanted(PatternKind::Overload) {
        found.extend(wave_and_climbs(window));
    }
    found.retain(|pattern| wanted(pattern.kind));
    found.sort_by_key(|pattern| (pattern.columns.start, pattern.kind));
    found
}

/// A wave contains climbs. They are reported as the wave only, and the first crest may begin before
/// the wave's columns.
fn wave_and_climbs(window: &HitmapWindow) -> Vec<Pattern> {
    let mut climbs = overload::find(window);
    if let Some(wave) = wave::find(window) {
        let crest = wave.period.map_or(0, |period| {
            period.div_duration_f64(window.column()).ceil() as usize
        });
        climbs
            .retain(|climb| !overlap(&climb.columns, &wave.columns) && climb.columns.len() > crest);
        climbs.push(wave);
    }
    climbs
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
