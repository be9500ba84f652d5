//! Wire types that pages print as JSON for their scripts, and words that both use: a page shows the
//! data with which it was rendered and then follows the API, so both have one shape.

pub use crate::{
    hitmap::GridWire,
    in_flight::{InFlightWire, RunningWire},
    partners::blame_word,
    pattern::PatternWire,
    series::SeriesWire,
    services::verdict_word,
};
