//! `http.server.active_requests` in a request of metrics: the one metric that is shown, though not stored.

use hinomi_live::ActiveReport;
use hinomi_model::{Text, attribute, rollup::ServiceKey};
use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, DataPointFlags, Metric, NumberDataPoint, metric::Data,
        number_data_point,
    },
    resource::v1::Resource,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The metric, in the older and the stable semantic conventions.
const NAME: &str = "http.server.active_requests";
/// What `service.name` is when unset, as in the specification.
const UNKNOWN_SERVICE: &str = "unknown_service";
/// Longer names of services and instances are not taken, in bytes.
const NAME_LONGEST: usize = 1_024;

/// What a request of metrics has.
pub(crate) struct Found {
    /// The newest of each series of active requests.
    pub reports: Vec<ActiveReport>,
    /// Data points of everything else.
    pub others: usize,
}

/// Looks through a request.
pub(crate) fn find(request: &ExportMetricsServiceRequest) -> Found {
    let mut found = Found {
        reports: Vec::new(),
        others: 0,
    };
    for of_resource in &request.resource_metrics {
        let mut sender = None;
        for metric in of_resource
            .scope_metrics
            .iter()
            .flat_map(|scope| &scope.metrics)
        {
            let Some(points) = active(metric) else {
                found.others += data_points(metric);
                continue;
            };
            let (service, instance) =
                sender.get_or_insert_with(|| sender_of(of_resource.resource.as_ref()));
            for point in points {
                match value(point) {
                    Some(requests) if is_short(service, instance) => {
                        found.reports.push(ActiveReport {
                            service: service.clone(),
                            instance: instance.clone(),
                            series: series(&point.attributes),
                            requests,
                        });
                    }
                    _ => found.others += 1,
                }
            }
        }
    }
    found
}

/// Points of active requests. What was added since the export before says nothing of how many there
/// are: such points are none.
fn active(metric: &Metric) -> Option<&[NumberDataPoint]> {
    if metric.name != NAME {
        return None;
    }
    match metric.data.as_ref()? {
        Data::Gauge(gauge) => Some(&gauge.data_points),
        Data::Sum(sum)
            if sum.aggregation_temporality == AggregationTemporality::Cumulative as i32 =>
        {
            Some(&sum.data_points)
        }
        _ => None,
    }
}

fn data_points(metric: &Metric) -> usize {
    let points = match &metric.data {
        Some(Data::Gauge(data)) => data.data_points.len(),
        Some(Data::Sum(data)) => data.data_points.len(),
        Some(Data::Histogram(data)) => data.data_points.len(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
        Some(Data::Summary(data)) => data.data_points.len(),
        None => 0,
    };
    // One that has none is refused as well, and said.
    points.max(1)
}

fn value(point: &NumberDataPoint) -> Option<f64> {
    if point.flags & DataPointFlags::NoRecordedValueMask as u32 != 0 {
        return None;
    }
    let value = match point.value? {
        number_data_point::Value::AsInt(value) => value as f64,
        number_data_point::Value::AsDouble(value) => value,
    };
    value.is_finite().then_some(value)
}

fn sender_of(resource: Option<&Resource>) -> (ServiceKey, Text) {
    let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
    let word = |keys: &[&str]| {
        let found = keys.iter().find_map(|key| {
            let pair = attributes.iter().find(|pair| pair.key == *key)?;
            text(pair.value.as_ref()?).filter(|text| !text.is_empty())
        });
        Text::from(found.unwrap_or_default())
    };
    let service = word(attribute::SERVICE_NAME);
    let key = ServiceKey {
        service: match service.is_empty() {
            true => UNKNOWN_SERVICE.into(),
            false => service,
        },
        namespace: word(attribute::SERVICE_NAMESPACE),
        environment: word(attribute::ENVIRONMENT),
    };
    (key, word(attribute::SERVICE_INSTANCE))
}

fn text(value: &AnyValue) -> Option<&str> {
    match value.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn is_short(service: &ServiceKey, instance: &Text) -> bool {
    [
        &service.service,
        &service.namespace,
        &service.environment,
        instance,
    ]
    .into_iter()
    .all(|name| name.len() <= NAME_LONGEST)
}

/// Tells the series of an instance apart, in whatever order their attributes come.
fn series(attributes: &[KeyValue]) -> u64 {
    let one = |pair: &KeyValue| {
        let mut hasher = DefaultHasher::new();
        pair.key.hash(&mut hasher);
        format!("{:?}", pair.value).hash(&mut hasher);
        hasher.finish()
    };
    attributes.iter().map(one).fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(metrics: &str) -> Found {
        let json = format!(
            r#"{{"resourceMetrics":[{{"resource":{{"attributes":[
                {{"key":"service.name","value":{{"stringValue":"shop"}}}},
                {{"key":"host.name","value":{{"stringValue":"node-1"}}}}]}},
                "scopeMetrics":[{{"metrics":[{metrics}]}}]}}]}}"#
        );
        find(&serde_json::from_str(&json).unwrap())
    }

    fn sum(temporality: u8, points: &str) -> String {
        format!(
            r#"{{"name":"{NAME}","sum":{{"aggregationTemporality":{temporality},"dataPoints":[{points}]}}}}"#
        )
    }

    #[test]
    fn each_series_is_told_with_its_sender() {
        let get = r#"{"asInt":"3","timeUnixNano":"1","attributes":[{"key":"http.request.method","value":{"stringValue":"GET"}}]}"#;
        let post = get.replace("GET", "POST").replace("\"3\"", "\"-1\"");
        let found = found(&sum(2, &format!("{get},{post}")));
        assert_eq!((found.reports.len(), found.others), (2, 0));
        let first = &found.reports[0];
        assert_eq!(
            (&*first.service.service, &*first.instance),
            ("shop", "node-1")
        );
        let requests: Vec<f64> = found.reports.iter().map(|report| report.requests).collect();
        assert_eq!(requests, [3.0, -1.0]);
        assert_ne!(first.series, found.reports[1].series);
    }

    #[test]
    fn what_tells_no_number_is_refused_by_its_points() {
        let point = r#"{"asInt":"3","timeUnixNano":"1"}"#;
        for (metrics, reports, others) in [
            (sum(1, point), 0, 1),
            (sum(2, r#"{"timeUnixNano":"1"}"#), 0, 1),
            (
                sum(2, r#"{"asInt":"3","flags":1,"timeUnixNano":"1"}"#),
                0,
                1,
            ),
            (format!("{},{}", sum(2, point), r#"{"name":"other"}"#), 1, 1),
            (
                r#"{"name":"other","gauge":{"dataPoints":[{"asDouble":1.5},{"asDouble":2}]}}"#
                    .to_owned(),
                0,
                2,
            ),
        ] {
            let found = found(&metrics);
            assert_eq!(
                (found.reports.len(), found.others),
                (reports, others),
                "{metrics}"
            );
        }
    }
}
