//! One simulation run: what the client does, what fails, and what is checked after each start.

use crate::folder::{Folder, all, all_rollups};
use hinomi_conformance::{
    Model,
    spans::{SERVICES, Spec, batch, span},
};
use hinomi_lake::{
    AppendError, Lake, LakeConfig, LakeLimits, Resolution, Retention, TableId, TransactionSearch,
};
use hinomi_model::{RollupSet, Span, SpanId, SpanKind, TraceId, UnixNanos, rollup::ServiceKey};
use hinomi_store::Registry;
use hinomi_testkit::{Dice, Faults, Op, Power, SeededEntropy, SimDisk};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Number of starts per seed.
const STARTS: u64 = 5;
/// One day longer than the latest spans are late. A clock jump of days exceeds that margin, so a
/// jump that the store wrongly follows would delete data.
const KEPT: Retention = {
    let kept = Duration::from_secs(31 * 86_400);
    Retention::FOREVER
        .keeping(TableId::SPANS, kept)
        .keeping(TableId::TRANSACTIONS, kept)
        .keeping(TableId::ROLLUPS_5S, kept)
        .keeping(TableId::ROLLUPS_1M, kept)
        .keeping(TableId::ROLLUPS_1H, kept)
};
/// One day, in nanoseconds.
const DAY: i64 = 86_400_000_000_000;
/// How often the names are looked at until they must all be known, 5 ms apart.
const NAMES_POLLS: u32 = 2_000;
/// Number of traces among which spans are distributed.
const TRACES: u64 = 7;

/// What the client knows about a span.
struct Sent {
    span: Span,
    is_acknowledged: bool,
}

struct Run {
    dice: Dice,
    throws: u64,
    folder: Folder,
    disk: SimDisk,
    entropy: Arc<SeededEntropy>,
    manifest: BTreeMap<(TraceId, SpanId), Sent>,
    /// Batches that were refused and that the client may send again.
    refused: Vec<Vec<Span>>,
    made: u32,
}

/// Runs a seed. Panics if the store breaks a promise.
pub async fn run(seed: u64) {
    let mut run = Run::new(seed);
    for _ in 0..STARTS {
        let lake = run.start().await;
        run.check(&lake).await;
        run.check_names().await;
        run.live(&lake).await;
        run.end(lake).await;
    }
    let lake = run.start().await;
    run.check(&lake).await;
    run.check_names().await;
    lake.flush().await.unwrap();
    run.check(&lake).await;
    lake.close().await.unwrap();
}

impl Run {
    fn new(seed: u64) -> Self {
        let dice = Dice::new(seed).about("driver");
        let mut limits = LakeLimits {
            wal_file_bytes: 4_000,
            buckets_per_flush: 4,
            memtable_age: Duration::from_secs(86_400),
            // On the real clock: a machine with other work must not decide.
            query_timeout: Duration::from_secs(600),
            retention: KEPT,
            ..LakeLimits::default()
        };
        if dice.about("background").below(6) == 0 {
            // Sealed by age, in the background: slow syncs advance the clock.
            limits.memtable_age = Duration::from_secs(20);
        }
        let folder = Folder::with(limits);
        let disk = folder.seeded_disk(seed);
        disk.set_clock(folder.clock.clone());
        Self {
            dice,
            throws: 0,
            folder,
            disk,
            entropy: Arc::new(SeededEntropy::new(seed)),
            manifest: BTreeMap::new(),
            refused: Vec::new(),
            made: 0,
        }
    }

    fn throw(&mut self, bound: u64) -> u64 {
        self.throws += 1;
        self.dice.nth(self.throws).below(bound)
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.throw(of.len() as u64) as usize]
    }

    /// Opens the store, repeatedly while the disk fails.
    async fn start(&mut self) -> Lake {
        if self.throw(4) == 0 {
            let faults = self.faults();
            self.disk.set_faults(faults);
        }
        let is_read_only = self.dice.about("read only").nth(self.throws).below(6) == 0;
        if is_read_only {
            self.disk.set_faults(Faults::read_only());
        }
        loop {
            let config = LakeConfig {
                dir: self.folder.dir(),
                node: "node-1".into(),
                limits: self.folder.limits,
            };
            let opened = Lake::open(
                config,
                Arc::new(self.disk.clone()),
                self.folder.clock.clone(),
                self.entropy.clone(),
                self.folder.open_registry().await,
            );
            match opened.await {
                Ok((lake, recovery)) => {
                    assert!(!recovery.has_losses(), "{recovery:?}");
                    if is_read_only {
                        // Stored data is shown, and nothing is acknowledged.
                        self.glance_at_start(&lake).await;
                        let spans = self.spans();
                        self.send(&lake, spans).await;
                    }
                    self.disk.set_faults(Faults::default());
                    return lake;
                }
                Err(error) => {
                    let failed = self.disk.failures() > 0 || self.disk.is_cut();
                    assert!(failed, "on a sound disk: {error}");
                    self.restart();
                }
            }
        }
    }

    /// The process has ended, possibly with a power failure.
    fn restart(&mut self) {
        let kind = self.throw(4);
        let power = match kind {
            // See the simulation of the log: data dropped by a failed sync must not outlive the
            // process.
            0 if !self.disk.has_dropped_pages() => None,
            1 => Some(Power::LosesAll),
            _ => Some(Power::LosesSome),
        };
        self.disk.restart(power);
        // Uses separate dice, as for jumps, so that seeds that found bugs keep their meaning.
        let dice = self.dice.about("off").nth(self.throws);
        if power.is_some() && dice.below(3) == 0 {
            // All power-off times together stay below a day, so that spans that are a month late do
            // not expire.
            let hours = dice.about("hours").below(4);
            self.folder
                .clock
                .power_off(Duration::from_secs(3_600 * hours));
        }
    }

    async fn end(&mut self, lake: Lake) {
        if !self.disk.is_cut() && self.throw(5) == 0 {
            // An orderly stop. A disk that fails meanwhile loses nothing.
            let _ = lake.close().await;
        } else {
            self.disk.cut();
            // From here on nothing reaches the disk.
            let _ = lake.close().await;
        }
        drop(lake);
        self.restart();
    }

    fn faults(&mut self) -> Faults {
        let chance = self.pick(&[0, 0, 10, 80]);
        let ops = [
            Op::CreateDir,
            Op::Create,
            Op::Append,
            Op::Sync,
            Op::Rename,
            Op::Remove,
            Op::Truncate,
            Op::SyncDir,
            Op::List,
            Op::Open,
            Op::Read,
        ];
        let room = 2_000 + self.throw(60_000);
        let is_tight = self.throw(5) == 0;
        // A disk that fails only for the catalog, the log or the segments produces inconsistent
        // states.
        let parts = [None, None, Some("manifest"), Some("wal"), Some("segments")];
        let below = self.pick(&parts).map(|part| self.folder.dir().join(part));
        let chance = match below {
            Some(_) => chance * 4,
            None => chance,
        };
        Faults {
            below,
            chances: ops.into_iter().map(|op| (op, chance)).collect(),
            cuts: self.pick(&[0, 4, 30]),
            capacity: is_tight.then(|| self.disk.used() + room),
            slow_sync: Duration::from_secs(self.pick(&[0, 5])),
            ..Faults::default()
        }
    }

    /// The events between a start and an end.
    async fn live(&mut self, lake: &Lake) {
        let faults = self.faults();
        self.disk.set_faults(faults);
        // Separate dice: seeds that found bugs keep their meaning.
        let dice = self.dice.about("registry").nth(self.throws);
        let commits = dice.about("commits").below(4);
        let fails = [None, Some(0), Some(commits)][dice.below(3) as usize];
        self.folder.database.fail_after(fails);
        for _ in 0..self.throw(22) {
            if self.disk.is_cut() {
                return;
            }
            match self.throw(14) {
                0..=6 => {
                    let spans = self.spans();
                    self.send(lake, spans).await;
                }
                7..=8 => self.repeat(lake).await,
                9..=10 => {
                    if lake.flush().await.is_ok() {
                        // After the second of two barriers the log has been truncated.
                        let _ = lake.append(batch(vec![])).await;
                        let _ = lake.append(batch(vec![])).await;
                    }
                }
                11 => self.disk.set_faults(Faults::default()),
                12 => self.jump(lake).await,
                _ => self.glance(lake).await,
            }
        }
    }

    /// The wall clock jumps, but no time passes. In half of the cases a sender's clock jumps too,
    /// for one batch. Then retention runs.
    async fn jump(&mut self, lake: &Lake) {
        const HOURS: [i64; 4] = [1, -1, 87_660, -87_660];
        let mut hours = self.pick(&HOURS);
        let dice = self.dice.about("jump").nth(self.throws);
        if dice.below(2) == 0 {
            hours = hours.signum() * 8 * 24;
        }
        let now = hinomi_io::Clock::unix_nanos(&*self.folder.clock);
        let jumped = now.saturating_add(hours * 3_600_000_000_000).max(0);
        self.folder.clock.set(jumped);
        if dice.about("sender").below(2) == 0 {
            lake.clock().witness(jumped);
        }
        // On a failing disk it may not finish.
        let _ = lake.maintain().await;
    }

    fn spans(&mut self) -> Vec<Span> {
        // Batches of more than 64 spans are encoded on another thread.
        let count = self.pick(&[1, 1, 3, 10, 70]);
        (0..count).map(|_| self.span()).collect()
    }

    fn span(&mut self) -> Span {
        self.made += 1;
        let kind = self.pick(&[SpanKind::Server, SpanKind::Server, SpanKind::Client]);
        // Around an hour's edge, hours late, or a month late.
        let late = self.pick(&[0, 0, 0, 0, -3_600_000, -7_200_000, -30 * 86_400_000]);
        span(&Spec {
            trace: self.throw(TRACES) as u8,
            id: self.made,
            service: self.throw(SERVICES.len() as u64) as usize,
            instance: self.throw(3) as usize,
            operation: self.throw(4) as usize,
            end_ms: late + self.throw(20_000) as i64 - 10_000,
            duration: Duration::from_nanos(self.throw(3_000_000_000)),
            kind,
            failed: self.throw(4) == 0,
            call: kind == SpanKind::Client,
        })
    }

    /// Sends spans, and adds new ones to the client's manifest.
    async fn send(&mut self, lake: &Lake, spans: Vec<Span>) {
        // Admission reports every sender's time to the store's clock. Here only a sender does whose
        // spans a new folder would take for old, so that seeds that found bugs keep their meaning.
        let newest = spans.iter().map(|span| span.end.0).max().unwrap_or(0);
        let saved = lake.clock().saved();
        if !saved.established && newest + DAY < saved.age {
            lake.clock().witness(newest);
        }
        let answer = lake.append(batch(spans.clone())).await;
        for span in &spans {
            let key = (span.trace_id, span.span_id);
            let sent = self.manifest.entry(key).or_insert_with(|| Sent {
                span: span.clone(),
                is_acknowledged: false,
            });
            assert!(!sent.is_acknowledged);
            sent.is_acknowledged = answer.is_ok();
        }
        match answer {
            Ok(()) => {}
            Err(AppendError::Disk(_)) => self.refused.push(spans),
            Err(error) => assert!(self.disk.is_cut(), "{error}"),
        }
    }

    /// The client sends a refused batch again. Only missing spans are appended: admission drops the
    /// others as repeats of acknowledged ones.
    async fn repeat(&mut self, lake: &Lake) {
        let Some(spans) = self.refused.pop() else {
            return;
        };
        let Ok(keys) = lake.span_keys_since("default".into(), UnixNanos(0)).await else {
            return self.refused.push(spans);
        };
        let keys: BTreeSet<_> = keys.into_iter().collect();
        let missing: Vec<Span> = spans
            .into_iter()
            .filter(|span| !keys.contains(&(span.trace_id, span.span_id)))
            .collect();
        if !missing.is_empty() {
            self.send(lake, missing).await;
        }
    }

    /// Queries while the disk fails: either an error or the correct answer.
    async fn glance(&self, lake: &Lake) {
        let Ok(found) = lake.transactions(all()).await else {
            return;
        };
        assert!(!found.partial, "a failing disk is taken for a damaged one");
        let acknowledged = self
            .manifest
            .values()
            .filter(|sent| sent.is_acknowledged && sent.span.transaction.is_some());
        assert_eq!(found.total, acknowledged.count() as u64);
    }

    /// The same right after a start. Spans that the log had and that were not acknowledged may be shown,
    /// too: [`Self::check`] counts them as acknowledged.
    async fn glance_at_start(&self, lake: &Lake) {
        let Ok(found) = lake.transactions(all()).await else {
            return;
        };
        assert!(
            !found.partial,
            "a read-only disk is taken for a damaged one"
        );
        let sent = || self.manifest.values();
        let sent = || sent().filter(|sent| sent.span.transaction.is_some());
        let acknowledged = sent().filter(|sent| sent.is_acknowledged).count() as u64;
        assert!((acknowledged..=sent().count() as u64).contains(&found.total));
    }

    /// Checks everything that a start must find, and that what it finds is durable from now on.
    async fn check(&mut self, lake: &Lake) {
        let keys = lake
            .span_keys_since("default".into(), UnixNanos(0))
            .await
            .unwrap();
        let found: BTreeSet<_> = keys.iter().copied().collect();
        assert_eq!(found.len(), keys.len(), "a span is there twice");
        let mut model = Model::default();
        for key in &found {
            let sent = self.manifest.get(key).expect("it was sent");
            model.spans.push(sent.span.clone());
        }
        for (key, sent) in &self.manifest {
            let lost = sent.is_acknowledged && !found.contains(key);
            assert!(!lost, "{key:?} was acknowledged and is lost");
        }
        let search = TransactionSearch {
            limit: 10_000,
            ..all()
        };
        let rows = lake.transactions(search.clone()).await.unwrap();
        assert!(!rows.partial);
        let expected = model.transactions(&search);
        assert_eq!(rows.total, expected.len() as u64);
        assert_eq!(rows.rows, expected);
        for resolution in Resolution::ALL {
            let search = all_rollups(resolution);
            let rollups = lake.rollups(search.clone()).await.unwrap();
            assert_eq!(rollups.lost, []);
            let expected = model.rollups(
                &search.selection,
                search.range,
                search.resolution,
                search.families,
            );
            let differ = |a: &RollupSet, b: &RollupSet| -> Vec<String> {
                let there: BTreeSet<String> = b.iter().map(|one| format!("{one:?}")).collect();
                let here = a.iter().map(|one| format!("{one:?}"));
                here.filter(|one| !there.contains(one)).collect()
            };
            let (more, less) = (
                differ(&rollups.rollups, &expected),
                differ(&expected, &rollups.rollups),
            );
            assert!(
                more.is_empty() && less.is_empty(),
                "{resolution:?}: of the store alone {more:#?}, of the model alone {less:#?}"
            );
        }
        self.check_traces(lake, &model).await;
        // A client that repeats one of these is told that it is stored, after a barrier.
        lake.append(batch(vec![])).await.unwrap();
        for key in &found {
            if let Some(sent) = self.manifest.get_mut(key) {
                sent.is_acknowledged = true;
            }
        }
    }

    /// Every service that has acknowledged spans is known, whatever happened to the registry's
    /// database.
    async fn check_names(&self) {
        let sent = self.manifest.values().filter(|sent| sent.is_acknowledged);
        let expected: BTreeSet<ServiceKey> = sent
            .map(|sent| ServiceKey::of(&sent.span.resource))
            .collect();
        let registry = self.folder.registry();
        for _ in 0..NAMES_POLLS {
            let known = registry.services("default".into()).await.unwrap();
            let known: BTreeSet<ServiceKey> = known.into_iter().map(|(key, _)| key).collect();
            if expected.is_subset(&known) {
                return;
            }
            // In the background, names are taken from rollups.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("services are not known: {expected:?}");
    }

    async fn check_traces(&self, lake: &Lake, model: &Model) {
        for trace in 0..TRACES {
            let id = hinomi_conformance::spans::trace_id(trace as u8);
            let of_trace = model.spans.iter().filter(|span| span.trace_id == id);
            let mut expected: Vec<Span> = of_trace.cloned().collect();
            expected.sort_by_key(|span| (span.start, span.end, span.span_id));
            let found = lake.trace("default".into(), id, 10_000).await.unwrap();
            assert_eq!((found.omitted, found.partial), (0, false));
            assert_eq!(found.spans, expected);
        }
    }
}
