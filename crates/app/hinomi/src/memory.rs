//! The server's memory: one limit, divided into shares.
//!
//! This module only computes the shares. Each component keeps to its own. The part that is not
//! shared is the base: code, threads, the catalog, and what is remembered of senders.

use anyhow::ensure;
use hinomi_collector::CollectorLimits;
use hinomi_ingest::IngestLimits;
use hinomi_io::GrantedMemory;
use hinomi_lake::{CompactionLimits, LakeLimits};
use hinomi_live::LiveLimits;

/// Smallest limit, in bytes: with less, the base and merges alone would almost fill it.
const LEAST: u64 = 256 << 20;
/// Largest limit that is chosen without a setting, in bytes.
const MOST_BY_DEFAULT: u64 = 1 << 30;
/// Part of a control group's limit: the page cache of files counts in the group, too.
const OF_GROUP: (u64, u64) = (3, 4);
/// Part of the machine's memory: other programs need memory, too.
const OF_MACHINE: (u64, u64) = (1, 4);
/// The base, in bytes.
const BASE: u64 = 42 << 20;
/// One part in this many of the limit is for connections: 21 MiB of 256 MiB, for a thousand
/// connections.
const CONNECTIONS: u64 = 12;
/// Largest share for connections, in bytes: enough for any machine.
const MOST_FOR_CONNECTIONS: u64 = 256 << 20;

/// Each share, in percent of the memory that is left.
const ADMISSION: u64 = 25;
const MEMTABLES: u64 = 18;
const WRITING: u64 = 24;
const CACHES: u64 = 8;
const QUERIES: u64 = 15;
const LIVE: u64 = 10;

/// Memtables that exist at once: the one being filled, and sealed ones that wait.
const MEMTABLES_AT_ONCE: u64 = 3;
/// One part in this many of admission's share is for batches that wait to be written to the log:
/// their encoded copies.
const QUEUE: u64 = 4;
/// Longest request, as a part of what can be in flight: a request is held both compressed and
/// decompressed.
const BODY: (u64, u64) = (2, 5);
/// One part in this many of the caches' share is for decoded pages.
const PAGES: u64 = 4;
/// One part in this many of the caches' share is for footers; the rest is for decoded rollups.
const FOOTERS: u64 = 3;
/// Bytes of the base for each remembered span. Up to twice as many spans are remembered.
const SPAN_BYTES: u64 = 20;
/// Bytes of live rollups for each key that may be live: one minute of a key that is busy in every
/// bucket of five seconds, its texts, and its place in admission's table.
const KEY_BYTES: u64 = 1_536;
/// Percent of the limit for all remembered spans.
const REMEMBERED: u64 = 2;

/// The shares of one limit, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryBudget {
    /// The whole limit.
    pub limit: u64,
    /// For connections: their tasks and buffers.
    pub connections: u64,
    /// For requests in flight: bodies, decoded spans, frames for the log.
    pub admission: u64,
    /// For spans that are durable in the log and not yet in segments.
    pub memtables: u64,
    /// For segments that are being written: flushes and merges.
    pub writing: u64,
    /// For cached footers and decoded rollups.
    pub caches: u64,
    /// For data that queries decode and combine.
    pub queries: u64,
    /// For the rollups of the last minutes.
    pub live: u64,
}

impl MemoryBudget {
    /// Computes the shares of a limit. Fails when the limit is too small.
    pub fn new(limit: u64) -> anyhow::Result<Self> {
        ensure!(
            limit >= LEAST,
            "a memory limit of {} MiB is too small: it must be at least {} MiB",
            limit >> 20,
            LEAST >> 20
        );
        let lake = LakeLimits::default();
        let connections = (limit / CONNECTIONS).min(MOST_FOR_CONNECTIONS);
        let part = |percent| (limit - BASE - connections) / 100 * percent;
        Ok(Self {
            limit,
            connections,
            admission: part(ADMISSION).min(IngestLimits::default().in_flight_bytes as u64),
            memtables: part(MEMTABLES).min(lake.memtable_bytes as u64 * MEMTABLES_AT_ONCE),
            writing: part(WRITING).min(lake.writing_bytes as u64),
            caches: part(CACHES),
            queries: part(QUERIES),
            live: part(LIVE),
        })
    }

    /// The limit when none is set.
    pub fn default_limit(granted: Option<GrantedMemory>) -> u64 {
        let part = granted.map_or(LEAST, |granted| {
            let (part, of) = if granted.is_group {
                OF_GROUP
            } else {
                OF_MACHINE
            };
            granted.bytes / of * part
        });
        part.clamp(LEAST, MOST_BY_DEFAULT)
    }

    /// The shares with their names in the metrics.
    pub fn shares(&self) -> [(&'static str, u64); 7] {
        [
            ("connections", self.connections),
            ("admission", self.admission),
            ("memtables", self.memtables),
            ("writing", self.writing),
            ("caches", self.caches),
            ("queries", self.queries),
            ("live", self.live),
        ]
    }

    /// The store's limits.
    pub fn lake(&self) -> LakeLimits {
        let default = LakeLimits::default();
        let memtable_bytes = self.largest_memtable().min(default.memtable_bytes as u64);
        LakeLimits {
            memtable_bytes: memtable_bytes as usize,
            sealed_memtables: MEMTABLES_AT_ONCE as usize - 1,
            queue_bytes: (self.admission / QUEUE) as usize,
            batch_bytes: self.in_flight().min(default.batch_bytes as u64) as usize,
            footer_cache_bytes: (self.caches / FOOTERS) as usize,
            page_cache_bytes: (self.caches / PAGES) as usize,
            rollup_cache_bytes: (self.caches - self.caches / FOOTERS - self.caches / PAGES)
                as usize,
            query_bytes: self.queries as usize,
            writing_bytes: self.writing as usize,
            compaction: CompactionLimits {
                memory_bytes: self
                    .merge(memtable_bytes)
                    .min(default.compaction.memory_bytes),
                ..default.compaction
            },
            ..default
        }
    }

    /// Largest size of a memtable, in bytes.
    pub fn largest_memtable(&self) -> u64 {
        self.memtables / MEMTABLES_AT_ONCE
    }

    /// The rest of the writing share beside the flush of a memtable. A flush takes 1.5 times the
    /// size of the memtable.
    fn merge(&self, memtable_bytes: u64) -> u64 {
        self.writing.saturating_sub(memtable_bytes / 2 * 3)
    }

    /// Admission's limits.
    pub fn ingest(&self) -> IngestLimits {
        let default = IngestLimits::default();
        let mut dedupe_spans = default.dedupe_spans;
        while dedupe_spans as u64 * SPAN_BYTES > self.limit / 100 * REMEMBERED {
            // Halving keeps the size a power of two times the default, which fills a hash table
            // equally well.
            dedupe_spans /= 2;
        }
        IngestLimits {
            in_flight_bytes: self.in_flight() as usize,
            dedupe_spans,
            keys: (self.live / KEY_BYTES) as usize,
            ..default
        }
    }

    /// The live window's limits.
    pub fn live(&self) -> LiveLimits {
        LiveLimits {
            window_bytes: self.live as usize,
        }
    }

    /// The receivers' limits.
    pub fn collector(&self) -> CollectorLimits {
        let default = CollectorLimits::default();
        let (part, of) = BODY;
        let body_bytes = (self.in_flight() / of * part).min(default.body_bytes as u64);
        CollectorLimits {
            body_bytes: body_bytes as usize,
            ..default
        }
    }

    fn in_flight(&self) -> u64 {
        self.admission - self.admission / QUEUE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn granted(bytes: u64, is_group: bool) -> Option<GrantedMemory> {
        Some(GrantedMemory { bytes, is_group })
    }

    #[test]
    fn the_default_is_a_part_of_what_is_granted_within_bounds() {
        for (granted, limit) in [
            (granted(512 * MIB, true), 384),
            (granted(2_048 * MIB, false), 512),
            (granted(64 << 30, false), 1_024),
            (granted(100 * MIB, true), 256),
            (None, 256),
        ] {
            let found = MemoryBudget::default_limit(granted);
            assert_eq!(found, limit * MIB, "{granted:?}");
        }
        let error = MemoryBudget::new(LEAST - 1).unwrap_err().to_string();
        assert!(
            error.contains("255 MiB") && error.contains("256 MiB"),
            "{error}"
        );
    }

    #[test]
    fn all_that_may_be_used_is_within_the_limit() {
        for limit in [256, 320, 512, 1_024, 4_096, 65_536].map(|limit| limit * MIB) {
            let budget = MemoryBudget::new(limit).unwrap();
            let shares: u64 = budget.shares().iter().map(|(_, bytes)| bytes).sum();
            assert!(shares + BASE <= limit, "{budget:?}");
            let (lake, ingest) = (budget.lake(), budget.ingest());
            let body = budget.collector().body_bytes as u64;
            assert!((2 * body) as usize <= ingest.in_flight_bytes, "{budget:?}");
            let flight = ingest.in_flight_bytes + lake.queue_bytes;
            assert!(flight as u64 <= budget.admission, "{budget:?}");
            let memtables = lake.memtable_bytes * (1 + lake.sealed_memtables);
            assert!(memtables as u64 <= budget.memtables, "{budget:?}");
            let flush = lake.memtable_bytes as u64 / 2 * 3;
            assert!(
                flush + lake.compaction.memory_bytes <= budget.writing,
                "{budget:?}"
            );
            // With less, no two large segments could be merged.
            assert!(lake.compaction.memory_bytes >= 24 * MIB, "{budget:?}");
            let caches = lake.footer_cache_bytes + lake.page_cache_bytes + lake.rollup_cache_bytes;
            assert!(caches as u64 <= budget.caches, "{budget:?}");
            assert_eq!(lake.query_bytes as u64, budget.queries);
            // Smaller memtables would make many small segments.
            assert!(lake.memtable_bytes as u64 >= 8 * MIB, "{budget:?}");
            assert!(
                2 * ingest.dedupe_spans as u64 * 10 <= limit / 50,
                "{budget:?}"
            );
        }
    }

    #[test]
    fn with_enough_memory_the_limits_are_the_parts_own() {
        let budget = MemoryBudget::new(8_192 * MIB).unwrap();
        let (lake, default) = (budget.lake(), LakeLimits::default());
        assert_eq!(lake.memtable_bytes, default.memtable_bytes);
        assert_eq!(lake.compaction, default.compaction);
        let ingest = budget.ingest();
        assert_eq!(ingest.dedupe_spans, IngestLimits::default().dedupe_spans);
        let receivers = budget.collector();
        assert_eq!(receivers.body_bytes, CollectorLimits::default().body_bytes);
        assert!(
            budget.queries > 1_024 * MIB,
            "what is over goes to questions"
        );
        assert!(ingest.keys > 500_000, "and to keys");
    }
}
