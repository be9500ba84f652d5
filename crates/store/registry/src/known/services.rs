//! The services of a project with their newest bucket.

use super::changes::Changes;
use crate::RegistryLimits;
use hinomi_model::{UnixNanos, rollup::ServiceKey};
use std::collections::HashMap;

/// Services of a project.
#[derive(Debug, Default)]
pub(crate) struct Services {
    newest: HashMap<ServiceKey, UnixNanos>,
    pub changes: Changes<ServiceKey>,
}

impl Services {
    /// Adds a service with its newest bucket. Forgets others if there are too many.
    pub fn see(&mut self, service: &ServiceKey, newest: UnixNanos, limits: &RegistryLimits) {
        match self.newest.get_mut(service) {
            Some(have) if *have >= newest => return,
            Some(have) => *have = newest,
            None => {
                self.newest.insert(service.clone(), newest);
            }
        }
        self.changes.put(service.clone());
        if self.newest.len() > limits.services {
            self.forget_oldest(limits);
        }
    }

    fn forget_oldest(&mut self, limits: &RegistryLimits) {
        let mut newest: Vec<UnixNanos> = self.newest.values().copied().collect();
        let at = limits.services_forgotten.min(newest.len() - 1);
        let (_, bound, _) = newest.select_nth_unstable(at);
        self.forget_before(*bound);
        // Many services may have the same newest bucket.
        while self.newest.len() > limits.services {
            let Some(service) = self.newest.keys().next().cloned() else {
                return;
            };
            self.newest.remove(&service);
            self.changes.remove(service);
        }
    }

    /// Forgets services without data since `before`. Returns whether there were any.
    pub fn forget_before(&mut self, before: UnixNanos) -> bool {
        let (changes, count) = (&mut self.changes, self.newest.len());
        self.newest.retain(|service, newest| {
            let stays = *newest >= before;
            if !stays {
                changes.remove(service.clone());
            }
            stays
        });
        self.newest.len() < count
    }

    /// When the newest bucket of a service began.
    pub fn newest(&self, service: &ServiceKey) -> Option<UnixNanos> {
        self.newest.get(service).copied()
    }

    /// All services, in order.
    pub fn all(&self) -> Vec<(ServiceKey, UnixNanos)> {
        let all = self.newest.iter();
        let mut all: Vec<_> = all.map(|(key, newest)| (key.clone(), *newest)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_bounded_and_those_seen_last_stay() {
        let limits = RegistryLimits::default();
        let mut services = Services::default();
        for number in 0..3 * limits.services as i64 {
            let service = ServiceKey {
                service: format!("s-{number}").into(),
                namespace: "".into(),
                environment: "".into(),
            };
            services.see(&service, UnixNanos(number / 7), &limits);
            assert!(services.newest.len() <= limits.services);
            assert!(services.newest(&service).is_some() || number % 7 > 0);
        }
        let fewest = limits.services - limits.services_forgotten - 7;
        assert!(services.newest.len() >= fewest);
        let (put, gone) = services.changes.take();
        assert_eq!(put.len(), services.newest.len());
        assert_eq!(put.len() + gone.len(), 3 * limits.services);
    }
}
