//! The workload: traces of any slice of time, and what is planned for it.

use std::sync::Arc;

use crate::{
    catalog::{EDGE_MIX, JOBS},
    dice::{Dice, SECOND, mix},
    fault::{self, Fault, Weather},
    operation::Operation,
    release::{Release, ReleasePlan},
    rhythm,
    span::SimTrace,
    trace::{MAX_TRACE_NS, TraceBuilder},
};

/// Time is generated slot by slot; a slot's draws depend on seed and slot alone.
const SLOT_NS: i64 = SECOND;

/// What a workload is made from. Equal configurations make equal traces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkloadConfig {
    /// What every draw starts from.
    pub seed: u64,
    /// Edge requests a second at multiplier 1. The rhythm's multiplier runs from 0.25 at night over
    /// a mean of 0.9 to about 4.1 around `live_from_unix_ns`.
    pub rate: f64,
    /// When history ends and live begins: the day's peak, and what the faults and releases are
    /// planned around. Keep it over restarts, so that the same times give the same traces.
    pub live_from_unix_ns: i64,
}

impl WorkloadConfig {
    /// The demo's workload: about 2.8 million spans in the day before `live_from_unix_ns`.
    pub fn new(live_from_unix_ns: i64) -> Self {
        Self {
            seed: 0x4869_6e6f_6d69,
            rate: 2.0,
            live_from_unix_ns,
        }
    }
}

/// The payments workload. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Workload {
    config: WorkloadConfig,
    plan: Arc<ReleasePlan>,
}

impl Workload {
    /// The workload of a configuration.
    pub fn new(config: WorkloadConfig) -> Self {
        let plan = Arc::new(ReleasePlan::new(config.live_from_unix_ns));
        Self { config, plan }
    }

    /// What it was made from.
    pub fn config(&self) -> &WorkloadConfig {
        &self.config
    }

    /// All traces whose edge request (or job) starts in `[from, to)`, by start. Lazy: holds one
    /// second of request times and one trace.
    pub fn traces(
        &self,
        from_unix_ns: i64,
        to_unix_ns: i64,
    ) -> impl Iterator<Item = SimTrace> + Send + use<> {
        let workload = self.clone();
        let first = from_unix_ns.div_euclid(SLOT_NS);
        let end = to_unix_ns.div_euclid(SLOT_NS) + i64::from(to_unix_ns.rem_euclid(SLOT_NS) > 0);
        (first..end).flat_map(move |slot| {
            let workload = workload.clone();
            let requests = workload.requests(slot);
            // A consumer may meet a fault that begins after its request.
            let begin = slot * SLOT_NS;
            let faults = workload.schedule(begin, begin + SLOT_NS + MAX_TRACE_NS);
            requests
                .into_iter()
                .filter(move |request| (from_unix_ns..to_unix_ns).contains(&request.start))
                .map(move |request| {
                    TraceBuilder::build(
                        Dice::new(request.seed),
                        &workload.plan,
                        Weather(&faults),
                        request.operation,
                        request.start,
                    )
                })
        })
    }

    /// The faults that are on at some moment of `[from, to)`, by start.
    pub fn schedule(&self, from_unix_ns: i64, to_unix_ns: i64) -> Vec<Fault> {
        fault::schedule(
            self.config.seed,
            self.config.live_from_unix_ns,
            from_unix_ns,
            to_unix_ns,
        )
    }

    /// The releases that begin in `[from, to)`, by time.
    pub fn releases(&self, from_unix_ns: i64, to_unix_ns: i64) -> Vec<Release> {
        self.plan.releases(from_unix_ns, to_unix_ns)
    }

    pub(crate) fn plan(&self) -> &Arc<ReleasePlan> {
        &self.plan
    }

    /// When the requests of a slot come and for what, by time.
    fn requests(&self, slot: i64) -> Vec<Request> {
        let slot_seed = mix(self.config.seed, slot as u64);
        let mut dice = Dice::new(slot_seed);
        let begin = slot * SLOT_NS;
        let mean = self.config.rate * rhythm::multiplier(begin, self.config.live_from_unix_ns);
        let count = dice.poisson(mean * SLOT_NS as f64 / SECOND as f64);
        let mut requests: Vec<_> = (0..count)
            .map(|nth| Request {
                start: begin + dice.between(0, SLOT_NS),
                operation: pick(&mut dice),
                seed: mix(slot_seed, u64::from(nth)),
            })
            .collect();
        for (nth, (job, every_seconds)) in JOBS.iter().enumerate() {
            if slot.rem_euclid(*every_seconds) == 0 {
                let seed = mix(slot_seed, u64::MAX - nth as u64);
                requests.push(Request {
                    start: begin,
                    operation: job,
                    seed,
                });
            }
        }
        requests.sort_by_key(|request| (request.start, request.seed));
        requests
    }
}

struct Request {
    start: i64,
    operation: &'static Operation,
    seed: u64,
}

fn pick(dice: &mut Dice) -> &'static Operation {
    let mut place = dice.below(100);
    for (operation, weight) in EDGE_MIX {
        if place < weight {
            return operation;
        }
        place -= weight;
    }
    EDGE_MIX[0].0
}
