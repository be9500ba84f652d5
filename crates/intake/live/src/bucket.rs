//! Five seconds of the live window: open while counts come in, packed flat when they have come.
//!
//! Packed rows cost a fifth of open ones. A late count opens the bucket again beside what is packed, so a
//! key may be there several times.

use foldhash::fast::RandomState;
use hinomi_model::{Rollup, RollupRef, rollup::Cell};
use std::{collections::HashMap, mem::size_of};

/// Bytes that an open rollup takes, roughly: its place in a table and two lists of its own.
pub(crate) const OPEN_BYTES: usize = 256;
/// Packed lists that a bucket may have before they are made one.
const LISTS: usize = 4;

/// Counts by the number of their key.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    open: HashMap<u32, Rollup, RandomState>,
    packed: Vec<Packed>,
}

impl Bucket {
    /// Adds one rollup. Answers whether the key is new among the open ones.
    pub fn add(&mut self, number: u32, rollup: RollupRef<'_>) -> bool {
        let mut is_new = false;
        let have = self.open.entry(number).or_insert_with(|| {
            is_new = true;
            Rollup::default()
        });
        have.merge(rollup);
        is_new
    }

    /// Packs what is open. Answers the keys that are held once less.
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

    /// Keys with their counts; one can come several times.
    pub fn iter(&self) -> impl Iterator<Item = (u32, RollupRef<'_>)> {
        let packed = self.packed.iter().flat_map(Packed::iter);
        let open = self.open.iter();
        packed.chain(open.map(|(number, rollup)| (*number, rollup.into())))
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.open.len()
            + self
                .packed
                .iter()
                .map(|list| list.rows.len())
                .sum::<usize>()
    }

    /// Bytes in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.open.len() * OPEN_BYTES + self.packed.iter().map(Packed::bytes).sum::<usize>()
    }
}

/// Rows one behind the other.
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
