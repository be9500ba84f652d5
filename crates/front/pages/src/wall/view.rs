//! Wall mode: the page that chooses the screens, and the page that shows them in rotation.

use askama::Template;
use hinomi_webkit::{
    format,
    page::{InPage, Page, json_block},
    url,
};
use serde::Serialize;

/// Seconds that a screen stays; 0 means for ever.
const PACES: [u64; 6] = [10, 20, 30, 60, 300, 0];
const PACE: u64 = 30;
/// Zoom levels, in percent.
const SIZES: [u16; 4] = [100, 125, 150, 200];
const SIZE: u16 = 125;
/// Most screens in one rotation.
const SCREENS_MAX: usize = 50;

/// The page that chooses the screens.
#[derive(Template)]
#[template(path = "wall/page.html")]
pub(crate) struct WallPage {
    page: Page,
    screens: Vec<Screen>,
    paces: Vec<(u64, String, bool)>,
    sizes: Vec<(u16, String, bool)>,
}

/// A screen to choose.
struct Screen {
    label: String,
    href: String,
    chosen: bool,
}

impl WallPage {
    /// The page with the screens of these services. Those in the URL are chosen.
    pub(crate) fn new(page: Page, services: &[String]) -> Self {
        let chosen = asked(&page);
        let screen = |label: String, href: String, first: bool| Screen {
            chosen: if chosen.is_empty() {
                first
            } else {
                chosen.contains(&href)
            },
            label,
            href,
        };
        let mut screens = vec![
            screen(page.t("board-title"), "/".to_owned(), true),
            screen(page.t("wall-all"), "/hitmap".to_owned(), true),
        ];
        for service in services {
            let (name, path) = (format::name(service), url::service(service));
            let hitmap = page.t1("wall-hitmap", "service", &name);
            screens.push(screen(name, path.clone(), false));
            screens.push(screen(hitmap, format!("{path}/hitmap"), false));
        }
        let every = pace(&page);
        let size = size(&page);
        Self {
            paces: PACES
                .into_iter()
                .map(|seconds| {
                    let label = match seconds {
                        0 => page.t("wall-stay"),
                        seconds => page
                            .words()
                            .say_with("wall-seconds", &[("count", seconds.into())]),
                    };
                    (seconds, label, seconds == every)
                })
                .collect(),
            sizes: SIZES
                .into_iter()
                .map(|percent| (percent, format!("{percent}\u{a0}%"), percent == size))
                .collect(),
            screens,
            page,
        }
    }
}

impl InPage for WallPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The page that shows the screens.
#[derive(Template)]
#[template(path = "wall/play.html")]
pub(crate) struct WallPlay {
    page: Page,
    first: String,
    /// URL of the choice, with the present choice filled in.
    choose: String,
    data: String,
}

#[derive(Serialize)]
struct Data {
    screens: Vec<String>,
    every_s: u64,
}

impl WallPlay {
    /// Shows the screens in the URL; the board when there are none.
    pub(crate) fn new(page: Page) -> Self {
        let mut screens = asked(&page);
        if screens.is_empty() {
            screens.push("/".to_owned());
        }
        let (every, size) = (pace(&page), size(&page).to_string());
        let choice = screens.iter().map(|screen| ("screen", screen.as_str()));
        let seconds = every.to_string();
        let rest = [("every", seconds.as_str()), ("size", size.as_str())];
        let choose = url::with_query("/wall", choice.chain(rest));
        let data = Data {
            screens: screens
                .iter()
                .map(|screen| on_wall(screen, &size))
                .collect(),
            every_s: every,
        };
        Self {
            first: data.screens.first().cloned().unwrap_or_default(),
            choose,
            data: json_block(&data),
            page,
        }
    }
}

impl InPage for WallPlay {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The screens in the URL that are our own pages: a path, and nothing that a browser could take for
/// another host.
fn asked(page: &Page) -> Vec<String> {
    let screens = page.query.iter().filter(|(name, _)| name == "screen");
    screens
        .map(|(_, screen)| screen.clone())
        .filter(|screen| {
            screen.starts_with('/')
                && !screen.starts_with("//")
                && !screen.starts_with("/wall")
                && !screen.contains('\\')
                && !screen.contains(char::is_control)
        })
        .take(SCREENS_MAX)
        .collect()
}

fn on_wall(screen: &str, size: &str) -> String {
    let and = if screen.contains('?') { '&' } else { '?' };
    let (path, fragment) = screen.split_once('#').unwrap_or((screen, ""));
    let hash = if fragment.is_empty() { "" } else { "#" };
    format!("{path}{and}wall={size}{hash}{fragment}")
}

fn pace(page: &Page) -> u64 {
    let asked = page.param("every").and_then(|every| every.parse().ok());
    asked.filter(|every| *every <= 86_400).unwrap_or(PACE)
}

fn size(page: &Page) -> u16 {
    let asked = page.param("size").and_then(|size| size.parse().ok());
    asked.filter(|size| SIZES.contains(size)).unwrap_or(SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_webkit::i18n::Language;

    fn page(parameters: &[(&str, &str)]) -> Page {
        let mut page = crate::sample::page(Language::English);
        page.query = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        page
    }

    #[test]
    fn only_pages_of_ours_are_shown() {
        let hostile = [
            ("screen", "https://evil.example/"),
            ("screen", "//evil.example/"),
            ("screen", "/\\evil.example/"),
            ("screen", "javascript:alert(1)"),
            ("screen", "/wall/play?screen=/"),
        ];
        assert!(asked(&page(&hostile)).is_empty());
        let play = WallPlay::new(page(&hostile));
        assert_eq!(play.first, "/?wall=125");
        let html = play.render().unwrap();
        assert!(!html.contains("evil") && !html.contains("alert(1)"));
    }

    #[test]
    fn screens_keep_their_own_parameters() {
        let play = WallPlay::new(page(&[
            ("screen", "/services/a?from=now-1h&to=now"),
            ("screen", "/hitmap"),
            ("size", "200"),
            ("every", "10"),
        ]));
        assert_eq!(play.first, "/services/a?from=now-1h&to=now&wall=200");
        assert!(play.data.contains("/hitmap?wall=200") && play.data.contains("\"every_s\":10"));
    }

    #[test]
    fn what_is_chosen_stays_chosen() {
        let services = ["pay<ment".to_owned()];
        let html = WallPage::new(page(&[("screen", "/services/pay%3Cment")]), &services)
            .render()
            .unwrap();
        assert!(
            html.contains(r#"value="/services/pay%3Cment" checked"#),
            "{html}"
        );
        assert!(html.contains(r#"value="/hitmap">"#));
    }
}
