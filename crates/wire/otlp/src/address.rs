//! Host and port of the called side, and the parts of a URL.

use crate::lookup::Attributes;
use hinomi_model::attribute::{self, Keys};

/// Keys for the name of the called side. This is not `attribute::SERVER_ADDRESS`: in the older
/// convention, `net.host.name` on a client span is the caller itself.
const PEER_NAME: Keys = &["server.address", "net.peer.name", "net.sock.peer.name"];
/// The `Host` header, with its port.
const HOST_HEADER: Keys = &["http.host"];
/// Keys for IP addresses. They are used only when there is no name.
const PEER_IP: Keys = &["net.peer.ip", "net.sock.peer.addr", "network.peer.address"];
const PEER_PORT: Keys = &["server.port", "net.peer.port"];
const PEER_IP_PORT: Keys = &["net.sock.peer.port", "network.peer.port", "net.peer.port"];
const SCHEME: Keys = &["url.scheme", "http.scheme"];

/// Address that a client call went to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    host: String,
    port: Option<u16>,
    scheme: Option<String>,
}

impl Address {
    /// The address in a client span's attributes. A name is preferred to an IP address.
    pub fn of_call(attributes: Attributes<'_>) -> Option<Self> {
        let port = |keys| {
            attributes
                .integer(keys)
                .and_then(|port| u16::try_from(port).ok())
        };
        let url = attributes.text(attribute::URL_FULL);
        let scheme = url
            .and_then(|url| url.split_once("://"))
            .map(|(scheme, _)| scheme);
        let scheme = scheme
            .or_else(|| attributes.text(SCHEME))
            .map(str::to_ascii_lowercase);
        let from_url = || url.and_then(authority).and_then(Self::parse);
        let found = match attributes.text(PEER_NAME).and_then(Self::parse) {
            Some(named) => {
                let named = Self {
                    port: port(PEER_PORT).or(named.port),
                    ..named
                };
                // Only the URL has the port.
                match from_url() {
                    Some(url) if named.port.is_none() && url.host == named.host => url,
                    _ => named,
                }
            }
            None => from_url()
                .or_else(|| attributes.text(HOST_HEADER).and_then(Self::parse))
                .or_else(|| {
                    let numeric = attributes.text(PEER_IP).and_then(Self::parse)?;
                    Some(Self {
                        port: port(PEER_IP_PORT).or(numeric.port),
                        ..numeric
                    })
                })?,
        };
        Some(Self { scheme, ..found })
    }

    /// Parses `host`, `host:port`, `[v6]:port`, or the path of a socket.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (host, port) = if text.starts_with('/') {
            (text, None)
        } else if let Some((host, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) {
            (host, rest.strip_prefix(':'))
        } else if text.matches(':').count() > 1 {
            (text, None)
        } else {
            text.split_once(':')
                .map_or((text, None), |(host, port)| (host, Some(port)))
        };
        let host = host.trim_end_matches('.').to_lowercase();
        let port = port.and_then(|port| port.parse().ok());
        (!host.is_empty()).then_some(Self {
            host,
            port,
            scheme: None,
        })
    }

    /// `host[:port]`, without the port when it equals `default`.
    pub fn shown(&self, default: Option<u16>) -> String {
        match self.port {
            Some(port) if port != 0 && Some(port) != default => {
                if self.host.contains(':') {
                    format!("[{}]:{port}", self.host)
                } else {
                    format!("{}:{port}", self.host)
                }
            }
            _ => self.host.clone(),
        }
    }

    /// `host[:port]`, without the port when it is the scheme's default. When the scheme is not
    /// known, 80 and 443 are both left out.
    pub fn shown_for_http(&self) -> String {
        let default = match self.scheme.as_deref() {
            Some("http" | "ws") => Some(80),
            Some("https" | "wss") => Some(443),
            _ => self.port.filter(|port| matches!(port, 80 | 443)),
        };
        self.shown(default)
    }
}

/// The path of an absolute URL, with query and fragment; the whole text when it is not an absolute
/// URL.
pub(crate) fn path_of_url(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) => rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]),
        None => url,
    }
}

/// Host and port of an absolute URL, without user and password.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(
        authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host),
    )
}
