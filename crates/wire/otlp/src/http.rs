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
/// and Express put it; else the path with its ids removed.
fn route<'r>(sent: &Sent<'r>) -> Option<Cow<'r, str>> {
    let attributes = sent.attributes;
    if let Some(route) = attributes
        .text(attribute::HTTP_ROUTE)
        .or_else(|| attributes.text(URL_TEMPLATE))
    {
        return Some(rooted(route));
    }
    if let Some(path) = path_in_name(sent.sent_name) {
        return Some(path::template(path).into());
    }
    let path = attributes.text(attribute::URL_PATH).or_else(|| {
        let url = attributes.text(attribute::URL_FULL)?;
        Some(address::path_of_url(url))
    })?;
    Some(path::template(path).into())
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
