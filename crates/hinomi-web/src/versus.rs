//! The other time that a page compares its range with, as its address gives it: `vs=yesterday`,
//! `last-week`, `custom` (with `vs_from` and `vs_to`) or `none`.

use crate::{page::Page, time_param};
use hinomi_model::TimeRange;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Which other time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Other {
    /// The same time of the day before.
    Yesterday,
    /// The same time of the same day of the week before.
    LastWeek,
    /// What `vs_from` and `vs_to` say.
    Custom,
    /// None.
    Nothing,
}

impl Other {
    /// In the order they are offered.
    pub(crate) const ALL: [Self; 4] =
        [Self::Yesterday, Self::LastWeek, Self::Custom, Self::Nothing];

    /// The word in addresses.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Yesterday => "yesterday",
            Self::LastWeek => "last-week",
            Self::Custom => "custom",
            Self::Nothing => "none",
        }
    }

    /// The key of its name.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Yesterday => "vs-yesterday",
            Self::LastWeek => "vs-last-week",
            Self::Custom => "vs-custom",
            Self::Nothing => "vs-none",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|other| other.as_str() == word)
    }

    /// How long before.
    pub(crate) fn back(self) -> Option<Duration> {
        match self {
            Self::Yesterday => Some(DAY),
            Self::LastWeek => Some(DAY * 7),
            Self::Custom | Self::Nothing => None,
        }
    }
}

/// What a page compares with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Versus {
    /// Which other time.
    pub(crate) other: Other,
    /// What a page of this kind compares with unless it is told.
    pub(crate) default: Other,
    /// Its range; `None` when nothing is compared.
    pub(crate) range: Option<TimeRange>,
}

impl Versus {
    /// What the address of `page` says of `range`; the parameter that makes no sense.
    pub(crate) fn parse(
        page: &Page,
        range: TimeRange,
        default: Other,
    ) -> Result<Self, &'static str> {
        let other = match page.param("vs") {
            None => default,
            Some(word) => Other::of(word).ok_or("vs")?,
        };
        let instant = |name: &'static str| {
            let text = page.param(name).ok_or(name)?;
            time_param::instant(text, page.now, Some(&page.zone)).ok_or(name)
        };
        let against = match (other, other.back()) {
            (_, Some(back)) => Some(TimeRange::new(range.from.minus(back), range.to.minus(back))),
            (Other::Custom, _) => {
                let (from, to) = (instant("vs_from")?, instant("vs_to")?);
                Some(time_param::range(from, to).ok_or("vs_to")?)
            }
            _ => None,
        };
        Ok(Self {
            other,
            default,
            range: against,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{i18n::Language, view::sample::RANGE};

    fn parse(query: &[(&str, &str)]) -> Result<Versus, &'static str> {
        let mut page = Page::sample(Language::English);
        let owned = query.iter().map(|(a, b)| ((*a).into(), (*b).into()));
        page.query = owned.collect();
        Versus::parse(&page, RANGE, Other::Yesterday)
    }

    #[test]
    fn by_default_it_is_the_same_time_of_the_day_before() {
        let versus = parse(&[]).unwrap();
        let against = versus.range.unwrap();
        assert_eq!(against.to.plus(DAY), RANGE.to);
        assert_eq!(against.length(), RANGE.length());
    }

    #[test]
    fn a_custom_time_needs_both_ends() {
        assert_eq!(parse(&[("vs", "custom")]), Err("vs_from"));
        assert_eq!(
            parse(&[("vs", "custom"), ("vs_from", "now-2h"), ("vs_to", "now-3h")]),
            Err("vs_to")
        );
        let versus = parse(&[("vs", "custom"), ("vs_from", "now-3h"), ("vs_to", "now-2h")]);
        assert_eq!(
            versus.unwrap().range.unwrap().length(),
            Duration::from_secs(3_600)
        );
    }

    #[test]
    fn nonsense_is_named_and_nothing_is_a_choice() {
        assert_eq!(parse(&[("vs", "tomorrow")]), Err("vs"));
        let versus = parse(&[("vs", "none")]).unwrap();
        assert_eq!(versus.range, None);
    }
}
