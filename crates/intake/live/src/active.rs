//! Number of active requests that agents report: `http.server.active_requests`, the newest value of
//! each series.
//!
//! A momentary value: kept in memory only, and forgotten when it is not reported again.

use hinomi_model::{Selection, Text, UnixNanos, rollup::ServiceKey};
use std::{collections::HashMap, sync::Mutex, sync::PoisonError, time::Duration};

/// A series that is not reported again for this long is forgotten: three times the default export
/// interval of agents.
const FORGOTTEN: Duration = Duration::from_secs(180);
/// Minimum time between removals of forgotten series.
const SWEEP: Duration = Duration::from_secs(1);
/// Maximum number of series over all services of a project. Beyond it new series are refused.
pub const ACTIVE_SERIES_MAX: usize = 20_000;

/// One reported series.
#[derive(Debug, Clone, PartialEq)]
pub struct ActiveReport {
    /// Service that reports.
    pub service: ServiceKey,
    /// `service.instance.id`; may be empty.
    pub instance: Text,
    /// Hash of the attributes, which distinguishes the series of an instance.
    pub series: u64,
    /// Number of requests that have begun and not ended.
    pub requests: f64,
}

/// Active requests of some services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// Number of requests that have begun and not ended.
    pub requests: u64,
    /// Number of instances that report.
    pub instances: usize,
    /// Arrival time of the oldest value in the sum.
    pub since: UnixNanos,
}

/// Service, instance and hash of the attributes.
type Series = (ServiceKey, Text, u64);

/// The newest value of every series.
#[derive(Debug, Default)]
pub(crate) struct ActiveRequests {
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    series: HashMap<Series, (UnixNanos, f64)>,
    /// When forgotten series were last removed.
    swept: UnixNanos,
}

impl ActiveRequests {
    /// Stores reports that arrived at `now`. Returns how many were refused because of the limit.
    pub fn report(&self, now: UnixNanos, reports: Vec<ActiveReport>) -> usize {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { series, swept } = &mut *told;
        // This examines all series, so it is not done for every request.
        if now.since(*swept) >= SWEEP {
            *swept = now;
            series.retain(|_, (at, _)| now.since(*at) < FORGOTTEN);
        }
        let mut refused = 0;
        for report in reports {
            let key = (report.service, report.instance, report.series);
            if series.len() < ACTIVE_SERIES_MAX || series.contains_key(&key) {
                series.insert(key, (now, report.requests));
            } else {
                refused += 1;
            }
        }
        refused
    }

    /// Sum over the selected services; `None` if none of them reports. The reports do not
    /// distinguish operations and versions, so a selection of one of these has none.
    pub fn of(&self, selection: &Selection, now: UnixNanos) -> Option<Active> {
        if selection.operation.is_some() || selection.version.is_some() {
            return None;
        }
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut instances: HashMap<(&ServiceKey, &Text), f64> = HashMap::new();
        let mut since = now;
        for ((service, instance, _), (at, requests)) in &told.series {
            let wanted = selection.instance.as_ref();
            if now.since(*at) >= FORGOTTEN
                || !selection.has_service(service)
                || wanted.is_some_and(|wanted| wanted != instance)
            {
                continue;
            }
            *instances.entry((service, instance)).or_default() += requests;
            since = since.min(*at);
        }
        // An instance whose sum is negative, because we missed the start of requests, counts as
        // zero. So it does not reduce the sum of the others.
        let requests = instances.values().map(|requests| requests.max(0.0));
        let requests = requests.sum::<f64>().round() as u64;
        (!instances.is_empty()).then_some(Active {
            requests,
            instances: instances.len(),
            since,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinomi_model::Scope;

    fn report(service: &str, instance: &str, series: u64, requests: f64) -> ActiveReport {
        ActiveReport {
            service: ServiceKey {
                service: service.into(),
                namespace: "".into(),
                environment: "".into(),
            },
            instance: instance.into(),
            series,
            requests,
        }
    }

    fn second(at: i64) -> UnixNanos {
        UnixNanos::from_millis(at * 1_000)
    }

    fn of(service: &str) -> Selection {
        Selection {
            service: Some(service.into()),
            ..Selection::of(Scope::of("default"))
        }
    }

    #[test]
    fn the_newest_of_each_series_is_added_up() {
        let active = ActiveRequests::default();
        let first = vec![
            report("a", "1", 1, 3.0),
            report("a", "1", 2, 4.0),
            report("b", "1", 1, 9.0),
        ];
        assert_eq!(active.report(second(10), first), 0);
        active.report(
            second(70),
            vec![report("a", "1", 1, 5.0), report("a", "2", 1, -7.0)],
        );
        let found = active.of(&of("a"), second(80)).unwrap();
        assert_eq!((found.requests, found.instances), (9, 2));
        assert_eq!(found.since, second(10));
        let of_one = Selection {
            instance: Some("2".into()),
            ..of("a")
        };
        assert_eq!(active.of(&of_one, second(80)).unwrap().requests, 0);
        assert_eq!(
            active
                .of(&Selection::of(Scope::of("default")), second(80))
                .unwrap()
                .requests,
            18
        );
        let of_operation = Selection {
            operation: Some("GET /".into()),
            ..of("a")
        };
        assert_eq!(active.of(&of_operation, second(80)), None);
    }

    #[test]
    fn what_is_not_told_again_is_forgotten() {
        let active = ActiveRequests::default();
        active.report(second(0), vec![report("a", "1", 1, 3.0)]);
        assert!(active.of(&of("a"), second(179)).is_some());
        assert_eq!(active.of(&of("a"), second(180)), None);
        assert_eq!(active.of(&of("c"), second(1)), None);
    }

    #[test]
    fn of_too_many_series_the_new_ones_are_refused_until_old_ones_are_forgotten() {
        let active = ActiveRequests::default();
        let many = |from: usize| {
            (from..from + ACTIVE_SERIES_MAX).map(|series| report("a", "1", series as u64, 1.0))
        };
        assert_eq!(active.report(second(0), many(0).collect()), 0);
        assert_eq!(
            active.report(
                second(1),
                vec![report("b", "1", 1, 1.0), report("a", "1", 5, 2.0)]
            ),
            1
        );
        assert_eq!(
            active.report(second(181), vec![report("b", "1", 1, 1.0)]),
            0
        );
    }
}
