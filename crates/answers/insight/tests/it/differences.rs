//! Whether a planted cause is ranked first, and whether nothing is found without a cause. Tuned on
//! seeds below 10 000; asserted on others.

use crate::populations::population;
use hinomi_insight::difference::rank;
use std::ops::Range;

/// Traces of each side that the product samples at most.
const SAMPLE: usize = 200;

/// Number of seeds whose planted cause ranks first, and whose cause is among the first three.
fn found(seeds: Range<u64>) -> (usize, usize) {
    let (mut first, mut third) = (0, 0);
    for seed in seeds {
        let planted = population(seed, true, SAMPLE);
        let cause = planted.cause.expect("one was asked for");
        let found = rank(&planted.population).findings;
        let place = found
            .iter()
            .position(|finding| finding.feature == cause || finding.same.contains(&cause));
        first += usize::from(place == Some(0));
        third += usize::from(place.is_some_and(|place| place < 3));
        if place != Some(0) {
            println!("{seed}: {cause:?} at {place:?}, first {:?}", found.first());
        }
    }
    (first, third)
}

/// Number of seeds without a cause that have any finding.
fn claimed(seeds: Range<u64>) -> usize {
    seeds
        .filter(|seed| {
            let planted = population(*seed, false, SAMPLE);
            !rank(&planted.population).findings.is_empty()
        })
        .count()
}

#[test]
fn a_planted_cause_ranks_first() {
    let (first, third) = found(10_000..10_200);
    println!("of 200 planted causes {first} rank first, {third} among the first three");
    assert!(first >= 190, "{first} of 200");
    assert!(third >= 194, "{third} of 200");
}

#[test]
fn where_nothing_differs_hardly_anything_is_claimed() {
    let claimed = claimed(10_000..10_200);
    println!("of 200 populations without a cause {claimed} have a finding");
    assert!(claimed <= 6, "{claimed} of 200");
}

#[test]
#[ignore = "for tuning: its seeds prove nothing"]
fn tuning() {
    println!("{:?} of 200 first, third", found(1..201));
    println!("{} of 200 claimed", claimed(1..201));
}
