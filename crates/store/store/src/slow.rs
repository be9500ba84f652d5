//! From which duration on successful transactions are slow.

use hinomi_model::rollup::ServiceKey;
use std::{collections::HashMap, sync::Arc, time::Duration};

/// The thresholds of a question: a service that has none of its own has the default. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowThresholds {
    default: Duration,
    own: Arc<HashMap<ServiceKey, Duration>>,
}

impl SlowThresholds {
    /// The default, and the thresholds of the services that have their own.
    pub fn new(default: Duration, own: HashMap<ServiceKey, Duration>) -> Self {
        Self {
            default,
            own: Arc::new(own),
        }
    }

    /// The threshold of services that have none of their own.
    pub fn default_threshold(&self) -> Duration {
        self.default
    }

    /// The threshold of a service.
    pub fn of(&self, service: &ServiceKey) -> Duration {
        match self.own.is_empty() {
            true => self.default,
            false => self.own.get(service).copied().unwrap_or(self.default),
        }
    }
}

/// One threshold for all services.
impl From<Duration> for SlowThresholds {
    fn from(threshold: Duration) -> Self {
        Self::new(threshold, HashMap::new())
    }
}
