//! Modifies inputs deterministically, for tests without a coverage-guided search.

use hinomi_testkit::Dice;

/// Bytes with a meaning in most formats.
const TELLING: [u8; 12] = [
    0, 1, 0x7f, 0x80, 0xff, b'"', b'\\', b'{', b'[', b'\'', b'%', b'\n',
];

/// Creates modified versions of known inputs.
pub struct Mutator {
    dice: Dice,
    made: u64,
}

impl Mutator {
    /// A mutator that always creates the same inputs for a name.
    pub fn new(name: &str) -> Self {
        Self {
            dice: Dice::new(7).about(name),
            made: 0,
        }
    }

    /// One of `inputs` with one to four modifications.
    pub fn next(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        self.made += 1;
        let dice = self.dice.nth(self.made);
        let pick = |matter: &str, of: usize| dice.about(matter).below(of.max(1) as u64) as usize;
        let mut input = inputs[pick("input", inputs.len())].clone();
        for change in 0..=pick("changes", 4) {
            let pick = |matter: &str, of| pick(&format!("{change} {matter}"), of);
            let at = pick("at", input.len() + 1);
            let length = pick("length", 16).min(input.len() - at);
            match pick("kind", 7) {
                0 if at < input.len() => input[at] ^= 1 << pick("bit", 8),
                1 if at < input.len() => input[at] = TELLING[pick("byte", TELLING.len())],
                2 => drop(input.drain(at..at + length)),
                3 => {
                    let again = input[at..at + length].to_vec();
                    input.splice(at..at, again);
                }
                4 => input.insert(at, pick("any", 256) as u8),
                5 => input.truncate(at),
                _ => {
                    let other = &inputs[pick("other", inputs.len())];
                    let from = pick("from", other.len() + 1);
                    let to = (from + pick("many", 64)).min(other.len());
                    input.splice(at..at + length, other[from..to].iter().copied());
                }
            }
        }
        input
    }
}
