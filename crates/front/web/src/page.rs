//! What every page shares: the reader's language, theme and zone, the shell's state, and links that
//! take time range and environment along.

use crate::{
    App,
    assets::Assets,
    format::{self, Clock, When},
    i18n::{Language, Words},
    page_range::PageRange,
    url,
    view::help,
};
use askama::Template;
use axum::{
    extract::{FromRequestParts, Query},
    response::{Html, IntoResponse, Response},
};
use fluent_bundle::FluentValue;
use hinomi_io::ClockStatus;
use hinomi_model::UnixNanos;
use hinomi_query::answer::{FoldedNames, Lost};
use http::{StatusCode, header, request::Parts};
use jiff::tz::TimeZone;
use std::{
    collections::BTreeSet,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

/// Where a page is in the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// The board and everything of one service.
    Health,
    /// The hitmap of all services.
    Hitmap,
    /// Deployments.
    Deployments,
    /// Transactions and traces.
    Transactions,
    /// Statistics.
    Statistics,
    /// The service map.
    Map,
    /// Hosts outside.
    Partners,
    /// Nowhere: errors.
    None,
}

/// What every page shares.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    words: Words,
    assets: Assets,
    /// `light`, `dark` or empty: as the system says.
    pub(crate) theme: &'static str,
    /// What times are told in.
    pub(crate) zone: TimeZone,
    /// Whether the reader's browser has told its zone.
    pub(crate) zone_known: bool,
    /// The path asked for, as sent.
    pub(crate) path: String,
    /// The query asked for, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The server's time.
    pub(crate) now: UnixNanos,
    /// Whether this is the demonstration.
    pub(crate) demo: bool,
    /// How the machine's clock and the time that is trusted stand.
    pub(crate) time: ClockStatus,
    /// Where in the rail.
    pub(crate) section: Section,
    /// The range, on pages that have one.
    pub(crate) range: Option<PageRange>,
    /// Whether the page keeps itself fresh while its range is live.
    pub(crate) follows: bool,
    /// The service, on pages of one.
    pub(crate) service: Option<String>,
    /// Services to choose from, on pages of one.
    pub(crate) services: Vec<String>,
    /// Environments to choose from; offered from two on.
    pub(crate) environments: Vec<String>,
    /// The environment chosen; empty when all.
    pub(crate) environment: String,
    /// What stands in the search box.
    pub(crate) searched: String,
    /// What the page misses because stored data is damaged.
    pub(crate) lost: Vec<Lost>,
    /// Names that are counted as `(other)` of late, of all services.
    pub(crate) folded: Vec<FoldedNames>,
    /// The helps that have a button, noted while the page is printed.
    helps: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Page {
    /// This page in a section of the rail.
    pub(crate) fn in_section(mut self, section: Section) -> Self {
        self.section = section;
        self
    }

    /// The words, for view models.
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// The words of `key`.
    pub(crate) fn t(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// The words of `key` with one value set in.
    pub(crate) fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.words
            .say_with(key, &[(name, FluentValue::from(value))])
    }

    /// The address of an embedded file.
    pub(crate) fn asset(&self, path: &str) -> String {
        self.assets.url(path)
    }

    /// The value of a query parameter; `None` when it is absent or empty.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(have, _)| have == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// An instant as people here read it.
    pub(crate) fn when(&self, at: UnixNanos, clock: Clock) -> When {
        format::when(at, &self.zone, clock)
    }

    /// The weekday of an instant where people here are: `mon` to `sun`.
    pub(crate) fn weekday(&self, at: UnixNanos) -> &'static str {
        format::weekday(at, &self.zone)
    }

    /// The name of the zone that times are told in.
    pub(crate) fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// A link that takes the environment, the range and what it is compared with along.
    pub(crate) fn link(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let (from, to) = self
            .range
            .as_ref()
            .map_or(("", ""), |range| (range.link_from(), range.link_to()));
        let param = |name| self.param(name).unwrap_or_default();
        let kept = [
            ("env", self.environment.as_str()),
            ("from", from),
            ("to", to),
            ("vs", param("vs")),
            ("vs_from", param("vs_from")),
            ("vs_to", param("vs_to")),
        ];
        let replaced = |name: &str| pairs.iter().any(|(of, to)| *of == name && !to.is_empty());
        let kept = kept.into_iter().filter(|(name, _)| !replaced(name));
        url::with_query(path, kept.chain(pairs.iter().copied()))
    }

    /// The address of this very page with some parameters replaced; empty values drop theirs.
    pub(crate) fn this_with(&self, changes: &[(&str, &str)]) -> String {
        let changed = |name: &str| changes.iter().any(|(change, _)| *change == name);
        let kept = self
            .query
            .iter()
            .filter(|(name, _)| !changed(name) && name != "lang")
            .map(|(name, value)| (name.as_str(), value.as_str()));
        url::with_query(&self.path, kept.chain(changes.iter().copied()))
    }

    /// The languages to choose from: tag, name, whether it is this one, link.
    pub(crate) fn languages(&self) -> Vec<(&'static str, &'static str, bool, String)> {
        let here = self.words.language();
        Language::ALL
            .into_iter()
            .map(|language| {
                let link = self.this_with(&[("lang", language.tag())]);
                (language.tag(), language.name(), language == here, link)
            })
            .collect()
    }

    /// The environments to choose from: name, whether it is chosen, link. The first is "all".
    pub(crate) fn environment_links(&self) -> Vec<(String, bool, String)> {
        let all = (
            self.t("env-all"),
            self.environment.is_empty(),
            self.this_with(&[("env", "")]),
        );
        let each = self.environments.iter().map(|name| {
            let link = self.this_with(&[("env", name)]);
            (format::name(name), *name == self.environment, link)
        });
        std::iter::once(all).chain(each).collect()
    }

    /// The other services: name, whether it is this one, link.
    pub(crate) fn service_links(&self) -> Vec<(String, bool, String)> {
        self.services
            .iter()
            .map(|name| {
                let link = self.link(&url::service(name), &[]);
                (
                    format::name(name),
                    Some(name) == self.service.as_ref(),
                    link,
                )
            })
            .collect()
    }

    /// The time range picker, on pages with a range.
    pub(crate) fn picker(&self) -> Option<crate::view::picker::Picker> {
        self.range
            .as_ref()
            .map(|range| crate::view::picker::Picker::new(self, range))
    }

    /// The button that tells what the numbers of a panel count; see [`help`].
    pub(crate) fn help(&self, name: &str) -> String {
        help::button(self, name)
    }

    /// The texts of the buttons that were printed so far.
    pub(crate) fn helps(&self) -> Vec<help::HelpText> {
        let names = self.helps.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<_> = names.iter().copied().collect();
        help::texts(self, &names)
    }

    /// Has the text of a help printed with the page.
    pub(crate) fn remember_help(&self, name: &'static str) {
        let helps = self.helps.lock();
        helps.unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// Whether stored data of the page are missing: what is downloaded from it misses them as well.
    pub(crate) fn is_partial(&self) -> bool {
        !self.lost.is_empty()
    }

    /// The sentence that says that clocks disagree, or that nothing is deleted by age for now.
    pub(crate) fn time_notice(&self) -> Option<String> {
        crate::view::time_notice::notice(self)
    }

    /// The sentence that says what the page misses.
    pub(crate) fn lost_notice(&self) -> Option<String> {
        crate::view::lost::notice(self)
    }

    /// What to say of names that are counted as `(other)`.
    pub(crate) fn folded_notices(&self) -> Vec<String> {
        crate::view::folded::notices(self)
    }

    /// How much larger than on a desk the page is on a wall, in percent; empty when it is on a desk.
    pub(crate) fn wall(&self) -> &'static str {
        match self.param("wall") {
            None => "",
            Some("100") => "100",
            Some("150") => "150",
            Some("200") => "200",
            Some(_) => "125",
        }
    }

    /// The server's time as the live pill shows it.
    pub(crate) fn clock(&self) -> When {
        self.when(self.now, Clock::Seconds)
    }
}

impl FromRequestParts<App> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_or_else(|_| Vec::new(), |Query(pairs)| pairs);
        let cookie = |name| cookie(parts, name);
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE);
        let language = query
            .iter()
            .find(|(name, _)| name == "lang")
            .and_then(|(_, tag)| Language::of_tag(tag))
            .or_else(|| Language::of_tag(cookie("hm_lang")?))
            .or_else(|| Language::of_accept(accepted?.to_str().ok()?))
            .unwrap_or_default();
        let theme = match cookie("hm_theme") {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        let told = cookie("hm_tz").and_then(|name| TimeZone::get(&name.replace("%2F", "/")).ok());
        Ok(Self {
            words: Words::new(language, app.catalogues.clone()),
            assets: app.assets.clone(),
            theme,
            zone_known: told.is_some(),
            zone: told.unwrap_or_else(TimeZone::system),
            path: parts.uri.path().to_owned(),
            query,
            now: UnixNanos(app.web.clock.unix_nanos()),
            demo: app.web.demo,
            time: app.web.query.clock_status(),
            section: Section::None,
            range: None,
            follows: true,
            service: None,
            services: Vec::new(),
            environments: Vec::new(),
            environment: String::new(),
            searched: String::new(),
            lost: Vec::new(),
            folded: app.web.query.folded(),
            helps: Arc::default(),
        })
    }
}

fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let headers = parts.headers.get_all(header::COOKIE).into_iter();
    headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(have, value)| (have == name).then_some(value))
}

/// What a page's template calls by bare name: `{{ t("key") }}`, `{{ asset("css/x.css") }}`.
pub(crate) trait InPage {
    /// What every page shares.
    fn page(&self) -> &Page;

    /// The words of `key`.
    fn t(&self, key: &str) -> String {
        self.page().t(key)
    }

    /// The address of an embedded file.
    fn asset(&self, path: &str) -> String {
        self.page().asset(path)
    }
}

/// The rendered page. Choosing a language by `?lang=` is remembered.
pub(crate) fn render<T: Template + InPage>(status: StatusCode, template: &T) -> Response {
    match template.render() {
        Ok(html) => {
            let page = template.page();
            let mut response = (status, Html(html)).into_response();
            if page.param("lang").is_some() {
                let tag = page.words().language().tag();
                let cookie = format!("hm_lang={tag}; Path=/; Max-Age=31536000; SameSite=Lax");
                if let Ok(value) = cookie.parse() {
                    response.headers_mut().insert(header::SET_COOKIE, value);
                }
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page did not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Data for a page's script, safe inside `<script type="application/json">`, with characters that
/// turn or hide text spelt out.
pub(crate) fn json_block(value: &impl serde::Serialize) -> String {
    use std::fmt::Write;
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".into());
    let mut block = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '<' || format::is_unprintable(letter) {
            // Writing to a String cannot fail. None of these is beyond the first plane.
            let _ = write!(block, "\\u{:04x}", u32::from(letter));
        } else {
            block.push(letter);
        }
    }
    block
}

#[cfg(test)]
impl Page {
    /// A page for tests: a fixed time, Tokyo.
    pub(crate) fn sample(language: Language) -> Self {
        Self {
            words: Words::new(language, Arc::new(crate::i18n::Catalogues::load())),
            assets: Assets::sample(),
            theme: "dark",
            zone: TimeZone::get("Asia/Tokyo").unwrap(),
            zone_known: true,
            path: "/".into(),
            query: Vec::new(),
            now: UnixNanos::from_millis(1_763_831_820_000),
            demo: false,
            time: ClockStatus::default(),
            section: Section::Health,
            range: None,
            follows: true,
            service: None,
            services: Vec::new(),
            environments: Vec::new(),
            environment: String::new(),
            searched: String::new(),
            lost: Vec::new(),
            folded: Vec::new(),
            helps: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_script_element() {
        assert_eq!(json_block(&"</script><!--"), r#""\u003c/script>\u003c!--""#);
    }

    #[test]
    fn a_link_takes_along_what_is_compared_unless_it_says_other() {
        let mut page = Page::sample(Language::English);
        page.query = vec![("vs".into(), "usual".into())];
        assert_eq!(page.link("/", &[]), "/?vs=usual");
        assert_eq!(page.link("/", &[("vs", "none")]), "/?vs=none");
        assert_eq!(page.link("/", &[("vs", "")]), "/?vs=usual");
    }

    #[test]
    fn a_link_to_this_page_keeps_what_it_does_not_change() {
        let mut page = Page::sample(Language::English);
        page.query = vec![
            ("env".into(), "prod".into()),
            ("from".into(), "now-1h".into()),
        ];
        assert_eq!(page.this_with(&[("from", "")]), "/?env=prod");
        assert_eq!(
            page.this_with(&[("lang", "ja")]),
            "/?env=prod&from=now-1h&lang=ja"
        );
    }
}
