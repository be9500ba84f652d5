//! A sum of hitmap cells by row.

use crate::{hitmap::ROWS, rollup::Cell};

/// Hitmap cells of several rollups, added up by row. Few rows are kept as a list of cells, many as an
/// array of all rows, which takes 1.5 kB. A board of thousands of services has one sum for each of
/// their columns, and most of these have few rows.
#[derive(Debug, Clone, Default)]
pub struct CellSum {
    /// The added cells, concatenated, while there are few.
    cells: Vec<Cell>,
    /// Whether the cells are those of a single rollup, and so in order.
    is_ordered: bool,
    /// Successes and failures by row, once there are too many cells.
    rows: Option<Box<[[u32; 2]; ROWS]>>,
}

impl CellSum {
    /// With more cells than this, the list is added up.
    const MOST_CELLS: usize = 96;
    /// With more rows than this, the list becomes an array.
    const MOST_ROWS: usize = 24;

    /// Adds the cells of a rollup, ascending by row.
    pub fn add(&mut self, cells: &[Cell]) {
        if cells.is_empty() {
            return;
        }
        if let Some(rows) = &mut self.rows {
            return scatter(rows, cells);
        }
        self.is_ordered = self.cells.is_empty();
        self.cells.extend_from_slice(cells);
        if self.cells.len() <= Self::MOST_CELLS {
            return;
        }
        let mut rows = [[0; 2]; ROWS];
        scatter(&mut rows, &self.cells);
        self.cells.clear();
        of_rows(&rows, |cell| self.cells.push(cell));
        self.is_ordered = true;
        if self.cells.len() > Self::MOST_ROWS {
            self.cells = Vec::new();
            self.rows = Some(Box::new(rows));
        }
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: &Self) {
        if self.cells.is_empty() && self.rows.is_none() {
            self.clone_from(other);
            return;
        }
        match other.rows {
            None if other.is_ordered => self.add(&other.cells),
            _ => self.add(&other.cells()),
        }
    }

    /// Calls `each` with the sum of each row that has anything, ascending by row.
    pub fn each(&self, each: impl FnMut(Cell)) {
        if let Some(rows) = &self.rows {
            return of_rows(rows, each);
        }
        if self.is_ordered || self.cells.is_empty() {
            return self.cells.iter().copied().for_each(each);
        }
        let mut rows = [[0; 2]; ROWS];
        scatter(&mut rows, &self.cells);
        of_rows(&rows, each);
    }

    /// The sum of each row that has anything, ascending by row.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells = Vec::new();
        self.each(|cell| cells.push(cell));
        cells
    }
}

fn scatter(rows: &mut [[u32; 2]; ROWS], cells: &[Cell]) {
    for cell in cells {
        let [ok, error] = &mut rows[usize::from(cell.row).min(ROWS - 1)];
        *ok = ok.saturating_add(cell.ok);
        *error = error.saturating_add(cell.error);
    }
}

fn of_rows(rows: &[[u32; 2]; ROWS], mut each: impl FnMut(Cell)) {
    for (row, [ok, error]) in (0_u8..).zip(rows.iter().copied()) {
        if ok > 0 || error > 0 {
            each(Cell { row, ok, error });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};
    use std::collections::BTreeMap;

    /// The cells of a rollup: each row once, ascending.
    fn rollup() -> impl Strategy<Value = Vec<Cell>> {
        let cells = proptest::collection::btree_map(0..ROWS as u8, (1_u32..9, 0_u32..9), 0..40);
        cells.prop_map(|cells| {
            let cells = cells.into_iter();
            cells
                .map(|(row, (ok, error))| Cell { row, ok, error })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn sums_are_those_of_each_row(rollups in vec(vec(rollup(), 0..6), 0..6)) {
            let mut expected: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
            let mut whole = CellSum::default();
            for rollups in rollups {
                let mut part = CellSum::default();
                for rollup in rollups {
                    part.add(&rollup);
                    for cell in rollup {
                        let (ok, error) = expected.entry(cell.row).or_default();
                        *ok += cell.ok;
                        *error += cell.error;
                    }
                }
                whole.merge(&part);
            }
            let cells = whole.cells();
            let found = cells.iter().map(|cell| (cell.row, (cell.ok, cell.error)));
            prop_assert!(found.eq(expected));
        }
    }
}
