//! The score of the patterns that are named on hitmaps: is the shape there, is it told with its own times
//! and its own duration, and which shapes are not named.

use hinomi_analysis::pattern::PatternKind;
use hinomi_model::hitmap::row_of;
use std::{collections::BTreeMap, time::Duration};

/// A shape must be named when it has so many transactions…
const PLAIN: usize = 20;
/// …and a line when they are in so many columns.
const PLAIN_COLUMNS: usize = 6;

/// A shape that faults make on a hitmap.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Its kind.
    pub kind: PatternKind,
    /// End of its first transaction, in Unix nanoseconds.
    pub from: i64,
    /// End of its last one.
    pub to: i64,
    /// The duration of a line.
    pub constant: Option<Duration>,
    /// Number of its transactions.
    pub count: usize,
    /// Number of columns that they are in.
    pub columns: usize,
}

impl Shape {
    /// Whether anyone would see it.
    fn is_plain(&self) -> bool {
        let columns = match self.kind {
            PatternKind::Horizontal => PLAIN_COLUMNS,
            _ => 1,
        };
        self.count >= PLAIN && self.columns >= columns
    }
}

/// A pattern that was named.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its kind.
    pub kind: PatternKind,
    /// Start of its first column, in Unix nanoseconds.
    pub from: i64,
    /// End of its last column.
    pub to: i64,
    /// The duration of a line.
    pub constant: Option<Duration>,
}

/// A hitmap at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternStep {
    /// Width of a column in nanoseconds.
    pub column: i64,
    /// What is on it.
    pub shapes: Vec<Shape>,
    /// What was named.
    pub named: Vec<Named>,
}

/// The score of a kind of pattern. Everything is counted at each question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatternScore {
    /// Shapes that must be named.
    pub plain: usize,
    /// How many of them were named.
    pub found: usize,
    /// Patterns that were named.
    pub named: usize,
    /// How many of these are there.
    pub right: usize,
    /// Those with one shape each that begin within a column of it.
    pub begun_right: usize,
    /// Those that end within a column of it.
    pub ended_right: usize,
    /// Those with two shapes or more in one.
    pub merged: usize,
}

/// Scores the hitmaps of all services at all instants, by kind of pattern.
pub fn score<'a>(
    steps: impl IntoIterator<Item = &'a PatternStep>,
) -> BTreeMap<PatternKind, PatternScore> {
    let mut scores: BTreeMap<PatternKind, PatternScore> = BTreeMap::new();
    for step in steps {
        for shape in step.shapes.iter().filter(|shape| shape.is_plain()) {
            let score = scores.entry(shape.kind).or_default();
            score.plain += 1;
            let is_named = step.named.iter().any(|named| is(named, shape, step.column));
            score.found += usize::from(is_named);
        }
        for named in &step.named {
            let score = scores.entry(named.kind).or_default();
            score.named += 1;
            let shapes = step.shapes.iter();
            let own: Vec<&Shape> = shapes
                .filter(|shape| is(named, shape, step.column))
                .collect();
            score.right += usize::from(!own.is_empty());
            score.merged += usize::from(own.iter().filter(|shape| shape.is_plain()).count() > 1);
            if let [shape] = own[..] {
                let [begin, end] = off(named, shape, step.column);
                score.begun_right += usize::from(begin.abs() <= 1);
                score.ended_right += usize::from(end.abs() <= 1);
            }
        }
    }
    scores
}

/// The named patterns that are not there.
pub fn made_up(step: &PatternStep) -> impl Iterator<Item = &Named> {
    let is_there = |named: &Named| {
        let mut shapes = step.shapes.iter();
        shapes.any(|shape| is(named, shape, step.column))
    };
    step.named.iter().filter(move |named| !is_there(named))
}

/// The named patterns that begin or end more than a column off their shape, and by how many columns.
pub fn displaced(step: &PatternStep) -> impl Iterator<Item = (&Named, [i64; 2])> {
    step.named.iter().filter_map(|named| {
        let shapes = step.shapes.iter();
        let own: Vec<&Shape> = shapes
            .filter(|shape| is(named, shape, step.column))
            .collect();
        let [shape] = own[..] else {
            return None;
        };
        let off = off(named, shape, step.column);
        off.iter()
            .any(|columns| columns.abs() > 1)
            .then_some((named, off))
    })
}

/// How many columns after the shape it begins and ends.
fn off(named: &Named, shape: &Shape, column: i64) -> [i64; 2] {
    let column_of = |at: i64| at.div_euclid(column);
    [
        column_of(named.from) - column_of(shape.from),
        column_of(named.to - 1) - column_of(shape.to),
    ]
}

/// Whether a named pattern is this shape: of its kind, at its time, and with its duration to a row.
fn is(named: &Named, shape: &Shape, column: i64) -> bool {
    let row = |constant: Option<Duration>| constant.map(|constant| i32::from(row_of(constant)));
    let like = match (row(named.constant), row(shape.constant)) {
        (Some(said), Some(own)) => (said - own).abs() <= 1,
        _ => true,
    };
    named.kind == shape.kind
        && named.from <= shape.to + column
        && shape.from <= named.to + column
        && like
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn line(from: i64, to: i64, count: usize) -> Shape {
        Shape {
            kind: PatternKind::Horizontal,
            from: from * SECOND,
            to: to * SECOND,
            constant: Some(Duration::from_millis(3_004)),
            count,
            columns: 8,
        }
    }

    fn named(from: i64, to: i64, millis: u64) -> Named {
        Named {
            kind: PatternKind::Horizontal,
            from: from * SECOND,
            to: to * SECOND,
            constant: Some(Duration::from_millis(millis)),
        }
    }

    fn check(shapes: Vec<Shape>, named: Vec<Named>, expected: [usize; 7]) {
        let step = PatternStep {
            column: 5 * SECOND,
            shapes,
            named,
        };
        let scores = score([&step]);
        let score = scores[&PatternKind::Horizontal];
        let PatternScore {
            plain,
            found,
            named,
            right,
            begun_right,
            ended_right,
            merged,
        } = score;
        assert_eq!(
            [plain, found, named, right, begun_right, ended_right, merged],
            expected
        );
        assert_eq!(made_up(&step).count(), named - right);
    }

    #[test]
    fn a_line_is_right_with_its_time_and_its_duration() {
        check(
            vec![line(101, 158, 30)],
            vec![named(100, 160, 3_000)],
            [1, 1, 1, 1, 1, 1, 0],
        );
        check(
            vec![line(101, 158, 30)],
            vec![named(100, 160, 450)],
            [1, 0, 1, 0, 0, 0, 0],
        );
        check(
            vec![line(101, 158, 30)],
            vec![named(200, 260, 3_000)],
            [1, 0, 1, 0, 0, 0, 0],
        );
        check(
            vec![line(101, 158, 30)],
            vec![named(100, 220, 3_000)],
            [1, 1, 1, 1, 1, 0, 0],
        );
    }

    #[test]
    fn few_transactions_need_no_name_and_two_lines_are_not_one() {
        check(
            vec![line(101, 158, 9)],
            vec![named(100, 160, 3_000)],
            [0, 0, 1, 1, 1, 1, 0],
        );
        check(
            vec![line(101, 158, 30), line(301, 358, 30)],
            vec![named(100, 360, 3_000)],
            [2, 2, 1, 1, 0, 0, 1],
        );
    }
}
