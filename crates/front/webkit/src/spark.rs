//! Sparklines as SVG paths in a box of 100 by 20. `spark.js` draws the same lines.

use std::fmt::Write;

/// A line through evenly spaced values, with zero at the bottom and gaps where there is no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spark {
    /// Path of the line.
    pub line: String,
    /// Path of a point at the end of the line.
    pub end: String,
}

const WIDTH: f64 = 100.0;
const HEIGHT: f64 = 20.0;
/// Room for the stroke at the top and the bottom.
const MARGIN: f64 = 2.0;

impl Spark {
    /// The sparkline of `values`.
    pub fn of(values: &[Option<f64>]) -> Self {
        let top = values.iter().flatten().copied().fold(0.0, f64::max) * 1.15;
        if top <= 0.0 || values.len() < 2 {
            return Self::default();
        }
        let step = WIDTH / (values.len() - 1) as f64;
        let mut spark = Self::default();
        let mut drawing = false;
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else {
                drawing = false;
                continue;
            };
            let x = index as f64 * step;
            let y = HEIGHT - MARGIN - value / top * (HEIGHT - 2.0 * MARGIN);
            // Writing to a String cannot fail.
            let _ = write!(
                spark.line,
                "{}{x:.1} {y:.1}",
                if drawing { 'L' } else { 'M' }
            );
            spark.end = format!("M{x:.1} {y:.1}h0");
            drawing = true;
        }
        spark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_not_drawn_over() {
        let spark = Spark::of(&[Some(1.0), None, Some(2.0), Some(0.0)]);
        assert_eq!(spark.line, "M0.0 11.0M66.7 4.1L100.0 18.0");
        assert_eq!(spark.end, "M100.0 18.0h0");
    }

    #[test]
    fn nothing_gives_no_line() {
        assert_eq!(Spark::of(&[]), Spark::default());
        assert_eq!(Spark::of(&[None, Some(0.0)]), Spark::default());
    }
}
