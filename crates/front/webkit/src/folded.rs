//! The notices above the board and above the pages of a service that sends too many names: which
//! service, which attribute, and what to do.

use crate::{
    format::{self, ClockStyle},
    page::{Page, Section},
};
use fluent_bundle::FluentValue;
use hinomi_live::Attribute;
use hinomi_query::answer::FoldedNames;

/// Most notices that are shown. Further ones are only counted.
const NAMED: usize = 3;
/// Longest example, in characters.
const LONGEST: usize = 60;

/// The notices of a page: on the board of every service, on a service's pages of that service.
pub fn notices(page: &Page) -> Vec<String> {
    let is_meant = |names: &&FoldedNames| match &page.service {
        Some(service) => *names.service == **service,
        None => page.section == Section::Health,
    };
    let meant: Vec<_> = page.folded.iter().filter(is_meant).collect();
    let named = meant.iter().take(NAMED);
    let mut notices: Vec<String> = named.map(|names| told(page, names)).collect();
    if meant.len() > NAMED {
        let more = (meant.len() - NAMED).into();
        notices.push(page.words().say_with("folded-more", &[("count", more)]));
    }
    notices
}

fn told(page: &Page, names: &FoldedNames) -> String {
    let (sentence, attribute) = match names.attribute {
        Attribute::Service => ("folded-services", "service.name".to_owned()),
        Attribute::Environment => ("folded-names", "deployment.environment.name".to_owned()),
        Attribute::Instance => ("folded-names", "service.instance.id".to_owned()),
        Attribute::Version => ("folded-names", "service.version".to_owned()),
        Attribute::ErrorType => ("folded-names", "error.type".to_owned()),
        Attribute::Operation => ("folded-names", page.t("folded-operation")),
        Attribute::Target => ("folded-names", page.t("folded-target")),
        Attribute::Detail => ("folded-names", page.t("folded-detail")),
    };
    let example: String = format::name(&names.example).chars().take(LONGEST).collect();
    let value = |text: String| FluentValue::from(text);
    page.words().say_with(
        sentence,
        &[
            ("service", value(format::name(&names.service))),
            ("attribute", value(attribute)),
            ("example", value(example)),
            (
                "since",
                value(page.when(names.since, ClockStyle::Seconds).text),
            ),
            ("spans", names.spans.into()),
        ],
    )
}

impl Page {
    /// The notices of names that are folded into `(other)`.
    pub fn folded_notices(&self) -> Vec<String> {
        notices(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use hinomi_model::UnixNanos;

    fn folded(service: &str, attribute: Attribute) -> FoldedNames {
        FoldedNames {
            service: service.into(),
            attribute,
            example: "pr-4711".into(),
            spans: 1_200,
            since: UnixNanos::from_millis(1_763_831_820_000),
            last: UnixNanos::from_millis(1_763_831_820_000),
        }
    }

    fn page(language: Language, folded: Vec<FoldedNames>) -> Page {
        let mut page = Page::plain(language).in_section(Section::Health);
        page.folded = folded;
        page.service = None;
        page
    }

    #[test]
    fn the_board_names_service_and_attribute_and_counts_the_rest() {
        let of = |number: usize| folded(&format!("shop-{number}"), Attribute::Environment);
        let said = notices(&page(Language::English, (0..5).map(of).collect()));
        assert_eq!(said.len(), 4);
        for part in [
            "shop-0",
            "deployment.environment.name",
            "pr-4711",
            "(other)",
        ] {
            assert!(said[0].contains(part), "{part}: {said:?}");
        }
        assert!(said[3].contains('2'), "{said:?}");
    }

    #[test]
    fn a_service_is_told_of_its_own_names_only() {
        let all = vec![
            folded("a", Attribute::Operation),
            folded("b", Attribute::Instance),
        ];
        let mut page = page(Language::English, all);
        page.service = Some("b".into());
        let said = notices(&page);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("service.instance.id"), "{said:?}");
        page.service = Some("c".into());
        assert!(notices(&page).is_empty());
    }

    #[test]
    fn every_language_says_it_of_every_attribute() {
        for language in Language::ALL {
            for attribute in Attribute::ALL {
                let said = notices(&page(language, vec![folded("a", attribute)]));
                assert_eq!(said.len(), 1);
                assert!(said[0].contains("pr-4711"), "{said:?}");
                assert!(!said[0].contains("folded-"), "{said:?}");
            }
        }
    }
}
