//! Adds rollups up as a question asks: what an engine that folds, and the live window, have in common.

use crate::{
    Dimensions, Families, Family, GroupKey, Measures, RollupAnswer, RollupGroup, RollupQuestion,
};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hinomi_model::{
    CallCategory, CallFailure, RollupKey, RollupRef, Text, TransactionKind, UnixNanos,
    hitmap::{ROWS, first_row_from},
    rollup::ServiceKey,
};
use std::{collections::HashMap, hash::BuildHasher};

/// The groups of a question while they are added up.
///
/// A key is asked about once for many of its rollups: [`Self::place`] says where they go, and
/// [`Self::add`] adds one.
#[derive(Debug)]
pub struct Grouping {
    question: RollupQuestion,
    hasher: RandomState,
    /// Places of the groups, by their keys.
    places: HashTable<usize>,
    groups: Vec<RollupGroup>,
    /// The group of the last key.
    last: usize,
    /// What stands for a dimension that was not asked for.
    empty: Text,
}

/// Where the rollups of a key go.
#[derive(Debug, Clone, Copy)]
pub struct GroupPlace {
    group: usize,
    /// The hitmap row from which successes of the key's service are slow.
    slow_from_row: usize,
    /// What is added up beside counts.
    measures: Measures,
}

impl Grouping {
    /// No groups yet.
    pub fn new(question: RollupQuestion) -> Self {
        Self {
            question,
            hasher: RandomState::default(),
            places: HashTable::new(),
            groups: Vec::new(),
            last: 0,
            empty: "".into(),
        }
    }

    /// The question that is answered.
    pub fn question(&self) -> &RollupQuestion {
        &self.question
    }

    /// The place of a key's rollups; `None` when the question does not ask for them.
    pub fn place(&mut self, key: &RollupKey) -> Option<GroupPlace> {
        if !self.question.wants(key) {
            return None;
        }
        let thresholds = self.question.slow_thresholds.as_ref();
        let slow_from_row = thresholds.map_or(ROWS, |thresholds| {
            first_row_from(thresholds.of(key.service()))
        });
        let group = self.group(key);
        let place = GroupPlace {
            group,
            slow_from_row,
            measures: self.question.measures,
        };
        Some(match key {
            RollupKey::Transaction {
                kind: TransactionKind::Stream,
                ..
            } => self.of_stream(place),
            _ => place,
        })
    }

    /// A stream lasts as long as somebody listens: it is never slow, and among other transactions its
    /// duration is no latency. Of an operation alone it is, since it tells how long people listen.
    fn of_stream(&self, place: GroupPlace) -> GroupPlace {
        let is_of_one_operation = self.question.by.has(Dimensions::OPERATION)
            || self.question.selection.operation.is_some();
        GroupPlace {
            slow_from_row: ROWS,
            measures: match is_of_one_operation {
                true => place.measures,
                false => place.measures.without(Measures::LATENCY),
            },
            ..place
        }
    }

    /// The group of a key.
    fn group(&mut self, key: &RollupKey) -> usize {
        let parts = Parts::of(key, self.question.by, &self.empty);
        // Engines hold keys sorted, so one group often comes again.
        if let Some(last) = self.groups.get(self.last)
            && Parts::of_group(&last.key) == parts
        {
            return self.last;
        }
        let hash = self.hasher.hash_one(&parts);
        let groups = &self.groups;
        let is_same = |place: &usize| Parts::of_group(&groups[*place].key) == parts;
        if let Some(place) = self.places.find(hash, is_same) {
            self.last = *place;
            return *place;
        }
        let key = parts.group_key();
        let place = self.groups.len();
        self.groups.push(RollupGroup {
            key,
            steps: Vec::new(),
        });
        let (groups, hasher) = (&self.groups, &self.hasher);
        self.places.insert_unique(hash, place, |place| {
            hasher.hash_one(Parts::of_group(&groups[*place].key))
        });
        self.last = place;
        place
    }

    /// Adds a rollup of a key with this place.
    pub fn add(&mut self, place: GroupPlace, bucket: UnixNanos, rollup: RollupRef<'_>) {
        let step = self.question.steps.index(bucket);
        self.groups[place.group]
            .step(step)
            .add(rollup, place.measures, place.slow_from_row);
    }

    /// The groups that have anything.
    pub fn finish(self) -> Vec<RollupGroup> {
        let mut groups = self.groups;
        groups.retain(|group| !group.steps.is_empty());
        groups
    }
}

impl RollupQuestion {
    /// Whether rollups of the key are asked for.
    pub fn wants(&self, key: &RollupKey) -> bool {
        self.families.has(Families::from(family(key)))
            && self.has_class(key)
            && self.selection.has_key(key)
            && self.calls.as_ref().is_none_or(|calls| match key {
                RollupKey::Call { target, detail, .. } => calls.has(target, detail),
                RollupKey::FailedCall { target, .. } => {
                    calls.detail.is_none() && calls.target == *target
                }
                RollupKey::Transaction { .. } | RollupKey::Error { .. } => true,
            })
    }

    /// Whether the calls have a category, and the transactions a kind, that is asked for.
    fn has_class(&self, key: &RollupKey) -> bool {
        match key {
            RollupKey::Call { category, .. } | RollupKey::FailedCall { category, .. } => {
                self.categories.is_empty() || self.categories.contains(category)
            }
            RollupKey::Transaction { kind, .. } => {
                self.kinds.is_empty() || self.kinds.contains(kind)
            }
            RollupKey::Error { .. } => true,
        }
    }

    /// Whether nothing narrower than services is told apart: then transactions may be read added up by
    /// service.
    pub fn is_of_whole_services(&self) -> bool {
        let selection = &self.selection;
        self.families == Families::TRANSACTIONS
            && (Dimensions::SERVICE | Dimensions::KIND).has(self.by)
            && selection.operation.is_none()
            && selection.instance.is_none()
            && selection.version.is_none()
    }
}

/// The family of a key.
fn family(key: &RollupKey) -> Family {
    match key {
        RollupKey::Transaction { .. } => Family::Transactions,
        RollupKey::Call { .. } => Family::Calls,
        RollupKey::Error { .. } => Family::Errors,
        RollupKey::FailedCall { .. } => Family::FailedCalls,
    }
}

/// The parts of a key that are kept apart, where they lie.
#[derive(PartialEq, Eq, Hash)]
struct Parts<'a> {
    family: Family,
    service: [&'a Text; 3],
    operation: &'a Text,
    instance: &'a Text,
    version: &'a Text,
    category: Option<CallCategory>,
    target: &'a Text,
    detail: &'a Text,
    error_type: &'a Text,
    failure: Option<CallFailure>,
    kind: Option<TransactionKind>,
}

impl<'a> Parts<'a> {
    fn of(key: &'a RollupKey, by: Dimensions, empty: &'a Text) -> Self {
        let asked = |dimension, text: &'a Text| match by.has(dimension) {
            true => text,
            false => empty,
        };
        let service = match by.has(Dimensions::SERVICE) {
            true => names(key.service()),
            false => [empty; 3],
        };
        let mut parts = Self {
            family: family(key),
            service,
            operation: empty,
            instance: empty,
            version: empty,
            category: None,
            target: empty,
            detail: empty,
            error_type: empty,
            failure: None,
            kind: None,
        };
        match key {
            RollupKey::Transaction {
                operation,
                instance,
                version,
                kind,
                ..
            } => {
                parts.kind = by.has(Dimensions::KIND).then_some(*kind);
                parts.operation = asked(Dimensions::OPERATION, operation);
                parts.instance = asked(Dimensions::INSTANCE, instance);
                parts.version = asked(Dimensions::VERSION, version);
            }
            RollupKey::Call {
                category,
                target,
                detail,
                ..
            } => {
                parts.category = by.has(Dimensions::TARGET).then_some(*category);
                parts.target = asked(Dimensions::TARGET, target);
                parts.detail = asked(Dimensions::DETAIL, detail);
            }
            RollupKey::Error {
                error_type,
                operation,
                ..
            } => {
                parts.error_type = asked(Dimensions::ERROR_TYPE, error_type);
                parts.operation = asked(Dimensions::OPERATION, operation);
            }
            RollupKey::FailedCall {
                category,
                target,
                failure,
                instance,
                ..
            } => {
                parts.category = by.has(Dimensions::TARGET).then_some(*category);
                parts.target = asked(Dimensions::TARGET, target);
                parts.instance = asked(Dimensions::INSTANCE, instance);
                parts.failure = by.has(Dimensions::FAILURE).then_some(*failure);
            }
        }
        parts
    }

    fn of_group(key: &'a GroupKey) -> Self {
        Self {
            family: key.family,
            service: names(&key.service),
            operation: &key.operation,
            instance: &key.instance,
            version: &key.version,
            category: key.category,
            target: &key.target,
            detail: &key.detail,
            error_type: &key.error_type,
            failure: key.failure,
            kind: key.kind,
        }
    }

    fn group_key(&self) -> GroupKey {
        let [service, namespace, environment] = self.service.map(Text::clone);
        GroupKey {
            family: self.family,
            service: ServiceKey {
                service,
                namespace,
                environment,
            },
            operation: self.operation.clone(),
            instance: self.instance.clone(),
            version: self.version.clone(),
            category: self.category,
            target: self.target.clone(),
            detail: self.detail.clone(),
            error_type: self.error_type.clone(),
            failure: self.failure,
            kind: self.kind,
        }
    }
}

fn names(service: &ServiceKey) -> [&Text; 3] {
    [&service.service, &service.namespace, &service.environment]
}

/// Answers of parts of a range, added up. Their questions have the same dimensions and steps.
pub fn merged(parts: impl IntoIterator<Item = RollupAnswer>) -> RollupAnswer {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    let mut places: Option<HashMap<GroupKey, usize>> = None;
    for part in parts {
        all.lost.extend(part.lost);
        let places = places.get_or_insert_with(|| {
            let keys = all.groups.iter().map(|group| group.key.clone());
            keys.zip(0..).collect()
        });
        for group in part.groups {
            match places.get(&group.key) {
                Some(place) => {
                    let have = &mut all.groups[*place];
                    for (step, sum) in group.steps {
                        have.add_step(step, sum);
                    }
                }
                None => {
                    places.insert(group.key.clone(), all.groups.len());
                    all.groups.push(group);
                }
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SlowThresholds;
    use crate::{CallFilter, Measures, Resolution, Steps};
    use hinomi_model::{Outcome, Rollup, Scope, Selection, TimeRange};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn service(name: &str) -> ServiceKey {
        ServiceKey {
            service: name.into(),
            namespace: "".into(),
            environment: "".into(),
        }
    }

    fn transaction(name: &str, operation: &str, instance: &str) -> RollupKey {
        RollupKey::Transaction {
            service: service(name),
            operation: operation.into(),
            instance: instance.into(),
            version: "1".into(),
            kind: TransactionKind::Request,
        }
    }

    fn call(target: &str, detail: &str) -> RollupKey {
        RollupKey::Call {
            service: service("shop"),
            category: CallCategory::Database,
            target: target.into(),
            detail: detail.into(),
        }
    }

    fn question(by: Dimensions, steps: Steps) -> RollupQuestion {
        RollupQuestion {
            selection: Selection::of(Scope::of("default")),
            range: TimeRange::new(UnixNanos(0), UnixNanos(i64::MAX)),
            resolution: Resolution::FiveSeconds,
            steps,
            families: Families::ALL,
            calls: None,
            by,
            measures: Measures::LATENCY | Measures::CELLS,
            slow_thresholds: Some(SECOND.into()),
            categories: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// The counts of each group by step, each named by what `name` says.
    fn counts(
        question: RollupQuestion,
        rollups: &[(i64, RollupKey)],
        name: impl Fn(&GroupKey) -> String,
    ) -> Vec<(String, Vec<(u32, u64)>)> {
        let mut grouping = Grouping::new(question);
        let mut rollup = Rollup::default();
        rollup.record_transaction(SECOND, Outcome::Ok);
        for (seconds, key) in rollups {
            if let Some(place) = grouping.place(key) {
                grouping.add(
                    place,
                    UnixNanos::from_millis(seconds * 1_000),
                    (&rollup).into(),
                );
            }
        }
        let groups = grouping.finish().into_iter().map(|group| {
            let steps = group.steps.iter().map(|(step, sum)| (*step, sum.count));
            (name(&group.key), steps.collect())
        });
        let mut counts: Vec<_> = groups.collect();
        counts.sort();
        counts
    }

    #[test]
    fn only_what_is_asked_for_is_kept_apart() {
        let rollups = [
            (0, transaction("shop", "GET /", "a")),
            (0, transaction("shop", "GET /", "b")),
            (0, transaction("shop", "POST /", "a")),
            (0, transaction("pay", "GET /", "a")),
        ];
        let of = |by, name: fn(&GroupKey) -> String| {
            let found = counts(question(by, Steps::Whole), &rollups, name);
            let counts = found.into_iter().map(|(name, steps)| (name, steps[0].1));
            counts.collect::<Vec<_>>()
        };
        let all = of(Dimensions::NONE, |key| format!("{:?}", key.family));
        assert_eq!(all, [("Transactions".to_owned(), 4)]);
        let services = of(Dimensions::SERVICE, |key| key.service.service.to_string());
        assert_eq!(services, [("pay".to_owned(), 1), ("shop".to_owned(), 3)]);
        let operations = of(Dimensions::OPERATION, |key| key.operation.to_string());
        assert_eq!(
            operations,
            [("GET /".to_owned(), 3), ("POST /".to_owned(), 1)]
        );
        let both = of(Dimensions::OPERATION | Dimensions::INSTANCE, |key| {
            format!("{} {}", key.operation, key.instance)
        });
        assert_eq!(both.len(), 3);
    }

    #[test]
    fn buckets_go_to_their_steps_in_whatever_order_they_come() {
        let key = || transaction("shop", "GET /", "a");
        let rollups = [(25, key()), (0, key()), (12, key()), (9, key()), (3, key())];
        let steps = Steps::Of {
            from: UnixNanos(0),
            width: 10 * SECOND,
        };
        let found = counts(question(Dimensions::NONE, steps), &rollups, |_| {
            String::new()
        });
        assert_eq!(found[0].1, [(0, 3), (1, 1), (2, 1)]);
    }

    #[test]
    fn slow_ones_are_counted_from_the_row_of_the_threshold_on() {
        let of = |threshold: Option<Duration>| {
            let mut question = question(Dimensions::NONE, Steps::Whole);
            question.slow_thresholds = threshold.map(SlowThresholds::from);
            let mut grouping = Grouping::new(question);
            for (millis, outcome) in [
                (10, Outcome::Ok),
                (2_000, Outcome::Ok),
                (3_000, Outcome::Error),
            ] {
                let mut rollup = Rollup::default();
                rollup.record_transaction(Duration::from_millis(millis), outcome);
                let place = grouping.place(&transaction("shop", "a", "b")).unwrap();
                grouping.add(place, UnixNanos(0), (&rollup).into());
            }
            let sum = grouping.finish().remove(0).into_whole();
            (sum.count, sum.errors, sum.slow)
        };
        assert_eq!(of(Some(SECOND)), (3, 1, 1));
        assert_eq!(of(Some(Duration::from_millis(5))), (3, 1, 2));
        assert_eq!(of(None), (3, 1, 0));
    }

    #[test]
    fn each_service_is_slow_by_its_own_threshold_also_in_one_sum() {
        let key = transaction("shop", "a", "b");
        let own = HashMap::from([(key.service().clone(), Duration::from_secs(5))]);
        let mut question = question(Dimensions::NONE, Steps::Whole);
        question.slow_thresholds = Some(SlowThresholds::new(SECOND, own));
        let mut grouping = Grouping::new(question);
        for service in ["shop", "bank"] {
            let mut rollup = Rollup::default();
            rollup.record_transaction(Duration::from_secs(2), Outcome::Ok);
            let place = grouping.place(&transaction(service, "a", "b")).unwrap();
            grouping.add(place, UnixNanos(0), (&rollup).into());
        }
        let sum = grouping.finish().remove(0).into_whole();
        assert_eq!((sum.count, sum.slow), (2, 1));
    }

    #[test]
    fn a_filter_of_calls_leaves_out_other_calls_and_by_detail_failed_ones() {
        let failed = RollupKey::FailedCall {
            service: service("shop"),
            category: CallCategory::Database,
            target: "db".into(),
            failure: CallFailure::Timeout,
            instance: "a".into(),
        };
        let rollups = [
            (0, call("db", "SELECT 1")),
            (0, call("db", "SELECT 2")),
            (0, call("other", "SELECT 1")),
            (0, failed),
        ];
        let of = |detail: Option<&str>| {
            let mut question = question(Dimensions::NONE, Steps::Whole);
            question.calls = Some(CallFilter {
                target: "db".into(),
                detail: detail.map(Text::from),
            });
            counts(question, &rollups, |key| format!("{:?}", key.family))
        };
        let step = |count| vec![(0, count)];
        assert_eq!(
            of(None),
            [
                ("Calls".to_owned(), step(2)),
                ("FailedCalls".to_owned(), step(1))
            ]
        );
        assert_eq!(of(Some("SELECT 1")), [("Calls".to_owned(), step(1))]);
    }

    #[test]
    fn parts_of_a_range_add_up_to_the_whole() {
        let steps = Steps::Of {
            from: UnixNanos(0),
            width: 10 * SECOND,
        };
        let answer = |rollups: &[(i64, RollupKey)]| {
            let mut grouping = Grouping::new(question(Dimensions::SERVICE, steps));
            let mut rollup = Rollup::default();
            rollup.record_transaction(SECOND, Outcome::Error);
            for (seconds, key) in rollups {
                let place = grouping.place(key).unwrap();
                grouping.add(
                    place,
                    UnixNanos::from_millis(seconds * 1_000),
                    (&rollup).into(),
                );
            }
            RollupAnswer {
                groups: grouping.finish(),
                lost: Vec::new(),
            }
        };
        let (shop, pay) = (transaction("shop", "a", "b"), transaction("pay", "a", "b"));
        let first = answer(&[(0, shop.clone()), (11, shop.clone())]);
        let second = answer(&[(12, shop.clone()), (30, shop), (30, pay)]);
        let mut groups = merged([first, second]).groups;
        groups.sort_by(|a, b| a.key.cmp(&b.key));
        let counts: Vec<_> = groups.iter().map(RollupGroup::count).collect();
        assert_eq!(counts, [1, 4]);
        let steps: Vec<_> = groups[1].steps.iter().map(|(step, _)| *step).collect();
        assert_eq!(steps, [0, 1, 3]);
        let whole = groups.remove(1).into_whole();
        assert_eq!((whole.errors, whole.total()), (4, 4 * SECOND));
        assert_eq!(
            whole
                .cells
                .cells()
                .iter()
                .map(|cell| cell.error)
                .sum::<u32>(),
            4
        );
        assert_eq!(whole.slow, 0, "none of them succeeded");
    }
}
