//! The results of a run: a table and one closing line.

use super::Counts;
use crate::terminal;
use std::time::{Duration, Instant};

/// The number of tests, or checks, that passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl Outcome {
    /// Reads the outcome of a step from its output. A failed step counts at least one failure, whatever it printed.
    pub(super) fn of(counts: Counts, output: &str, succeeded: bool) -> Self {
        let tests = match counts {
            Counts::Tests => tests_in(output),
            Counts::OneCheck => Self {
                passed: u64::from(succeeded),
                failed: 0,
            },
        };
        Self {
            failed: tests.failed.max(u64::from(!succeeded)),
            ..tests
        }
    }
}

/// Adds up the lines `test result: ok. 12 passed; 0 failed; ...` of all test programs, and the lines `# pass 12` and
/// `# fail 0` of Node.js.
pub(super) fn tests_in(output: &str) -> Outcome {
    let mut sum = Outcome::default();
    for line in output.lines() {
        let number = |name| line.strip_prefix(name)?.parse::<u64>().ok();
        sum.passed += number("# pass ").unwrap_or(0);
        sum.failed += number("# fail ").unwrap_or(0);
    }
    for line in output.lines().filter(|line| line.contains("test result:")) {
        let words: Vec<&str> = line
            .split([' ', ';'])
            .filter(|word| !word.is_empty())
            .collect();
        let before = |name: &str| {
            let at = words.iter().position(|word| *word == name)?;
            words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
        };
        sum.passed += before("passed").unwrap_or(0);
        sum.failed += before("failed").unwrap_or(0);
    }
    sum
}

struct Row {
    name: String,
    outcome: Outcome,
    took: Duration,
    remark: String,
}

/// The table, which grows by a row for each step.
pub(super) struct Summary {
    began: Instant,
    rows: Vec<Row>,
}

impl Summary {
    pub(super) fn begin() -> Self {
        Self {
            began: Instant::now(),
            rows: Vec::new(),
        }
    }

    pub(super) fn record(&mut self, name: &str, outcome: Outcome, took: Duration) {
        self.rows.push(Row {
            name: name.into(),
            outcome,
            took,
            remark: String::new(),
        });
    }

    /// Records a step that could not run. It counts as failed.
    pub(super) fn skip(&mut self, name: &str, why: &str) {
        terminal::say(&format!("{name}: not run, {why}"));
        let outcome = Outcome {
            passed: 0,
            failed: 1,
        };
        self.rows.push(Row {
            name: name.into(),
            outcome,
            took: Duration::ZERO,
            remark: format!("not run: {why}"),
        });
    }

    pub(super) fn has_failed(&self, name: &str) -> bool {
        self.rows
            .iter()
            .any(|row| row.name == name && row.outcome.failed > 0)
    }

    pub(super) fn is_green(&self) -> bool {
        self.rows.iter().all(|row| row.outcome.failed == 0)
    }

    pub(super) fn print(&self) {
        terminal::say("");
        terminal::say(&format!(
            "{:<10} {:>9} {:>7} {:>7}",
            "step", "seconds", "passed", "failed"
        ));
        for Row {
            name,
            outcome,
            took,
            remark,
        } in &self.rows
        {
            let line = format!(
                "{name:<10} {:>9.1} {:>7} {:>7}  {remark}",
                took.as_secs_f64(),
                outcome.passed,
                outcome.failed
            );
            terminal::say(line.trim_end());
        }
        terminal::say(&format!(
            "{:<10} {:>9.1}",
            "all",
            self.began.elapsed().as_secs_f64()
        ));
        terminal::say("");
        let (passed, failed) = self.rows.iter().fold((0, 0), |sum, row| {
            (sum.0 + row.outcome.passed, sum.1 + row.outcome.failed)
        });
        terminal::say(&format!("{passed} passed, {failed} failed"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Outcome, tests_in};

    const OUTPUT: &str = "running 3 tests\n\
        test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
        test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";

    #[test]
    fn the_results_of_all_test_programs_are_added_up() {
        assert_eq!(
            tests_in(OUTPUT),
            Outcome {
                passed: 7,
                failed: 2
            }
        );
    }

    #[test]
    fn the_results_of_node_are_added_up() {
        let output = "1..2\n# tests 5\n# pass 4\n# fail 1\n";
        assert_eq!(
            tests_in(output),
            Outcome {
                passed: 4,
                failed: 1
            }
        );
    }

    #[test]
    fn a_step_that_failed_without_a_failed_test_counts_as_one() {
        assert_eq!(
            Outcome::of(Counts::Tests, "error: could not compile", false),
            Outcome {
                passed: 0,
                failed: 1
            }
        );
        assert_eq!(
            Outcome::of(Counts::OneCheck, "", false),
            Outcome {
                passed: 0,
                failed: 1
            }
        );
        assert_eq!(
            Outcome::of(Counts::OneCheck, "", true),
            Outcome {
                passed: 1,
                failed: 0
            }
        );
    }
}
