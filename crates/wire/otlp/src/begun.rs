//! What began a transaction: a request, a message, a machine that looks after the service, somebody who listens
//! for as long as they like, or a timer.

use crate::{rpc, sent::Sent};
use hinomi_model::{SpanKind, TransactionKind, attribute::Keys};

/// Words that a path for health checks has.
const HEALTH: [&str; 23] = [
    "health",
    "healthz",
    "healthcheck",
    "health-check",
    "health_check",
    "healthy",
    "_health",
    "__health",
    "lbheartbeat",
    "__lbheartbeat__",
    "__heartbeat__",
    "heartbeat",
    "live",
    "livez",
    "liveness",
    "livenessprobe",
    "ready",
    "readyz",
    "readiness",
    "readinessprobe",
    "startupz",
    "ping",
    "up",
];
/// Words that a path for scrapes of metrics has.
const SCRAPES: [&str; 3] = ["metrics", "prometheus", "federate"];
/// First parts of such paths, before the word.
const BEFORE: [&str; 8] = [
    "actuator",
    "-",
    "q",
    "_",
    "management",
    "manage",
    "internal",
    "_internal",
];
/// What programs that check health call themselves, in lower case.
const CHECKERS: [&str; 12] = [
    "kube-probe/",
    "googlehc/",
    "elb-healthchecker/",
    "consul health check",
    "consul-health-check",
    "prometheus/",
    "blackbox exporter/",
    "blackbox-exporter/",
    "envoy/hc",
    "amazon-route53-health-check",
    "uptime-kuma/",
    "vmagent",
];

const USER_AGENT: Keys = &["user_agent.original", "http.user_agent"];
const PROTOCOL: Keys = &["network.protocol.name", "net.protocol.name"];
const CONTENT_TYPE: Keys = &["http.response.header.content-type"];
const GRAPHQL_KIND: Keys = &["graphql.operation.type"];
const TRIGGER: Keys = &["faas.trigger"];
const SCHEDULER: Keys = &["job.system", "scheduling.apache-elasticjob.job.name"];

/// `HTTP/1.1 101`: the connection is another protocol's from here on.
const SWITCHING_PROTOCOLS: u16 = 101;

/// What began the transaction with this operation.
pub(crate) fn kind(sent: &Sent<'_>, operation: &str) -> TransactionKind {
    if sent.kind == SpanKind::Consumer {
        TransactionKind::Message
    } else if is_stream(sent) {
        TransactionKind::Stream
    } else if is_probe(sent, operation) {
        TransactionKind::Probe
    } else if is_job(sent) {
        TransactionKind::Job
    } else {
        TransactionKind::Request
    }
}

/// Whether it lasts as long as somebody listens.
fn is_stream(sent: &Sent<'_>) -> bool {
    if sent.kind != SpanKind::Server {
        return false;
    }
    let is = |keys, wanted: &str| {
        let text = sent.attributes.text(keys);
        text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    let sends_events = || {
        let text = sent.attributes.text(CONTENT_TYPE);
        text.is_some_and(|text| text.starts_with("text/event-stream"))
    };
    sent.http_status == Some(SWITCHING_PROTOCOLS)
        || is(PROTOCOL, "websocket")
        || is(GRAPHQL_KIND, "subscription")
        || sends_events()
}

/// Whether a machine asks how the service is.
fn is_probe(sent: &Sent<'_>, operation: &str) -> bool {
    if sent.kind != SpanKind::Server {
        return false;
    }
    if rpc::is_rpc(sent.attributes) {
        return operation.starts_with("grpc.health.");
    }
    let path = ["GET ", "HEAD "]
        .into_iter()
        .find_map(|method| operation.strip_prefix(method));
    path.is_some_and(|path| is_probe_path(path) || is_short(path) && is_checker(sent))
}

/// Whether a path is one for health checks or scrapes: such a word, perhaps with one part before it
/// that is known to be, and one after it (`/actuator/health/liveness`).
fn is_probe_path(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    let is_below = parts.next_if(|part| BEFORE.contains(part)).is_some();
    let Some(word) = parts.next() else {
        return false;
    };
    let word = word.to_ascii_lowercase();
    let is_health = HEALTH.contains(&&*word);
    let rest = parts.next();
    let is_end = match rest {
        None => true,
        Some(part) => {
            let is_any = part.starts_with(['*', '{']);
            is_health && (HEALTH.contains(&part) || is_below && is_any)
        }
    };
    (is_health || SCRAPES.contains(&&*word)) && is_end && parts.next().is_none()
}

/// Whether a path is one that balancers check when nobody tells them a better one. The name of the
/// program is read only for these: it differs from caller to caller, so it is costly to read for each
/// request.
fn is_short(path: &str) -> bool {
    path.split('/').filter(|part| !part.is_empty()).count() <= 1
}

fn is_checker(sent: &Sent<'_>) -> bool {
    sent.attributes.text(USER_AGENT).is_some_and(|agent| {
        let agent = agent.to_ascii_lowercase();
        CHECKERS.iter().any(|checker| agent.starts_with(checker))
    })
}

/// Whether a timer or a scheduler began it.
fn is_job(sent: &Sent<'_>) -> bool {
    sent.attributes.text(TRIGGER) == Some("timer") || sent.attributes.text(SCHEDULER).is_some()
}

#[cfg(test)]
mod tests {
    use super::is_probe_path;

    #[test]
    fn paths_of_health_checks_are_told_from_those_of_users() {
        for path in [
            "/healthz",
            "/health",
            "/actuator/health/liveness",
            "/actuator/health/**",
            "/actuator/prometheus",
            "/-/ready",
            "/q/health/live",
            "/metrics",
            "/Health",
            "/up",
        ] {
            assert!(is_probe_path(path), "{path}");
        }
        for path in [
            "/",
            "/orders",
            "/health/records/{id}",
            "/health/insurance",
            "/api/metrics/{name}",
            "/metrics/daily",
            "/users/live",
            "/live/{channel}",
            "/health/{patient}",
            "/live/{channel}/{id}",
            "/liveness-report",
        ] {
            assert!(!is_probe_path(path), "{path}");
        }
    }
}
