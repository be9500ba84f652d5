//! The rows as data for the page's script: one array for each row, each text stored once. `data.js`
//! names the columns in the same order.

use super::{
    draw::{gap_text, is_hot, share_of},
    groups,
    rows::{Colours, Label, Row, failed},
};
use hinomi_model::time::nanos;
use hinomi_query::answer::Trace;
use hinomi_webkit::format::duration;
use serde::Serialize;
use std::{collections::HashMap, time::Duration};

/// The data of the script.
#[derive(Serialize)]
pub(crate) struct ClientData {
    texts: Vec<String>,
    rows: Vec<ClientRow>,
}

#[derive(Serialize)]
struct ClientRow(
    String,     // span id
    usize,      // depth
    usize,      // end
    usize,      // run
    u8,         // flags
    u32,        // start of the bar, in thousandths of a percent
    u32,        // width of the bar, likewise
    [usize; 8], // colour, who, what, took, own, start, gap, result
    [i64; 4],   // start, gap, took, own in ns
);

const CRITICAL: u8 = 1;
const FAILED: u8 = 2;
const ORPHAN: u8 = 4;
const SMALL_PRINT: u8 = 8;
const OUTWARD: u8 = 16;
const HOT: u8 = 32;
const LOOP: u8 = 64;

impl ClientData {
    /// The data of `rows`.
    pub(crate) fn of(trace: &Trace, rows: &[Row], colours: &Colours) -> Self {
        let total = trace.end.since(trace.start);
        let mut texts = Texts::default();
        let rows = rows
            .iter()
            .map(|row| {
                let span = &trace.spans[row.span];
                let label = Label::of(span);
                let flag = |set: bool, flag: u8| if set { flag } else { 0 };
                ClientRow(
                    span.address().to_string(),
                    row.depth,
                    row.end,
                    row.run,
                    flag(span.critical, CRITICAL)
                        | flag(failed(span), FAILED)
                        | flag(span.orphan, ORPHAN)
                        | flag(row.small_print, SMALL_PRINT)
                        | flag(label.outward, OUTWARD)
                        | flag(is_hot(row.own, total), HOT)
                        | flag(groups::is_loop(row.run, span), LOOP),
                    thousandths(row.start, total),
                    thousandths(row.extent, total),
                    [
                        colours.class(span).to_owned(),
                        label.who,
                        label.what,
                        duration(row.took).to_string(),
                        duration(row.own).to_string(),
                        format!("+{}", duration(row.start)),
                        gap_text(row.gap),
                        groups::result(span).unwrap_or_default(),
                    ]
                    .map(|text| texts.number(text)),
                    [row.start, row.gap, row.took, row.own].map(nanos),
                )
            })
            .collect();
        Self {
            texts: texts.all,
            rows,
        }
    }

    /// JSON that is safe inside a script element: no text in it can end the element or be read as
    /// markup.
    pub(crate) fn to_script(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned());
        json.replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
    }
}

fn thousandths(part: Duration, whole: Duration) -> u32 {
    (share_of(part, whole) * 100_000.0).round() as u32
}

#[derive(Default)]
struct Texts {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Texts {
    fn number(&mut self, text: String) -> usize {
        *self.numbers.entry(text).or_insert_with_key(|text| {
            self.all.push(text.clone());
            self.all.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{rows, sample};

    #[test]
    fn no_text_leaves_the_script_element() {
        let trace = sample::hostile();
        let script = ClientData::of(&trace, &rows::rows(&trace), &Colours::of(&trace)).to_script();
        assert!(!script.contains(['<', '>', '&']));
        assert!(serde_json::from_str::<serde_json::Value>(&script).is_ok());
        assert!(script.len() < 10_000, "{}", script.len());
    }

    #[test]
    fn ten_thousand_spans_stay_a_small_page() {
        let trace = sample::large(10_000);
        let script = ClientData::of(&trace, &rows::rows(&trace), &Colours::of(&trace)).to_script();
        assert!(script.len() < 1_500_000, "{}", script.len());
    }
}
