//! HTTP: status, method and route of a span, in the old and the new conventions.

use crate::{address, path, sent::Sent};
use hinomi_model::attribute::{self, Keys};
use std::borrow::Cow;

/// A path template that the client knows.
const URL_TEMPLATE: Keys = &["url.template"];

/// Known methods. Any other method is written `HTTP`, as the convention requires for `_OTHER`.
const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
];

/// The operation `METHOD route`; `None` when the span is not an HTTP request.
pub(crate) fn operation(sent: &Sent<'_>) -> Option<String> {
    let method = sent.attributes.text(attribute::HTTP_METHOD).map(method);
    if method.is_none() && sent.attributes.text(attribute::HTTP_ROUTE).is_none() {
        return None;
    }
    let method = method.unwrap_or("HTTP");
    Some(match route(sent) {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    })
}

/// The method in its usual spelling.
fn method(sent: &str) -> &'static str {
    METHODS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(sent))
        .copied()
        .unwrap_or("HTTP")
}

/// The matched route; else the client's template; else the route in the span's name, where Python
/// and Express put it; else the path with its ids removed. A route that matches any path tells
/// nothing, so the path comes before it. Not where it leads to a file, since a row for each file
/// would tell less; and not where nothing was found, since scanners ask for any path.
fn route<'r>(sent: &Sent<'r>) -> Option<Cow<'r, str>> {
    let attributes = sent.attributes;
    let route = attributes
        .text(attribute::HTTP_ROUTE)
        .or_else(|| attributes.text(URL_TEMPLATE));
    match route {
        Some(route) if !is_catch_all(route) => return Some(rooted(route)),
        Some(route) => {
            let path = path(sent).map(path::template);
            let path = path.filter(|path| sent.http_status != Some(404) && !path::is_file(path));
            return Some(path.map_or_else(|| rooted(route), Cow::Owned));
        }
        None => {}
    }
    if let Some(path) = path_in_name(sent.sent_name) {
        return Some(path::template(path).into());
    }
    Some(path::template(path(sent)?).into())
}

fn path<'r>(sent: &Sent<'r>) -> Option<&'r str> {
    sent.attributes.text(attribute::URL_PATH).or_else(|| {
        let url = sent.attributes.text(attribute::URL_FULL)?;
        Some(address::path_of_url(url))
    })
}

/// Whether a route ends in a wildcard for the rest of the path (`/*`, `/api/{proxy+}`,
/// `{*path}`, `/:rest*`, `<path:p>`), or is the one route of a framework for all controllers
/// (`{controller=Home}/{action=Index}/{id?}`).
fn is_catch_all(route: &str) -> bool {
    let mut segments = route.split('/').filter(|segment| !segment.is_empty());
    let last = segments.clone().next_back();
    last.is_some_and(is_rest)
        || segments.any(|segment| segment.starts_with("{controller")) && route.contains("{action")
}

/// Whether a segment of a route matches the rest of the path. A parameter with a pattern
/// (`{name:[a-z]+}`, `:id(\d+)`) matches one segment.
fn is_rest(segment: &str) -> bool {
    let marks = ['{', '<', '(', ':'];
    let inner = segment
        .trim_start_matches(marks)
        .trim_end_matches(['}', '>', ')']);
    if matches!(inner, "*" | "**" | ".*" | ".+" | "*.*") {
        return true;
    }
    let (name, pattern) = inner.split_once(':').unwrap_or((inner, ""));
    let is_name = |text: &str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        !text.is_empty() && text.bytes().all(word)
    };
    let stars = name.trim_start_matches('*');
    let begins = stars.len() < name.len() && is_name(stars);
    let ends = name.strip_suffix(['*', '+']).is_some_and(is_name);
    let is_marked = segment.starts_with(marks);
    begins
        || is_marked && (ends || matches!(pattern.trim(), ".*" | ".+"))
        || segment.starts_with("<path:")
}

/// Routes of .NET and Django have no leading slash: `api/orders/{id}`.
fn rooted(route: &str) -> Cow<'_, str> {
    if route.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '{' | '<' | ':')) {
        format!("/{route}").into()
    } else {
        route.into()
    }
}

fn path_in_name(name: &str) -> Option<&str> {
    let (method, path) = name.trim().split_once(' ')?;
    let known = METHODS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(method))
        || method == "HTTP";
    (known && path.starts_with('/')).then_some(path.trim())
}
