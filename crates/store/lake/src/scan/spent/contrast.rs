//! Compares some transactions of a search with the others. Counts all of both sides by operation,
//! instance and version, and takes a sample of each side.

use super::{Measured, entries::Entry, measure, names, until_whole};
use crate::{
    LakeError, SpentContrast, SpentCount, SpentRegion, SpentSearch, SpentSide, TransactionRow,
    query::cancel::Cancel, state::Shared,
};
use hinomi_model::OutcomeFilter;

/// Compares the transactions of the region with the others; returns up to `sample` of each side.
pub(crate) fn contrast(
    shared: &Shared,
    search: &SpentSearch,
    region: &SpentRegion,
    sample: usize,
    cancel: &Cancel,
) -> Result<SpentContrast, LakeError> {
    let is_selected = |entry: &Entry| {
        let outcome = || OutcomeFilter::of(entry.outcome, entry.duration, search.slow_threshold);
        region.range.contains(entry.cursor.end)
            && region.spent.contains(entry.spent)
            && region.outcome.is_none_or(|wanted| wanted == outcome())
    };
    until_whole(cancel, || {
        let Some(found) = measure(shared, search, true, cancel)? else {
            return Ok(None);
        };
        let [operations, instances, versions] = count(&found, is_selected)?;
        let (selected, rest): (Vec<&Entry>, Vec<&Entry>) =
            found.entries.iter().partition(|entry| is_selected(entry));
        let totals = (selected.len() as u64, rest.len() as u64);
        let read = |side| -> Result<Option<Vec<TransactionRow>>, LakeError> {
            let rows = found.read(&spread(side, sample), shared, cancel)?;
            Ok(rows.map(|rows| rows.into_iter().map(|(row, _)| row).collect()))
        };
        let (Some(selected), Some(rest)) = (read(selected)?, read(rest)?) else {
            return Ok(None);
        };
        let side = |total, sample| SpentSide { total, sample };
        Ok(Some(SpentContrast {
            selected: side(totals.0, selected),
            rest: side(totals.1, rest),
            operations,
            instances,
            versions,
            lost: found.lost,
            expired_before: found.expired_before,
        }))
    })
}

/// Every operation, instance and version with its number of transactions on each side.
fn count(
    found: &Measured,
    is_selected: impl Fn(&Entry) -> bool,
) -> Result<[Vec<SpentCount>; names::KINDS], LakeError> {
    let names = found.names.as_ref().ok_or_else(names::missing)?;
    let mut counts: [Vec<SpentCount>; names::KINDS] = std::array::from_fn(|kind| {
        let words = names.words(kind).iter();
        words.cloned().map(SpentCount::of).collect()
    });
    if names.rows().len() != found.entries.len() {
        return Err(names::missing());
    }
    for (entry, numbers) in found.entries.iter().zip(names.rows()) {
        let selected = is_selected(entry);
        for (counts, number) in counts.iter_mut().zip(numbers) {
            let Some(count) = counts.get_mut(*number as usize) else {
                continue;
            };
            if selected {
                count.selected += 1;
            } else {
                count.rest += 1;
            }
        }
    }
    for counts in &mut counts {
        counts.sort_unstable_by(|a, b| a.value.cmp(&b.value));
    }
    Ok(counts)
}

/// A sample of at most `most` entries: splits the entries, sorted by end time, into equal parts and
/// takes one of each. The id decides which one. A fixed position would correlate with patterns such
/// as instances that take turns behind a load balancer.
fn spread(mut side: Vec<&Entry>, most: usize) -> Vec<Entry> {
    side.sort_unstable_by_key(|entry| entry.cursor);
    let parts = most.min(side.len());
    let part = |number: usize| {
        let (from, to) = (
            side.len() * number / parts,
            side.len() * (number + 1) / parts,
        );
        let of_part = side[from..to].iter();
        of_part.min_by_key(|entry| entry.cursor.span_id)
    };
    (0..parts)
        .filter_map(part)
        .map(|entry| (*entry).clone())
        .collect()
}
