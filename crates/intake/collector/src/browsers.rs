//! Browsers, which have nothing to send here. A page of any site can make a browser send a request to a
//! port of the machine it runs on, under a name of its own that it lets point there (DNS rebinding).
//!
//! Refused are requests with an `Origin` or `Sec-Fetch-Site`, which every browser sends with a POST and
//! no agent does, and those for a name that only the public DNS can know. Agents reach a collector by
//! many names, none of which a site can own: addresses, names without a dot (a container's, a service's
//! in its own namespace), and names under a suffix that is never delegated. Others are configured.

use http::{HeaderMap, HeaderName, Uri, header};
use std::{net::IpAddr, sync::Arc};

/// Suffixes of names that the public DNS does not have: RFC 6761, 6762, 8375, ICANN's `internal`, and
/// those that routers and clusters have used for long.
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

/// Why a request is none of an agent.
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

/// Tells agents from browsers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Agents {
    hosts: Arc<[String]>,
}

impl Agents {
    /// They may come by these names, too.
    pub fn new(hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { hosts }
    }

    /// Refuses what no agent sends.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Foreign> {
        let fetched = headers.contains_key(HeaderName::from_static("sec-fetch-site"));
        if fetched || headers.contains_key(header::ORIGIN) {
            return Err(Foreign::Browser);
        }
        // A header's name and an HTTP/2 request's authority.
        let named = headers.get(header::HOST).map(|host| host.to_str());
        let host = match (named, uri.authority()) {
            (Some(Ok(host)), _) => host,
            (Some(Err(_)), _) => return Err(Foreign::Host),
            (None, Some(authority)) => authority.as_str(),
            // Only programs leave it out.
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

/// Whether no site can own the name.
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
