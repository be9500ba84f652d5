//! State that every page shares: the reader's language, theme and time zone, the menu, and links
//! that keep time range and environment.

use crate::{
    App,
    assets::Assets,
    format::{self, ClockStyle, When},
    i18n::{Language, Translations},
    modules,
    page_range::PageRange,
    problem::Problem,
    readers::Reader,
    services::ServiceEntries,
    url,
};
use askama::Template;
use axum::{
    extract::{FromRequestParts, Query},
    response::{Html, IntoResponse, Response},
};
use fluent_bundle::FluentValue;
use hinomi_io::ClockStatus;
use hinomi_model::{Scope, Text, UnixNanos, rollup::ServiceKey};
use hinomi_query::answer::{FoldedNames, Lost};
use http::{StatusCode, header, request::Parts};
use jiff::tz::TimeZone;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

/// The entries of the side menu that a page can belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// The board, and all pages of one service.
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
    /// External hosts.
    Partners,
    /// No entry: error pages.
    None,
}

/// State that every page shares.
#[derive(Debug, Clone)]
pub struct Page {
    words: Translations,
    assets: Assets,
    scope: Scope,
    /// `light`, `dark`, or empty to follow the operating system.
    pub theme: &'static str,
    /// Time zone that times are shown in.
    pub zone: TimeZone,
    /// Whether the reader's browser has sent its time zone.
    pub zone_known: bool,
    /// The requested path, as sent.
    pub path: String,
    /// The requested query, decoded.
    pub query: Vec<(String, String)>,
    /// The server's time.
    pub now: UnixNanos,
    /// How far the history of the demo is, in percent; `None` when the process does not run the demo.
    pub demo: Option<u8>,
    /// State of the machine's clock and of the trusted time.
    pub time: ClockStatus,
    /// Entry of the side menu.
    pub section: Section,
    /// The time range, on pages that have one.
    pub range: Option<PageRange>,
    /// Whether the page updates itself while its range is live.
    pub follows: bool,
    /// The service, on pages of one service.
    pub service: Option<String>,
    /// Services to choose from, on pages of one service.
    pub services: Vec<String>,
    /// The same services with environment and namespace, for the menu.
    pub menu: ServiceEntries,
    /// The service with environment and namespace, on pages of one service.
    pub service_key: Option<ServiceKey>,
    /// Environments to choose from. The choice is shown when there are two or more.
    pub environments: Vec<String>,
    /// The chosen environment; empty for all.
    pub environment: String,
    /// Text in the search box.
    pub searched: String,
    /// Damaged data that is missing from the page.
    pub lost: Vec<Lost>,
    /// Names of all services that were recently folded into `(other)`.
    pub folded: Vec<FoldedNames>,
    /// Help texts that have a button on the page; collected while the page is rendered.
    pub(crate) helps: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Page {
    /// This page, in a section of the side menu.
    pub fn in_section(mut self, section: Section) -> Self {
        self.section = section;
        self
    }

    /// Everything that the reader of the page may see.
    pub fn scope(&self) -> Scope {
        self.scope.clone()
    }

    /// The texts, for view models.
    pub fn words(&self) -> &Translations {
        &self.words
    }

    /// The text of `key`.
    pub fn t(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// The text of `key` with one value filled in.
    pub fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.words
            .say_with(key, &[(name, FluentValue::from(value))])
    }

    /// The URL of an embedded file.
    pub fn asset(&self, path: &str) -> String {
        self.assets.url(path)
    }

    /// The tags that load these scripts, and all modules that they import, in one round trip.
    pub fn scripts(&self, entries: &[&str]) -> String {
        modules::tags(self.assets.graph(), |path| self.assets.url(path), entries)
    }

    /// The value of a query parameter; `None` when it is absent or empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(have, _)| have == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// An instant in the reader's time zone.
    pub fn when(&self, at: UnixNanos, clock: ClockStyle) -> When {
        format::when(at, &self.zone, clock)
    }

    /// The weekday of an instant in the reader's time zone: `mon` to `sun`.
    pub fn weekday(&self, at: UnixNanos) -> &'static str {
        format::weekday(at, &self.zone)
    }

    /// The name of the reader's time zone.
    pub fn zone_name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// A link that keeps the environment, the range and the time it is compared with.
    pub fn link(&self, path: &str, pairs: &[(&str, &str)]) -> String {
        let (from, to) = self
            .range
            .as_ref()
            .map_or(("", ""), |range| (range.link_from(), range.link_to()));
        let param = |name| self.param(name).unwrap_or_default();
        // Of several services of a name, the one of the page has the other pages below it.
        let own = self.service.as_deref().map(url::service);
        let is_own = own.is_some_and(|own| {
            let below = path.strip_prefix(own.as_str());
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        });
        let namespace = if is_own { param("namespace") } else { "" };
        let kept = [
            ("environment", self.environment.as_str()),
            ("namespace", namespace),
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

    /// The URL of this page with some parameters changed. An empty value removes its parameter.
    pub fn this_with(&self, changes: &[(&str, &str)]) -> String {
        let changed = |name: &str| changes.iter().any(|(change, _)| *change == name);
        let kept = self
            .query
            .iter()
            .filter(|(name, _)| !changed(name) && name != "lang")
            .map(|(name, value)| (name.as_str(), value.as_str()));
        url::with_query(&self.path, kept.chain(changes.iter().copied()))
    }

    /// The languages to choose from: tag, name, whether it is the current one, link.
    pub fn languages(&self) -> Vec<(&'static str, &'static str, bool, String)> {
        let here = self.words.language();
        Language::ALL
            .into_iter()
            .map(|language| {
                let link = self.this_with(&[("lang", language.tag())]);
                (language.tag(), language.name(), language == here, link)
            })
            .collect()
    }

    /// The environments to choose from: name, whether it is chosen, link. The first entry is "all".
    pub fn environment_links(&self) -> Vec<(String, bool, String)> {
        let all = (
            self.t("env-all"),
            self.environment.is_empty(),
            self.this_with(&[("environment", ""), ("namespace", "")]),
        );
        let each = self.environments.iter().map(|name| {
            let link = self.this_with(&[("environment", name), ("namespace", "")]);
            (format::name(name), *name == self.environment, link)
        });
        std::iter::once(all).chain(each).collect()
    }

    /// The services to choose from, on pages of one service: name, whether it is the current one, link.
    pub fn service_links(&self) -> Vec<(String, bool, String)> {
        let entry = |key: &ServiceKey| {
            let link = self.link(&url::service(&key.service), &self.menu.own(key));
            (
                self.menu.label(key),
                Some(key) == self.service_key.as_ref(),
                link,
            )
        };
        self.menu.iter().map(entry).collect()
    }

    /// Adds a help text to those that the layout prints at its end.
    pub fn remember_help(&self, name: &'static str) {
        let helps = self.helps.lock();
        helps.unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// Whether stored data of the page is damaged. Its downloads then miss the same data.
    pub fn is_partial(&self) -> bool {
        !self.lost.is_empty()
    }

    /// Zoom of the page in wall mode, in percent; empty outside of wall mode.
    pub fn wall(&self) -> &'static str {
        match self.param("wall") {
            None => "",
            Some("100") => "100",
            Some("150") => "150",
            Some("200") => "200",
            Some(_) => "125",
        }
    }

    /// The server's time as the live badge shows it.
    pub fn clock(&self) -> When {
        self.when(self.now, ClockStyle::Seconds)
    }
}

impl FromRequestParts<App> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let scope = Reader::from_request_parts(parts, app).await?.scope();
        let folded = app.web.query.folded(&scope);
        let page = Self {
            scope,
            folded,
            ..Self::of_nobody(parts, app)
        };
        Ok(page)
    }
}

impl Page {
    /// A page for whoever asks: it says what is wrong with a request, and asks for no data. No
    /// project has the empty name.
    pub fn of_nobody(parts: &Parts, app: &App) -> Self {
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
        Self {
            scope: Scope::of(Text::from("")),
            words: Translations::new(language, app.catalogues.clone()),
            assets: app.assets.clone(),
            theme,
            zone_known: told.is_some(),
            zone: told.unwrap_or_else(TimeZone::system),
            path: parts.uri.path().to_owned(),
            query,
            now: UnixNanos(app.web.clock.unix_nanos()),
            demo: app.web.demo.as_ref().map(|history| history.percent()),
            time: app.web.query.clock_status(),
            section: Section::None,
            range: None,
            follows: true,
            service: None,
            services: Vec::new(),
            menu: ServiceEntries::default(),
            service_key: None,
            environments: Vec::new(),
            environment: String::new(),
            searched: String::new(),
            lost: Vec::new(),
            folded: Vec::new(),
            helps: Arc::default(),
        }
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

/// Methods that a page's template calls without a prefix: `{{ t("key") }}`, `{{ asset("x/page.css")
/// }}`.
pub trait InPage {
    /// State that every page shares.
    fn page(&self) -> &Page;

    /// The text of `key`.
    fn t(&self, key: &str) -> String {
        self.page().t(key)
    }

    /// The URL of an embedded file.
    fn asset(&self, path: &str) -> String {
        self.page().asset(path)
    }
}

/// Renders a page. A language chosen with `?lang=` is stored in a cookie.
pub fn render<T: Template + InPage>(status: StatusCode, template: &T) -> Response {
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

/// JSON data for a page's script, safe inside `<script type="application/json">`. Characters that
/// change text direction or are invisible are escaped.
pub fn json_block(value: &impl serde::Serialize) -> String {
    use std::fmt::Write;
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".into());
    let mut block = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '<' || format::is_unprintable(letter) {
            // Writing to a String cannot fail. All of these characters are in the first plane, so
            // four hex digits are enough.
            let _ = write!(block, "\\u{:04x}", u32::from(letter));
        } else {
            block.push(letter);
        }
    }
    block
}

#[cfg(any(test, feature = "sample"))]
impl Page {
    /// A page for tests: a fixed time, the time zone of Tokyo.
    #[expect(clippy::unwrap_used, reason = "the time zone is known")]
    pub fn sample(
        language: Language,
        catalogues: Arc<crate::i18n::Catalogues>,
        assets: Assets,
    ) -> Self {
        Self {
            scope: Reader::sample().scope(),
            words: Translations::new(language, catalogues),
            assets,
            theme: "dark",
            zone: TimeZone::get("Asia/Tokyo").unwrap(),
            zone_known: true,
            path: "/".into(),
            query: Vec::new(),
            now: UnixNanos::from_millis(1_763_831_820_000),
            demo: None,
            time: ClockStatus::default(),
            section: Section::Health,
            range: None,
            follows: true,
            service: None,
            services: Vec::new(),
            menu: ServiceEntries::default(),
            service_key: None,
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
impl Page {
    /// A page for the tests of this crate.
    pub(crate) fn plain(language: Language) -> Self {
        let catalogues = crate::i18n::Catalogues::new(&[crate::i18n::own()]);
        let assets = Assets::sample(&[crate::assets::own()]);
        Self::sample(language, Arc::new(catalogues), assets)
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
        let mut page = Page::plain(Language::English);
        page.query = vec![("vs".into(), "usual".into())];
        assert_eq!(page.link("/", &[]), "/?vs=usual");
        assert_eq!(page.link("/", &[("vs", "none")]), "/?vs=none");
        assert_eq!(page.link("/", &[("vs", "")]), "/?vs=usual");
    }

    #[test]
    fn a_link_to_this_page_keeps_what_it_does_not_change() {
        let mut page = Page::plain(Language::English);
        page.query = vec![
            ("environment".into(), "prod".into()),
            ("from".into(), "now-1h".into()),
        ];
        assert_eq!(page.this_with(&[("from", "")]), "/?environment=prod");
        assert_eq!(
            page.this_with(&[("lang", "ja")]),
            "/?environment=prod&from=now-1h&lang=ja"
        );
    }
}
