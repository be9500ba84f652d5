//! The common part of both transports: takes a body and returns the protocol's answer.

use crate::{
    CollectorLimits,
    body::BodyError,
    decoding::{Decoding, Sent},
    request::{Answer, Encoding, Failure, Request, Signal, later},
    senders::Senders,
};
use hinomi_ingest::{Admitted, Ingest};
use hinomi_live::ActiveReport;
use hinomi_model::{SpanBatch, Text, rollup::ServiceKey};
use hinomi_otlp::{ActiveSeries, Admissible, DecodeError, Decoder, Received};
use http::HeaderMap;
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// If the trusted clock differs by more than a minute after a request is decoded, the clock was
/// moved.
const CLOCK_MOVED: Duration = Duration::from_secs(60);
const CLOCK_MOVED_NS: u64 = 60_000_000_000;

/// The common part of the receivers. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    inner: Arc<Inner>,
}

struct Inner {
    ingest: Arc<Ingest>,
    decoding: Decoding,
    senders: Arc<dyn Senders>,
    limits: CollectorLimits,
    admissions: TaskTracker,
}

impl Receiver {
    /// A receiver for these senders that passes spans to `ingest`.
    pub fn new(
        ingest: Arc<Ingest>,
        decoder: Decoder,
        senders: Arc<dyn Senders>,
        limits: CollectorLimits,
    ) -> Self {
        let decoding = Decoding::new(decoder, &limits, ingest.in_flight().clone());
        Self {
            inner: Arc::new(Inner {
                ingest,
                decoding,
                senders,
                limits,
                admissions: TaskTracker::new(),
            }),
        }
    }

    /// Waits until every started admission has finished. Call once the servers have stopped.
    pub async fn drained(&self) {
        self.inner.admissions.close();
        self.inner.admissions.wait().await;
    }

    pub(crate) fn ingest(&self) -> &Ingest {
        &self.inner.ingest
    }

    /// The project of a request with these headers. Asked before the body is read, so that a stranger
    /// takes no memory.
    pub(crate) fn project_of(&self, headers: &HeaderMap) -> Result<Text, Failure> {
        let project = self.inner.senders.project_of(headers);
        project.map_err(|unknown| {
            self.inner.ingest.metrics().count_refused_request();
            unknown.into()
        })
    }

    pub(crate) fn limits(&self) -> &CollectorLimits {
        &self.inner.limits
    }

    /// Converts the error of a body that could not be read.
    pub(crate) fn failure(&self, error: BodyError) -> Failure {
        match error {
            BodyError::NoMemory => self.inner.ingest.busy().into(),
            error => error.into(),
        }
    }

    pub(crate) async fn receive(&self, request: Request) -> Result<Answer, Failure> {
        let Request {
            project,
            signal,
            encoding,
            compression,
            body,
        } = request;
        let sent = Sent {
            body,
            compression,
            encoding,
        };
        match signal {
            Signal::Traces => self.traces(project, sent).await,
            Signal::Metrics => self.metrics(project, sent).await,
            Signal::Logs => self.logs(sent).await,
        }
    }

    async fn traces(&self, project: Text, sent: Sent) -> Result<Answer, Failure> {
        let inner = &self.inner;
        let encoding = sent.encoding;
        let clock = Arc::clone(&self.inner);
        let received = self.decode(sent, move |decoder, body| {
            let decode = |times: Admissible| match encoding {
                Encoding::Protobuf => decoder.protobuf(body, times),
                Encoding::Json => decoder.json(body, times),
            };
            at_the_right_time(&clock.ingest, decode)
        });
        let received = received.await?;
        let metrics = inner.ingest.metrics();
        let rejected = received.rejected.count;
        metrics.count("traces", "refused", rejected);
        metrics.count_mended(received.skewed, received.truncated);
        let spans = received.spans;
        if !spans.is_empty() {
            self.admit(project, spans).await?;
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

    /// Runs in a separate task: a client that disconnects cancels its handler, but not the
    /// admission.
    async fn admit(&self, project: Text, spans: SpanBatch) -> Result<Admitted, Failure> {
        let inner = Arc::clone(&self.inner);
        let is_large = spans.len() > inner.limits.inline_spans;
        let admission = async move { inner.ingest.spans(&project, spans).await };
        let admissions = &self.inner.admissions;
        let admission = if is_large {
            // Computing the rollups of so many spans would block other tasks on the thread.
            let runtime = tokio::runtime::Handle::current();
            admissions.spawn_blocking(move || runtime.block_on(admission))
        } else {
            admissions.spawn(admission)
        };
        match admission.await {
            Ok(admitted) => Ok(admitted?),
            Err(error) => {
                tracing::error!(%error, "an admission ended without an answer");
                Err(later())
            }
        }
    }

    /// Active requests that agents report are shown; other metrics are not stored.
    async fn metrics(&self, project: Text, sent: Sent) -> Result<Answer, Failure> {
        let (inner, encoding) = (&self.inner, sent.encoding);
        let metrics = self.decode(sent, move |decoder, body| match encoding {
            Encoding::Protobuf => decoder.metrics_protobuf(body),
            Encoding::Json => decoder.metrics_json(body),
        });
        let metrics = metrics.await?;
        let told = metrics.active.len();
        let reports = metrics.active.into_iter().map(report).collect();
        let refused = inner.ingest.active_requests(&project, reports);
        let accepted = (told - refused) as u64;
        inner
            .ingest
            .metrics()
            .count("metrics", "accepted", accepted);
        Ok(self.not_stored("metrics", metrics.others + refused as u64))
    }

    async fn logs(&self, sent: Sent) -> Result<Answer, Failure> {
        let encoding = sent.encoding;
        let records = self.decode(sent, move |decoder, body| match encoding {
            Encoding::Protobuf => decoder.logs_protobuf(body),
            Encoding::Json => decoder.logs_json(body),
        });
        Ok(self.not_stored("logs", records.await?))
    }

    async fn decode<T: Send + 'static>(
        &self,
        sent: Sent,
        decode: impl FnOnce(&Decoder, &[u8]) -> Result<T, DecodeError> + Send + 'static,
    ) -> Result<T, Failure> {
        let decoded = self.inner.decoding.decode(sent, decode).await;
        decoded.map_err(|failure| match failure {
            Failure::Body(error) => self.failure(error),
            failure => failure,
        })
    }

    /// Metrics and logs are decoded but not stored yet. The answer says so, so that nobody assumes
    /// they are stored. An error status would make every agent's exporter log errors forever.
    fn not_stored(&self, signal: &'static str, records: u64) -> Answer {
        self.inner
            .ingest
            .metrics()
            .count(signal, "refused", records);
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

/// Decodes a request, and decodes it again if the request revealed that the trusted clock was
/// wrong. Otherwise the wrong clock would shift or refuse correct times.
fn at_the_right_time(
    ingest: &Ingest,
    decode: impl Fn(Admissible) -> Result<Received, DecodeError>,
) -> Result<Received, DecodeError> {
    let times = || {
        let (now, oldest) = ingest.now_and_oldest();
        Admissible { now, oldest }
    };
    let before = times();
    let received = decode(before)?;
    let Some(newest) = received.newest else {
        return Ok(received);
    };
    ingest.witness(newest);
    let after = times();
    let moved = after.now.0.abs_diff(before.now.0) > CLOCK_MOVED_NS
        || after.oldest.plus(CLOCK_MOVED) < before.oldest;
    if moved && (received.skewed > 0 || !received.rejected.is_empty()) {
        return decode(after);
    }
    Ok(received)
}

fn report(active: ActiveSeries) -> ActiveReport {
    let sender = active.resource;
    ActiveReport {
        service: ServiceKey {
            service: sender.service.clone(),
            namespace: sender.namespace.clone(),
            environment: sender.environment.clone(),
        },
        instance: sender.instance.clone(),
        series: active.series,
        requests: active.requests,
    }
}
