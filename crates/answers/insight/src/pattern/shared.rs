//! Whether a pattern belongs to one service or to most services.

use super::{Pattern, PatternKind, overlap};

/// Fewest services with traffic for a statement about all of them.
const FEWEST: usize = 3;
/// Share of these services that must show the pattern.
const SHARE: f64 = 0.6;

/// Whether most services show a pattern of this kind at about this time. Then the cause is
/// something that they share, not the service itself. `services` has the patterns of each service
/// with traffic, in the same columns.
///
/// Horizontal lines must also have the same constant, and waves the same period.
pub fn of_all(pattern: &Pattern, services: &[Vec<Pattern>]) -> bool {
    if services.len() < FEWEST {
        return false;
    }
    let like = |other: &Pattern| {
        let near = other.columns.start.saturating_sub(1)..other.columns.end + 1;
        pattern.kind == other.kind
            && overlap(&pattern.columns, &near)
            && match pattern.kind {
                PatternKind::Horizontal => pattern.constant == other.constant,
                PatternKind::Wave => pattern.period.zip(other.period).is_some_and(|(a, b)| {
                    (a.as_secs_f64() / b.as_secs_f64().max(1e-9) - 1.0).abs() < 0.2
                }),
                _ => true,
            }
    };
    let showing = services
        .iter()
        .filter(|patterns| patterns.iter().any(like))
        .count();
    showing as f64 >= SHARE * services.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(kind: PatternKind, start: usize) -> Pattern {
        Pattern {
            kind,
            columns: start..start + 2,
            rows: 10..20,
            constant: None,
            period: None,
            count: 10,
            failed: 0,
            strength: 5.0,
        }
    }

    #[test]
    fn a_pattern_is_everyones_when_most_services_show_it_at_that_time() {
        let mine = pattern(PatternKind::Vertical, 40);
        let same = || vec![pattern(PatternKind::Vertical, 41)];
        let later = || vec![pattern(PatternKind::Vertical, 60)];
        let other = || vec![pattern(PatternKind::Flood, 40)];
        assert!(of_all(&mine, &[same(), same(), same(), later()]));
        assert!(!of_all(&mine, &[same(), later(), other(), Vec::new()]));
        assert!(
            !of_all(&mine, &[same(), same()]),
            "two services are not all"
        );
    }
}
