//! From which duration on a transaction is slow: a property of its service.
//!
//! The only place that decides it. Every service has the same threshold today; a setting of the
//! service will be read here.
//!
//! A hitmap has one threshold, because it has one line: over several services it is the default.
//! Counts of several services, such as the rows of the board, use the threshold of each.

use crate::{Query, answer::Trace};
use hinomi_model::{
    Scope, Selection,
    hitmap::{SLOW_THRESHOLD, first_row_from, row_edge},
};
use hinomi_store::SlowThresholds;
use std::time::Duration;

impl Query {
    /// A successful transaction of this service that took this long or longer is slow. Without a
    /// service: of an answer over all services of the scope. Always a hitmap row edge.
    pub fn slow_threshold_of(&self, _scope: &Scope, _service: Option<&str>) -> Duration {
        row_edge(first_row_from(SLOW_THRESHOLD))
    }

    /// The thresholds of all services of a scope.
    pub(crate) fn slow_thresholds(&self, scope: &Scope) -> SlowThresholds {
        self.slow_threshold_of(scope, None).into()
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
