//! The other time that a page compares its range with, from the URL: `vs=yesterday`, `last-week`,
//! `custom` (with `vs_from` and `vs_to`) or `none`; for charts also `usual`. Links keep the choice
//! from page to page. A page that cannot show the usual values uses its own default instead.

pub mod choice;

use crate::{page::Page, time_param};
use hinomi_model::TimeRange;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// The kinds of other time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// The same time on the day before.
    Yesterday,
    /// The same time on the same day of the week before.
    LastWeek,
    /// The usual values of this time instead of one other time.
    Usual,
    /// The range of `vs_from` and `vs_to`.
    Custom,
    /// No comparison.
    Nothing,
}

impl Other {
    /// All kinds, in the order in which they are offered.
    const ALL: [Self; 5] = [
        Self::Yesterday,
        Self::LastWeek,
        Self::Usual,
        Self::Custom,
        Self::Nothing,
    ];

    /// The word in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yesterday => "yesterday",
            Self::LastWeek => "last-week",
            Self::Usual => "usual",
            Self::Custom => "custom",
            Self::Nothing => "none",
        }
    }

    /// The key of its name in the catalogues.
    pub fn key(self) -> &'static str {
        match self {
            Self::Yesterday => "vs-yesterday",
            Self::LastWeek => "vs-last-week",
            Self::Usual => "vs-usual",
            Self::Custom => "vs-custom",
            Self::Nothing => "vs-none",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|other| other.as_str() == word)
    }

    /// How far back it is; `None` when it has no fixed distance.
    pub fn back(self) -> Option<Duration> {
        match self {
            Self::Yesterday => Some(DAY),
            Self::LastWeek => Some(DAY * 7),
            Self::Usual | Self::Custom | Self::Nothing => None,
        }
    }
}

/// The comparison that a page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Versus {
    /// The kind of other time.
    pub other: Other,
    /// The kind that this page uses when the URL names none.
    pub default: Other,
    /// Whether the URL names it.
    pub chosen: bool,
    /// Whether the page can show the usual values.
    has_usual: bool,
    /// Range of the other time; `None` when nothing is compared.
    pub range: Option<TimeRange>,
}

impl Versus {
    /// Parses the comparison of `page` with `range`. The error is the name of the invalid
    /// parameter.
    pub fn parse(page: &Page, range: TimeRange, default: Other) -> Result<Self, &'static str> {
        Self::read(page, range, default, false)
    }

    /// The comparison of charts. Their default is none.
    pub fn of_charts(page: &Page, range: TimeRange) -> Result<Self, &'static str> {
        Self::read(page, range, Other::Nothing, true)
    }

    /// The comparison of charts above a table with this comparison. Both share one choice, except
    /// for the usual values, which a table cannot show.
    pub fn with_charts(&self, page: &Page, range: TimeRange) -> Result<Self, &'static str> {
        match Self::of_charts(page, range)? {
            charts if charts.other == Other::Usual => Ok(Self {
                default: self.default,
                ..charts
            }),
            _ => Ok(Self {
                has_usual: true,
                ..self.clone()
            }),
        }
    }

    /// The kinds that are offered as links. A custom time has its own form.
    pub fn offered(&self) -> impl Iterator<Item = Other> {
        let has_usual = self.has_usual;
        Other::ALL.into_iter().filter(move |other| match other {
            Other::Custom => false,
            Other::Usual => has_usual,
            _ => true,
        })
    }

    fn read(
        page: &Page,
        range: TimeRange,
        default: Other,
        has_usual: bool,
    ) -> Result<Self, &'static str> {
        let told = match page.param("vs") {
            None => None,
            Some(word) => Some(Other::of(word).ok_or("vs")?),
        };
        let told = told.filter(|other| has_usual || *other != Other::Usual);
        let other = told.unwrap_or(default);
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
            chosen: told.is_some(),
            has_usual,
            range: against,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;
    use crate::sample::RANGE;

    fn parse(query: &[(&str, &str)]) -> Result<Versus, &'static str> {
        let mut page = Page::plain(Language::English);
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
    fn what_is_usual_is_for_charts_and_elsewhere_as_good_as_nothing_said() {
        let versus = parse(&[("vs", "usual")]).unwrap();
        assert_eq!(versus, parse(&[]).unwrap());
        let mut page = Page::plain(Language::English);
        page.query = vec![("vs".into(), "usual".into())];
        let charts = Versus::of_charts(&page, RANGE).unwrap();
        assert_eq!((charts.other, charts.range), (Other::Usual, None));
        assert!(charts.offered().any(|other| other == Other::Usual));
        assert!(versus.offered().all(|other| other != Other::Usual));
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
