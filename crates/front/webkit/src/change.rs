//! Changes compared with another time: signed, in percent, and marked when they are for the worse and there
//! are enough transactions to tell.

use crate::format;

/// A change of latency is marked from this increase on.
const SLOWER: f64 = 0.2;
/// A change of the failed share is marked from this increase on: half a percentage point.
const MORE_ERRORS: f64 = 0.005;
/// Fewest transactions above a quantile, in both times, that make its change worth a mark.
const BEYOND: f64 = 5.0;
/// Fewest failures, and standard deviations from the other time's share, that are worth a mark.
const FAILURES: u64 = 3;
const DEVIATIONS: f64 = 2.58;
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

    /// A change of a quantile of latency: more is worse. `counts` are those of both times.
    pub fn latency(change: Option<f64>, quantile: f64, counts: [u64; 2]) -> Self {
        let told = |count: u64| count as f64 * (1.0 - quantile) >= BEYOND;
        let worse = change.is_some_and(|change| change >= SLOWER) && counts.into_iter().all(told);
        Self {
            class: if worse { "is-slow" } else { "" },
            ..Self::neutral(change)
        }
    }

    /// The change of the failed share from `before` to `now`, in percentage points.
    pub fn errors(now: Failing, before: Failing) -> Self {
        let points = now.share() - before.share();
        let worse = points >= MORE_ERRORS && now.is_more_than(before);
        let class = if worse { "is-error" } else { "" };
        let percent = points * 100.0;
        let text = if percent.abs() < 0.005 {
            "0".into()
        } else {
            format!("{}{}", sign(points), format::number(percent.abs()))
        };
        Self { text, class }
    }
}

/// How many failed, and of how many.
#[derive(Debug, Clone, Copy)]
pub struct Failing {
    /// How many failed.
    pub errors: u64,
    /// How many there were.
    pub count: u64,
}

impl Failing {
    fn share(self) -> f64 {
        format::share(self.errors, self.count)
    }

    /// Whether chance hardly makes so many more.
    fn is_more_than(self, before: Self) -> bool {
        let count = [self, before].map(|one| one.count.max(1) as f64);
        let all = (self.errors + before.errors) as f64 / (count[0] + count[1]);
        let deviation = (all * (1.0 - all) * (1.0 / count[0] + 1.0 / count[1])).sqrt();
        self.errors >= FAILURES && self.share() - before.share() >= DEVIATIONS * deviation
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
        let latency = |change| ChangeText::latency(Some(change), 0.95, [500, 500]).class;
        assert_eq!((latency(0.5), latency(-0.5)), ("is-slow", ""));
        let errors = |now, before| {
            let of = |errors| Failing {
                errors,
                count: 100_000,
            };
            ChangeText::errors(of(now), of(before))
        };
        assert_eq!(errors(2_000, 0).class, "is-error");
        assert_eq!(errors(2_000, 0).text, "+2");
        assert_eq!(errors(0, 2_000).text, "−2");
        assert_eq!(errors(1_001, 1_000).text, "0");
    }

    #[test]
    fn few_transactions_are_not_marked() {
        let latency = |quantile, count| {
            let change = ChangeText::latency(Some(0.5), quantile, [count, 500]);
            assert_eq!(change.text, "+50\u{a0}%");
            change.class
        };
        assert_eq!((latency(0.5, 5), latency(0.5, 10)), ("", "is-slow"));
        assert_eq!((latency(0.95, 60), latency(0.95, 100)), ("", "is-slow"));
        let errors = |errors, count| {
            let before = Failing {
                errors: 0,
                count: 500,
            };
            ChangeText::errors(Failing { errors, count }, before).class
        };
        assert_eq!(errors(1, 129), "");
        assert_eq!(errors(2, 20), "");
        assert_eq!(errors(5, 129), "is-error");
    }
}
