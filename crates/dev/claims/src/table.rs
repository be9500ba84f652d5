//! The table: one row a claim, in Markdown.

mod details;
mod rows;

pub use details::details;

use crate::Played;
use std::fmt::Write;

/// One claim with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the product claims.
    pub claim: &'static str,
    /// What is aimed at; empty when there is no goal.
    pub goal: &'static str,
    /// The figures of the run.
    pub figures: String,
    /// What was counted: episodes, faults, releases or time.
    pub episodes: String,
}

/// The rows of all plays together.
pub fn rows(plays: &[Played]) -> Vec<Row> {
    let mut all = rows::health(plays);
    all.extend(rows::blame(plays));
    all.extend(rows::patterns(plays));
    all.extend(rows::deployments(plays));
    all
}

/// The rows as a table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut table = String::from("| claim | goal | figures | episodes |\n|---|---|---|---|\n");
    for row in rows {
        let Row {
            claim,
            goal,
            figures,
            episodes,
        } = row;
        // Writing to a text does not fail.
        let _ = writeln!(table, "| {claim} | {goal} | {figures} | {episodes} |");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Scene, ServicePlayed,
        score::{
            blame::{BlameStep, Partner},
            health::{HealthStep, Said},
        },
        truth::Truth,
    };

    /// A play of twenty fine steps, ten bad ones that are called bad from the fourth on, and forty
    /// fine ones in which a partner is blamed for nothing.
    fn played() -> Played {
        let steps = (0..70).map(|step| HealthStep {
            truth: match step {
                20..30 => Truth::Bad,
                _ => Truth::Fine,
            },
            is_busy: true,
            said: match step {
                23..32 => Said::Bad,
                _ => Said::Ok,
            },
        });
        let blames = (0..70).map(|step| BlameStep {
            partner: Partner::Answers,
            is_blamed: step == 40,
        });
        let service = ServicePlayed {
            reasons: vec![String::new(); 70],
            steps: steps.collect(),
        };
        Played {
            scene: Scene::nth(0, 2.0),
            services: [("payment", service)].into(),
            partners: [("bank.example".to_owned(), blames.collect())].into(),
            patterns: <_>::default(),
            releases: Vec::new(),
            faults: Vec::new(),
        }
    }

    #[test]
    fn a_row_has_the_figures_of_all_plays() {
        let rows = rows(&[played(), played()]);
        let of = |claim: &str| {
            let row = rows.iter().find(|row| row.claim.contains(claim));
            let row = row.expect("there is such a row");
            format!("{}; {}", row.figures, row.episodes)
        };
        assert_eq!(
            of("called bad or watched"),
            "100 %; median 15 s, p90 15 s; 2 bad times"
        );
        assert_eq!(
            of("≥ 2 requests/s"),
            "100 %; median 15 s, p90 15 s; within 15 s 100 %; 2 bad times"
        );
        assert_eq!(of("back to OK"), "median 15 s, p90 15 s; 2 ends");
        assert!(of("bad without reason").starts_with("0.0 a service and day"));
        assert!(of("blamed without reason").contains("2 in 0.2 partner hours"));
        assert!(of("harmful one").starts_with('–'));
    }

    #[test]
    fn the_table_is_markdown() {
        let table = markdown(&rows(&[played()]));
        let columns = |line: &str| line.matches('|').count();
        assert!(table.lines().all(|line| columns(line) == 5), "{table}");
        assert!(table.starts_with("| claim | goal |"));
    }

    #[test]
    fn without_plays_there_are_no_figures_and_no_panic() {
        assert!(
            rows(&[])
                .iter()
                .all(|row| row.figures.contains('–') || row.figures.contains("no delay known"))
        );
    }
}
