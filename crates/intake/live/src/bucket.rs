//! Five seconds of the live window: open while counts arrive, packed into flat lists afterwards.
//!
//! Packed rows need a fifth of the memory of open ones. A late count opens the bucket again in
//! addition to its packed rows, so a key can occur several times.

use foldhash::fast::RandomState;
use hinomi_model::{Rollup, RollupRef, rollup::Cell};
use std::{collections::HashMap, mem::size_of};

/// Approximate size of an open rollup in bytes: its hash table entry and two lists of its own.
pub(crate) const OPEN_BYTES: usize = 256;
/// Maximum number of packed lists per bucket before they are combined into one.
const LISTS: usize = 4;

/// Counts by the number of their key.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    open: HashMap<u32, Rollup, RandomState>,
    packed: Vec<Packed>,
}

impl Bucket {
    /// Adds one rollup. Returns whether the key is new among the open ones.
    pub fn add(&mut self, number: u32, rollup: RollupRef<'_>) -> bool {
        let mut is_new = false;
        let have = self.open.entry(number).or_insert_with(|| {
            is_new = true;
            Rollup::default()
        });
        have.merge(rollup);
        is_new
    }

    /// Packs the open rows. Returns the keys that the bucket now holds once less often.
    pub fn pack(&mut self) -> Vec<u32> {
        let mut released = Vec::new();
        if self.open.is_empty() {
            return released;
        }
        let mut open = std::mem::take(&mut self.open);
        if self.packed.len() >= LISTS {
            for list in self.packed.drain(..) {
                for (number, rollup) in list.iter() {
                    match open.get_mut(&number) {
                        Some(have) => {
                            have.merge(rollup);
                            released.push(number);
                        }
                        None => {
                            open.entry(number).or_default().merge(rollup);
                        }
                    }
                }
            }
        }
        self.packed.push(Packed::of(&open));
        released
    }

    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Keys with their counts. A key can occur several times.
    pub fn iter(&self) -> impl Iterator<Item = (u32, RollupRef<'_>)> {
        let packed = self.packed.iter().flat_map(Packed::iter);
        let open = self.open.iter();
        packed.chain(open.map(|(number, rollup)| (*number, rollup.into())))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.open.len()
            + self
                .packed
                .iter()
                .map(|list| list.rows.len())
                .sum::<usize>()
    }

    /// Approximate memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.open.len() * OPEN_BYTES + self.packed.iter().map(Packed::bytes).sum::<usize>()
    }
}

/// Rows of concatenated lists.
#[derive(Debug, Default)]
struct Packed {
    rows: Vec<Row>,
    latency: Vec<(u16, u32)>,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    number: u32,
    latency_end: u32,
    cells_end: u32,
    count: u64,
    errors: u64,
    total_ns: u64,
}

impl Packed {
    fn of(open: &HashMap<u32, Rollup, RandomState>) -> Self {
        let latency = open.values().map(|rollup| rollup.latency.buckets().len());
        let cells = open.values().map(|rollup| rollup.cells.len());
        let mut packed = Self {
            rows: Vec::with_capacity(open.len()),
            latency: Vec::with_capacity(latency.sum()),
            cells: Vec::with_capacity(cells.sum()),
        };
        for (number, rollup) in open {
            packed.latency.extend_from_slice(rollup.latency.buckets());
            packed.cells.extend_from_slice(&rollup.cells);
            packed.rows.push(Row {
                number: *number,
                latency_end: packed.latency.len() as u32,
                cells_end: packed.cells.len() as u32,
                count: rollup.count,
                errors: rollup.errors,
                total_ns: rollup.total_ns,
            });
        }
        packed
    }

    fn iter(&self) -> impl Iterator<Item = (u32, RollupRef<'_>)> {
        let (mut latency, mut cells) = (0, 0);
        self.rows.iter().map(move |row| {
            let (latency_end, cells_end) = (row.latency_end as usize, row.cells_end as usize);
            let rollup = RollupRef {
                count: row.count,
                errors: row.errors,
                total_ns: row.total_ns,
                latency: &self.latency[latency..latency_end],
                cells: &self.cells[cells..cells_end],
            };
            (latency, cells) = (latency_end, cells_end);
            (row.number, rollup)
        })
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.rows.len() * size_of::<Row>()
            + self.latency.len() * size_of::<(u16, u32)>()
            + self.cells.len() * size_of::<Cell>()
    }
}
