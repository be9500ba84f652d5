//! What both transports share: a decoded body goes in, the protocol's answer comes out.

use crate::{
    CollectorLimits,
    active_requests::{self, Found},
    body::Body,
};
use bytes::Bytes;
use hinomi_ingest::{Admitted, Ingest, Refused};
use hinomi_model::{SpanBatch, Text};
use hinomi_otlp::Decoder;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
};
use prost::Message;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// The receivers' common part. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
}

struct Inner {
    ingest: Arc<Ingest>,
    decoder: Decoder,
    project: Text,
    limits: CollectorLimits,
    decoding: Semaphore,
    admissions: TaskTracker,
}

/// What a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
    Logs,
}

/// How its body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// The answer to a request that was understood: how many records were refused, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub rejected: i64,
    pub message: String,
}

/// Why a request has no such answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It can not be read; the client must not repeat it.
    #[error("the request can not be decoded: {0}")]
    Malformed(String),
    /// It was not admitted; whether to repeat it the refusal says.
    #[error("{0}")]
    Refused(#[from] Refused),
}

impl Receiver {
    /// A receiver for `project` that admits to `ingest`.
    pub fn new(
        ingest: Arc<Ingest>,
        decoder: Decoder,
        project: Text,
        limits: CollectorLimits,
    ) -> Self {
        let decoding = Semaphore::new(limits.concurrent_requests);
        let admissions = TaskTracker::new();
        Self {
            inner: Arc::new(Inner {
                ingest,
                decoder,
                project,
                limits,
                decoding,
                admissions,
            }),
        }
    }

    /// Waits until every admission that began has ended. Call once the servers have stopped.
    pub async fn drained(&self) {
        self.inner.admissions.close();
        self.inner.admissions.wait().await;
    }

    pub(crate) fn ingest(&self) -> &Ingest {
        &self.inner.ingest
    }

    pub(crate) fn limits(&self) -> &CollectorLimits {
        &self.inner.limits
    }

    pub(crate) async fn receive(
        &self,
        signal: Signal,
        encoding: Encoding,
        body: Body,
    ) -> Result<Answer, Failure> {
        match signal {
            Signal::Traces => self.traces(encoding, body).await,
            Signal::Metrics => {
                let request: ExportMetricsServiceRequest = decode(encoding, &body.bytes)?;
                Ok(self.metrics(&request))
            }
            Signal::Logs => {
                let request: ExportLogsServiceRequest = decode(encoding, &body.bytes)?;
                let scopes = request.resource_logs.iter().flat_map(|r| &r.scope_logs);
                Ok(self.not_stored("logs", scopes.map(|scope| scope.log_records.len()).sum()))
            }
        }
    }

    async fn traces(&self, encoding: Encoding, body: Body) -> Result<Answer, Failure> {
        let inner = &self.inner;
        let received = {
            // Closed never: the semaphore lives as long as the receiver.
            let _turn = inner.decoding.acquire().await;
            let now = inner.ingest.now();
            let decoded = match encoding {
                Encoding::Protobuf => inner.decoder.protobuf(&body.bytes, now),
                Encoding::Json => inner.decoder.json(&body.bytes, now),
            };
            drop(body);
            decoded.map_err(|error| Failure::Malformed(error.to_string()))?
        };
        let metrics = inner.ingest.metrics();
        let rejected = received.rejected.count;
        metrics.count("traces", "refused", rejected);
        metrics.count_mended(received.skewed, received.truncated);
        let spans = received.spans;
        if !spans.is_empty() {
            self.admit(spans).await?;
        }
        let message = if rejected > 0 {
            received.rejected.to_string()
        } else {
            String::new()
        };
        Ok(Answer {
            rejected: i64::try_from(rejected).unwrap_or(i64::MAX),
            message,
        })
    }

    /// In a task of its own: a client that hangs up cancels its handler, not the admission.
    async fn admit(&self, spans: SpanBatch) -> Result<Admitted, Failure> {
        let inner = Arc::clone(&self.inner);
        let admission = self
            .inner
            .admissions
            .spawn(async move { inner.ingest.spans(&inner.project, spans).await });
        match admission.await {
            Ok(admitted) => Ok(admitted?),
            Err(error) => {
                tracing::error!(%error, "an admission ended without an answer");
                Err(Refused::Busy {
                    retry_after: std::time::Duration::from_secs(1),
                }
                .into())
            }
        }
    }

    /// The requests that agents say are active are shown; other metrics are not kept.
    fn metrics(&self, request: &ExportMetricsServiceRequest) -> Answer {
        let ingest = &self.inner.ingest;
        let Found { reports, others } = active_requests::find(request);
        let told = reports.len();
        let refused = ingest.active_requests(reports);
        ingest
            .metrics()
            .count("metrics", "accepted", (told - refused) as u64);
        self.not_stored("metrics", others + refused)
    }

    /// Metrics and logs are read and not kept yet. Said in the answer, so that nobody believes
    /// they are; an error would make every agent's exporter complain without end.
    fn not_stored(&self, signal: &'static str, records: usize) -> Answer {
        self.inner
            .ingest
            .metrics()
            .count(signal, "refused", records as u64);
        if records == 0 {
            return Answer::default();
        }
        Answer {
            rejected: i64::try_from(records).unwrap_or(i64::MAX),
            message: format!(
                "{signal} are not stored by this version; set OTEL_{}_EXPORTER=none to stop sending them",
                signal.to_uppercase()
            ),
        }
    }
}

fn decode<T: Message + Default + DeserializeOwned>(
    encoding: Encoding,
    body: &Bytes,
) -> Result<T, Failure> {
    match encoding {
        Encoding::Protobuf => {
            T::decode(body.clone()).map_err(|error| Failure::Malformed(error.to_string()))
        }
        Encoding::Json => {
            serde_json::from_slice(body).map_err(|error| Failure::Malformed(error.to_string()))
        }
    }
}
