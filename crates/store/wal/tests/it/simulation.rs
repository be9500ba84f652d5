//! Runs the log on a simulated disk, by seed: random appends, syncs, rotations, checkpoints,
//! faults, process ends and power failures. Compares the result with what was acknowledged.
//!
//! Oracle: a record is *kept* if a sync has confirmed it, or if a replay returned it and the owner
//! then treated it as stored, as the store's deduplication does. Kept records are returned in order
//! and once. Attempted records may be returned once or not at all. Nothing else is ever returned.
//!
//! `HINOMI_SIM_SEEDS=10000 cargo test -p hinomi-wal --test it simulation` runs many seeds.

use hinomi_testkit::{Dice, Faults, Op, Power, SeededEntropy, SimDisk};
use hinomi_wal::{Wal, WalLimits};
use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Seeds that once found a bug; they always run.
const REGRESSIONS: &str = include_str!("simulation.seeds");
/// Number of seeds in every test run.
const SEEDS: u64 = 300;

/// Small, so that every run rotates files and writes in pieces.
const LIMITS: WalLimits = WalLimits {
    file_bytes: 1_500,
    record_bytes: 4_000,
    buffer_bytes: 300,
};

struct Run {
    seed: u64,
    dice: Dice,
    throws: u64,
    disk: SimDisk,
    entropy: Arc<SeededEntropy>,
    checkpoint: u64,
    /// Payloads that must be returned, by sequence.
    kept: BTreeMap<u64, Vec<u8>>,
    /// Payloads that were attempted and may be returned.
    tried: HashSet<Vec<u8>>,
    made: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        Self {
            seed,
            dice,
            throws: 0,
            disk: SimDisk::new(seed, Path::new("/disk")),
            entropy: Arc::new(SeededEntropy::new(seed)),
            checkpoint: 0,
            kept: BTreeMap::new(),
            tried: HashSet::new(),
            made: 0,
        }
    }

    fn throw(&mut self, bound: u64) -> u64 {
        self.throws += 1;
        self.dice.nth(self.throws).below(bound)
    }

    fn payload(&mut self) -> Vec<u8> {
        self.made += 1;
        let len = match self.throw(10) {
            0 => 0,
            1 => 1_200,
            _ => self.throw(150),
        };
        let mut payload = self.made.to_le_bytes().to_vec();
        payload.extend((0..len).map(|at| (at * self.made) as u8));
        payload
    }

    /// Opens the log and checks the records it returns.
    fn open(&mut self) -> Wal {
        loop {
            let mut records = Vec::new();
            let opened = Wal::open(
                Arc::new(self.disk.clone()),
                self.entropy.clone(),
                PathBuf::from("/disk/wal"),
                LIMITS,
                self.checkpoint,
                |sequence, payload| records.push((sequence, payload.to_vec())),
            );
            match opened {
                Ok((wal, _)) => {
                    self.check(records);
                    return wal;
                }
                // The disk failed while the log was opened: restart, as an operator would.
                Err(error) => {
                    assert!(self.disk.failures() > 0 || self.disk.is_cut(), "{error}");
                    self.restart();
                }
            }
        }
    }

    fn check(&mut self, records: Vec<(u64, Vec<u8>)>) {
        let seed = self.seed;
        let mut seen = HashSet::new();
        for pair in records.windows(2) {
            assert!(pair[0].0 < pair[1].0, "seed {seed}: out of order");
        }
        for (sequence, payload) in &records {
            assert!(
                *sequence > self.checkpoint,
                "seed {seed}: before checkpoint"
            );
            assert!(seen.insert(payload), "seed {seed}: {sequence} comes twice");
            match self.kept.get(sequence) {
                Some(kept) => assert_eq!(payload, kept, "seed {seed}: {sequence} is another"),
                None => assert!(self.tried.contains(payload), "seed {seed}: made up"),
            }
        }
        let found: BTreeMap<u64, Vec<u8>> = records.into_iter().collect();
        for sequence in self.kept.keys() {
            assert!(found.contains_key(sequence), "seed {seed}: {sequence} lost");
        }
        // The owner has seen these records, and treats repeats of them as stored.
        self.kept = found;
    }

    fn faults(&mut self) -> Faults {
        let chance = [0, 0, 20, 120][self.throw(4) as usize];
        let ops = [
            Op::Append,
            Op::Sync,
            Op::Create,
            Op::Remove,
            Op::SyncDir,
            Op::Truncate,
            Op::List,
            Op::Open,
            Op::Read,
        ];
        let cuts = [0, 10, 60][self.throw(3) as usize];
        let room = self.throw(8) == 0;
        Faults {
            chances: ops.into_iter().map(|op| (op, chance)).collect(),
            cuts,
            capacity: room.then(|| self.disk.used() + 2_000),
            ..Faults::default()
        }
    }

    fn restart(&mut self) {
        let power = match self.throw(4) {
            // Pages that a failed sync dropped and that could not be truncated look valid until the
            // machine stops. This case is not tolerated; docs/reliability.md says so.
            0 if !self.disk.has_dropped_pages() => None,
            1 => Some(Power::LosesAll),
            _ => Some(Power::LosesSome),
        };
        self.disk.restart(power);
    }

    fn group(&mut self, wal: &mut Wal) {
        let mut group = Vec::new();
        for _ in 0..self.throw(6) {
            let payload = self.payload();
            match wal.append(&payload) {
                Ok(sequence) => group.push((sequence, payload)),
                Err(_) => {
                    self.tried.insert(payload);
                    self.tried
                        .extend(group.into_iter().map(|(_, payload)| payload));
                    return;
                }
            }
        }
        match wal.sync() {
            Ok(()) => self.kept.extend(group),
            Err(_) => self
                .tried
                .extend(group.into_iter().map(|(_, payload)| payload)),
        }
    }

    fn run(mut self) {
        for _ in 0..6 {
            let mut wal = self.open();
            let faults = self.faults();
            self.disk.set_faults(faults);
            for _ in 0..self.throw(25) {
                if self.disk.is_cut() {
                    break;
                }
                match self.throw(12) {
                    0 => {
                        // The store now has everything in segments.
                        if let Some((last, _)) = self.kept.last_key_value() {
                            self.checkpoint = *last;
                            self.kept.clear();
                        }
                        let _ = wal.truncate_before(self.checkpoint + 1);
                    }
                    1 => self.disk.set_faults(Faults::default()),
                    _ => self.group(&mut wal),
                }
            }
            drop(wal);
            self.restart();
        }
        self.open();
    }
}

#[test]
fn by_any_seed_nothing_synced_is_lost_and_nothing_comes_twice() {
    let many = std::env::var("HINOMI_SIM_SEEDS").ok();
    let many = many.map_or(SEEDS, |count| count.parse().unwrap());
    let first = std::env::var("HINOMI_SIM_FIRST").ok();
    let first: u64 = first.map_or(0, |seed| seed.parse().unwrap());
    let regressions = REGRESSIONS
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok());
    for seed in regressions.chain(first..first + many) {
        Run::new(seed).run();
    }
}
