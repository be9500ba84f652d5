//! Metrics and logs, read in place as spans are. Records are only counted, except for the metric of
//! active requests, which is read.

use crate::{
    DecodeError, Decoder,
    decoder::Memory,
    empties::Empties,
    protobuf::{Field, Fields, Malformed},
    wire::{self, Body},
};
use hinomi_model::Resource;
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// The metric of active requests. Its name is the same in the older and the stable semantic
/// conventions.
const ACTIVE_REQUESTS: &[u8] = b"http.server.active_requests";
/// Most series of this metric that are read from one request. Further ones are only counted.
const MOST_SERIES: usize = 20_000;
/// Larger values cannot be a number of requests.
const MOST_REQUESTS: f64 = 1e9;
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: i32 = 2;
/// Bit of a point's flags that says that it has no value.
const NO_RECORDED_VALUE: u64 = 1;

/// The decoded metrics of a request.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Series of active requests.
    pub active: Vec<ActiveSeries>,
    /// Number of all other data points, including invalid ones. A metric without points counts as
    /// one.
    pub others: u64,
}

/// One series of `http.server.active_requests`. Its points are values of the present moment.
#[derive(Debug)]
pub struct ActiveSeries {
    /// Resource of the sender.
    pub resource: Arc<Resource>,
    /// Tells the series of one resource apart.
    pub series: u64,
    /// Number of requests that had begun and not ended.
    pub requests: f64,
}

impl Decoder {
    /// Decodes an `ExportMetricsServiceRequest`. Fails only when the body is not such a message.
    pub fn metrics_protobuf(&self, body: &[u8]) -> Result<Metrics, DecodeError> {
        let mut metrics = Metrics::default();
        let mut empties = Empties::new(self.limits());
        self.with_memory(|memory| metrics.read(body, memory, &mut empties))?;
        Ok(metrics)
    }

    /// Like [`Self::metrics_protobuf`], for an OTLP/JSON body.
    pub fn metrics_json(&self, body: &[u8]) -> Result<Metrics, DecodeError> {
        let protobuf = wire::protobuf(body, Body::Metrics, self.limits())?;
        self.metrics_protobuf(&protobuf)
            .map_err(DecodeError::of_json)
    }

    /// Number of records in an encoded `ExportLogsServiceRequest`. Fails only when the body is not
    /// such a message.
    pub fn logs_protobuf(&self, body: &[u8]) -> Result<u64, DecodeError> {
        let (mut records, mut empties) = (0, Empties::new(self.limits()));
        each(body, 1, |of_resource| {
            unless_empty(of_resource, &mut empties)?;
            each(of_resource, 2, |of_scope| {
                unless_empty(of_scope, &mut empties)?;
                each(of_scope, 2, |record| {
                    unless_empty(record, &mut empties)?;
                    records += 1;
                    Ok(())
                })
            })
        })?;
        Ok(records)
    }

    /// Like [`Self::logs_protobuf`], for an OTLP/JSON body.
    pub fn logs_json(&self, body: &[u8]) -> Result<u64, DecodeError> {
        let protobuf = wire::protobuf(body, Body::Logs, self.limits())?;
        self.logs_protobuf(&protobuf).map_err(DecodeError::of_json)
    }
}

/// Calls `look` for each message of a list.
fn each<'a>(
    message: &'a [u8],
    list: u32,
    mut look: impl FnMut(&'a [u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut fields = Fields(message);
    while let Some((number, field)) = fields.next()? {
        if number == list {
            look(field.bytes()?)?;
        }
    }
    Ok(())
}

fn unless_empty(message: &[u8], empties: &mut Empties) -> Result<(), Malformed> {
    if message.is_empty() {
        empties.add()?;
    }
    Ok(())
}

impl Metrics {
    fn read(
        &mut self,
        body: &[u8],
        memory: &mut Memory,
        empties: &mut Empties,
    ) -> Result<(), Malformed> {
        each(body, 1, |of_resource| {
            unless_empty(of_resource, empties)?;
            let mut sent: &[u8] = &[];
            each(of_resource, 1, |resource| {
                sent = resource;
                Ok(())
            })?;
            let (resource, _) = memory.resources.get(sent, &mut memory.texts)?;
            each(of_resource, 2, |of_scope| {
                unless_empty(of_scope, empties)?;
                each(of_scope, 2, |metric| {
                    unless_empty(metric, empties)?;
                    // An invalid metric does not affect other metrics.
                    if self.metric(metric, &resource).is_err() {
                        self.others += 1;
                    }
                    Ok(())
                })
            })
        })
    }

    fn metric(&mut self, encoded: &[u8], resource: &Arc<Resource>) -> Result<(), Malformed> {
        let (mut name, mut data): (&[u8], Option<(u32, &[u8])>) = (&[], None);
        let mut fields = Fields(encoded);
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => name = field.bytes()?,
                // Field numbers of gauge, sum, histogram, exponential histogram, summary.
                5 | 7 | 9..=11 => data = Some((number, field.bytes()?)),
                _ => {}
            }
        }
        let (before, mut points) = (self.active.len(), 0);
        let (kind, data) = data.unwrap_or_default();
        let is_active = name == ACTIVE_REQUESTS && is_of_the_moment(kind, data)?;
        each(data, 1, |point| {
            points += 1;
            if is_active && self.active.len() < MOST_SERIES {
                self.active.extend(active(point, resource)?);
            }
            Ok(())
        })
        // A metric is read completely or not at all.
        .inspect_err(|_| self.active.truncate(before))?;
        let read = (self.active.len() - before) as u64;
        self.others += points.max(1) - read;
        Ok(())
    }
}

/// Whether the points are present values. Points of delta temporality only tell the change since
/// the last export.
fn is_of_the_moment(kind: u32, data: &[u8]) -> Result<bool, Malformed> {
    let mut temporality = 0;
    let mut fields = Fields(data);
    while let Some((number, field)) = fields.next()? {
        if number == 2 {
            temporality = field.variant()?;
        }
    }
    Ok(kind == 5 || kind == 7 && temporality == CUMULATIVE)
}

/// The series of a point; `None` when it has no value.
fn active(point: &[u8], resource: &Arc<Resource>) -> Result<Option<ActiveSeries>, Malformed> {
    let (mut requests, mut flags, mut series) = (f64::NAN, 0, 0_u64);
    let mut fields = Fields(point);
    while let Some((number, field)) = fields.next()? {
        match number {
            4 => requests = f64::from_bits(field.fixed64()?),
            6 => requests = field.fixed64()?.cast_signed() as f64,
            // Attributes are added up, so that their order does not matter.
            7 => series = series.wrapping_add(hash(field)?),
            8 => flags = field.varint()?,
            _ => {}
        }
    }
    // NaN does not pass this test either.
    let has_value = requests.abs() <= MOST_REQUESTS && flags & NO_RECORDED_VALUE == 0;
    Ok(has_value.then(|| ActiveSeries {
        resource: resource.clone(),
        series,
        requests,
    }))
}

fn hash(attribute: Field<'_>) -> Result<u64, Malformed> {
    let mut hasher = DefaultHasher::new();
    attribute.bytes()?.hash(&mut hasher);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(metrics: &str) -> Metrics {
        let json = format!(
            r#"{{"resourceMetrics":[{{"resource":{{"attributes":[
                {{"key":"service.name","value":{{"stringValue":"shop"}}}},
                {{"key":"host.name","value":{{"stringValue":"node-1"}}}}]}},
                "scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#
        );
        Decoder::default().metrics_json(json.as_bytes()).unwrap()
    }

    fn sum(temporality: &str, points: &str) -> String {
        format!(
            r#"{{"name":"http.server.active_requests","sum":{{"aggregationTemporality":{temporality},"dataPoints":[{points}]}}}}"#
        )
    }

    #[test]
    fn each_series_is_read_with_its_sender() {
        let get = r#"{"asInt":"3","attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}},
            {"key":"url.scheme","value":{"stringValue":"http"}}]}"#;
        let turned = r#"{"asDouble":4,"attributes":[{"key":"url.scheme","value":{"stringValue":"http"}},
            {"key":"http.request.method","value":{"stringValue":"GET"}}]}"#;
        let post = r#"{"asInt":-1,"attributes":[{"key":"http.request.method","value":{"stringValue":"POST"}}]}"#;
        for temporality in ["2", "\"AGGREGATION_TEMPORALITY_CUMULATIVE\""] {
            let metrics = read(&sum(temporality, &format!("{get},{post},{turned}")));
            let requests: Vec<f64> = metrics.active.iter().map(|one| one.requests).collect();
            assert_eq!(
                (requests.as_slice(), metrics.others),
                ([3.0, -1.0, 4.0].as_slice(), 0)
            );
            let [get, post, turned] = &metrics.active[..] else {
                panic!("{metrics:?}");
            };
            assert_eq!(
                (&*get.resource.service, &*get.resource.instance),
                ("shop", "node-1")
            );
            assert_eq!(get.series, turned.series);
            assert_ne!(get.series, post.series);
        }
    }

    #[test]
    fn what_tells_no_number_of_the_moment_is_counted_by_its_points() {
        let point = r#"{"asInt":"3"}"#;
        for (metrics, active, others) in [
            (sum("1", point), 0, 1),
            (sum("2", r#"{"timeUnixNano":"1"}"#), 0, 1),
            (sum("2", r#"{"asInt":"3","flags":1}"#), 0, 1),
            (sum("2", r#"{"asDouble":"NaN"}"#), 0, 1),
            (sum("2", r#"{"asDouble":1e308}"#), 0, 1),
            // An invalid point invalidates its metric, but no other metric.
            (
                format!(
                    "{},{}",
                    sum("2", &format!("{point},{{\"asInt\":[]}}")),
                    sum("2", point)
                ),
                1,
                1,
            ),
            (
                format!("{},{}", sum("2", point), r#"{"name":"other"}"#),
                1,
                1,
            ),
            (
                r#"{"name":"other","gauge":{"dataPoints":[{"asDouble":1.5},{"asDouble":2}]}}"#
                    .to_owned(),
                0,
                2,
            ),
            (
                r#"{"name":"other","histogram":{"dataPoints":[{},{},{}]}}"#.to_owned(),
                0,
                3,
            ),
        ] {
            let found = read(&metrics);
            assert_eq!(
                (found.active.len(), found.others),
                (active, others),
                "{metrics}"
            );
        }
    }

    #[test]
    fn one_request_has_so_many_series_and_no_more() {
        let points = vec![r#"{"asInt":"1"}"#; MOST_SERIES + 5].join(",");
        let metrics = read(&sum("2", &points));
        assert_eq!((metrics.active.len(), metrics.others), (MOST_SERIES, 5));
    }

    #[test]
    fn records_of_logs_are_counted() {
        let decoder = Decoder::default();
        let logs = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{}},{}]},{"logRecords":[{}]}]},{}]}"#;
        assert_eq!(decoder.logs_json(logs).unwrap(), 3);
        assert_eq!(decoder.logs_protobuf(&[0x0a, 0, 0x0a, 0]).unwrap(), 0);
        assert!(decoder.logs_protobuf(b"\x0a\x05").is_err());
        assert!(decoder.metrics_protobuf(b"\x0a\x05").is_err());
        assert!(decoder.logs_json(b"{\"resourceLogs\":1}").is_err());
    }
}
