//! The measured figures: the values of all rounds for every row, measure and contestant.

use anyhow::{Context, Result, anyhow, bail};
use std::collections::BTreeMap;

/// The name of one figure: row, measure, contestant.
type Name = (String, String, String);

/// All figures of a run.
#[derive(Default)]
pub(super) struct Figures {
    spreads: BTreeMap<Name, Spread>,
    /// The reason of each row that could not be measured.
    notes: BTreeMap<String, String>,
}

/// The median, the least and the most of some values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Figures {
    /// Reads the figures from the output of the measuring program. A figure is a line of `figure`, row, measure,
    /// contestant and values, separated by tabs. A line of `note`, row and a sentence says why the row has no figures. All
    /// other lines are ignored.
    ///
    /// # Errors
    /// Fails if a line begins with `figure` or `note` but is not complete.
    pub(super) fn read(&mut self, output: &str) -> Result<()> {
        for line in output.lines() {
            if let Some(note) = line.strip_prefix("note\t") {
                let note = note.split_once('\t');
                let (row, sentence) = note.ok_or_else(|| anyhow!("this is not a note: {line}"))?;
                self.notes.insert(row.into(), sentence.into());
            }
            let Some(figure) = line.strip_prefix("figure\t") else {
                continue;
            };
            let fields: Vec<&str> = figure.split('\t').collect();
            let [row, measure, who, values] = fields.as_slice() else {
                bail!("this is not a figure: {line}");
            };
            let values: Result<Vec<f64>, _> = values.split(' ').map(str::parse).collect();
            let values = values.with_context(|| format!("these are not numbers: {line}"))?;
            let spread =
                Spread::of(values).ok_or_else(|| anyhow!("this has no numbers: {line}"))?;
            let name = ((*row).into(), (*measure).into(), (*who).into());
            self.spreads.insert(name, spread);
        }
        Ok(())
    }

    /// Returns a contestant's figure, if it was measured.
    pub(super) fn of(&self, row: &str, measure: &str, who: &str) -> Option<Spread> {
        let name = (row.into(), measure.into(), who.into());
        self.spreads.get(&name).copied()
    }

    /// Returns why a row could not be measured, if it could not.
    pub(super) fn note_of(&self, row: &str) -> Option<&str> {
        self.notes.get(row).map(String::as_str)
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        let upper = *values.get(half)?;
        let median = match values.len() % 2 {
            1 => upper,
            _ => (values.get(half.checked_sub(1)?)? + upper) / 2.0,
        };
        Some(Self {
            median,
            least: *values.first()?,
            most: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Spread};

    #[test]
    fn the_median_of_an_even_number_of_values_lies_between_the_two_in_the_middle() {
        let spread = Spread::of(vec![9.0, 1.0, 2.0, 4.0]).unwrap();
        assert_eq!(
            spread,
            Spread {
                median: 3.0,
                least: 1.0,
                most: 9.0
            }
        );
        assert_eq!(Spread::of(vec![9.0, 1.0, 2.0]).unwrap().median, 2.0);
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn figures_are_read_from_among_other_lines() {
        let mut figures = Figures::default();
        figures
            .read("$ peers upload\nfigure\tupload\tMB/s\tsealift\t100.50 99.00\nwarning: x\n")
            .unwrap();
        assert_eq!(figures.of("upload", "MB/s", "sealift").unwrap().most, 100.5);
        assert!(figures.of("upload", "MB/s", "plain").is_none());
    }

    #[test]
    fn a_broken_figure_is_refused() {
        let mut figures = Figures::default();
        for line in [
            "figure\tupload\tMB/s\t1",
            "figure\ta\tb\tc\tfast",
            "figure\ta\tb\tc\t",
            "note\ta",
        ] {
            assert!(figures.read(line).is_err(), "{line}");
        }
    }
}
