//! From which duration on a transaction is slow: a setting of its service.
//!
//! The only place that decides it. A service without a setting has the default.
//!
//! A hitmap has one threshold, because it has one line: over several services it is the one that was
//! set, where all that were set agree, else the default. Counts of several services, such as the rows of the board, use the threshold of each.

use crate::{Query, QueryError, answers::Trace};
use hinomi_model::{
    Scope, Selection,
    hitmap::{SLOW_THRESHOLD, first_row_from, row_edge},
    rollup::ServiceKey,
};
use hinomi_store::{ServiceSettings, SlowThresholds};
use std::time::Duration;

impl Query {
    /// A successful transaction of this service that took this long or longer is slow. Without a
    /// service: of an answer over all services of the scope. Always a hitmap row edge.
    pub fn slow_threshold_of(&self, scope: &Scope, service: Option<&str>) -> Duration {
        let default = snapped(SLOW_THRESHOLD);
        let Some(service) = service else {
            return default;
        };
        let selection = Selection {
            service: Some(service.into()),
            ..Selection::of(scope.clone())
        };
        let settings = self.store.service_settings(&scope.project).into_iter();
        let of_service = settings.filter(|(key, _)| selection.has_service(key));
        let mut thresholds = of_service.filter_map(|(_, settings)| settings.slow_threshold);
        match thresholds.next() {
            Some(first) if thresholds.all(|other| other == first) => snapped(first),
            _ => default,
        }
    }

    /// The thresholds of all services of a scope.
    pub(crate) fn slow_thresholds(&self, scope: &Scope) -> SlowThresholds {
        let settings = self.store.service_settings(&scope.project).into_iter();
        let own = settings.filter_map(|(key, settings)| {
            let threshold = settings.slow_threshold?;
            Some((key, snapped(threshold)))
        });
        SlowThresholds::new(snapped(SLOW_THRESHOLD), own.collect())
    }

    /// The settings of a service; the defaults when it has none.
    pub fn service_settings(&self, scope: &Scope, service: &ServiceKey) -> ServiceSettings {
        let mut settings = self.store.service_settings(&scope.project);
        settings.remove(service).unwrap_or_default()
    }

    /// Replaces the settings of a service. They apply to all data, stored data included.
    pub async fn set_service_settings(
        &self,
        scope: &Scope,
        service: ServiceKey,
        settings: ServiceSettings,
    ) -> Result<(), QueryError> {
        let project = scope.project.clone();
        let set = self.store.set_service_settings(project, service, settings);
        Ok(set.await?)
    }

    /// The threshold of a selection's service.
    pub fn slow_threshold_of_selection(&self, selection: &Selection) -> Duration {
        self.slow_threshold_of(&selection.scope, selection.service.as_deref())
    }

    /// The threshold of the service that a trace is about.
    pub fn slow_threshold_of_trace(&self, scope: &Scope, trace: &Trace) -> Duration {
        let Some(root) = trace.main_root() else {
            return self.slow_threshold_of(scope, None);
        };
        let scope = Scope {
            environment: Some(root.resource.environment.clone()),
            namespace: Some(root.resource.namespace.clone()),
            ..scope.clone()
        };
        self.slow_threshold_of(&scope, Some(&root.resource.service))
    }
}

/// The hitmap row edge that a threshold is rounded up to.
pub(crate) fn snapped(threshold: Duration) -> Duration {
    row_edge(first_row_from(threshold))
}
