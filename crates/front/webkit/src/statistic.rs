//! The words of the statistics in URLs.

use hinomi_query::answer::Statistic;

/// The statistics with their words in URLs.
pub const KINDS: [(&str, Statistic); 5] = [
    ("operations", Statistic::Operations),
    ("statements", Statistic::Statements),
    ("externals", Statistic::Externals),
    ("errors", Statistic::Errors),
    ("instances", Statistic::Instances),
];

/// The statistic for a word in a URL.
pub fn statistic_of(word: &str) -> Option<Statistic> {
    let known = KINDS.iter().find(|(have, _)| *have == word);
    known.map(|(_, statistic)| *statistic)
}
