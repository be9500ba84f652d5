//! Sends requests to an OTLP server, with the waits and retries that the protocol requires.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    metadata::{Ascii, MetadataKey, MetadataValue},
    transport::{Channel, Endpoint},
};
use tonic_types::StatusExt;

use crate::codec::EncodedTraces;

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// A server that needs longer for a request counts as unavailable.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// First wait between attempts when the server names none. It doubles up to the longest wait.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Most attempts: a little over a minute of waiting.
const ATTEMPTS: u32 = 18;

/// The server to send to.
#[derive(Debug, Clone)]
pub struct Target {
    /// URL such as `http://127.0.0.1:4317`.
    pub endpoint: String,
    /// Headers of every request: the ingestion key.
    pub headers: Vec<(String, String)>,
}

impl From<&str> for Target {
    fn from(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            headers: Vec::new(),
        }
    }
}

/// Counts of what was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// Spans that the server accepted.
    pub spans: u64,
    /// Requests that the server answered.
    pub requests: u64,
    /// Spans that the server rejected with a partial success.
    pub rejected_spans: u64,
    /// Spans that live dropped after the last retry, as an SDK would do.
    pub dropped_spans: u64,
    /// Number of repeated attempts.
    pub retries: u64,
}

impl Sent {
    pub(crate) fn add(&mut self, other: Self) {
        self.spans += other.spans;
        self.requests += other.requests;
        self.rejected_spans += other.rejected_spans;
        self.dropped_spans += other.dropped_spans;
        self.retries += other.retries;
    }
}

/// The reasons for which sending stopped.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The endpoint or a header is invalid.
    #[error("`{what}` is no OTLP target: {reason}; give a URL such as http://127.0.0.1:4317")]
    Target {
        /// The invalid part.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server refused a request permanently.
    #[error("the server refused the spans: {0}; check its address and the ingestion key")]
    Refused(Box<Status>),
    /// The server did not accept a request in any attempt.
    #[error(
        "the server did not take the spans in {attempts} attempts, last: {last}; is it running?"
    )]
    GaveUp {
        /// Number of attempts.
        attempts: u32,
        /// Its last answer.
        last: Box<Status>,
    },
    /// The generator's task ended unexpectedly: a bug in this crate.
    #[error("the generator stopped: {0}")]
    Generator(String),
}

/// A connection to a target. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    channel: Channel,
    headers: Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>,
}

impl Sender {
    /// A sender that connects with the first request.
    pub(crate) fn new(target: &Target) -> Result<Self, SimError> {
        let wrong = |what: &str, reason: String| SimError::Target {
            what: what.to_owned(),
            reason,
        };
        let endpoint = Endpoint::from_shared(target.endpoint.clone())
            .map_err(|error| wrong(&target.endpoint, error.to_string()))?
            .timeout(REQUEST_TIMEOUT);
        let headers = target
            .headers
            .iter()
            .map(|(name, value)| {
                let key = name.to_ascii_lowercase().parse::<MetadataKey<Ascii>>();
                let key = key.map_err(|error| wrong(name, error.to_string()))?;
                let value = value
                    .parse()
                    .map_err(|_| wrong(name, "its value is no ASCII".into()))?;
                Ok((key, value))
            })
            .collect::<Result<_, SimError>>()?;
        Ok(Self {
            channel: endpoint.connect_lazy(),
            headers,
        })
    }

    /// Sends one encoded request until it is accepted, refused, or given up.
    pub(crate) async fn send(&self, body: Bytes, spans: usize) -> Result<Sent, SimError> {
        let mut sent = Sent {
            requests: 1,
            ..Sent::default()
        };
        let mut wait = FIRST_WAIT;
        loop {
            let status = match self.attempt(body.clone()).await {
                Ok(response) => {
                    let rejected = response
                        .partial_success
                        .map_or(0, |part| part.rejected_spans);
                    sent.rejected_spans = u64::try_from(rejected).unwrap_or(0).min(spans as u64);
                    sent.spans = spans as u64 - sent.rejected_spans;
                    return Ok(sent);
                }
                Err(status) => status,
            };
            let asked = status
                .get_details_retry_info()
                .and_then(|info| info.retry_delay);
            if !is_retryable(status.code(), asked.is_some()) {
                return Err(SimError::Refused(Box::new(status)));
            }
            sent.retries += 1;
            if sent.retries >= u64::from(ATTEMPTS) {
                return Err(SimError::GaveUp {
                    attempts: ATTEMPTS,
                    last: Box::new(status),
                });
            }
            tokio::time::sleep(asked.unwrap_or(wait).min(LONGEST_WAIT)).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Sends one encoded request, once.
    pub(crate) async fn attempt(&self, body: Bytes) -> Result<ExportTraceServiceResponse, Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let mut request = Request::new(body);
        for (key, value) in &self.headers {
            request.metadata_mut().insert(key.clone(), value.clone());
        }
        let path = PathAndQuery::from_static(EXPORT);
        grpc.unary(request, path, EncodedTraces)
            .await
            .map(tonic::Response::into_inner)
    }
}

/// Whether OTLP allows a retry after this status.
fn is_retryable(code: Code, has_retry_info: bool) -> bool {
    match code {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::ResourceExhausted => has_retry_info,
        _ => false,
    }
}
