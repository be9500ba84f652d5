//! How a client call failed, in six kinds. They are what our side can tell about a partner without
//! its help.

/// The ways a call fails. The words are stored; never rename one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallFailure {
    /// No connection was made: refused, no route, or no address for the name.
    Connect,
    /// The TLS handshake failed, or the certificate is invalid.
    Tls,
    /// There was no answer within the caller's timeout.
    Timeout,
    /// The answer has a status for an invalid request (400 to 499).
    Refused,
    /// The answer has a status for a server error (500 and over).
    Fault,
    /// Any other failure.
    Other,
}

/// Parts of exception names and messages, in lower case, by which a failure is recognised. The
/// lists are tried in order: a handshake that timed out is TLS, and a connection that timed out is
/// `Connect`.
const TLS: &[&str] = &[
    "ssl",
    "tls",
    "x509",
    "certificate",
    "handshake",
    "cert_",
    "pkix",
];
const CONNECT: &[&str] = &[
    "econnrefused",
    "connection refused",
    "connectionrefused",
    "connectexception",
    "connecttimeout",
    "connect timeout",
    "connecterror",
    "connectionerror",
    "newconnectionerror",
    "noroutetohost",
    "no route to host",
    "ehostunreach",
    "enetunreach",
    "unreachable",
    "unknownhost",
    "enotfound",
    "eai_again",
    "getaddrinfo",
    "gaierror",
    "no such host",
    "name resolution",
    "nameresolution",
    "dial tcp",
];
const TIMEOUT: &[&str] = &[
    "timeout",
    "timed out",
    "timedout",
    "deadline",
    "etimedout",
    "esockettimedout",
];

/// The gRPC statuses that stand for an invalid request, by gRPC's mapping to HTTP.
const GRPC_REFUSED: &[&str] = &[
    "INVALID_ARGUMENT",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "ABORTED",
    "RESOURCE_EXHAUSTED",
    "CANCELLED",
];
/// The gRPC statuses that stand for a server error.
const GRPC_FAULT: &[&str] = &[
    "UNKNOWN",
    "INTERNAL",
    "UNIMPLEMENTED",
    "UNAVAILABLE",
    "DATA_LOSS",
];

impl CallFailure {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Refused,
        Self::Fault,
        Self::Other,
    ];

    /// The failure of a call with this HTTP status, `error.type` (or exception type) and status
    /// message. The HTTP status decides first, then the type, then the message.
    pub fn of(http_status: Option<u16>, error_type: &str, message: &str) -> Self {
        match http_status {
            Some(400..=499) => return Self::Refused,
            Some(500..) => return Self::Fault,
            _ => {}
        }
        Self::of_text(error_type)
            .or_else(|| Self::of_status(error_type))
            .or_else(|| Self::of_text(message))
            .unwrap_or(Self::Other)
    }

    /// The word used in the API and in stored columns.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Refused => "4xx",
            Self::Fault => "5xx",
            Self::Other => "other",
        }
    }

    /// The failure for a stored word. A word that only a later version knows is `Other`.
    pub fn of_word(word: &str) -> Self {
        let known = Self::ALL.into_iter().find(|have| have.as_str() == word);
        known.unwrap_or(Self::Other)
    }

    fn of_text(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
        [
            (TLS, Self::Tls),
            (CONNECT, Self::Connect),
            (TIMEOUT, Self::Timeout),
        ]
        .into_iter()
        .find_map(|(parts, failure)| has(parts).then_some(failure))
    }

    /// `error.type` may also be a status: an HTTP number or a gRPC word.
    fn of_status(error_type: &str) -> Option<Self> {
        match error_type.parse::<u16>() {
            Ok(400..=499) => return Some(Self::Refused),
            Ok(500..=599) => return Some(Self::Fault),
            _ => {}
        }
        if GRPC_REFUSED.contains(&error_type) {
            Some(Self::Refused)
        } else if GRPC_FAULT.contains(&error_type) {
            Some(Self::Fault)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CallFailure::*;

    #[test]
    fn agents_of_many_languages_say_how_a_call_failed() {
        let cases = [
            (Some(503), "503", "", Fault),
            (Some(404), "404", "", Refused),
            (Some(504), "timeout", "", Fault),
            (
                None,
                "java.net.SocketTimeoutException",
                "Read timed out",
                Timeout,
            ),
            (
                None,
                "java.net.http.HttpConnectTimeoutException",
                "",
                Connect,
            ),
            (
                None,
                "java.net.ConnectException",
                "Connection refused",
                Connect,
            ),
            (
                None,
                "java.net.UnknownHostException",
                "api.example",
                Connect,
            ),
            (
                None,
                "javax.net.ssl.SSLHandshakeException",
                "PKIX path building failed",
                Tls,
            ),
            (
                None,
                "ECONNREFUSED",
                "connect ECONNREFUSED 10.0.0.1:443",
                Connect,
            ),
            (None, "CERT_HAS_EXPIRED", "", Tls),
            (None, "*url.Error", "x509: certificate has expired", Tls),
            (
                None,
                "*net.OpError",
                "dial tcp 10.0.0.1:443: connect: connection refused",
                Connect,
            ),
            (
                None,
                "context.deadlineExceededError",
                "context deadline exceeded",
                Timeout,
            ),
            (None, "requests.exceptions.ReadTimeout", "", Timeout),
            (None, "requests.exceptions.ConnectionError", "", Connect),
            (
                None,
                "System.Threading.Tasks.TaskCanceledException",
                "The request timed out",
                Timeout,
            ),
            (None, "DEADLINE_EXCEEDED", "", Timeout),
            (None, "UNAVAILABLE", "", Fault),
            (None, "NOT_FOUND", "", Refused),
            (None, "500", "", Fault),
            (None, "error", "", Other),
            (
                Some(200),
                "com.example.ParseException",
                "unexpected token",
                Other,
            ),
        ];
        for (status, error_type, message, expected) in cases {
            assert_eq!(
                CallFailure::of(status, error_type, message),
                expected,
                "{status:?} {error_type} {message}"
            );
        }
    }

    #[test]
    fn a_stored_word_is_the_failure_it_came_from() {
        for failure in CallFailure::ALL {
            assert_eq!(CallFailure::of_word(failure.as_str()), failure);
        }
        assert_eq!(CallFailure::of_word("a later one"), Other);
    }
}
