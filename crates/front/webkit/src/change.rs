//! Changes compared with another time: signed, in percent, and marked when they are for the worse.

use crate::format;

/// A change of latency is marked from this increase on.
const SLOWER: f64 = 0.2;
/// A change of the failed share is marked from this increase on: half a percentage point.
const MORE_ERRORS: f64 = 0.005;
/// From this change on, a factor is shown instead of a percentage.
const FACTOR_FROM: f64 = 9.0;

/// A change, ready to be rendered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeText {
    /// The change, such as `+12 %`.
    pub text: String,
    /// `is-slow`, `is-error` or empty.
    pub class: &'static str,
}

impl ChangeText {
    /// A change that is neither good nor bad.
    pub fn neutral(change: Option<f64>) -> Self {
        Self {
            text: change.map_or_else(String::new, relative),
            class: "",
        }
    }

    /// A change of latency: more is worse.
    pub fn latency(change: Option<f64>) -> Self {
        let worse = change.is_some_and(|change| change >= SLOWER);
        Self {
            class: if worse { "is-slow" } else { "" },
            ..Self::neutral(change)
        }
    }

    /// A change of the failed share, in percentage points.
    pub fn errors(points: f64) -> Self {
        let class = if points >= MORE_ERRORS {
            "is-error"
        } else {
            ""
        };
        let percent = points * 100.0;
        let text = if percent.abs() < 0.005 {
            "0".into()
        } else {
            format!("{}{}", sign(points), format::number(percent.abs()))
        };
        Self { text, class }
    }
}

/// A relative change as text: `+12 %`, `−3 %`, `0 %`, `×14`.
fn relative(change: f64) -> String {
    if change >= FACTOR_FROM {
        return format!("×{}", format::number((change + 1.0).round()));
    }
    let percent = (change * 100.0).round();
    if percent == 0.0 {
        return "0\u{a0}%".into();
    }
    format!("{}{}\u{a0}%", sign(change), format::number(percent.abs()))
}

fn sign(value: f64) -> &'static str {
    if value < 0.0 { "−" } else { "+" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_signed_and_great_ones_are_factors() {
        let cases = [
            (0.121, "+12 %"),
            (-0.034, "−3 %"),
            (0.001, "0 %"),
            (8.5, "+850 %"),
            (13.2, "×14"),
        ];
        for (change, expected) in cases {
            let text = ChangeText::neutral(Some(change)).text;
            assert_eq!(text.replace('\u{a0}', " "), expected);
        }
        assert_eq!(ChangeText::neutral(None).text, "");
    }

    #[test]
    fn only_the_worse_is_marked() {
        assert_eq!(ChangeText::latency(Some(0.5)).class, "is-slow");
        assert_eq!(ChangeText::latency(Some(-0.5)).class, "");
        assert_eq!(ChangeText::errors(0.02).class, "is-error");
        assert_eq!(ChangeText::errors(0.02).text, "+2");
        assert_eq!(ChangeText::errors(-0.02).text, "−2");
        assert_eq!(ChangeText::errors(0.000_01).text, "0");
    }
}
