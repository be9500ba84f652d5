//! Security headers of every answer, and the rejection of requests for a foreign host name.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use crate::{App, problem::Problem};

/// Allows nothing from other hosts and nothing inline. Only our own pages (the wall mode) may frame
/// a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'self'";

/// The policy of the wall mode, which shows our own pages in frames.
pub const FRAMES_OURS: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-src 'self'; frame-ancestors 'none'";

/// The accepted `Host` headers. A page of another origin can make a browser call a loopback address
/// under that page's own name (DNS rebinding); such a name is not accepted.
#[derive(Debug, Clone, Default)]
pub struct HostPolicy {
    allowed: Arc<[String]>,
}

impl HostPolicy {
    /// Accepts only `localhost`, `127.0.0.0/8` and `[::1]`.
    pub fn loopback() -> Self {
        Self::default()
    }

    /// Accepts these names as well; without port.
    pub fn and(names: impl IntoIterator<Item = String>) -> Self {
        Self {
            allowed: names
                .into_iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        }
    }

    /// Whether a `Host` header names this server.
    pub fn admits(&self, host: &str) -> bool {
        let name = match host.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((address, port)) if port.is_empty() || port.starts_with(':') => address,
                _ => return false,
            },
            None => host.rsplit_once(':').map_or(host, |(name, _)| name),
        };
        let name = name.to_ascii_lowercase();
        name == "localhost"
            || name.parse::<IpAddr>().is_ok_and(|address| match address {
                IpAddr::V4(address) => address.is_loopback(),
                IpAddr::V6(address) => address == Ipv6Addr::LOCALHOST,
            })
            || self.allowed.contains(&name)
    }
}

/// Rejects requests whose host the policy does not accept. Health and readiness probes are answered
/// anyway: they reveal nothing.
pub async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    let authority = request
        .uri()
        .authority()
        .map(|authority| authority.as_str());
    let header = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = header.or(authority).unwrap_or_default();
    if probe || app.web.hosts.admits(host) {
        return next.run(request).await;
    }
    Problem::of(
        StatusCode::MISDIRECTED_REQUEST,
        "Unknown host",
        "this server accepts only localhost and loopback addresses; open it with one of those",
    )
    .into_response()
}

/// Rejects a change that a page of another origin requests. Programs send neither header and pass.
/// Browsers always send them. For these methods a browser also asks for permission before a
/// cross-origin request, and that is denied too.
pub fn check_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN).map(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_some() && authority == text(header::HOST)
    });
    if site.is_none_or(|site| matches!(site, "same-origin" | "none")) && origin.unwrap_or(true) {
        return Ok(());
    }
    Err(Problem::of(
        StatusCode::FORBIDDEN,
        "Cross-origin request",
        "requests that change something are accepted only from Hinomi's own pages or from programs",
    ))
}

/// Sets the headers of every answer. A header that a handler has set is kept.
pub async fn set_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in always {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_taken_from_here_and_from_programs() {
        let admits = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_static(value))
            });
            check_origin(&pairs.collect()).is_ok()
        };
        let host = ("host", "localhost:8080");
        assert!(admits(&[host]));
        assert!(admits(&[host, ("origin", "http://localhost:8080")]));
        assert!(admits(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(!admits(&[host, ("origin", "http://localhost:9090")]));
        assert!(!admits(&[host, ("origin", "https://evil.example")]));
        assert!(!admits(&[host, ("origin", "null")]));
        assert!(!admits(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(!admits(&[host, ("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn only_loopback_names_are_admitted() {
        let policy = HostPolicy::loopback();
        for host in [
            "localhost",
            "localhost:8080",
            "127.0.0.1:8080",
            "127.9.9.9",
            "[::1]:80",
        ] {
            assert!(policy.admits(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "[::2]",
            "[::1]x",
        ] {
            assert!(!policy.admits(host), "{host}");
        }
        assert!(HostPolicy::and(["Hinomi.test".into()]).admits("hinomi.test:8080"));
    }
}
