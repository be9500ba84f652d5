//! The signals: the kinds of batches that the log and the memtable hold, and the tables that their rows
//! go to.
//!
//! To add a signal: its [`crate::memtable::SignalBatch`] and a [`Signal`] in the folder of its table,
//! and a line in [`ALL`].

use crate::{
    LakeError,
    flush::files::Files,
    log::codec::{Reader, damaged},
    memtable::{AnyChunk, Memtable},
    tables::{logs, spans},
};
use hinomi_model::{RollupSet, Text};
use std::sync::Arc;

/// Number of spans in records of the log.
pub(crate) const SPANS: u8 = 1;

/// Number of log records in records of the log.
pub(crate) const LOGS: u8 = 2;

/// All signals.
const ALL: &[Signal] = &[spans::signal::SIGNAL, logs::signal::SIGNAL];

/// Number of signals.
pub const COUNT: usize = ALL.len();

/// Their names, for metrics.
pub const NAMES: [&str; COUNT] = {
    let (mut names, mut at) = ([""; COUNT], 0);
    while at < COUNT {
        names[at] = ALL[at].name;
        at += 1;
    }
    names
};

/// The position of a signal among all.
pub(crate) fn position(number: u8) -> usize {
    let found = ALL.iter().position(|signal| signal.number == number);
    found.unwrap_or(0)
}

/// What the log and a flush do with the batches of a signal.
pub(crate) struct Signal {
    /// Its number in records of the log. It never changes.
    pub number: u8,
    /// Its name in metrics.
    pub name: &'static str,
    /// Reads the rows of a record of this project that were written in this version.
    pub read: fn(version: u8, project: Text, from: &mut Reader<'_>) -> Result<Restored, LakeError>,
    /// Writes the rows of a project to files.
    pub flush: fn(&mut Files<'_>, &Text, &Memtable) -> Result<(), LakeError>,
}

/// A record that was read back.
pub(crate) struct Restored {
    pub chunk: Arc<dyn AnyChunk>,
    /// Rollups of its rows.
    pub rollups: RollupSet,
}

/// Reads the rows of a record.
pub(crate) fn read(
    signal: u8,
    version: u8,
    project: Text,
    from: &mut Reader<'_>,
) -> Result<Restored, LakeError> {
    let signal = ALL.iter().find(|known| known.number == signal);
    let signal = signal.ok_or_else(|| damaged("is of a signal that is not known"))?;
    (signal.read)(version, project, from)
}

/// Writes all rows of a project to files.
pub(crate) fn flush(
    files: &mut Files<'_>,
    project: &Text,
    memtable: &Memtable,
) -> Result<(), LakeError> {
    ALL.iter()
        .try_for_each(|signal| (signal.flush)(files, project, memtable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_signals_have_one_number() {
        let mut numbers: Vec<u8> = ALL.iter().map(|signal| signal.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ALL.len());
    }
}
