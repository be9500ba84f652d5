//! Query parameters of the API. They are parsed strictly: a misspelled parameter gives an error
//! instead of a wrong number.

use axum::extract::Query;
use hinomi_model::{
    Cursor, DurationRange, OutcomeFilter, Scope, Selection, Text, TimeRange, UnixNanos,
};
use hinomi_query::answer::SpentIn;
use hinomi_webkit::{cursor, problem::Problem, readers::Reader, spent::spent, time_param};
use http::Uri;
use std::time::Duration;

/// Rows of a page when the request names no limit.
const LIMIT_DEFAULT: usize = 50;
/// Most rows of a page: about 300 kB of JSON.
const LIMIT_MAX: usize = 1_000;
/// Range of an answer when the request names none.
pub(crate) const RANGE_DEFAULT: Duration = Duration::from_secs(15 * 60);
/// Range of the hitmap when the request names none: the live window of the screen.
pub(crate) const RANGE_HITMAP: Duration = Duration::from_secs(10 * 60);

/// The parameters that select transactions.
pub(crate) const SELECTION: [&str; 7] = [
    "service",
    "operation",
    "instance",
    "version",
    "outcome",
    "environment",
    "namespace",
];

/// The parameters of one request.
#[derive(Debug)]
pub(crate) struct Params {
    reader: Reader,
    pairs: Vec<(String, String)>,
}

impl Params {
    /// The parameters of `uri`, asked by `reader`. Each must be among `known`.
    pub(crate) fn parse(reader: &Reader, uri: &Uri, known: &[&[&str]]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::parameter("query", "the query string cannot be decoded"))?;
        for (name, _) in &pairs {
            if !known.iter().any(|names| names.contains(&name.as_str())) {
                let names: Vec<&str> = known
                    .iter()
                    .flat_map(|names| names.iter().copied())
                    .collect();
                let nearest = names.iter().min_by_key(|known| distance(known, name));
                let near = nearest.filter(|known| distance(known, name) <= 3);
                let hint = near.map_or_else(
                    || format!("known parameters: {}", names.join(", ")),
                    |known| format!("did you mean `{known}`?"),
                );
                return Err(Problem::parameter(
                    name,
                    format!("there is no such parameter; {hint}"),
                ));
            }
        }
        Ok(Self {
            reader: reader.clone(),
            pairs,
        })
    }

    /// The value of a parameter; `None` when it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.pairs.iter().find(|(have, _)| have == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The range of `from` and `to`. Without them: the last `length`.
    pub(crate) fn range(&self, now: UnixNanos, length: Duration) -> Result<TimeRange, Problem> {
        let to = self.instant("to", now)?.unwrap_or(now);
        let from = self
            .instant("from", now)?
            .unwrap_or_else(|| to.minus(length));
        time_param::range(from, to)
            .ok_or_else(|| Problem::parameter("from", "`from` must be before `to`"))
    }

    /// The range of `compare_from` and `compare_to`; both or neither must be given.
    pub(crate) fn other_range(&self, now: UnixNanos) -> Result<Option<TimeRange>, Problem> {
        let (from, to) = (
            self.instant("compare_from", now)?,
            self.instant("compare_to", now)?,
        );
        match (from, to) {
            (None, None) => Ok(None),
            (Some(from), Some(to)) => time_param::range(from, to).map(Some).ok_or_else(|| {
                Problem::parameter("compare_from", "`compare_from` must be before `compare_to`")
            }),
            (None, Some(_)) => Err(Problem::parameter(
                "compare_from",
                "`compare_to` needs `compare_from`",
            )),
            (Some(_), None) => Err(Problem::parameter(
                "compare_to",
                "`compare_from` needs `compare_to`",
            )),
        }
    }

    /// The selection of transactions.
    pub(crate) fn selection(&self) -> Result<Selection, Problem> {
        let outcome = match self.get("outcome") {
            None => None,
            Some(word) => Some(OutcomeFilter::parse(word).ok_or_else(|| {
                Problem::parameter("outcome", "`outcome` is one of ok, slow, error")
            })?),
        };
        Ok(Selection {
            scope: self.scope(),
            service: self.text("service"),
            operation: self.text("operation"),
            instance: self.text("instance"),
            version: self.text("version"),
            outcome,
        })
    }

    /// Environment and namespace in the project of the reader.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            environment: self.text("environment"),
            namespace: self.text("namespace"),
            ..self.reader.scope()
        }
    }

    /// The duration range of `min_ms` and `max_ms`.
    pub(crate) fn durations(&self) -> Result<DurationRange, Problem> {
        let end = |name: &str| match self.get(name) {
            None => Ok(None),
            Some(text) => time_param::millis(text).map(Some).ok_or_else(|| {
                Problem::parameter(
                    name,
                    format!("`{name}` is a number of milliseconds such as 1.12"),
                )
            }),
        };
        Ok(DurationRange {
            min: end("min_ms")?,
            max: end("max_ms")?,
        })
    }

    /// `y`: the calls whose time the rows stand for; `None` for the response time.
    pub(crate) fn spent(&self) -> Result<Option<SpentIn>, Problem> {
        spent(self.get("y"))
    }

    /// A boolean parameter: `true` or `false`; absent means `false`.
    pub(crate) fn switch(&self, name: &str) -> Result<bool, Problem> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                let detail = format!("`{name}` is true or false");
                Err(Problem::parameter(name, detail))
            }
        }
    }

    /// `limit`: rows of the page.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.get("limit") else {
            return Ok(LIMIT_DEFAULT);
        };
        let limit = text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit));
        limit.ok_or_else(|| {
            Problem::parameter(
                "limit",
                format!("`limit` is a whole number from 1 to {LIMIT_MAX}"),
            )
        })
    }

    /// `cursor`: where the page begins.
    pub(crate) fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        let Some(text) = self.get("cursor") else {
            return Ok(None);
        };
        let cursor = cursor::decode(text);
        cursor.map(Some).ok_or_else(|| {
            Problem::parameter("cursor", "`cursor` is the `next_cursor` of the page before")
        })
    }

    fn text(&self, name: &str) -> Option<Text> {
        self.get(name).map(Text::from)
    }

    fn instant(&self, name: &str, now: UnixNanos) -> Result<Option<UnixNanos>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let instant = time_param::instant(text, now, None);
        instant.map(Some).ok_or_else(|| {
            let forms =
                "RFC 3339 with a zone, Unix milliseconds, `now` or `now-15m` (s, m, h, d, w)";
            Problem::parameter(name, format!("`{name}` is a time: {forms}"))
        })
    }
}

/// Number of edits that turn one word into the other, for hints on misspelled names.
fn distance(a: &str, b: &str) -> usize {
    if b.len() > 40 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos::from_millis(1_700_000_000_000);

    fn parse(query: &str) -> Result<Params, Problem> {
        let uri: Uri = format!("/x?{query}").parse().unwrap();
        let others = ["from", "to", "y", "min_ms", "max_ms", "limit", "cursor"];
        Params::parse(&Reader::sample(), &uri, &[&SELECTION, &others])
    }

    #[test]
    fn a_misspelt_parameter_is_refused_with_the_right_one() {
        let problem = parse("servce=a").unwrap_err();
        assert!(problem.detail().contains("`service`"), "{problem:?}");
        let problem = parse("zzzzzzzzzz=a").unwrap_err();
        assert!(problem.detail().contains("known parameters"), "{problem:?}");
    }

    #[test]
    fn without_times_the_default_range_ends_now() {
        let range = parse("").unwrap().range(NOW, RANGE_DEFAULT).unwrap();
        assert_eq!(range, TimeRange::new(NOW.minus(RANGE_DEFAULT), NOW));
        let range = parse("from=now-1h&to=now-30m")
            .unwrap()
            .range(NOW, RANGE_DEFAULT)
            .unwrap();
        assert_eq!(range.length(), Duration::from_secs(1_800));
    }

    #[test]
    fn values_that_mean_nothing_are_refused() {
        assert!(
            parse("from=soon")
                .unwrap()
                .range(NOW, RANGE_DEFAULT)
                .is_err()
        );
        assert!(
            parse("from=now&to=now-1h")
                .unwrap()
                .range(NOW, RANGE_DEFAULT)
                .is_err()
        );
        assert!(parse("outcome=fine").unwrap().selection().is_err());
        assert!(parse("min_ms=-1").unwrap().durations().is_err());
        assert!(parse("y=cache").unwrap().spent().is_err());
        for limit in ["0", "1001", "x", "-1", "1.5"] {
            assert!(
                parse(&format!("limit={limit}")).unwrap().limit().is_err(),
                "{limit}"
            );
        }
        assert!(parse("cursor=00").unwrap().cursor().is_err());
    }

    #[test]
    fn an_empty_value_is_as_good_as_none() {
        let params = parse("service=&limit=&outcome=").unwrap();
        let all = Selection::of(Reader::sample().scope());
        assert_eq!(params.selection().unwrap(), all);
        assert_eq!(params.limit().unwrap(), 50);
    }
}
