//! Names that admission folded into `(other)`: the service, the attribute and the time.
//!
//! Shown in the interface so that the sender can be found. Kept for an hour after the last
//! occurrence, up to a limit.

use hinomi_model::{Text, UnixNanos};
use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Maximum number of notices. Beyond it the one with the oldest last occurrence is dropped.
pub const FOLDED_MAX: usize = 100;
/// How long a notice is shown after its last occurrence.
const TOLD: Duration = Duration::from_secs(3_600);

/// The attribute that has too many distinct values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// `service.name`.
    Service,
    /// `service.namespace` or `deployment.environment.name`.
    Environment,
    /// The operation: route, method, or span name.
    Operation,
    /// `service.instance.id`, pod, container or host.
    Instance,
    /// `service.version`.
    Version,
    /// Called host, database or queue.
    Target,
    /// Called statement, route or method.
    Detail,
    /// `error.type`.
    ErrorType,
}

impl Attribute {
    /// All attributes.
    pub const ALL: [Self; 8] = [
        Self::Service,
        Self::Environment,
        Self::Operation,
        Self::Instance,
        Self::Version,
        Self::Target,
        Self::Detail,
        Self::ErrorType,
    ];

    /// Name of the attribute in the API, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Environment => "environment",
            Self::Operation => "operation",
            Self::Instance => "instance",
            Self::Version => "version",
            Self::Target => "target",
            Self::Detail => "detail",
            Self::ErrorType => "error_type",
        }
    }
}

/// Spans of one request that were folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// `service.name` of the sender, as sent.
    pub service: Text,
    /// Attribute whose value was replaced by `(other)`.
    pub attribute: Attribute,
    /// An example of a replaced value.
    pub example: Text,
    /// Number of spans.
    pub spans: u64,
}

/// Foldings of one service and attribute over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedNames {
    /// `service.name` of the sender.
    pub service: Text,
    /// Attribute whose values were replaced by `(other)`.
    pub attribute: Attribute,
    /// The first value that was replaced.
    pub example: Text,
    /// Number of spans since `since`.
    pub spans: u64,
    /// Time of the first occurrence.
    pub since: UnixNanos,
    /// Time of the last occurrence.
    pub last: UnixNanos,
}

/// The notices.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<HashMap<(Text, Attribute), FoldedNames>>);

impl Told {
    /// Records foldings. Returns the notices that are new or occur again after an hour.
    pub fn report(&self, now: UnixNanos, folded: Vec<Folded>) -> Vec<FoldedNames> {
        let (mut told, mut begun) = (self.lock(), Vec::new());
        for one in folded {
            let key = (one.service.clone(), one.attribute);
            if let Some(have) = told.get_mut(&key) {
                let begins = now.since(have.last) >= TOLD;
                if begins {
                    (have.since, have.spans, have.example) = (now, 0, one.example);
                }
                have.spans += one.spans;
                have.last = now;
                if begins {
                    begun.push(have.clone());
                }
                continue;
            }
            if told.len() >= FOLDED_MAX {
                let oldest = told.values().min_by_key(|have| (have.last, have.spans));
                let oldest = oldest.map(|have| (have.service.clone(), have.attribute));
                oldest.and_then(|oldest| told.remove(&oldest));
            }
            let names = FoldedNames {
                service: one.service,
                attribute: one.attribute,
                example: one.example,
                spans: one.spans,
                since: now,
                last: now,
            };
            begun.push(names.clone());
            told.insert(key, names);
        }
        begun
    }

    pub fn all(&self, now: UnixNanos) -> Vec<FoldedNames> {
        let told = self.lock();
        let lately = told.values().filter(|names| now.since(names.last) < TOLD);
        let mut all: Vec<FoldedNames> = lately.cloned().collect();
        all.sort_by(|a, b| {
            let order = |names: &FoldedNames| Reverse(names.spans);
            (order(a), &a.service, a.attribute).cmp(&(order(b), &b.service, b.attribute))
        });
        all
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Text, Attribute), FoldedNames>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(service: &str, spans: u64) -> Vec<Folded> {
        vec![Folded {
            service: service.into(),
            attribute: Attribute::Environment,
            example: "pr-1".into(),
            spans,
        }]
    }

    fn second(at: i64) -> UnixNanos {
        UnixNanos::from_millis(at * 1_000)
    }

    #[test]
    fn what_was_folded_adds_up_and_is_told_for_an_hour() {
        let told = Told::default();
        told.report(second(0), one("a", 1));
        told.report(second(5), one("b", 7));
        told.report(second(10), one("a", 2));
        let all = told.all(second(10));
        assert_eq!(all.iter().map(|of| of.spans).collect::<Vec<_>>(), [7, 3]);
        assert_eq!((all[1].since, all[1].last), (second(0), second(10)));
        assert_eq!(told.all(second(3_606)).len(), 1);
        told.report(second(9_000), one("b", 1));
        let all = told.all(second(9_000));
        assert_eq!(
            (all.len(), all[0].spans, all[0].since),
            (1, 1, second(9_000))
        );
    }

    #[test]
    fn the_notices_are_bounded() {
        let told = Told::default();
        for number in 0..1_000 {
            told.report(second(number), one(&number.to_string(), 1));
        }
        let all = told.all(second(999));
        assert_eq!(all.len(), FOLDED_MAX);
        assert!(all.iter().any(|of| &*of.service == "999"));
    }
}
