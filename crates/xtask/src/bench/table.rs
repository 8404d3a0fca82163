//! Writes a row as Markdown: one table of its goals, one of its figures.

use super::figures::{Figures, Spread};
use super::rows::{Against, Contest, Row};
use std::fmt::Write as _;

/// Returns both tables. Lines without a figure are left out, because a quick run measures less.
pub(super) fn of(row: &Row, figures: &Figures) -> String {
    let mut text = String::from("| what | against | ratio | goal | met |\n|---|---|---|---|---|\n");
    for contest in row.contests {
        if let Some(line) = goal_line(row, contest, figures) {
            push_line(&mut text, &line);
        }
    }
    text.push('\n');
    push_line(
        &mut text,
        &["who"]
            .into_iter()
            .chain(row.measures.iter().copied())
            .collect::<Vec<_>>(),
    );
    push_line(&mut text, &vec!["---"; row.measures.len() + 1]);
    for (who, label) in row.who {
        let cells: Vec<String> = row
            .measures
            .iter()
            .map(|measure| cell(figures.of(row.name, measure, who)))
            .collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            push_line(
                &mut text,
                &[*label]
                    .into_iter()
                    .chain(cells.iter().map(String::as_str))
                    .collect::<Vec<_>>(),
            );
        }
    }
    text
}

fn goal_line(row: &Row, contest: &Contest, figures: &Figures) -> Option<[String; 5]> {
    let ours = figures.of(row.name, contest.measure, contest.ours)?;
    let median_of = |peer| Some(figures.of(row.name, contest.measure, peer)?.median);
    let (against, ratio, goal, is_met) = match contest.against {
        Against::AtLeast(least, peer) => {
            let ratio = ours.median / median_of(peer)?;
            (
                row.label(peer),
                format!("{ratio:.2}"),
                format!("at least {least}"),
                ratio >= least,
            )
        }
        Against::AtMost(most, peer) => {
            let ratio = ours.median / median_of(peer)?;
            (
                row.label(peer),
                format!("{ratio:.2}"),
                format!("at most {most}"),
                ratio <= most,
            )
        }
        Against::Bound(most) => {
            let text = format!("{:.0}", ours.median);
            ("-", text, format!("at most {most}"), ours.median <= most)
        }
        Against::Always(most) => {
            let text = format!("{:.0}", ours.most);
            ("-", text, format!("at most {most}"), ours.most <= most)
        }
    };
    let met = if is_met { "yes" } else { "**no**" };
    Some([contest.what.into(), against.into(), ratio, goal, met.into()])
}

/// Returns median, least and most, or a single number if all are the same.
fn cell(spread: Option<Spread>) -> String {
    spread.map_or_else(
        String::new,
        |Spread {
             median,
             least,
             most,
         }| {
            let is_whole = |value: &f64| value.fract() == 0.0;
            let are_counts = [median, least, most].iter().all(is_whole);
            let digits = if are_counts || most >= 100.0 { 0 } else { 1 };
            let [median, least, most] =
                [median, least, most].map(|value| format!("{value:.digits$}"));
            match least == most {
                true => median,
                false => format!("{median} ({least} to {most})"),
            }
        },
    )
}

fn push_line(text: &mut String, cells: &[impl AsRef<str>]) {
    for cell in cells {
        // Writing to a string does not fail.
        let _written = write!(text, "| {} ", cell.as_ref());
    }
    text.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::super::figures::Figures;
    use super::super::rows::ROWS;
    use super::of;

    fn table(lines: &str) -> String {
        let mut figures = Figures::default();
        figures.read(lines).unwrap();
        of(
            ROWS.iter().find(|row| row.name == "upload").unwrap(),
            &figures,
        )
    }

    #[test]
    fn a_goal_that_is_reached_and_one_that_is_not_are_told_apart() {
        let text = table(
            "figure\tupload\tMB/s until the last part is stored\tsealift\t90 100 110\n\
             figure\tupload\tMB/s until the last part is stored\tplain\t110 105 100\n\
             figure\tupload\tMB/s until the last part is stored\tuppy5\t125\n",
        );
        assert!(
            text.contains("| encrypted upload | plain PUTs, hashed | 0.95 | at least 0.9 | yes |"),
            "{text}"
        );
        assert!(
            text.contains("| encrypted upload | Uppy aws-s3 5.1.0 | 0.80 | at least 1 | **no** |"),
            "{text}"
        );
        assert!(
            text.contains("| Sealift | 100 (90 to 110) |  |  |"),
            "{text}"
        );
    }

    #[test]
    fn what_was_not_measured_has_no_line() {
        let text = table("figure\tupload\tMB/s\tnative\t300\n");
        assert!(!text.contains("Uppy"), "{text}");
        assert!(text.contains("| native sender |  | 300 |  |"), "{text}");
    }

    #[test]
    fn a_bound_that_always_holds_is_held_in_every_round() {
        let row = ROWS.iter().find(|row| row.name == "ranges").unwrap();
        let mut figures = Figures::default();
        figures
            .read("figure\tranges\tS3 GETs\tany cold\t1 1 2\nfigure\tranges\tS3 GETs\tany warm\t1 1 1\n")
            .unwrap();
        let text = of(row, &figures);
        assert!(
            text.contains("| S3 GETs of any range, cold | - | 2 | at most 1 | **no** |"),
            "{text}"
        );
        assert!(
            text.contains("| S3 GETs of any range, warm | - | 1 | at most 1 | yes |"),
            "{text}"
        );
        assert!(
            text.contains("| any of these, cold |  | 1 (1 to 2) |"),
            "{text}"
        );
        assert!(text.contains("| any of these, warm |  | 1 |"), "{text}");
    }

    #[test]
    fn every_contest_is_between_contestants_that_the_table_shows() {
        for row in ROWS {
            for contest in row.contests {
                assert!(
                    row.who.iter().any(|(name, _)| *name == contest.ours),
                    "{}",
                    contest.ours
                );
                assert!(
                    row.measures.contains(&contest.measure),
                    "{}",
                    contest.measure
                );
            }
        }
    }
}
