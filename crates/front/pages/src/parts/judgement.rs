//! The verdict on a deployment as a sentence.

use super::verdict::{Part, length};
use fluent_bundle::FluentValue;
use hinomi_analysis::deployment::{
    DeploymentVerdict, EXCLUDED, JudgedDeployment, Judgement, Metric,
};
use hinomi_webkit::{format, page::Page};
use std::time::Duration;

/// A verdict, ready to be rendered.
pub(crate) struct JudgementView {
    /// CSS class of the mark.
    pub(crate) class: &'static str,
    pub(crate) word: String,
    pub(crate) sentence: Vec<Part>,
    /// The numbers that it is based on.
    pub(crate) basis: String,
}

impl JudgementView {
    /// The verdict in the reader's language.
    pub(crate) fn new(page: &Page, judged: &JudgedDeployment) -> Self {
        let (judgement, running) = (&judged.judgement, judged.comparison.running);
        let (class, key) = match judgement.verdict {
            DeploymentVerdict::Collecting if running => ("no_data", "deploy-collecting"),
            DeploymentVerdict::Collecting => ("no_data", "deploy-undecided"),
            DeploymentVerdict::NoDifference => ("ok", "deploy-no-difference"),
            DeploymentVerdict::Better => ("ok", "deploy-better"),
            DeploymentVerdict::Worse => ("bad", "deploy-worse"),
        };
        Self {
            class,
            word: page.t(key),
            sentence: sentence(page, judgement, running),
            basis: basis(page, judgement, judged.left_out()),
        }
    }
}

fn say(page: &Page, key: &str, values: &[(&str, String)]) -> String {
    let values: Vec<(&str, FluentValue)> = values
        .iter()
        .map(|(name, value)| (*name, FluentValue::from(value.as_str())))
        .collect();
    page.words().say_with(key, &values)
}

fn sentence(page: &Page, judgement: &Judgement, running: bool) -> Vec<Part> {
    let excluded = [
        ("latency", format::number((EXCLUDED.latency - 1.0) * 100.0)),
        ("errors", format::number(EXCLUDED.errors * 100.0)),
    ];
    match judgement.verdict {
        DeploymentVerdict::Collecting if judgement.old_count == 0 => {
            vec![(page.t("deploy-no-old"), false)]
        }
        DeploymentVerdict::Collecting if judgement.new_count == 0 => {
            let key = match running {
                true => "deploy-no-new",
                false => "deploy-never-new",
            };
            vec![(page.t(key), false)]
        }
        DeploymentVerdict::Collecting => vec![(page.t("deploy-too-few"), false)],
        DeploymentVerdict::NoDifference => vec![(say(page, "deploy-excluded", &excluded), false)],
        DeploymentVerdict::Better | DeploymentVerdict::Worse => {
            let mut parts = Vec::new();
            for metric in &judgement.because {
                if !parts.is_empty() {
                    parts.push((" · ".to_owned(), false));
                }
                parts.push((because(page, judgement, *metric), true));
            }
            parts
        }
    }
}

fn because(page: &Page, judgement: &Judgement, metric: Metric) -> String {
    match metric {
        Metric::Latency => {
            let (old, new) = judgement.p95;
            let times = match (old, new) {
                (Some(old), Some(new)) => new.as_secs_f64() / old.as_secs_f64().max(1e-9),
                _ => f64::NAN,
            };
            let values = [
                ("old", format::some_duration(old).to_string()),
                ("new", format::some_duration(new).to_string()),
                ("change", change(times)),
            ];
            say(page, "deploy-because-latency", &values)
        }
        Metric::Errors => {
            let (old, new) = judgement.errors;
            let values = [
                ("old", format::percent(old).to_string()),
                ("new", format::percent(new).to_string()),
            ];
            say(page, "deploy-because-errors", &values)
        }
    }
}

/// A factor as a change in percent: `+30 %`, `−12 %`.
pub(crate) fn change(times: f64) -> String {
    if !times.is_finite() {
        return "–".into();
    }
    let percent = (times - 1.0) * 100.0;
    let sign = if percent >= 0.5 {
        "+"
    } else if percent <= -0.5 {
        "−"
    } else {
        "±"
    };
    format!("{sign}{}\u{a0}%", format::number(percent.abs().round()))
}

fn basis(page: &Page, judgement: &Judgement, left_out: Duration) -> String {
    let counts = [
        ("new", format::count(judgement.new_count)),
        ("old", format::count(judgement.old_count)),
    ];
    let mut basis = say(page, "deploy-basis", &counts);
    if let (Some(noticeable), DeploymentVerdict::Collecting | DeploymentVerdict::NoDifference) =
        (judgement.noticeable, judgement.verdict)
    {
        let values = [
            (
                "latency",
                format::number(((noticeable.latency - 1.0) * 100.0).ceil()),
            ),
            ("errors", format::number(noticeable.errors * 100.0)),
        ];
        basis.push(' ');
        basis.push_str(&say(page, "deploy-noticeable", &values));
    }
    if !left_out.is_zero() {
        basis.push(' ');
        let length = length(page, left_out);
        basis.push_str(&say(page, "deploy-left-out", &[("length", length)]));
    }
    basis
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::{i18n::Language, sample};

    #[test]
    fn times_at_which_others_failed_make_no_verdict_and_are_told() {
        let mut comparison = sample::comparison(true);
        let judged = JudgedDeployment::of(comparison.clone());
        assert_eq!(judged.judgement.verdict, DeploymentVerdict::Worse);
        for step in &mut comparison.steps_since {
            step.is_troubled = true;
        }
        let judged = JudgedDeployment::of(comparison);
        assert_eq!(judged.judgement.verdict, DeploymentVerdict::Collecting);
        assert_eq!(judged.sides().1.count, 0);
        for language in Language::ALL {
            let page = crate::sample::page(language);
            let basis = JudgementView::new(&page, &judged).basis;
            assert!(basis.contains('5') && !basis.contains("deploy-"), "{basis}");
        }
    }
}
