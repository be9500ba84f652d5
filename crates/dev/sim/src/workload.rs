//! The workload: traces of any range of time, and the faults and releases planned for it.

use std::sync::Arc;

use crate::{
    catalog::{EDGE_MIX, JOBS},
    dice::{Dice, SECOND, mix},
    fault::{self, Fault, Weather},
    operation::Operation,
    release::{Release, ReleasePlan},
    rhythm,
    service::Service,
    span::{SimSpan, SimTrace},
    trace::{MAX_TRACE_NS, TraceBuilder},
};

/// Time is generated in slots. The draws of a slot depend only on the seed and the slot.
const SLOT_NS: i64 = SECOND;

/// Parameters of a workload. Equal parameters give equal traces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WorkloadConfig {
    /// Seed of all draws.
    pub seed: u64,
    /// Edge requests a second at factor 1. The rhythm's factor is between 0.2 at night and about
    /// 4.1 around `live_from_unix_ns`, every day; its mean is 1.07.
    pub rate: f64,
    /// When the history ends and live begins. It is the peak of the day, and faults and releases
    /// are planned around it. Keep it over restarts, so that the same times give the same traces.
    pub live_from_unix_ns: i64,
}

impl WorkloadConfig {
    /// The demo's workload: about 3.1 million spans in the day before `live_from_unix_ns`.
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
    is_quiet: bool,
}

impl Workload {
    /// The workload with these parameters.
    pub fn new(config: WorkloadConfig) -> Self {
        let plan = Arc::new(ReleasePlan::new(config.live_from_unix_ns));
        Self {
            config,
            plan,
            is_quiet: false,
        }
    }

    /// The same requests in a world without faults and without harmful releases. A request that
    /// meets neither gives the same trace in both.
    #[must_use]
    pub fn quiet(&self) -> Self {
        Self {
            config: self.config,
            plan: Arc::new(ReleasePlan::quiet(self.config.live_from_unix_ns)),
            is_quiet: true,
        }
    }

    /// The parameters of the workload.
    pub fn config(&self) -> &WorkloadConfig {
        &self.config
    }

    /// All traces whose edge request (or job) starts in `[from, to)`, sorted by start. Lazy: holds
    /// one second of request times and one trace.
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

    /// The faults that are active at some instant of `[from, to)`, sorted by start.
    pub fn schedule(&self, from_unix_ns: i64, to_unix_ns: i64) -> Vec<Fault> {
        if self.is_quiet {
            return Vec::new();
        }
        fault::schedule(
            self.config.seed,
            self.config.live_from_unix_ns,
            from_unix_ns,
            to_unix_ns,
        )
    }

    /// The releases that begin in `[from, to)`, sorted by time.
    pub fn releases(&self, from_unix_ns: i64, to_unix_ns: i64) -> Vec<Release> {
        self.plan.releases(from_unix_ns, to_unix_ns)
    }

    /// The service that made a span of this workload, and its version.
    pub fn maker(&self, span: &SimSpan) -> (&'static Service, &str) {
        let instance = &self.plan.instances()[span.instance as usize];
        (instance.service, &instance.version)
    }

    pub(crate) fn plan(&self) -> &Arc<ReleasePlan> {
        &self.plan
    }

    /// The requests of a slot: time and operation of each, sorted by time.
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
