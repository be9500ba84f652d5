//! Reads the summary lines of test runners: how many tests passed, failed or were skipped.

use std::ops::AddAssign;

/// The counts of a test runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that were not run.
    pub skipped: u64,
}

impl Counts {
    /// The counts in one line of output; zero when the line is not a summary.
    ///
    /// Supports `cargo test` ("test result: ok. 3 passed; 0 failed; 1 ignored; …") and Node's test
    /// runner ("ℹ pass 3" or "# pass 3").
    pub fn of_line(line: &str) -> Self {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result: ") {
            return Self {
                passed: number_before(rest, " passed"),
                failed: number_before(rest, " failed"),
                skipped: number_before(rest, " ignored"),
            };
        }
        let Some(rest) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else {
            return Self::default();
        };
        let Some((word, Ok(count))) = rest.split_once(' ').map(|(word, n)| (word, n.parse()))
        else {
            return Self::default();
        };
        match word {
            "pass" => Self {
                passed: count,
                ..Self::default()
            },
            "fail" | "cancelled" => Self {
                failed: count,
                ..Self::default()
            },
            "skipped" | "todo" => Self {
                skipped: count,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    /// One check that passed or failed.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: passed.into(),
            failed: (!passed).into(),
            skipped: 0,
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The number directly before `word`; 0 when there is none.
fn number_before(text: &str, word: &str) -> u64 {
    text.find(word)
        .and_then(|end| text[..end].rsplit(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, passed: u64, failed: u64, skipped: u64) {
        assert_eq!(
            Counts::of_line(line),
            Counts {
                passed,
                failed,
                skipped
            },
            "{line}"
        );
    }

    #[test]
    fn closing_lines_are_read_and_other_lines_are_not() {
        let result = "2 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        check(
            &format!("test result: ok. 13 passed; 0 failed; {result}"),
            13,
            0,
            2,
        );
        check(
            &format!("test result: FAILED. 1 passed; 12 failed; {result}"),
            1,
            12,
            2,
        );
        check("ℹ pass 7", 7, 0, 0);
        check("# fail 3", 0, 3, 0);
        check("ℹ cancelled 1", 0, 1, 0);
        check("# skipped 4", 0, 0, 4);
        check("ℹ duration_ms 12.5", 0, 0, 0);
        check("# Subtest: pass 7", 0, 0, 0);
        check("test a_name ... ok", 0, 0, 0);
        check("", 0, 0, 0);
    }
}
