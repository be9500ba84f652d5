//! What the board shows: the grouping, the text in names, the state. All of it is in the URL.

use hinomi_analysis::ServiceSummary;
use hinomi_webkit::{format, page::Page};
use std::collections::BTreeSet;

/// The states, worst first.
pub(super) const STATES: [&str; 4] = ["bad", "watch", "no_data", "ok"];

/// What services are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    Namespace,
    Environment,
    /// A label, by its name.
    Label(String),
    Nothing,
}

/// The choices in the URL. Invalid values are ignored.
#[derive(Debug)]
pub(super) struct BoardChoice {
    pub by: By,
    /// Text that names must contain, as typed.
    pub q: String,
    pub state: Option<&'static str>,
    /// The groupings that are offered.
    offered: Vec<By>,
}

/// A link to one grouping.
pub(super) struct ByLink {
    pub(super) label: String,
    pub(super) href: String,
    pub(super) current: bool,
}

impl By {
    fn word(&self) -> &str {
        match self {
            Self::Namespace => "",
            Self::Environment => "environment",
            Self::Label(name) => name,
            Self::Nothing => "none",
        }
    }

    fn name(&self, page: &Page) -> String {
        match self {
            Self::Namespace => page.t("board-by-namespace"),
            Self::Environment => page.t("board-by-environment"),
            Self::Label(name) if name == "team" => page.t("board-by-team"),
            Self::Label(name) => format::name(name),
            Self::Nothing => page.t("board-by-none"),
        }
    }

    /// The group of a service; empty when it belongs to none.
    pub(super) fn value<'a>(&self, service: &'a ServiceSummary) -> &'a str {
        match self {
            Self::Namespace => &service.namespace,
            Self::Environment => &service.environment,
            Self::Label(name) => service
                .labels
                .get(name.as_str())
                .map_or("", |value| &**value),
            Self::Nothing => "",
        }
    }

    /// The heading of a group.
    pub(super) fn heading(&self, page: &Page, value: &str, alone: bool) -> String {
        match (self, value) {
            (Self::Nothing, _) => page.t("board-services"),
            (Self::Namespace, "") if alone => page.t("board-services"),
            (Self::Namespace, "") => page.t("board-no-namespace"),
            (_, "") => page.t1("board-without", "label", &self.name(page)),
            (_, value) => format::name(value),
        }
    }
}

impl BoardChoice {
    /// Reads the choices from the URL, for these services.
    pub(super) fn new(page: &Page, services: &[&ServiceSummary]) -> Self {
        let labels: BTreeSet<&str> = services
            .iter()
            .flat_map(|service| service.labels.keys())
            .map(|name| &**name)
            .collect();
        let environments: BTreeSet<&str> = services
            .iter()
            .map(|service| &*service.environment)
            .collect();
        let mut offered = vec![By::Namespace];
        if environments.len() > 1 {
            offered.push(By::Environment);
        }
        // `team` comes first: most people group by it.
        let (team, others): (Vec<&str>, Vec<&str>) =
            labels.into_iter().partition(|name| *name == "team");
        let labels = team.into_iter().chain(others);
        offered.extend(labels.map(|name| By::Label(name.to_owned())));
        offered.push(By::Nothing);
        let asked = page.param("group").unwrap_or_default();
        let by = offered.iter().find(|by| by.word() == asked);
        let state = page.param("state").unwrap_or_default();
        Self {
            by: by.cloned().unwrap_or(By::Namespace),
            q: page.param("q").unwrap_or_default().to_owned(),
            state: STATES.into_iter().find(|known| *known == state),
            offered,
        }
    }

    /// Whether a filter is set.
    pub(super) fn filters(&self) -> bool {
        !self.q.is_empty() || self.state.is_some()
    }

    /// Whether a service's name contains the text; case is ignored.
    pub(super) fn has_name(&self, service: &ServiceSummary) -> bool {
        let wanted = self.q.trim().to_lowercase();
        wanted.is_empty() || service.service.to_lowercase().contains(&wanted)
    }

    /// The links to the offered groupings.
    pub(super) fn links(&self, page: &Page) -> Vec<ByLink> {
        let links = self.offered.iter().map(|by| ByLink {
            label: by.name(page),
            href: page.this_with(&[("group", by.word())]),
            current: *by == self.by,
        });
        links.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use hinomi_webkit::i18n::Language;

    fn choice(query: &[(&str, &str)]) -> BoardChoice {
        let mut page = crate::sample::page(Language::English);
        let owned = query.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        page.query = owned.collect();
        let services = sample::services(16);
        BoardChoice::new(&page, &services.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_services_have_is_offered_and_nonsense_is_the_default() {
        let words: Vec<String> = choice(&[])
            .offered
            .iter()
            .map(|by| by.word().to_owned())
            .collect();
        assert_eq!(words, ["", "team", "none"]);
        assert_eq!(
            choice(&[("group", "team")]).by,
            By::Label("team".to_owned())
        );
        for nonsense in ["cloud.region", "<b>", "environment"] {
            assert_eq!(choice(&[("group", nonsense)]).by, By::Namespace);
        }
        assert_eq!(choice(&[("state", "fine")]).state, None);
    }

    #[test]
    fn names_are_found_in_any_case() {
        let services = sample::services(16);
        let found = |q: &str| {
            let choice = choice(&[("q", q)]);
            services
                .iter()
                .filter(|service| choice.has_name(service))
                .count()
        };
        assert_eq!(found("PAY"), 2);
        assert_eq!(found(" bff "), 2);
        assert_eq!(found(""), 16);
        assert_eq!(found("nothing like it"), 0);
    }
}
