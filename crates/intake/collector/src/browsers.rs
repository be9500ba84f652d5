//! Refuses requests from browsers. Any web page can make a browser send a request to a port of the
//! machine it runs on, even under the page's own host name if that resolves to this machine (DNS
//! rebinding).
//!
//! Requests with an `Origin` or `Sec-Fetch-Site` header are refused: every browser sends one of
//! them with a POST, and no agent does. Requests for a host name of the public DNS are refused too.
//! Agents reach a collector by names that no web site can own: IP addresses, names without a dot
//! (of a container, or of a service in its own namespace), and names under a suffix that is never
//! delegated. Other names can be configured.

use http::{HeaderMap, HeaderName, Uri, header};
use std::{net::IpAddr, sync::Arc};

/// Suffixes that do not exist in the public DNS: RFC 6761, 6762, 8375, ICANN's `internal`, and
/// those that routers and clusters have long used.
const PRIVATE: [&str; 12] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "svc",
    "test",
    "home.arpa",
    "localdomain",
];

/// Why a request cannot be from an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Foreign {
    #[error("pages in browsers can not send here; send from the agent or the server of the page")]
    Browser,
    #[error(
        "this name is not known here; send to an IP address, a name without a dot or one under .internal, \
         .local and the like, or name it with --otlp-hosts"
    )]
    Host,
}

/// Distinguishes agents from browsers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Agents {
    hosts: Arc<[String]>,
}

impl Agents {
    /// `hosts` are additional host names that agents may use.
    pub fn new(hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { hosts }
    }

    /// Refuses a request that no agent would send.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let fetched = headers.contains_key(HeaderName::from_static("sec-fetch-site"));
        if fetched || headers.contains_key(header::ORIGIN) {
            return Err(Foreign::Browser);
        }
        // The `Host` header, or the authority of an HTTP/2 request.
        let named = headers.get(header::HOST).map(|host| host.to_str());
        let host = match (named, uri.authority()) {
            (Some(Ok(host)), _) => host,
            (Some(Err(_)), _) => return Err(Foreign::Host),
            (None, Some(authority)) => authority.as_str(),
            // Only programs omit it; browsers always send it.
            (None, None) => return Ok(()),
        };
        if self.admits(host) {
            Ok(())
        } else {
            Err(Foreign::Host)
        }
    }

    fn admits(&self, host: &str) -> bool {
        if let Some(rest) = host.strip_prefix('[') {
            return rest
                .split_once(']')
                .is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        is_private(&name) || self.hosts.contains(&name)
    }
}

/// Whether no web site can own the name.
fn is_private(name: &str) -> bool {
    !name.contains('.')
        || name.parse::<IpAddr>().is_ok()
        || PRIVATE.iter().any(|suffix| {
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&'static str, &'static str)]) -> Result<(), Foreign> {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, http::HeaderValue::from_static(value))
        });
        let agents = Agents::new(&["Otel.example.com".to_owned()]);
        agents.check(&Uri::from_static("/v1/traces"), &pairs.collect())
    }

    #[test]
    fn agents_come_by_any_name_that_no_site_can_own() {
        for host in [
            "localhost:4318",
            "127.0.0.1:4318",
            "10.1.2.3",
            "[::1]:4318",
            "[fd00::7]",
            "hinomi:4318",
            "hinomi.monitoring.svc:4318",
            "hinomi.monitoring.svc.cluster.local",
            "host.docker.internal:4318",
            "Nas.Home.Arpa.:4318",
            "otel.example.com",
            "",
        ] {
            assert_eq!(found(&[("host", host)]), Ok(()), "{host}");
        }
        assert_eq!(found(&[]), Ok(()));
    }

    #[test]
    fn browsers_and_names_of_sites_are_refused() {
        for host in [
            "evil.example:4318",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "xlocal.example",
            "notlocalhost.com",
            "[evil]",
        ] {
            assert_eq!(found(&[("host", host)]), Err(Foreign::Host), "{host}");
        }
        let host = ("host", "127.0.0.1:4318");
        for mark in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:4318"),
            ("sec-fetch-site", "same-origin"),
        ] {
            assert_eq!(found(&[host, mark]), Err(Foreign::Browser), "{mark:?}");
        }
        let by_authority = Uri::from_static("http://evil.example/v1/traces");
        let found = Agents::new(&[]).check(&by_authority, &HeaderMap::new());
        assert_eq!(found, Err(Foreign::Host));
    }
}
